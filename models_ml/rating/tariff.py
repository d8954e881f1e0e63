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
from models_ml.rating.rules import (
    ALL,
    COST_SHARE,
    LIMIT,
    LINES,
    MAXIMUM,
    MINIMUM,
    ROUNDING,
    SCHEMA,
    TERMS,
    TierRules,
    check_rows,
    tier_rules,
)
from models_ml.rating.table import RELATIVITY_PLACES, CoverLoading, RateTable

INSURANCE = "insurance"


@dataclass(frozen=True)
class Tariff:
    """All rules of one version, in the long form above.

    Args:
        table: at least the columns of `SCHEMA`; other columns travel with it and do not rate.

    Raises:
        RatingError: a number is missing, negative or not finite, a factor has no row for the level `*`,
            a row stands twice, or a tier cannot price.
    """

    table: pl.DataFrame

    def __post_init__(self) -> None:
        for name, kind in SCHEMA.items():
            if self.table.schema.get(name) != kind:
                raise RatingError(f"the tariff has no column '{name}' of type {kind}")
        check_rows(self.table)
        _ = self.tiers

    @classmethod
    def read(cls, table: pl.DataFrame) -> Tariff:
        """The tariff from a table that was written to a format without its types, such as CSV.

        Raises:
            RatingError: a column is missing or holds something else, or the table cannot rate.
        """
        if lacking := [name for name in SCHEMA if name not in table.columns]:
            raise RatingError(f"the tariff has no column '{lacking[0]}'")
        try:
            return cls(table.with_columns(pl.col(name).cast(kind) for name, kind in SCHEMA.items()))
        except pl.exceptions.InvalidOperationError as error:
            raise RatingError(f"the tariff holds what is no number: {str(error).splitlines()[0]}") from error

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
        return {str(key[0]): tier_rules(str(key[0]), part, self.rates.covers) for key, part in parts.items()}


def at_cost(tariff: Tariff) -> Tariff:
    """The tariff as the forecast alone has it: what covers are expected to cost, whatever is charged.

    Selections, bounds of the plan and a change of the book move prices, not cost. Rows that no model made,
    and a tariff that does not tell (`cost_base_rate`, `indicated_relativity` or `smoothed_relativity`),
    stay as they are.
    """
    names = [n for n in ("indicated_relativity", "smoothed_relativity") if n in tariff.table.columns]
    if not names or "cost_base_rate" not in tariff.table.columns:
        return tariff
    of_cover = (pl.col("tier") == ALL) & (pl.col("cover") != ALL)
    return Tariff(
        tariff.table.with_columns(
            base_rate=pl.coalesce("cost_base_rate", "base_rate"),
            relativity=pl.when(of_cover).then(pl.coalesce(*names, "relativity")).otherwise("relativity"),
        )
    )


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
        **dict.fromkeys(SCHEMA),
        "tier": tier,
        "cover": cover,
        "factor": factor,
        "level": level,
        **numbers,
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
