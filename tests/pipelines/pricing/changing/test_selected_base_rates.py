"""Base rates come back from a workbook by the rules that relativities come back by."""

from __future__ import annotations

from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.pricing.versions.files import read_parts
from tests.pipelines.pricing.changing.returned import Sheet
from tests.pipelines.pricing.versions.examples import desk

BASE = {"factor": "Base rates", "level": "base"}


def test_a_selected_base_rate_comes_back_as_a_change_and_rates(sheet: Sheet) -> None:
    indicated = sheet.cell("Indicated", **BASE).value
    sheet.select(round(indicated * 1.1, 2), "market", **BASE)
    edited = sheet.edit()
    made = read_parts(desk(sheet.root).files(edited))
    (change,) = made.manifest.changes
    assert (change.cover, change.factor, change.level, change.before, change.after, change.reason) == (
        "damage", "base", "base", indicated, round(indicated * 1.1, 2), "market",
    )  # fmt: skip
    row = made.rates.filter((pl.col("cover") == "damage") & (pl.col("factor") == "base")).row(0, named=True)
    assert (float(row["base_rate"]), float(row["indicated_base_rate"])) == (change.after, indicated)
    # The next workbook shows both, and limits stay about the indicated one.
    sheet.path.write_bytes(desk(sheet.root).files(edited)["rate_table.xlsx"])
    sheet.book = openpyxl.load_workbook(sheet.path)
    assert sheet.cell("Selected", **BASE).value == change.after
    assert sheet.cell("Selected so far because", **BASE).value == "market"
    sheet.select(round(indicated * 1.3, 2), "more", **BASE)
    assert "outside" in sheet.refused()[0]


def test_a_base_rate_is_taken_to_the_cent_and_to_its_limit(sheet: Sheet) -> None:
    highest = sheet.cell("Highest", **BASE).value
    sheet.select(highest + 0.01, **BASE)
    assert "outside" in sheet.refused()[0]
    sheet.select(highest + 0.0004, **BASE)
    made = read_parts(desk(sheet.root).files(sheet.edit()))
    assert [change.after for change in made.manifest.changes] == [highest]


@pytest.mark.parametrize(
    ("value", "reason", "why"),
    [
        (1, "wear", "outside "),
        ("=A1", "wear", "a formula in place of a number"),
        ("much", "wear", "not a number"),
        (10**30, "wear", "not a number"),
        (None, "wear", "not a number"),
        ("near", None, "without a reason"),
        ("near", "=1+1", "a formula in place of a reason"),
    ],
)
def test_a_base_rate_is_refused_by_its_cell_like_a_relativity(
    sheet: Sheet, value: Any, reason: str | None, why: str
) -> None:
    taken = round(sheet.cell("Indicated", **BASE).value * 1.1, 2) if value == "near" else value
    sheet.select(taken, reason, **BASE)
    (told,) = sheet.refused()
    assert told.startswith("sheet Base rates, cell ")
    assert why in told


def test_a_base_rate_that_another_version_indicates_or_none_has_is_refused(sheet: Sheet) -> None:
    sheet.cell("Indicated", **BASE).value += 1
    assert "this version indicates " in sheet.refused()[0]
    sheet.cell("Cover", **BASE).value = "hail"
    assert "it has no such factor and cover" in sheet.refused()[0]


def test_the_sheet_of_base_rates_taken_out_is_missed(sheet: Sheet) -> None:
    del sheet.book["Base rates"]
    assert "sheet Base rates, cell none: damage, base: the row of this level is missing" in sheet.refused()
