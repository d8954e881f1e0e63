"""What the rows of a tariff must hold, and what they say of one tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.rounding import Rounding
from models_ml.rating.table import BASE, MONEY
from models_ml.relativities import OTHER

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "tier": pl.String,
    "cover": pl.String,
    "factor": pl.String,
    "level": pl.String,
    "level_order": pl.Int64,
    "base_rate": MONEY,
    "fixed_amount": MONEY,
    "relativity": pl.Float64,
}
"""Columns that rate, with their types."""
ALL = "*"
LIMIT, TERMS, LINES, COST_SHARE = "limit", "terms", "lines", "cost_share"
MINIMUM, MAXIMUM, ROUNDING = "minimum", "maximum", "rounding"
OF_COVER, OF_TIER, AMOUNTS = (
    (LIMIT, TERMS),
    (LINES, COST_SHARE, MINIMUM, MAXIMUM, ROUNDING),
    (LINES, MINIMUM, MAXIMUM, ROUNDING),
)


@dataclass(frozen=True)
class TierRules:
    """What one tier makes of the premiums of its covers.

    Attributes:
        shares: per cover its share within the limit and its terms, in the order of the table.
        lines: further cost a year, hundredths.
        cost_share: what the tier's loads leave of the price.
        minimum, maximum: hundredths; None where there is none.
        rounding: of the price.
    """

    shares: dict[str, tuple[float, float]]
    lines: int
    cost_share: float
    minimum: int | None
    maximum: int | None
    rounding: Rounding


def check_rows(table: pl.DataFrame) -> None:
    """See that every row stands once and holds the number it must.

    Raises:
        RatingError: it does not; the message names the row.
    """
    of_tier = pl.col("tier") != ALL
    # A tier has one row of each rule, whatever its level; the table's other rows are told apart by level.
    once = pl.struct("tier", "cover", "factor", pl.when(~of_tier).then("level").alias("level"))
    _refuse(table.filter(once.is_duplicated()), "stands twice")
    rule = pl.col("factor").is_in(OF_COVER) & (pl.col("cover") != ALL)
    rule |= pl.col("factor").is_in(OF_TIER) & (pl.col("cover") == ALL)
    _refuse(table.filter(of_tier & ~rule), "is no rule of a tier")
    amounts = pl.col("factor").is_in(AMOUNTS) & of_tier
    base = (pl.col("factor") == BASE) & (pl.col("cover") != ALL)
    kinds = {"fixed_amount": amounts | base, "base_rate": base, "relativity": ~amounts & ~base}
    for name, concerned in kinds.items():
        value = pl.col(name).cast(pl.Float64)
        wrong = (value.is_null() | ~value.is_finite() | (value < 0)).fill_null(value=True)
        bad = table.filter(concerned & wrong)
        _refuse(bad, f"has no number from 0 as {name}: {bad[name][0]}" if bad.height else "")
    _check_levels(table.filter(~of_tier))


def _check_levels(rows: pl.DataFrame) -> None:
    """Every cover has a base, and every factor a row for whatever is not listed."""
    covers = rows.filter(pl.col("cover") != ALL)
    bases = covers.filter(pl.col("factor") == BASE)["cover"].to_list()
    _refuse(covers.filter(~pl.col("cover").is_in(bases)), "has no base rate to work on")
    factors = rows.filter(pl.col("factor") != BASE)
    listed = (pl.col("level") == OTHER).any().over("cover", "factor")
    _refuse(factors.filter(~listed), f"has no row for the level '{OTHER}' beside it")


def _refuse(rows: pl.DataFrame, complaint: str) -> None:
    if rows.height:
        tier, cover, factor, level = rows.select("tier", "cover", "factor", "level").row(0)
        raise RatingError(f"tier '{tier}', cover '{cover}', factor '{factor}', level '{level}' {complaint}")


def tier_rules(tier: str, rows: pl.DataFrame, covers: Sequence[str]) -> TierRules:
    """The rules of one tier from its rows.

    Args:
        tier: its name.
        rows: those of the tier, checked.
        covers: that have rates, in the order of the table.

    Raises:
        RatingError: a rule is missing, a cover has no rates, or a number cannot price.
    """
    columns = ("cover", "factor", "level", "fixed_amount", "relativity")
    found = {(cover, factor): values for cover, factor, *values in rows.select(columns).iter_rows()}
    granted = list(dict.fromkeys(cover for cover, _ in found if cover != ALL))
    if unknown := [cover for cover in granted if cover not in covers]:
        raise RatingError(f"tier '{tier}' grants cover '{unknown[0]}', which has no rates")
    needed = [(ALL, LINES), (ALL, COST_SHARE), (ALL, ROUNDING), *((cover, TERMS) for cover in granted)]
    if missing := [key for key in needed if key not in found]:
        raise RatingError(f"tier '{tier}', cover '{missing[0][0]}' has no row for '{missing[0][1]}'")
    cost_share = float(found[ALL, COST_SHARE][2])
    if not 0 < cost_share <= 1:
        raise RatingError(f"tier '{tier}': cost share {cost_share} is not above 0 and at most 1")
    rule, step, _ = found[ALL, ROUNDING]
    rounding = Rounding(step, rule)
    minimum, maximum = _bounds(tier, found, rounding)
    within = {cover: found[cover, LIMIT][2] if (cover, LIMIT) in found else 1.0 for cover in granted}
    return TierRules(
        shares={c: (float(within[c]), float(found[c, TERMS][2])) for c in covers if c in granted},
        lines=int(found[ALL, LINES][1] * 100),
        cost_share=cost_share,
        minimum=minimum,
        maximum=maximum,
        rounding=rounding,
    )


def _bounds(
    tier: str, found: dict[tuple[str, str], list[Any]], rounding: Rounding
) -> tuple[int | None, int | None]:
    """Minimum and maximum in hundredths."""
    bounds: dict[str, Decimal] = {n: found[ALL, n][1] for n in (MINIMUM, MAXIMUM) if (ALL, n) in found}
    for name, amount in bounds.items():
        if amount % rounding.step:
            raise RatingError(f"tier '{tier}': {name} {amount} is no multiple of the step {rounding.step}")
    if len(bounds) == 2 and bounds[MINIMUM] > bounds[MAXIMUM]:
        raise RatingError(f"tier '{tier}': minimum {bounds[MINIMUM]} is above maximum {bounds[MAXIMUM]}")
    least, most = (int(bounds[n] * 100) if n in bounds else None for n in (MINIMUM, MAXIMUM))
    return least, most
