"""Columns to select in, on the sheets that come back: the same heads, limits and checks on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.rating import BASE
from models_ml.relativities import OTHER
from pipelines.pricing.workbook.book import Book, words

FACTOR, COVER, LEVEL = "factor", "cover", "level"
INDICATED, PLANNED, LOWEST, HIGHEST = "indicated", "planned", "lowest", "highest"
SELECTED, REASON, OVERRIDE = "selected", "reason_for_the_change", "override_of_the_plan_because"
SO_FAR = "selected_so_far_because"
INPUTS = (SELECTED, REASON, OVERRIDE)
"""Columns that are read back; all others stay as they are."""
EXPERIENCE = "experience"
THIN_EXPOSURE, THIN_CLAIMS = 50, 10
BASE_RATES_SHEET, RATE_TABLE_SHEET = "Base rates", "Rate table"
OWN_SHEETS = (
    "Cover", BASE_RATES_SHEET, "Tiers", "Dislocation", "Scenarios", "Premiums", "Against last year",
    "Actual v expected", RATE_TABLE_SHEET, "Method",
)  # fmt: skip
_TAKEN = {name.casefold() for name in OWN_SHEETS}
REASON_WIDTH = 34


def sheet_of(factor: str) -> str:
    """Sheet on which a factor is selected; base rates have their own."""
    if factor == BASE:
        return BASE_RATES_SHEET
    name = words(factor)
    return f"{name} (factor)" if name.casefold() in _TAKEN else name


def experience_columns() -> list[pl.Expr]:
    """What a row is about, and what was seen there."""
    return [
        pl.col(FACTOR),
        pl.col(COVER),
        pl.col(LEVEL),
        pl.col("exposure_years").alias("vehicle_years"),
        pl.col("claim_count").alias("claims"),
        pl.col("burning_cost").alias("gross_cost_per_vehicle_year"),
        _thin(),
    ]


def _thin() -> pl.Expr:
    """`thin` where there is little experience; the catch-all level has none of its own to be thin."""
    little = (pl.col("exposure_years") < THIN_EXPOSURE) | (pl.col("claim_count") < THIN_CLAIMS)
    return pl.when(little & (pl.col("level") != OTHER)).then(pl.lit("thin")).alias(EXPERIENCE)


def selection_columns() -> list[pl.Expr]:
    """Limits, selected value, room for reasons, and the reason for what is selected already."""
    return [
        pl.col(PLANNED),
        pl.col(LOWEST),
        pl.col(HIGHEST),
        pl.col(SELECTED),
        pl.lit(None, dtype=pl.String).alias(REASON),
        pl.lit(None, dtype=pl.String).alias(OVERRIDE),
        pl.concat_str(
            "selection_reason",
            pl.format("override: {}", "override_reason"),
            separator="; ",
            ignore_nulls=True,
        )
        .replace("", None)
        .alias(SO_FAR),
    ]


def selection_sheet(
    book: Book, factor: str, frame: pl.DataFrame, kinds: Mapping[str, str], about: str, *, money: bool = False
) -> Any:
    """A sheet with a row per cover and level: input cells shaded, thin ones marked, limits checked as typed.

    Args:
        book: the workbook.
        factor: a rating factor, or `base`.
        frame: with the columns of `selection_columns`, `indicated` and `experience`.
        kinds: format of its other columns.
        about: what the sheet shows, for the cover.
        money: the numbers to select are amounts, else relativities.
    """
    number = "money" if money else "exact"
    own = {
        **dict.fromkeys((INDICATED, PLANNED, LOWEST, HIGHEST, "last_year"), number),
        SELECTED: f"input_{number}",
        REASON: "input_text",
        OVERRIDE: "input_text",
    }
    sheet = book.data_sheet(sheet_of(factor), frame, {**kinds, **own}, frozen_columns=3, about=about)
    sheet.print_area(0, 0, frame.height, frame.width - 1)
    sheet.set_column(frame.columns.index(REASON), frame.columns.index(OVERRIDE), REASON_WIDTH)
    _shade_thin(book, sheet, frame, f"thin_{number}")
    _validate(sheet, frame, 2 if money else 4)
    return sheet


def _shade_thin(book: Book, sheet: Any, frame: pl.DataFrame, style: str) -> None:
    column = frame.columns.index(INDICATED)
    cells = frame.with_row_index("row", offset=1).filter(pl.col(EXPERIENCE).is_not_null())
    for row, value in cells.select("row", INDICATED).iter_rows():
        sheet.write_number(row, column, value, book.formats[style])


def _validate(sheet: Any, frame: pl.DataFrame, places: int) -> None:
    """Excel says at once what `rates edit` would refuse."""
    import xlsxwriter.utility as at

    selected = frame.columns.index(SELECTED)
    columns = (SELECTED, LOWEST, HIGHEST, OVERRIDE)
    cell, low, high, why = (at.xl_col_to_name(frame.columns.index(c)) for c in columns)
    rounded = f"ROUND({cell}2,{places})"
    sheet.data_validation(
        1,
        selected,
        frame.height,
        selected,
        {
            "validate": "custom",
            "value": f'=AND(ISNUMBER({cell}2),OR({why}2<>"",AND({rounded}>={low}2,{rounded}<={high}2)))',
            "error_title": "Outside its limits",
            "error_message": "A number between Lowest and Highest; beyond them, first say in Override why "
            "the plan may be broken.",
        },
    )
