"""The rate table: base rates and relativities, loaded and rounded, with what they were chosen from.

A cover's premium for a contract year is `base_rate` x the product of its relativities + `fixed_amount`.
Loads are shares of the premium (Werner and Modlin 2016, chapter 8): the premium is
(expected cost + fixed expense) / (1 - expense - commission - margin).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from models_ml.base_levels import shared_base_levels
from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating.evidence import EVIDENCE, evidence
from models_ml.rating.rounding import CENT
from models_ml.relativities import OTHER

BASE = "base"
RELATIVITY_PLACES = 4
RATES = ("cover", "factor", "level", "level_order", "base_rate", "fixed_amount", "relativity")
"""The columns that rate; all others say where they come from."""
MONEY = pl.Decimal(18, 2)


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

    A table that was built, not only put together to rate, also tells what the relativity was chosen from:
    see `models_ml.rating.evidence`; `reason`, why another one than the forecast's was selected; and
    `cost_base_rate`, the base rate at which the forecast's relativities bring what is expected to be paid.
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
    evidences: Mapping[str, pl.DataFrame] | None = None,
) -> RateTable:
    """Make the table from one fitted model per cover.

    Args:
        models: by cover.
        loadings: by cover.
        level_orders: `factor`, `level`, `level_order`; bands have one, names do not.
        evidences: by cover, as `evidence` told it of the model when it was fitted; a model that was read
            back has lost its intervals. Told of the models given where it is left out.

    Raises:
        ModellingError: loads leave nothing for the cost, or covers have different base levels.
    """
    shared_base_levels(models)
    pieces = []
    for cover, model in sorted(models.items()):
        told = evidences[cover] if evidences else evidence(model)
        pieces += [_base_row(cover, model, loadings[cover]), _relativity_rows(cover, model, told)]
    rates = pl.concat(pieces, how="diagonal")
    rates = rates.join(level_orders, on=["factor", "level"], how="left", maintain_order="left")
    order = pl.Enum([BASE, *dict.fromkeys(f for m in models.values() for f in m.factors)])
    rates = rates.with_columns(_f=pl.col("factor").cast(order), _other=pl.col("level") == OTHER)
    rates = rates.sort("cover", "_f", "_other", "level_order", "level", nulls_last=True)
    return RateTable(
        rates.select(
            *RATES,
            "frequency_relativity",
            "severity_relativity",
            "exposure_years",
            "claim_count",
            "burning_cost",
            "cost_base_rate",
            *EVIDENCE,
            reason=pl.lit(None, dtype=pl.String),
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
            "base_rate": [money(cost / loading.cost_share)],
            "fixed_amount": [money(float(loading.fixed_expense) / loading.cost_share)],
            "relativity": [1.0],
            "frequency_relativity": [1.0],
            "severity_relativity": [1.0],
            "exposure_years": [volume["exposure_years"]],
            "claim_count": [int(volume["claim_count"])],
            "burning_cost": [volume["gross_amount"] / volume["exposure_years"]],
            "cost_base_rate": [money(cost / loading.cost_share)],
        },
        schema_overrides=dict.fromkeys(("base_rate", "fixed_amount", "cost_base_rate"), MONEY),
    )


def _relativity_rows(cover: str, model: FrequencySeverityModel, told: pl.DataFrame) -> pl.DataFrame:
    exposure = pl.col("exposure_years")
    rows = model.relativities_.join(told, on=["factor", "level"], how="left", maintain_order="left")
    return rows.select(
        pl.lit(cover).alias("cover"),
        "factor",
        "level",
        pl.lit(None, dtype=MONEY).alias("base_rate"),
        pl.lit(None, dtype=MONEY).alias("fixed_amount"),
        pl.col("relativity").round(RELATIVITY_PLACES),
        pl.col("frequency_relativity").round(RELATIVITY_PLACES),
        pl.col("severity_relativity").round(RELATIVITY_PLACES),
        exposure,
        pl.col("claim_count").cast(pl.Int64),
        pl.when(exposure > 0).then(pl.col("gross_amount") / exposure).alias("burning_cost"),
        *(pl.col(name).round(RELATIVITY_PLACES) for name in EVIDENCE),
    )


def money(amount: float) -> Decimal:
    """A double to the nearest cent, halves away from nought."""
    return Decimal(repr(amount)).quantize(CENT, rounding=ROUND_HALF_UP)
