"""The levels of a factor of one cover, side by side, and which factors matter most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from models_ml.rating import BASE, PlanRules, with_limits
from models_ml.relativities import OTHER
from pipelines.pricing.versions.columns import cover_rates
from pipelines.pricing.workbook.selecting import THIN_CLAIMS, THIN_EXPOSURE

KEY = ["cover", "factor", "level"]
SAME = 1e-9


@dataclass(frozen=True)
class FactorRates:
    """The levels of one factor of a cover.

    Attributes:
        cover, factor: its names.
        levels: the published rows but the one for levels not listed, with `thin` and `last_year` (the
            relativity of the year before, null where there is none). In the factor's order, else the
            level with most exposure first.
        other: relativity of levels that are not listed; None where there is none.
        ordered: whether levels follow each other.
        spread: standard deviation of the logarithm of the selected relativities over exposure: how far the
            factor moves the price of a typical vehicle.
    """

    cover: str
    factor: str
    levels: pl.DataFrame
    other: float | None
    ordered: bool
    spread: float


def factor_rates(rates: pl.DataFrame, last_year: pl.DataFrame | None = None) -> dict[str, list[FactorRates]]:
    """Factors by cover: the cover that costs most first, of each the factor that moves its price most.

    Args:
        rates: a published table.
        last_year: that of the year before.
    """
    own = cover_rates(rates).with_columns(
        thin=(pl.col("exposure_years") < THIN_EXPOSURE) | (pl.col("claim_count") < THIN_CLAIMS)
    )
    if last_year is None:
        own = own.with_columns(last_year=pl.lit(None, dtype=pl.Float64))
    else:
        before = cover_rates(last_year).select(*KEY, pl.col("relativity").alias("last_year"))
        own = own.join(before, on=KEY, how="left", maintain_order="left")
    cost = pl.col("burning_cost").fill_null(0.0) * pl.col("exposure_years").fill_null(0.0)
    bases = own.filter(pl.col("factor") == BASE).with_columns(_cost=cost)
    found: dict[str, list[FactorRates]] = {}
    for cover in bases.sort("_cost", "cover", descending=[True, False])["cover"]:
        rows = own.filter((pl.col("cover") == cover) & (pl.col("factor") != BASE))
        factors = [_factor(cover, name, rows) for name in rows["factor"].unique(maintain_order=True).sort()]
        found[cover] = sorted(factors, key=lambda f: (-f.spread, f.factor))
    return found


def selected_otherwise(rates: pl.DataFrame) -> pl.DataFrame:
    """What is not as indicated, or has a reason; a base rate has the factor and level `base`.

    Returns:
        `cover`, `factor`, `level`, `indicated`, `selected`, `exposure_years`, `selection_reason`.
    """
    own = with_limits(cover_rates(rates), PlanRules(0.0))
    moved = (pl.col("selected") - pl.col("indicated")).abs() > SAME
    names = [*KEY, "indicated", "selected", "exposure_years", "selection_reason"]
    return own.filter(moved | pl.col("selection_reason").is_not_null()).select(names).sort(KEY)


def _factor(cover: str, factor: str, rows: pl.DataFrame) -> FactorRates:
    own = rows.filter(pl.col("factor") == factor)
    listed = own.filter(pl.col("level") != OTHER)
    # A level such as `unknown` may stand beside bands; it comes last.
    ordered = 2 * listed["level_order"].count() > listed.height
    by = ["level_order", "level"] if ordered else ["exposure_years", "level"]
    levels = listed.sort(by, descending=[not ordered, False], nulls_last=True)
    other = own.filter(pl.col("level") == OTHER)["relativity"].to_list()
    return FactorRates(cover, factor, levels, other[0] if other else None, ordered, _spread(levels))


def _spread(levels: pl.DataFrame) -> float:
    own = levels.filter((pl.col("relativity") > 0) & (pl.col("exposure_years") > 0))
    weight = float(own["exposure_years"].sum())
    if weight <= 0:
        return 0.0
    logs = own["relativity"].log()
    mean = float((logs * own["exposure_years"]).sum()) / weight
    variance = float(((logs - mean) ** 2 * own["exposure_years"]).sum()) / weight
    return math.sqrt(max(variance, 0.0))
