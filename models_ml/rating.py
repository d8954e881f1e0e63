"""The rate table: base rates and relativities, loaded, rounded, and enough to rate any contract.

A cover's premium for a contract year is `base_rate` x the product of its relativities + `fixed_amount`.
Loads are shares of the premium (Werner and Modlin 2016, chapter 8): the premium is
(expected cost + fixed expense) / (1 - expense - commission - margin).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.relativities import OTHER

BASE = "base"
RELATIVITY_PLACES = 4
CENT = Decimal("0.01")


@dataclass(frozen=True)
class CoverLoading:
    """Shares of the premium beside the cost, and an expense per contract year that is no share."""

    expense_ratio: float
    commission_ratio: float
    margin_ratio: float
    fixed_expense: Decimal = Decimal(0)

    @property
    def cost_share(self) -> float:
        """Share of the premium that is left for the cost."""
        share = 1 - self.expense_ratio - self.commission_ratio - self.margin_ratio
        if share <= 0:
            raise ModellingError("expense, commission and margin leave nothing for the cost")
        return share


@dataclass(frozen=True)
class RateTable:
    """Rates of every cover.

    `rates` has one row per cover, factor and level: `cover`, `factor`, `level`, `level_order`,
    `base_rate` and `fixed_amount` (decimal, on the row with factor and level `base` only),
    `relativity` (rounded to 4 places; it is what rates), `frequency_relativity`,
    `severity_relativity`, `exposure_years`, `claim_count`, and `burning_cost`, the gross cost per
    vehicle-year seen at that level. The level `*` rates every level that is not listed.
    """

    rates: pl.DataFrame

    @property
    def covers(self) -> list[str]:
        return self.rates["cover"].unique(maintain_order=True).to_list()

    @property
    def factors(self) -> list[str]:
        names = self.rates["factor"].unique(maintain_order=True).to_list()
        return [name for name in names if name != BASE]


def build_rate_table(
    models: Mapping[str, FrequencySeverityModel],
    loadings: Mapping[str, CoverLoading],
    level_orders: pl.DataFrame,
) -> RateTable:
    """Make the table from one fitted model per cover.

    Args:
        models: by cover.
        loadings: by cover.
        level_orders: `factor`, `level`, `level_order`; bands have one, names do not.
    """
    pieces = []
    for cover, model in sorted(models.items()):
        pieces += [_base_row(cover, model, loadings[cover]), _relativity_rows(cover, model)]
    rates = pl.concat(pieces).join(level_orders, on=["factor", "level"], how="left", maintain_order="left")
    order = pl.Enum([BASE, *dict.fromkeys(f for m in models.values() for f in m.factors)])
    rates = rates.with_columns(_f=pl.col("factor").cast(order), _other=pl.col("level") == OTHER)
    rates = rates.sort("cover", "_f", "_other", "level_order", "level", nulls_last=True)
    return RateTable(
        rates.select(
            "cover",
            "factor",
            "level",
            "level_order",
            "base_rate",
            "fixed_amount",
            "relativity",
            "frequency_relativity",
            "severity_relativity",
            "exposure_years",
            "claim_count",
            "burning_cost",
        )
    )


def _base_row(cover: str, model: FrequencySeverityModel, loading: CoverLoading) -> pl.DataFrame:
    cost = model.base_burning_cost_
    volume = model.volume_
    return pl.DataFrame(
        {
            "cover": [cover],
            "factor": [BASE],
            "level": [BASE],
            "base_rate": [_money(cost / loading.cost_share)],
            "fixed_amount": [_money(float(loading.fixed_expense) / loading.cost_share)],
            "relativity": [1.0],
            "frequency_relativity": [1.0],
            "severity_relativity": [1.0],
            "exposure_years": [volume["exposure_years"]],
            "claim_count": [int(volume["claim_count"])],
            "burning_cost": [volume["gross_amount"] / volume["exposure_years"]],
        },
        schema_overrides={"base_rate": pl.Decimal(18, 2), "fixed_amount": pl.Decimal(18, 2)},
    )


def _relativity_rows(cover: str, model: FrequencySeverityModel) -> pl.DataFrame:
    exposure = pl.col("exposure_years")
    return model.relativities_.select(
        pl.lit(cover).alias("cover"),
        "factor",
        "level",
        pl.lit(None, dtype=pl.Decimal(18, 2)).alias("base_rate"),
        pl.lit(None, dtype=pl.Decimal(18, 2)).alias("fixed_amount"),
        pl.col("relativity").round(RELATIVITY_PLACES),
        pl.col("frequency_relativity").round(RELATIVITY_PLACES),
        pl.col("severity_relativity").round(RELATIVITY_PLACES),
        exposure,
        pl.col("claim_count").cast(pl.Int64),
        burning_cost=pl.when(exposure > 0).then(pl.col("gross_amount") / exposure),
    )


def _money(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(CENT, rounding=ROUND_HALF_UP)


def rate(table: RateTable, frame: pl.DataFrame) -> pl.DataFrame:
    """Rate every row of `frame` for every cover, from the table alone.

    Args:
        table: the rates.
        frame: one text column per rating factor of the table.

    Returns:
        `frame` with one decimal column per cover and their `total`.
    """
    premiums = [_premium(table.rates.filter(pl.col("cover") == c)).alias(c) for c in table.covers]
    rated = frame.with_columns(premiums)
    return rated.with_columns(
        total=pl.sum_horizontal([pl.col(c) for c in table.covers]).cast(pl.Decimal(18, 2))
    )


def _premium(rates: pl.DataFrame) -> pl.Expr:
    base = rates.filter(pl.col("factor") == BASE)
    amount = pl.lit(float(base["base_rate"][0]))
    factors = rates.filter(pl.col("factor") != BASE)["factor"].unique(maintain_order=True)
    for factor in factors:
        own = rates.filter(pl.col("factor") == factor)
        other = float(own.filter(pl.col("level") == OTHER)["relativity"][0])
        amount = amount * pl.col(factor).replace_strict(
            own["level"], own["relativity"], default=other, return_dtype=pl.Float64
        )
    fixed = float(base["fixed_amount"][0])
    return (amount + fixed).round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2))


def expand(
    table: RateTable, observed: pl.DataFrame, shown: tuple[str, ...], base_levels: Mapping[str, str]
) -> pl.DataFrame:
    """Premiums of the combinations of `shown` factors that were observed, others at their base.

    Args:
        table: the rates.
        observed: `shown` columns and `exposure_years`.
        shown: factors that vary.
        base_levels: the level at which every other factor is held.
    """
    combos = observed.group_by(shown, maintain_order=True).agg(pl.col("exposure_years").sum()).sort(shown)
    held = [pl.lit(base_levels[f]).alias(f) for f in table.factors if f not in shown]
    return rate(table, combos.with_columns(held)).select(*shown, "exposure_years", *table.covers, "total")
