"""Pieces of the page: what is written for a value, and for one that is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pipelines.pricing.report.canvas import names_height, svg
from pipelines.pricing.report.markup import Kind, remark, table, written


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1234.5, 0, "1,234"),
        (0.12345, 3, "0.123"),
        (0.12345, "share", "12.3%"),
        (0.02, "change", "+2.0%"),
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


def test_a_drawing_is_the_same_each_time_and_its_text_stays_text() -> None:
    def draw(figure: Any) -> None:
        figure.subplots().set_title("a $dollar$ & 小车")

    first = svg(draw, (3, 2), "a <label>")
    assert first == svg(draw, (3, 2), "a <label>")
    assert "a $dollar$ &amp; 小车" in first
    assert "aria-label='a &lt;label&gt;'" in first


def test_names_are_slanted_only_where_they_would_touch() -> None:
    assert names_height(["a", "b", "c"], 4.75) == 0
    assert names_height(["a long name"] * 8, 4.75) > 0.4
