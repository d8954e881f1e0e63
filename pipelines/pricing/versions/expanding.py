"""The fully expanded premiums, for who looks up instead of multiplying."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.rating import Tariff, expand_prices, rate

PRICE = " price"
"""Ends the name of a column that holds a package's price."""


def expanded_premiums(
    tariff: Tariff, cells: pl.DataFrame, shown: tuple[str, ...], base_levels: Mapping[str, str]
) -> pl.DataFrame:
    """Premiums of cells, all other factors at their base.

    Args:
        tariff: the rules.
        cells: `shown` and `exposure_years`, a row per combination.
        shown: factors that vary.
        base_levels: the level at which every other factor is held.

    Returns:
        `shown`, `exposure_years`, a decimal column per cover, their `total`, and one per package named
        after it, such as `Standard price`. Covers are at the base tier, packages at their own.
    """
    table = tariff.rates
    held = {factor: base_levels[factor] for factor in table.factors if factor not in shown}
    covers = rate(table, cells.with_columns(pl.lit(level).alias(name) for name, level in held.items()))
    prices = expand_prices(tariff, cells, shown, base_levels).select(
        *shown, *(pl.col(tier).alias(tier + PRICE) for tier in tariff.tiers)
    )
    kept = covers.select(*shown, "exposure_years", *table.covers, "total")
    return kept.join(prices, on=shown, how="left", nulls_equal=True, maintain_order="left")
