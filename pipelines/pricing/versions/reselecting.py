"""An edited version: other relativities, and everything that follows from them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from models_ml.rating import RateTable, Tariff, select_relativities
from pipelines.pricing.renewing.book import price_book
from pipelines.pricing.versions.columns import cover_rates, rates_hash, stamped
from pipelines.pricing.versions.expanding import expanded_premiums
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.manifest import Change

KEY = ["cover", "factor", "level"]


def edited_parts(parts: VersionParts, changes: tuple[Change, ...]) -> VersionParts:
    """The version with other relativities; premiums, prices and scenarios anew from its files alone.

    Base rates that were put on balance are put on balance again.

    Raises:
        PublicationError: the overall change that was decided can no longer be met.
    """
    tariff = Tariff(_selected(parts.rates, changes))
    book = parts.book
    tariff, priced = price_book(
        tariff, book.customers, book.packages, parts.plan, book.visits, parts.manifest.overall_change
    )
    update = {
        "parent": parts.manifest.version(),
        "changes": changes,
        "model_sha256": rates_hash(tariff.table),
        "files": {},
    }
    manifest = parts.manifest.model_copy(update=update)
    shown = tuple(parts.premiums.columns[: parts.premiums.columns.index("exposure_years")])
    cells = parts.premiums.select(*shown, "exposure_years")
    return replace(
        parts,
        manifest=manifest,
        rates=stamped(manifest, tariff.table),
        premiums=expanded_premiums(tariff, cells, shown, manifest.base_levels),
        book=priced,
    )


def _selected(rates: pl.DataFrame, changes: tuple[Change, ...]) -> pl.DataFrame:
    """All rows with the relativities of the covers that were selected."""
    selections = pl.DataFrame(
        [c.model_dump(include={*KEY, "after", "reason"}) for c in changes],
        schema={**dict.fromkeys(KEY, pl.String), "after": pl.Float64, "reason": pl.String},
    ).rename({"after": "relativity"})
    own = RateTable(cover_rates(rates).rename({"selection_reason": "reason"}))
    selected = select_relativities(own, selections).rates.rename({"reason": "selection_reason"})
    others = rates.join(selected, on=["tier", *KEY], how="anti", maintain_order="left")
    return pl.concat([selected.select(rates.columns), others])
