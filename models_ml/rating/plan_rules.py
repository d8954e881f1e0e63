"""The rules that what is charged is held to, wherever it comes from: corridor, bounds and order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from models_ml.rating.selection import BOUNDS, Direction
from models_ml.rating.table import BASE, RELATIVITY_PLACES
from models_ml.relativities import OTHER

CENTS = 2
GROUP = ["cover", "factor"]


@dataclass(frozen=True)
class PlanRules:
    """What a selected value may be.

    Attributes:
        limit: share of the planned value by which a selected one may depart from it: the corridor.
        monotone: direction over its bands, by factor.
        base_levels: by factor; they stay at 1, for they are what the base rate is the rate of.
    """

    limit: float
    monotone: Mapping[str, Direction] = field(default_factory=dict)
    base_levels: Mapping[str, str] = field(default_factory=dict)


def with_limits(rates: pl.DataFrame, rules: PlanRules) -> pl.DataFrame:
    """What may be selected in place of each relativity and base rate, one by one.

    Args:
        rates: rows of the covers: `cover`, `factor`, `level`, `base_rate`, `indicated_base_rate`,
            `relativity`, `indicated_relativity`, and, where the plan moved any, `planned_relativity`,
            `bound_lowest` and `bound_highest`.
        rules: of the plan.

    Returns:
        The rows with, as doubles, what is `indicated`, what is `planned` (the indicated value after the
        plan's order and bounds; the corridor is about it), what is `selected`, `lowest` and `highest` of the
        corridor within the bounds, and `places`, to which all are rounded. With factor `base` they are
        base rates, else relativities. `is_base_level` marks what stays at 1.
    """
    of_base = pl.col("factor") == BASE
    optional = ("planned_relativity", *BOUNDS)
    missing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in optional if name not in rates.columns]
    room = pl.when("is_base_level").then(0.0).otherwise(rules.limit)
    places = pl.when(of_base).then(CENTS).otherwise(RELATIVITY_PLACES)

    def bound(share: pl.Expr) -> pl.Expr:
        value = pl.col("planned") * share
        return pl.when(of_base).then(value.round(CENTS)).otherwise(value.round(RELATIVITY_PLACES))

    least = pl.when(of_base).then(10.0**-CENTS).otherwise(10.0**-RELATIVITY_PLACES)
    return (
        rates.with_columns(missing)
        .with_columns(
            is_base_level=_is_base_level(rules),
            indicated=pl.when(of_base).then(_double("indicated_base_rate")).otherwise("indicated_relativity"),
            planned=pl.when(of_base)
            .then(_double("indicated_base_rate"))
            .otherwise(pl.coalesce("planned_relativity", "indicated_relativity")),
            selected=pl.when(of_base).then(_double("base_rate")).otherwise("relativity"),
            places=places,
        )
        .with_columns(
            lowest=pl.max_horizontal(bound(1 - room), "bound_lowest", least),
            highest=pl.min_horizontal(bound(1 + room), "bound_highest"),
        )
    )


def judged(rates: pl.DataFrame, rules: PlanRules, overridden: pl.DataFrame) -> pl.DataFrame:
    """Every value that is charged, and which rules it breaks.

    A level that is overridden is judged beside all others of its factor; the others beside those alone that
    are not, so that one exception does not forbid what lies beside it.

    Args:
        rates: as for `with_limits`.
        rules: of the plan.
        overridden: `cover`, `factor`, `level` of values that may break the rules.

    Returns:
        What `with_limits` says, `overridden`, and `breaks`: in words, null where every rule is kept.
    """
    keys = ["cover", "factor", "level"]
    limits = with_limits(rates, rules).join(
        overridden.select(*keys, overridden=pl.lit(value=True)).unique(),
        on=keys,
        how="left",
        maintain_order="left",
    )
    limits = _with_neighbours(limits.with_columns(pl.col("overridden").fill_null(value=False)), rules)
    selected, low, high = pl.col("selected"), pl.col("lowest"), pl.col("highest")
    outside = (selected < low) | (selected > high) | ~selected.is_finite()
    beyond = (selected < pl.col("bound_lowest")) | (selected > pl.col("bound_highest"))
    told = [
        pl.when(beyond).then(
            pl.format("beyond the plan's bounds, {} to {}", "bound_lowest", "bound_highest")
        ),
        pl.when(outside).then(pl.format("outside {} to {}", "lowest", "highest")),
        pl.when(selected < pl.col("least_in_order")).then(
            pl.format("below {}, the plan has {} only {}", "least_in_order", "factor", "direction")
        ),
        pl.when(selected > pl.col("most_in_order")).then(
            pl.format("above {}, the plan has {} only {}", "most_in_order", "factor", "direction")
        ),
    ]
    breaks = pl.concat_str(told, separator="; ", ignore_nulls=True)
    return limits.with_columns(breaks=pl.when(breaks != "").then(breaks))


def _with_neighbours(limits: pl.DataFrame, rules: PlanRules) -> pl.DataFrame:
    """Add what the order leaves each band between: `least_in_order`, `most_in_order` and the direction."""
    direction = pl.col("factor").replace_strict(dict(rules.monotone), default=None, return_dtype=pl.String)
    limits = limits.with_row_index("_row").with_columns(direction=direction)
    bands = limits.filter(
        pl.col("direction").is_not_null() & pl.col("level_order").is_not_null() & (pl.col("level") != OTHER)
    )
    place = pl.when(pl.col("direction") == "rising").then("level_order").otherwise(-pl.col("level_order"))
    kept = pl.when(~pl.col("overridden")).then("selected")

    def before(value: pl.Expr) -> pl.Expr:
        return value.cum_max().forward_fill().shift(1).over(GROUP)

    def after(value: pl.Expr) -> pl.Expr:
        return value.cum_min(reverse=True).backward_fill().shift(-1).over(GROUP)

    found = (
        bands.with_columns(_place=place)
        .sort(*GROUP, "_place", maintain_order=True)
        .with_columns(
            least_in_order=pl.when("overridden").then(before(pl.col("selected"))).otherwise(before(kept)),
            most_in_order=pl.when("overridden").then(after(pl.col("selected"))).otherwise(after(kept)),
        )
    )
    return limits.join(
        found.select("_row", "least_in_order", "most_in_order"), on="_row", how="left", maintain_order="left"
    ).drop("_row")


def _is_base_level(rules: PlanRules) -> pl.Expr:
    """The level of every cover that its factor is relative to: `*` where the base level is not listed."""
    base = pl.col("factor").replace_strict(dict(rules.base_levels), default=None, return_dtype=pl.String)
    at = pl.col("level") == base
    listed = at.any().over(GROUP)
    stands_in = base.is_not_null() & ~listed & (pl.col("level") == OTHER)
    return (pl.col("factor") != BASE) & (at | stands_in).fill_null(value=False)


def _double(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64)
