"""The first sheet, which says what this is, and the last, which says how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.results import MOST_CELLS, THIN_CELL
from pipelines.pricing.workbook.selecting import THIN_CLAIMS, THIN_EXPOSURE

if TYPE_CHECKING:
    from pipelines.pricing.renewing.book import Balance

COVER_SHEET, VERSION = "Cover", "Version"
LAST_COLUMN = 7
LINE, LINE_HEIGHT = 110, 16
"""Characters on a line of a fact, and its height in points."""


def cover_sheet(book: Book, manifest: Manifest, balance: Balance | None) -> Any:
    """Version, status, what it was made from, what it comes to, and what was selected by hand.

    Returns:
        The sheet and the row at which the contents begin, for `contents`.
    """
    sheet = book.sheet(COVER_SHEET, about="This page")
    sheet.write_string(0, 0, f"Rate table {manifest.rating_year}", book.formats["title"])
    sheet.set_row(0, 28)
    facts = _facts(manifest, balance)
    for row, (label, value) in enumerate(facts.items(), start=2):
        sheet.write_string(row, 0, label, book.formats["label"])
        sheet.merge_range(row, 1, row, LAST_COLUMN, "", book.formats["value"])
        sheet.write_string(row, 1, value, book.formats["value"])
        sheet.set_row(row, LINE_HEIGHT * (1 + len(value) // LINE))
    top = len(facts) + 3
    if manifest.changes:
        changed = pl.DataFrame([c.model_dump() for c in manifest.changes])
        kinds = {"before": "exact", "after": "exact"}
        top = book.section(sheet, top, f"Selected by hand since {manifest.parent}", changed, kinds)
    if manifest.overrides:
        broken = pl.DataFrame([o.model_dump() for o in manifest.overrides])
        kinds = {"value": "exact", "planned": "exact"}
        top = book.section(sheet, top, "Overrides of the plan, to be accepted by who approves", broken, kinds)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, LAST_COLUMN, 16)
    return sheet, top


def contents(book: Book, sheet: Any, top: int) -> None:
    """List every sheet, on the cover; each name leads there."""
    sheet.write_string(top, 0, "Sheets", book.formats["subtitle"])
    for row, (name, about) in enumerate(book.contents[1:], start=top + 1):
        place = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{place}'!A1", book.formats["link"], string=name)
        sheet.write_string(row, 1, about, book.formats["text"])


def method_sheet(book: Book, manifest: Manifest) -> None:
    """How to read the workbook, how to send it back, and how the numbers came about."""
    sheet = book.sheet(
        "Method", landscape=False, about="How to read this, how to change it, how the numbers came about"
    )
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, "Method", book.formats["title"])
    for row, note in enumerate(_notes(manifest.edit_limit, manifest.base_levels), start=2):
        sheet.write_string(row, 0, note, book.formats["note"])
        sheet.set_row(row, 18 * (1 + len(note) // 105))


def _facts(manifest: Manifest, balance: Balance | None) -> dict[str, str]:
    return {
        "Portfolio": manifest.title,
        VERSION: manifest.version(),
        "Status": "draft when this file was written; its status of the day: "
        f"ratewright rates show {manifest.version()}",
        "Rates": f"contracts that begin {manifest.effective_from} to {manifest.effective_to}",
        "Currency": manifest.currency,
        "Overall change decided": _decided(manifest),
        "Overall change charged": "not known: no current prices"
        if balance is None
        else f"{balance.overall_change:+.1%} of the premium of customers who renew",
        "Valuation date": str(manifest.valuation_date),
        "Edited from": manifest.parent or "no other version: as the model indicates",
        "Year before": manifest.compared_with or "no version was in force",
        "Rated by": manifest.rated_by or "not named",
        "Champion": manifest.champion or "not named",
        "Challenger": manifest.challenger or "none",
        "Priced to": manifest.priced_to_in_words(),
        "In no rate": "; ".join(manifest.outside_exposure)
        or "nothing: every claim, order and contract lies within exposure",
        "Code": manifest.code_revision[:12],
        "Deliveries": f"{len(manifest.deliveries):,} files, "
        f"{sum(d.accepted for d in manifest.deliveries):,} rows accepted; the manifest names each",
    }


def _decided(manifest: Manifest) -> str:
    if manifest.overall_change is not None:
        return f"{manifest.overall_change:+.2%}; base rates are put to it"
    return manifest.balance_note or "none: base rates stand where cost puts them, or as they were selected"


def _notes(limit: float, base_levels: Mapping[str, str]) -> list[str]:
    return [
        "The premium of a cover for a contract year is its base rate times the relativity of each factor, "
        "plus its fixed amount, rounded to the cent, halves away from zero. Covers add up.",
        "The price of a package follows from what its covers cost inside it and its other rules; the sheet "
        "Tiers has them.",
        "A base rate is the loaded rate of a vehicle at the base level of every factor, whose relativity is "
        "1 in every cover: "
        + (", ".join(f"{f} = {level}" for f, level in sorted(base_levels.items())) or "none")
        + ". The level * rates every level that a cover does not list, a base level too.",
        "Loaded means: expected cost and fixed expense, divided by what is left of the premium after "
        "expense, commission and margin.",
        "A factor's sheet reads from left to right. Raw: cost seen at the level over that at the base level, "
        "nothing else held equal. Indicated: the model's, frequency times severity, other factors held "
        "equal, each drawn to the mean where there is little to go by. 90 % of what is plausible lies "
        "between Lower 90 and Upper 90. Credibility: how far experience, and not the prior, has settled it. "
        "The model report says how the model was fitted and judged.",
        f"Shaded and marked thin: under {THIN_EXPOSURE} vehicle-years or {THIN_CLAIMS} claims. In Premiums: "
        f"under {THIN_CELL} vehicle-year.",
        "To change a relativity, or a base rate on its sheet: write another number into the column Selected "
        "and say why beside it, leave everything else alone, and hand the file to: ratewright rates edit "
        "--from FILE. Both columns are shaded.",
        f"A selected number lies between Lowest and Highest: within {limit:.0%} of the planned one, which is "
        "the indicated one after the plan's order and bounds, and within those bounds; and it keeps the "
        "order of the plan beside its neighbours. What breaks any of these needs a second reason in Override "
        "of the plan because: it is listed on the cover, in the pack and in the log, and whoever approves "
        "has to accept it. Base levels stay at 1.",
        "A number without its reason, a formula, a level that this version does not have, any other cell, "
        "row or sheet that was changed, or a file of another version is refused, and then nothing is "
        "changed. Fixed amounts come from the plan (cover_loadings) and are changed there.",
        "Where an overall change was decided, the base rates are put to it again after every change of a "
        "relativity, and are then the indicated ones. A base rate that is selected by hand stands: from then "
        "on none is moved, and the overall change is what comes out. The cover says so.",
        "Every accepted change is kept in the log of the client with its reason and who made it, and makes "
        "a new draft. Whoever drafted or edited a version cannot approve it.",
        "Tiers, Dislocation and Scenarios are about customers who renew in the rating year, in sums alone. A "
        "sheet is left out where nobody renews, no current price is known, or the plan has no scenario.",
        f"Premiums shows at most {MOST_CELLS:,} cells, those with most exposure; premiums.csv has all.",
        "The sheet Rate table holds every number to the last place, as the CSV and Parquet files do.",
    ]
