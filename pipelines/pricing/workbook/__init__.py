"""The rate table as a workbook that a pricing team can read, mark up and send back."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import RateTable
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.cover import cover_sheet, method_sheet
from pipelines.pricing.workbook.factor_sheet import factor_sheet
from pipelines.pricing.workbook.results import (
    RATE_TABLE_SHEET,
    actual_expected_sheet,
    last_year_sheet,
    premiums_sheet,
    rate_table_sheet,
)

__all__ = ["RATE_TABLE_SHEET", "workbook_bytes"]


def workbook_bytes(
    manifest: Manifest,
    table: RateTable,
    premiums: pl.DataFrame,
    judgements: Mapping[str, Judgement],
    last_year: tuple[pl.DataFrame, pl.DataFrame] | None = None,
) -> bytes:
    """Return the workbook; the same inputs give the same bytes.

    Sheets: Cover, one per rating factor with a column to select relativities in, Premiums, Against last
    year if there is one, Actual v expected, Rate table (all of it, to the last place), Method. Text never
    runs as a formula.

    Args:
        manifest: of the version; the cover carries its name, so that an edit finds what it edits.
        table: rates in the columns they are published in.
        premiums: the expanded cells.
        judgements: by cover.
        last_year: rates and premiums of the version in force the year before.
    """
    book = Book(f"Rate table {manifest.rating_year}")
    cover_sheet(book, manifest, table, judgements)
    for factor in table.factors:
        factor_sheet(book, table, factor, manifest.edit_limit, last_year and last_year[0])
    premiums_sheet(book, premiums, table.covers)
    if last_year is not None:
        last_year_sheet(book, last_year, (table.rates, premiums))
    actual_expected_sheet(book, judgements)
    rate_table_sheet(book, table.rates)
    method_sheet(book, manifest)
    return book.close()
