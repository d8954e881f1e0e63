"""The first sheet, which says what this is, and the last, which says how it came about."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import BASE, RateTable
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.workbook.book import Book

COVER_SHEET, VERSION = "Cover", "Version"
THIN_EXPOSURE, THIN_CLAIMS = 50, 10
LAST_COLUMN = 7


def cover_sheet(
    book: Book, manifest: Manifest, table: RateTable, judgements: Mapping[str, Judgement]
) -> None:
    """Version, status, what it was made from, the base rates, and what was selected by hand."""
    sheet = book.sheet(COVER_SHEET)
    sheet.write_string(0, 0, f"Rate table {manifest.rating_year}", book.formats["title"])
    sheet.set_row(0, 28)
    facts = _facts(manifest)
    for row, (label, value) in enumerate(facts.items(), start=2):
        sheet.write_string(row, 0, label, book.formats["text"])
        sheet.write_string(row, 1, value, book.formats["text"])
    top = len(facts) + 3
    sheet.write_string(top, 0, "Base rates", book.formats["subtitle"])
    bases = _base_rates(table, judgements)
    kinds = dict.fromkeys(("base_rate", "fixed_amount", "observed_gross_cost_per_vehicle_year"), "money")
    kinds |= dict.fromkeys(("vehicle_years", "claims"), "whole")
    kinds |= dict.fromkeys(("gini_on_unseen_contracts", "actual_over_expected_claims"), "rel")
    book.table(sheet, top + 1, bases, kinds)
    top += bases.height + 3
    if manifest.changes:
        sheet.write_string(top, 0, f"Selected by hand since {manifest.parent}", book.formats["subtitle"])
        changed = pl.DataFrame([c.model_dump() for c in manifest.changes])
        book.table(sheet, top + 1, changed, {"before": "exact", "after": "exact"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, LAST_COLUMN, 16)


def method_sheet(book: Book, manifest: Manifest) -> None:
    """How to read the workbook, how to send it back, and how the numbers came about."""
    sheet = book.sheet("Method", landscape=False)
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, "Method", book.formats["title"])
    for row, note in enumerate(_notes(manifest.edit_limit), start=2):
        sheet.write_string(row, 0, note, book.formats["note"])
        sheet.set_row(row, 18 * (1 + len(note) // 105))


def _facts(manifest: Manifest) -> dict[str, str]:
    return {
        "Portfolio": manifest.title,
        VERSION: manifest.version(),
        "Status": "draft when this file was written; its status of the day: "
        f"ratewright rates show {manifest.version()}",
        "Rates": f"contracts that begin {manifest.effective_from} to {manifest.effective_to}",
        "Currency": manifest.currency,
        "Valuation date": str(manifest.valuation_date),
        "Edited from": manifest.parent or "no other version: as the model indicates",
        "Year before": manifest.compared_with or "no version was in force",
        "Model": manifest.model_version or "not named",
        "Code": manifest.code_revision[:12],
        "Deliveries": ", ".join(f"{d.file} ({d.accepted:,} rows)" for d in manifest.deliveries),
    }


def _base_rates(table: RateTable, judgements: Mapping[str, Judgement]) -> pl.DataFrame:
    bases = table.rates.filter(pl.col("factor") == BASE)
    judged = [judgements.get(cover) for cover in bases["cover"]]
    return bases.select(
        "cover",
        "base_rate",
        "fixed_amount",
        pl.col("exposure_years").alias("vehicle_years"),
        pl.col("claim_count").alias("claims"),
        pl.col("burning_cost").alias("observed_gross_cost_per_vehicle_year"),
        pl.Series("gini_on_unseen_contracts", [j and j.gini_model for j in judged], dtype=pl.Float64),
        pl.Series(
            "actual_over_expected_claims",
            [j and j.actual_over_expected_claims for j in judged],
            dtype=pl.Float64,
        ),
    )


def _notes(limit: float) -> list[str]:
    return [
        "The premium of a cover for a contract year is its base rate times the relativity of each factor, "
        "plus its fixed amount, rounded to the cent, halves away from zero. Covers add up.",
        "A base rate is the loaded rate of a vehicle at the base level of every factor, whose relativity is "
        "1. The level * rates every level that is not listed.",
        "Loaded means: expected cost and fixed expense, divided by what is left of the premium after "
        "expense, commission and margin.",
        "Indicated relativities are the model's: frequency times severity, each drawn to the mean where "
        "there is little to go by. The model report says how they were fitted and judged.",
        f"Shaded and marked thin: under {THIN_EXPOSURE} vehicle-years or {THIN_CLAIMS} claims.",
        "To change a relativity: write another number into the column Selected of the factor's sheet and "
        "say why beside it, leave everything else alone, and hand the file to: ratewright rates edit --from "
        "FILE. Both columns are shaded.",
        f"A selected relativity lies within {limit:.0%} of the indicated one; base levels stay at 1. A "
        "number without its reason, a formula, a level that this version does not have, or a file of "
        "another version is refused, and then nothing is changed.",
        "Every accepted change is kept in the log of the client with its reason and who made it, and makes "
        "a new draft. Whoever drafted or edited a version cannot approve it.",
        "The sheet Rate table holds every number to the last place, as the CSV and Parquet files do.",
    ]
