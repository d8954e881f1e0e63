"""CSV for people: no cell that a spreadsheet would run, and the same table when it is read again."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.csv_tables import csv_bytes, read_csv_bytes

RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
TEXTS = st.lists(
    st.none()
    | st.text(st.sampled_from("'=+-@\uff1d \t\r\n,;\"a1\u674e"), max_size=6)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4),
    min_size=1,
    max_size=6,
)


@given(texts=TEXTS)
@example(texts=["\x1f@", "\u200b=1", "'\x1f@", " \ufeff+"])
def test_no_cell_begins_as_a_formula_does_and_every_text_comes_back(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"n": range(len(texts)), "text": texts}, schema={"n": pl.Int64, "text": pl.String})
    written = csv_bytes(frame)
    _, *cells = csv.reader(io.StringIO(written.decode(), newline=""))
    for _, cell in cells:
        assert not cell.startswith(RUNS)
        assert not cell.strip().startswith(RUNS)
    assert read_csv_bytes(written, frame.schema).equals(frame)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("'=1", "''=1"),
        ("-", "'-"),
        ("'quoted'", "'quoted'"),
        ("AURORA A+", "AURORA A+"),
        ("2024-01-31", "2024-01-31"),
    ],
)
def test_only_what_would_run_is_marked(text: str, cell: str) -> None:
    assert csv_bytes(pl.DataFrame({"model": [text]})).decode().splitlines()[1] == cell


def test_numbers_and_days_stay_as_they_are_and_names_are_marked_too() -> None:
    frame = pl.DataFrame({"=x": [-1.5], "day": ["2024-01-31"]}).with_columns(pl.col("day").str.to_date())
    assert csv_bytes(frame) == b"'=x,day\n-1.5,2024-01-31\n"
