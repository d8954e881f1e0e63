"""An edited version: other relativities and base rates, and everything that follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from models_ml.rating import BASE, RateTable, Tariff, select_base_rates, select_relativities
from pipelines.pricing.changing.judging import overrides
from pipelines.pricing.renewing.book import price_book, with_base_rates
from pipelines.pricing.versions.columns import (
    cover_rates,
    rates_hash,
    stamped,
    with_indicated_base_rates,
)
from pipelines.pricing.versions.expanding import expanded_premiums
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.manifest import Change, Manifest

KEY = ["cover", "factor", "level"]


def edited_parts(parts: VersionParts, changes: tuple[Change, ...]) -> VersionParts:
    """The version with other selections; premiums, prices and scenarios anew from its files alone.

    Base rates that were put on balance are put on balance again, and are then the indicated ones. Once
    somebody selects a base rate, all stay as they are: the overall change that was decided no longer holds,
    in this version and those edited from it, and the manifest says why.

    Raises:
        PublicationError: the overall change that was decided can no longer be met.
    """
    balance = _balance(parts.manifest, changes)
    tariff, book = Tariff(_selected(parts.rates, changes)), parts.book
    if balance["overall_change"] is not None:
        # What is indicated is told at the base rates before the balance, as when the version was drafted.
        tariff = with_base_rates(tariff, book.bases)
    tariff, priced = price_book(
        tariff, book.customers, book.packages, parts.plan, book.visits, balance["overall_change"]
    )
    if balance["overall_change"] is not None:
        tariff = Tariff(with_indicated_base_rates(tariff.table))
    update = {
        **balance,
        "parent": parts.manifest.version(),
        "changes": changes,
        "overrides": overrides(parts, changes),
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


def _balance(manifest: Manifest, changes: tuple[Change, ...]) -> dict[str, Any]:
    """The overall change that base rates are put to, and why none if one was decided."""
    by_hand = [f"{change.cover} ({change.reason})" for change in changes if change.of_base_rate]
    decided = manifest.overall_change
    if not by_hand or decided is None:
        return {"overall_change": decided, "balance_note": manifest.balance_note}
    note = (
        f"{decided:+.2%} was decided and no longer holds: base rates selected by hand: {', '.join(by_hand)}"
    )
    return {"overall_change": None, "balance_note": note}


def _selected(rates: pl.DataFrame, changes: tuple[Change, ...]) -> pl.DataFrame:
    """All rows with the relativities and base rates of the covers that were selected."""
    selections = pl.DataFrame(
        [c.model_dump(include={*KEY, "after", "reason"}) for c in changes],
        schema={**dict.fromkeys(KEY, pl.String), "after": pl.Float64, "reason": pl.String},
    )
    of_base = pl.col("factor") == BASE
    own = RateTable(cover_rates(rates).rename({"selection_reason": "reason"}))
    own = select_relativities(own, selections.filter(~of_base).rename({"after": "relativity"}))
    own = select_base_rates(own, selections.filter(of_base).rename({"after": "base_rate"}))
    selected = own.rates.rename({"reason": "selection_reason"})
    others = rates.join(selected, on=["tier", *KEY], how="anti", maintain_order="left")
    return pl.concat([selected.select(rates.columns), others])
