"""How far a relativity or a base rate may be moved from the one that is indicated."""

from __future__ import annotations

import polars as pl

from models_ml.rating import BASE, RELATIVITY_PLACES
from pipelines.pricing.versions.columns import cover_rates

CENTS = 2


def with_limits(rates: pl.DataFrame, limit: float) -> pl.DataFrame:
    """What may be selected, with the `lowest` and `highest` value of each.

    Args:
        rates: a published table.
        limit: share of what is indicated by which a selected value may depart from it.

    Returns:
        The rows of the covers, with, as doubles, what is `indicated` and what is `selected`: the base rate
        on the row with factor `base`, else the relativity; and `places`, to which both are rounded. The
        rules of tiers are left out. A base level stays at 1, for it is what the base rate is the rate of:
        the level with most exposure, as the model chose it.
    """
    of_base = pl.col("factor") == BASE
    indicated = pl.when(of_base).then(_double("indicated_base_rate")).otherwise("indicated_relativity")
    selected = pl.when(of_base).then(_double("base_rate")).otherwise("relativity")
    most = pl.col("exposure_years") == pl.col("exposure_years").max().over("cover", "factor")
    stays = ~of_base & most & (pl.col("indicated_relativity") == 1)
    room = pl.when(stays).then(0.0).otherwise(limit)

    def bound(share: pl.Expr) -> pl.Expr:
        value = pl.col("indicated") * share
        return pl.when(of_base).then(value.round(CENTS)).otherwise(value.round(RELATIVITY_PLACES))

    return (
        cover_rates(rates)
        .with_columns(indicated=indicated, selected=selected)
        .with_columns(
            lowest=bound(1 - room),
            highest=bound(1 + room),
            places=pl.when(of_base).then(CENTS).otherwise(RELATIVITY_PLACES),
        )
    )


def _double(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64)
