"""The tariff: the rates of the covers, and what a tier makes of them, as one long table.

Every rule is a row, so that what is published is all that is needed to rate a contract:

| tier | cover | factor | what it holds |
|---|---|---|---|
| `*` | cover | `base`, a rating factor | as in the rate table |
| tier | cover | `limit` | `relativity`: share of the cover's cost that lies within the tier's limit |
| tier | cover | `terms` | `relativity`: what the cover costs inside the tier, a share of its price apart |
| tier | `*` | `lines` | `fixed_amount`: further lines of the cost stack and operations |
| tier | `*` | `cost_share` | `relativity`: what commission and margins leave of the price |
| tier | `*` | `minimum`, `maximum` | `fixed_amount` |
| tier | `*` | `rounding` | `level`: the rule; `fixed_amount`: the step |
| `*` | `*` | a factor | `relativity`: a factor on the price, such as the driving-score discount |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.price import TierPlan
from models_ml.rating.rounding import Rounding
from models_ml.rating.table import BASE, MONEY, RATES, RELATIVITY_PLACES, CoverLoading, RateTable
from models_ml.relativities import OTHER

COLUMNS = ("tier", *RATES)
LIMIT, TERMS, LINES, COST_SHARE = "limit", "terms", "lines", "cost_share"
MINIMUM, MAXIMUM, ROUNDING = "minimum", "maximum", "rounding"
ALL = "*"
INSURANCE = "insurance"
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "tier": pl.String,
    "cover": pl.String,
    "factor": pl.String,
    "level": pl.String,
    "level_order": pl.Int64,
    "base_rate": MONEY,
    "fixed_amount": MONEY,
    "relativity": pl.Float64,
}


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


@dataclass(frozen=True)
class Tariff:
    """All rules of one version, in the long form above.

    Args:
        table: at least `COLUMNS`; other columns travel with it and do not rate.

    Raises:
        RatingError: a number is missing, negative or not finite, a factor has no row for the level `*`,
            a row stands twice, or a tier cannot price.
    """

    table: pl.DataFrame

    def __post_init__(self) -> None:
        if lacking := [name for name in COLUMNS if name not in self.table.columns]:
            raise RatingError(f"the tariff lacks the column '{lacking[0]}'")
        _check(self.table)
        _ = self.tiers

    @cached_property
    def rates(self) -> RateTable:
        """Rates of the covers, for who looks up covers alone."""
        own = self.table.filter((pl.col("tier") == ALL) & (pl.col("cover") != ALL))
        return RateTable(own.drop("tier"))

    @cached_property
    def price_factors(self) -> pl.DataFrame:
        """Factors on the price itself: `factor`, `level`, `relativity`."""
        own = self.table.filter((pl.col("tier") == ALL) & (pl.col("cover") == ALL))
        return own.select("factor", "level", "relativity")

    @property
    def factors(self) -> list[str]:
        """Columns that a contract must have beside its tier."""
        return [*self.rates.factors, *self.price_factors["factor"].unique(maintain_order=True)]

    @cached_property
    def tiers(self) -> dict[str, TierRules]:
        """Rules by tier."""
        own = self.table.filter(pl.col("tier") != ALL)
        parts = own.partition_by("tier", as_dict=True, maintain_order=True)
        return {str(key[0]): _rules(str(key[0]), part, self.rates.covers) for key, part in parts.items()}


def build_tariff(
    rates: RateTable,
    loadings: Mapping[str, CoverLoading],
    plans: Sequence[TierPlan],
    cover_lines: Mapping[str, str],
    price_factors: Mapping[str, Mapping[str, float]] | None = None,
) -> Tariff:
    """The tariff of a product: what every tier charges, given what its covers cost.

    A cover that belongs to a line of its tier's cost stack is charged by its own expected cost instead of
    the planned amount. Insurance is bought in: it costs the cover's price apart less the negotiated
    discount. What is done in house costs the cover's price without the cover's own loads, because the
    tier's stand in their place. A line without a rated cover stays as planned.

    Args:
        rates: of the covers.
        loadings: those the rates were loaded with, by cover.
        plans: one per tier.
        cover_lines: line of the cost stack by cover; a cover that is not in it is insurance.
        price_factors: factors on the price by name, each a relativity by level with one for `*`.

    Raises:
        RatingError: a tier grants a cover that has no rates, or a factor rates covers and prices both.
    """
    rows: list[dict[str, Any]] = []
    for plan in plans:
        rows += _tier_rows(plan, rates, loadings, cover_lines)
    for factor, levels in (price_factors or {}).items():
        if factor in rates.factors:
            raise RatingError(f"factor '{factor}' rates the covers and the price: it would count twice")
        rows += [
            _row(ALL, ALL, factor, level, level_order=at, relativity=relativity)
            for at, (level, relativity) in enumerate(levels.items())
        ]
    covers = rates.rates.with_columns(tier=pl.lit(ALL), level_order=pl.col("level_order").cast(pl.Int64))
    return Tariff(pl.concat([covers.select("tier", *rates.rates.columns), _frame(rows)], how="diagonal"))


def _tier_rows(
    plan: TierPlan, rates: RateTable, loadings: Mapping[str, CoverLoading], cover_lines: Mapping[str, str]
) -> list[dict[str, Any]]:
    tier = plan.tier
    rows, rated = [], set()
    for cover in plan.covers:
        if cover not in rates.covers:
            raise RatingError(f"tier '{tier}' grants cover '{cover}', which has no rates")
        line = cover_lines.get(cover, INSURANCE)
        rated.add(line)
        terms = 1 - float(plan.discount(line)) if line == INSURANCE else loadings[cover].cost_share
        limit = plan.limits.get(cover)
        if limit:
            rows.append(_row(tier, cover, LIMIT, limit.name, relativity=limit.share))
        rows.append(_row(tier, cover, TERMS, line, relativity=terms))
    lines = sum((line.amount for line in plan.lines if line.line not in rated), Decimal(0))
    rows.append(_row(tier, ALL, LINES, LINES, fixed_amount=lines))
    rows.append(_row(tier, ALL, COST_SHARE, COST_SHARE, relativity=float(plan.cost_share)))
    for name, amount in ((MINIMUM, plan.minimum), (MAXIMUM, plan.maximum)):
        if amount is not None:
            rows.append(_row(tier, ALL, name, name, fixed_amount=amount))
    rows.append(_row(tier, ALL, ROUNDING, plan.rounding.rule, fixed_amount=plan.rounding.step))
    return rows


def _row(tier: str, cover: str, factor: str, level: str, **numbers: Any) -> dict[str, Any]:
    if "relativity" in numbers:
        numbers["relativity"] = round(numbers["relativity"], RELATIVITY_PLACES)
    return {
        **dict.fromkeys(_SCHEMA),
        "tier": tier,
        "cover": cover,
        "factor": factor,
        "level": level,
        **numbers,
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _named(row: dict[str, Any]) -> str:
    return f"tier '{row['tier']}', cover '{row['cover']}', factor '{row['factor']}', level '{row['level']}'"


def _check(table: pl.DataFrame) -> None:
    """Whether every row holds the number it must."""
    keys = ["tier", "cover", "factor", "level"]
    if (twice := table.filter(pl.struct(keys).is_duplicated())).height:
        raise RatingError(f"{_named(twice.row(0, named=True))} stands twice")
    amounts = pl.col("factor").is_in([LINES, MINIMUM, MAXIMUM, ROUNDING]) & (pl.col("tier") != ALL)
    base = (pl.col("factor") == BASE) & (pl.col("cover") != ALL)
    kinds = {"fixed_amount": amounts | base, "base_rate": base, "relativity": ~amounts & ~base}
    for name, concerned in kinds.items():
        value = pl.col(name).cast(pl.Float64)
        bad = table.filter(
            concerned & (value.is_null() | ~value.is_finite() | (value < 0)).fill_null(value=True)
        )
        if bad.height:
            row = bad.row(0, named=True)
            raise RatingError(f"{_named(row)}: {name} {row[name]} is not a number from 0")
    factors = table.filter((pl.col("tier") == ALL) & (pl.col("factor") != BASE))
    lacking = factors.group_by("cover", "factor", maintain_order=True).agg(
        (pl.col("level") == OTHER).any().alias("other")
    )
    for cover, factor, other in lacking.iter_rows():
        if not other:
            raise RatingError(f"cover '{cover}', factor '{factor}' has no row for the level '{OTHER}'")


def _rules(tier: str, rows: pl.DataFrame, covers: Sequence[str]) -> TierRules:
    found = {
        (cover, factor): (level, amount, relativity)
        for cover, factor, level, amount, relativity in rows.select(
            "cover", "factor", "level", "fixed_amount", "relativity"
        ).iter_rows()
    }
    granted = list(dict.fromkeys(cover for cover, _ in found if cover != ALL))
    if unknown := [cover for cover in granted if cover not in covers]:
        raise RatingError(f"tier '{tier}' grants cover '{unknown[0]}', which has no rates")
    for factor in (LINES, COST_SHARE, ROUNDING):
        if (ALL, factor) not in found:
            raise RatingError(f"tier '{tier}' has no row for '{factor}'")
    for cover in granted:
        if (cover, TERMS) not in found:
            raise RatingError(f"tier '{tier}', cover '{cover}' has no row for '{TERMS}'")
    cost_share = float(found[ALL, COST_SHARE][2])
    if not 0 < cost_share <= 1:
        raise RatingError(f"tier '{tier}': cost share {cost_share} is not above 0 and at most 1")
    rule, step, _ = found[ALL, ROUNDING]
    rounding = Rounding(step, rule)
    bounds = {name: found[ALL, name][1] for name in (MINIMUM, MAXIMUM) if (ALL, name) in found}
    for name, amount in bounds.items():
        if amount % rounding.step:
            raise RatingError(f"tier '{tier}': {name} {amount} is no multiple of the step {rounding.step}")
    if len(bounds) == 2 and bounds[MINIMUM] > bounds[MAXIMUM]:
        raise RatingError(f"tier '{tier}': minimum {bounds[MINIMUM]} is above maximum {bounds[MAXIMUM]}")
    share = {c: float(found[c, LIMIT][2]) if (c, LIMIT) in found else 1.0 for c in granted}
    return TierRules(
        shares={c: (share[c], float(found[c, TERMS][2])) for c in covers if c in granted},
        lines=int(found[ALL, LINES][1] * 100),
        cost_share=cost_share,
        minimum=int(bounds[MINIMUM] * 100) if MINIMUM in bounds else None,
        maximum=int(bounds[MAXIMUM] * 100) if MAXIMUM in bounds else None,
        rounding=rounding,
    )
