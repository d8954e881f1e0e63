"""A forecast of one cover against experience it has not seen, in one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from models_ml.errors import ModellingError
from models_ml.evaluation.calibration import actual_expected, by_decile, by_level
from models_ml.evaluation.losses import poisson_loss, poisson_losses, tweedie_losses
from models_ml.evaluation.ordering import gini
from models_ml.evaluation.paired import paired_gain
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import SIGNIFICANT_DIGITS, Array, significant

FLAT = 1e-9
"""Share by which a forecast that is one rate for all may differ from it."""


@dataclass(frozen=True)
class Judgement:
    """A forecast of one cover against experience.

    Deviances are x 100 per row (`poisson_loss`); `charged` stands for the premium charged, scaled to
    the claims of the learning experience. `gini_model` orders by predicted frequency, `gini_cost_model`
    by predicted burning cost, both with claims as outcome; a premium pays for cost, so the latter is the
    like-for-like of `gini_charged`. `gini_amount_*` have the net amount as outcome.

    `gain_over_constant` is the deviance of one rate for all, at the level of the forecast itself, less that
    of the forecast: what relativities bring, above zero where they help, with its standard error, paired by
    vehicle. `cost_gain_over_constant` is the same of cost (`tweedie_losses`). The level is judged by actual
    over expected.

    `by_factor` and `by_decile` hold actual and expected claims and amounts, with the exact Poisson 95 %
    interval of actual over expected claims.
    """

    cover: str
    basis: str
    rows: int
    exposure_years: float
    claim_count: int
    deviance_constant: float
    deviance_model: float
    deviance_charged: float | None
    gini_model: float
    gini_charged: float | None
    actual_over_expected_claims: float
    actual_over_expected_amount: float
    by_factor: pl.DataFrame
    by_decile: pl.DataFrame
    gini_cost_model: float | None = None
    gini_amount_model: float | None = None
    gini_amount_charged: float | None = None
    gain_over_constant: float | None = None
    gain_over_constant_error: float | None = None
    cost_gain_over_constant: float | None = None
    cost_gain_over_constant_error: float | None = None

    @property
    def worse_than_constant(self) -> bool:
        """Whether claims or cost were forecast worse than by one rate for all, by over one standard error."""
        pairs = (
            (self.gain_over_constant, self.gain_over_constant_error),
            (self.cost_gain_over_constant, self.cost_gain_over_constant_error),
        )
        return any(gain is not None and error is not None and gain < -error for gain, error in pairs)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        plain = {k: v for k, v in vars(self).items() if not isinstance(v, pl.DataFrame)}
        frames = {k: v.to_dicts() for k, v in vars(self).items() if isinstance(v, pl.DataFrame)}
        return plain | frames

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Judgement:
        """The judgement that `to_dict` wrote."""
        frames = {k: pl.DataFrame(v) for k, v in values.items() if isinstance(v, list)}
        return cls(**(values | frames))


def judge(model: FrequencySeverityModel, learn: pl.DataFrame, unseen: pl.DataFrame, basis: str) -> Judgement:
    """Judge a model fitted on `learn` by the experience `unseen`.

    Args:
        model: fitted on the cells of `learn`.
        learn: experience per contract: `exposure_years`, `claim_count`, `annual_premium`.
        unseen: the same columns, `gross_amount`, `recovery_amount` and one column per factor.
        basis: what `unseen` is, in words.
    """
    exposure = unseen["exposure_years"].to_numpy()
    claims = unseen["claim_count"].to_numpy().astype(float)
    frequency = model.predict_frequency(unseen)
    burning_cost = model.predict_burning_cost(unseen)
    constant = float(learn["claim_count"].sum()) / float(learn["exposure_years"].sum())
    charged = _charged(learn, unseen)
    scored = unseen.with_columns(
        amount=pl.col("gross_amount") + pl.col("recovery_amount"),
        expected_claims=frequency * exposure,
        expected_amount=burning_cost * exposure,
    )
    amounts = scored["amount"].to_numpy()
    vehicle = unseen["vehicle_id"].to_numpy() if "vehicle_id" in unseen.columns else None
    gain, gain_error = _gain(poisson_losses, claims, frequency * exposure, exposure, vehicle)
    paid = np.maximum(amounts, 0.0)
    cost_gain, cost_error = _gain(
        partial(tweedie_losses, exposure=exposure), paid, burning_cost * exposure, exposure, vehicle
    )
    amount = float(amounts.sum())
    return _repeatable(
        Judgement(
            cover=model.cover_,
            basis=basis,
            rows=unseen.height,
            exposure_years=float(exposure.sum()),
            claim_count=int(claims.sum()),
            deviance_constant=poisson_loss(claims, constant * exposure),
            deviance_model=poisson_loss(claims, frequency * exposure),
            deviance_charged=None if charged is None else poisson_loss(claims, charged * exposure),
            gini_model=gini(exposure, claims, frequency),
            gini_charged=None if charged is None else gini(exposure, claims, charged),
            actual_over_expected_claims=float(claims.sum() / (frequency @ exposure)),
            actual_over_expected_amount=float(amount / (burning_cost @ exposure)),
            by_factor=pl.concat([by_level(scored, factor) for factor in model.factors])
            if model.factors
            else actual_expected(scored, pl.lit("all").alias("level")),
            by_decile=by_decile(scored),
            gini_cost_model=gini(exposure, claims, burning_cost),
            gini_amount_model=gini(exposure, amounts, burning_cost),
            gini_amount_charged=None if charged is None else gini(exposure, amounts, charged),
            gain_over_constant=gain,
            gain_over_constant_error=gain_error,
            cost_gain_over_constant=cost_gain,
            cost_gain_over_constant_error=cost_error,
        )
    )


def _repeatable(judged: Judgement) -> Judgement:
    """The judgement to nine significant digits, so that it is the same on every run."""
    rounded: dict[str, Any] = {
        name: value.with_columns(pl.col(pl.Float64).round_sig_figs(SIGNIFICANT_DIGITS))
        if isinstance(value, pl.DataFrame)
        else significant(value)
        if isinstance(value, float)
        else value
        for name, value in vars(judged).items()
    }
    return Judgement(**rounded)


def _gain(
    losses: Callable[[Array, Array], Array],
    outcome: Array,
    expected: Array,
    exposure: Array,
    vehicle: Array | None,
) -> tuple[float | None, float | None]:
    """Gain of a forecast over one rate for all at its own level, and its error; None for a single row."""
    constant = exposure * (expected.sum() / exposure.sum())
    try:
        found = paired_gain(losses(outcome, constant), losses(outcome, expected), vehicle)
    except ModellingError:
        return None, None
    # A flat forecast differs from the constant by the last bits of a sum; that is no difference.
    nothing = float(np.abs(expected - constant).max()) <= FLAT * float(constant.max())
    return (0.0, 0.0) if nothing else (found.gain, found.error)


def _charged(learn: pl.DataFrame, unseen: pl.DataFrame) -> Array | None:
    """Premium charged as a frequency: scaled so that it meets the claims of the learning rows."""
    if unseen["annual_premium"].null_count() or learn["annual_premium"].null_count():
        return None
    premium = pl.col("annual_premium").cast(pl.Float64)
    base = learn.select((premium * pl.col("exposure_years")).sum()).item()
    if not base:
        return None
    scale = float(learn["claim_count"].sum()) / float(base)
    return unseen.select(premium * scale).to_series().to_numpy()
