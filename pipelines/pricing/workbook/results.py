"""Sheets that are looked things up in: premiums, last year's beside this year's, how good the forecast is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from pipelines.pricing.asking.comparison import compare
from pipelines.pricing.versions.belief import beliefs
from pipelines.pricing.versions.expanding import PRICE
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.selecting import RATE_TABLE_SHEET

MOST_CELLS = 200_000
"""Rows of cells that a sheet holds; Excel ends at 1,048,576."""
THIN_CELL = 1
"""Vehicle-years under which a cell is shaded: its premium is known from its levels, hardly from itself."""


def premiums_sheet(book: Book, premiums: pl.DataFrame, covers: list[str]) -> None:
    """The premium of every expanded cell, by cover and in total, and the price of every package."""
    money = [*covers, *(name for name in premiums.columns if name.endswith(PRICE))]
    kinds = {"exposure_years": "years", "total": "money", **dict.fromkeys(money, "money")}
    shown, note = _most_exposed(premiums)
    column = premiums.columns.index("exposure_years")
    about = "Premium of every cover and price of every package, cell by cell"
    sheet = book.data_sheet("Premiums", shown, kinds, frozen_columns=column, about=about, note=note)
    top = 2 if note else 1
    thin = {"type": "cell", "criteria": "<", "value": THIN_CELL, "format": book.formats["shade"]}
    sheet.conditional_format(top, column, top + shown.height - 1, column, thin)


def _most_exposed(cells: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """As many cells as a sheet holds, in their order, and a note if that is not all."""
    if cells.height <= MOST_CELLS:
        return cells, ""
    rank = pl.col("exposure_years").rank("ordinal", descending=True)
    note = f"The {MOST_CELLS:,} cells with most exposure; all {cells.height:,} are in premiums.csv"
    return cells.filter(rank <= MOST_CELLS), note


def last_year_sheet(
    book: Book, last_year: tuple[pl.DataFrame, pl.DataFrame], this_year: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    """Base rates, then the premium of every cell that both years have, largest rise first."""
    moved = compare(last_year, this_year)
    sheet = book.sheet("Against last year", about="Base rates and premiums beside those of the year before")
    overall = "not comparable" if moved.overall is None else f"{moved.overall:+.1%}"
    sheet.write_string(0, 0, f"Premium at this year's exposure: {overall}", book.formats["subtitle"])
    bases = moved.base_rates.rename({"old": "base_rate_last_year", "new": "base_rate_this_year"})
    bases = bases.drop("old_fixed_amount", "new_fixed_amount")
    money = dict.fromkeys(("base_rate_last_year", "base_rate_this_year", "last_year", "this_year"), "money")
    kinds = {**money, "change": "share", "exposure_years": "years"}
    top = book.section(sheet, 2, "Base rates", bases, kinds)
    if moved.premiums is not None and moved.premiums.height:
        cells, note = _most_exposed(moved.premiums.rename({"old": "last_year", "new": "this_year"}))
        book.section(sheet, top, note or "Premium of every cell, largest rise first", cells, kinds)
        sheet.autofilter(top + 1, 0, top + 1 + cells.height, cells.width - 1)
    sheet.freeze_panes(1, 0)


def actual_expected_sheet(book: Book, judgements: Mapping[str, Judgement]) -> None:
    """Claims seen on contracts that the forecast had not, by factor and level."""
    frames = [
        judged.by_factor.select(
            pl.lit(cover).alias("cover"),
            "factor",
            "level",
            pl.col("exposure_years").alias("vehicle_years"),
            "actual_claims",
            "expected_claims",
            (pl.col("actual_claims") / pl.col("expected_claims")).alias("actual_over_expected"),
            pl.col("lower").alias("lower_95"),
            pl.col("upper").alias("upper_95"),
        )
        for cover, judged in judgements.items()
        if "factor" in judged.by_factor.columns
    ]
    if not frames:
        return
    kinds = dict.fromkeys(("vehicle_years", "actual_claims", "expected_claims"), "whole")
    kinds |= dict.fromkeys(("actual_over_expected", "lower_95", "upper_95"), "rel")
    about = "How the forecast did on contracts it had not seen, level by level"
    book.data_sheet("Actual v expected", pl.concat(frames), kinds, frozen_columns=3, about=about)


def belief_sheet(book: Book, evaluation: Mapping[str, Any], levels: pl.DataFrame) -> None:
    """How far each cover's relativities are believed, then levels whose price is far from the mean.

    Args:
        book: the workbook.
        evaluation: the evaluation file.
        levels: as of `unusual_levels`.
    """
    covers = beliefs(evaluation)
    if covers.is_empty() and levels.is_empty():
        return
    sheet = book.sheet("Warnings", about="How far each cover is believed, and levels far from the mean")
    gains = {name: "rel" for name in covers.columns if "gain" in name}
    kinds = {"frequency_scale": "rel", "severity_scale": "rel", "claims": "whole", **gains}
    top = book.section(sheet, 0, "How far relativities are believed: 1 as learned, 0 flat", covers, kinds)
    if levels.height:
        kinds = {"times_mean": "rel", "exposure_years": "years", "claim_count": "whole"}
        book.section(sheet, top, "Levels outside the plan's range of the cover's mean", levels, kinds)
    sheet.freeze_panes(1, 0)


def rate_table_sheet(book: Book, rates: pl.DataFrame) -> None:
    """The whole table, cell for cell what the CSV and Parquet files hold."""
    text = [name for name, kind in rates.schema.items() if kind in (pl.String, pl.Date)]
    kinds = {name: "plain" for name in rates.columns if name not in text}
    frozen = rates.columns.index("level") + 1
    about = "Every number of the table, as the CSV and Parquet files have it"
    sheet = book.data_sheet(RATE_TABLE_SHEET, rates, kinds, frozen_columns=frozen, about=about)
    for column, name in enumerate(rates.columns):  # names as in the other formats, for those who read it back
        sheet.write_string(0, column, name, book.formats["head"])
