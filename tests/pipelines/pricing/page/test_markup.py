"""Pieces of the page: what is written for a value, and for one that is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pipelines.pricing.page.markup import Kind, remark, table, written


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1234.5, 0, "1,234"),
        (0.12345, 3, "0.123"),
        (0.12345, "share", "12.3%"),
        (0.02, "change", "+2.0%"),
        (0.1234, "percent", "12.3\N{NO-BREAK SPACE}%"),
        (0.0421, "move", "+4.2\N{NO-BREAK SPACE}%"),
        (-0.66, "move", "−66.0\N{NO-BREAK SPACE}%"),
        (-0.0001, "move", "0.0\N{NO-BREAK SPACE}%"),
        (dt.date(2025, 7, 1), "quarter", "2025 Q3"),
        ("<b>", "text", "&lt;b&gt;"),
        (None, 3, "–"),
        (float("nan"), "share", "–"),
        (float("inf"), 0, "–"),
    ],
)
def test_a_value_is_written_in_its_kind(value: Any, kind: Kind, expected: str) -> None:
    assert written(value, kind) == expected


def test_a_table_needs_a_value_per_column() -> None:
    with pytest.raises(ValueError, match="longer"):
        table([("a", "text"), ("b", 0)], [["x"]])


def test_thin_rows_are_pale() -> None:
    drawn = table([("a", "text")], [["thick"], ["thin"]], pale=[False, True])
    assert "<tr><td>thick" in drawn
    assert "<tr class=pale><td>thin" in drawn


def test_a_remark_is_told_without_its_heading() -> None:
    remarks = ("drift not judged: no row", "no challenger could be fitted")
    assert remark(remarks, "drift", "unknown") == "no row"
    assert remark(remarks, "challenger", "unknown") == "no challenger could be fitted"
    assert remark(remarks, "rolling origin", "one year only") == "one year only"
