"""The rate table as a workbook that a pricing team can read, mark up and send back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.pricing.changing.judging import limits_of, with_overrides
from pipelines.pricing.versions.unusual import unusual_levels
from pipelines.pricing.workbook.base_rates import base_rates_sheet
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.cover import contents, cover_sheet, method_sheet
from pipelines.pricing.workbook.dislocation import dislocation_sheet
from pipelines.pricing.workbook.factor_sheet import factor_sheet
from pipelines.pricing.workbook.results import (
    actual_expected_sheet,
    belief_sheet,
    last_year_sheet,
    premiums_sheet,
    rate_table_sheet,
)
from pipelines.pricing.workbook.scenarios import scenarios_sheet
from pipelines.pricing.workbook.selecting import RATE_TABLE_SHEET
from pipelines.pricing.workbook.tiers import tiers_sheet

if TYPE_CHECKING:
    from pipelines.pricing.versions.files import VersionParts

__all__ = ["RATE_TABLE_SHEET", "workbook_bytes"]


def workbook_bytes(parts: VersionParts) -> bytes:
    """Return the workbook; the same parts give the same bytes.

    Sheets: Cover; Base rates and one per rating factor, with a column to select in; Tiers, Dislocation and
    Scenarios, of customers who renew, in sums; Premiums; Against last year if there is one;
    Warnings, of covers and levels to look at; Actual v expected; Rate table (all of it, to the last place);
    Method. Text never runs as a formula.
    """
    manifest, table, last_year = parts.manifest, parts.table, parts.last_year
    limits, before = with_overrides(limits_of(parts), manifest.overrides), last_year and last_year[0]
    book = Book(f"Rate table {manifest.rating_year}")
    cover, top = cover_sheet(book, manifest, parts.book.balance)
    base_rates_sheet(book, limits, parts.judgements, before)
    for factor in table.factors:
        factor_sheet(book, limits, factor, before)
    tiers_sheet(book, parts.tariff, parts.cost, parts.book)
    dislocation_sheet(book, parts.tariff, parts.book)
    scenarios_sheet(book, parts.book.scenarios)
    premiums_sheet(book, parts.premiums, table.covers)
    if last_year is not None:
        last_year_sheet(book, last_year, (parts.rates, parts.premiums))
    belief_sheet(book, json.loads(parts.evaluation), unusual_levels(parts.rates, parts.plan))
    actual_expected_sheet(book, parts.judgements)
    rate_table_sheet(book, parts.rates)
    method_sheet(book, manifest)
    contents(book, cover, top)
    return book.close()
