"""How far a relativity may be moved from the one that the model indicates."""

from __future__ import annotations

import polars as pl

from models_ml.rating import BASE, RELATIVITY_PLACES
from pipelines.pricing.versions.columns import cover_rates


def with_limits(rates: pl.DataFrame, limit: float) -> pl.DataFrame:
    """The relativities that may be selected, with the `lowest` and `highest` value of each.

    Args:
        rates: a published table with `indicated_relativity`.
        limit: share of the indicated relativity by which a selected one may depart from it.

    Returns:
        One row per cover, factor and level; base rates and the rules of tiers are left out. A base level
        stays at 1, for it is what the base rate is the rate of: the level with most exposure, as the model
        chose it.
    """
    indicated = pl.col("indicated_relativity")
    most = pl.col("exposure_years") == pl.col("exposure_years").max().over("cover", "factor")
    is_base = most & (indicated == 1)
    room = pl.when(is_base).then(0.0).otherwise(limit)
    return (
        cover_rates(rates)
        .filter(pl.col("factor") != BASE)
        .with_columns(
            lowest=(indicated * (1 - room)).round(RELATIVITY_PLACES),
            highest=(indicated * (1 + room)).round(RELATIVITY_PLACES),
        )
    )
