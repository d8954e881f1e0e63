"""The book that scenarios move: a rated portfolio summed by tier and segment."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.rating.engine import PRICE, rate_contracts
from models_ml.rating.errors import RatingError
from models_ml.rating.tariff import Tariff


def scenario_book(
    tariff: Tariff, contracts: pl.DataFrame, segment: str, commission: Mapping[str, float] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Costs and premiums of a portfolio for `scenario_outcomes`, at the prices of a tariff.

    Args:
        tariff: whose cover costs are taken as planned and whose prices as set.
        contracts: `tier` and the factors of the tariff, a row per contract year; optional `price`, what is
            charged where that is not what the tariff says, such as a renewal that was held.
        segment: column that the mix is told by, such as powertrain.
        commission: share of the price by tier; nothing where not given.

    Returns:
        `costs` (`tier`, `segment`, `cover`, `cost`) of covers that cost anything, and `premiums`
        (`tier`, `segment`, `contracts`, `premium`, `other_cost`: further lines and commission), both in the
        currency of the tariff.

    Raises:
        RatingError: a column or tier is missing.
    """
    if segment not in contracts.columns:
        raise RatingError(f"contracts lack the column '{segment}'")
    covers = tariff.rates.covers
    rated = rate_contracts(tariff, contracts.drop(PRICE, strict=False))
    if PRICE in contracts.columns:
        rated = rated.with_columns(contracts[PRICE])
    amounts = rated.select("tier", pl.col(segment).alias("segment"), pl.col(*covers, PRICE).cast(pl.Float64))
    by_cell = amounts.group_by("tier", "segment").agg(
        pl.col(covers).sum(), contracts=pl.len().cast(pl.Int64), premium=pl.col(PRICE).sum()
    )
    by_cell = by_cell.sort("tier", "segment", nulls_last=True)
    lines = {tier: rules.lines / 100 for tier, rules in tariff.tiers.items()}
    shares = {tier: (commission or {}).get(tier, 0.0) for tier in tariff.tiers}
    tier = pl.col("tier")
    premiums = by_cell.select(
        "tier",
        "segment",
        "contracts",
        "premium",
        other_cost=pl.col("contracts") * tier.replace_strict(lines, return_dtype=pl.Float64)
        + pl.col("premium") * tier.replace_strict(shares, return_dtype=pl.Float64),
    )
    costs = by_cell.unpivot(covers, index=["tier", "segment"], variable_name="cover", value_name="cost")
    return costs.filter(pl.col("cost") > 0).sort("tier", "segment", "cover", nulls_last=True), premiums
