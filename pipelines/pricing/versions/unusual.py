"""Levels whose price, against the mean of the cover, lies outside the range that the plan states."""

from __future__ import annotations

import polars as pl

from models_ml.rating import BASE
from models_ml.relativities import OTHER
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.versions.columns import cover_rates

SCHEMA = {
    "cover": pl.String,
    "factor": pl.String,
    "level": pl.String,
    "times_mean": pl.Float64,
    "exposure_years": pl.Float64,
    "claim_count": pl.Int64,
}


def unusual_levels(rates: pl.DataFrame, plan: RatingPlan) -> pl.DataFrame:
    """Levels that cost less, or more, than the plan's range of the cover's mean.

    A level's price over the mean is its relativity over the mean of its factor, weighted by exposure: what
    its vehicles pay beside the others, all other factors alike.

    Args:
        rates: a published table.
        plan: it was made with; one without the rule draws no warning.

    Returns:
        `cover`, `factor`, `level`, `times_mean`, `exposure_years`, `claim_count`, furthest first.
    """
    bounds = plan.price_of_level
    if bounds is None:
        return pl.DataFrame(schema=SCHEMA)
    least, most = bounds
    own = cover_rates(rates).filter(pl.col("factor") != BASE)
    seen = (pl.col("level") != OTHER) & (pl.col("exposure_years") > 0)
    weight = pl.when(seen).then(pl.col("exposure_years")).otherwise(0.0)
    mean = ((pl.col("relativity") * weight).sum() / weight.sum()).over("cover", "factor")
    times = own.with_columns(times_mean=pl.col("relativity") / mean)
    # A level at nought is as far off as can be; its logarithm is not a number to sort by.
    far = pl.max_horizontal(pl.col("times_mean"), 1 / pl.col("times_mean").clip(lower_bound=1e-9))
    return (
        times.filter(pl.col("times_mean").is_finite() & ~pl.col("times_mean").is_between(least, most))
        .sort(far, "cover", "factor", "level", descending=[True, False, False, False])
        .select(list(SCHEMA))
    )


def in_words(level: dict[str, object], plan: RatingPlan) -> str:
    """A level outside the range, in a sentence."""
    least, most = plan.price_of_level or (0.0, 0.0)
    cover, factor = (str(level[n]).replace("_", " ") for n in ("cover", "factor"))
    return (
        f"{cover}, {factor} {level['level']}: {level['times_mean']:.2f} times the mean of the cover, outside "
        f"{least:g} to {most:g}; {level['exposure_years'] or 0:,.0f} vehicle-years, "
        f"{level['claim_count'] or 0:,} claims"
    )
