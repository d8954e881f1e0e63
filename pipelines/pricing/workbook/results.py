"""Sheets that are looked things up in: premiums, last year's beside this year's, how good the forecast is."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.evaluation import Judgement
from pipelines.pricing.versions.comparison import compare
from pipelines.pricing.versions.expanding import PRICE
from pipelines.pricing.workbook.book import Book

RATE_TABLE_SHEET = "Rate table"


def premiums_sheet(book: Book, premiums: pl.DataFrame, covers: list[str]) -> None:
    """The premium of every expanded cell, by cover and in total, and the price of every package."""
    money = [*covers, *(name for name in premiums.columns if name.endswith(PRICE))]
    kinds = {"exposure_years": "whole", "total": "money", **dict.fromkeys(money, "money")}
    book.data_sheet("Premiums", premiums, kinds, frozen_columns=premiums.columns.index("exposure_years"))


def last_year_sheet(
    book: Book, last_year: tuple[pl.DataFrame, pl.DataFrame], this_year: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    """Base rates, then the premium of every cell that both years have, largest rise first."""
    moved = compare(last_year, this_year)
    sheet = book.sheet("Against last year")
    overall = "not comparable" if moved.overall is None else f"{moved.overall:+.1%}"
    sheet.write_string(0, 0, f"Premium at this year's exposure: {overall}", book.formats["subtitle"])
    bases = moved.base_rates.rename({"old": "base_rate_last_year", "new": "base_rate_this_year"})
    bases = bases.drop("old_fixed_amount", "new_fixed_amount")
    money = dict.fromkeys(("base_rate_last_year", "base_rate_this_year", "last_year", "this_year"), "money")
    kinds = {**money, "change": "share", "exposure_years": "whole"}
    book.table(sheet, 2, bases, kinds)
    if moved.premiums is not None and moved.premiums.height:
        top = bases.height + 4
        cells = moved.premiums.rename({"old": "last_year", "new": "this_year"})
        book.table(sheet, top, cells, kinds)
        sheet.autofilter(top, 0, top + cells.height, cells.width - 1)
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
    book.data_sheet("Actual v expected", pl.concat(frames), kinds, frozen_columns=3)


def rate_table_sheet(book: Book, rates: pl.DataFrame) -> None:
    """The whole table, cell for cell what the CSV and Parquet files hold."""
    text = [name for name, kind in rates.schema.items() if kind in (pl.String, pl.Date)]
    kinds = {name: "plain" for name in rates.columns if name not in text}
    sheet = book.data_sheet(RATE_TABLE_SHEET, rates, kinds, frozen_columns=rates.columns.index("level") + 1)
    for column, name in enumerate(rates.columns):  # names as in the other formats, for those who read it back
        sheet.write_string(0, column, name, book.formats["head"])
