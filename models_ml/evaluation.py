"""How good a forecast is on experience it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import MIN_MEAN, SIGNIFICANT_DIGITS, Array, significant

CONFIDENCE = 0.95


def poisson_loss(claims: Array, expected: Array) -> float:
    """Mean Poisson deviance x 100: 200 mean(mu - N + N log(N / mu)).

    The convention of Noll, Salzmann and Wuthrich (2020), SSRN 3164764.
    """
    expected = np.maximum(expected, MIN_MEAN)
    ratio = np.where(claims > 0, claims / expected, 1.0)
    return float(200 * np.mean(expected - claims + claims * np.log(ratio)))


def gini(exposure: Array, outcome: Array, score: Array) -> float:
    """Gini index of an ordering: 1 - 2 x area under the Lorenz curve of outcome over exposure.

    Rows are ordered by rising score; rows with the same score count as one, so that the order of a
    file cannot matter. 0 is no order, and a perfect one is below 1 (Frees, Meyers and Cummings 2011).
    """
    frame = pl.DataFrame({"score": score, "exposure": exposure, "outcome": outcome})
    tied = frame.group_by("score", maintain_order=True).agg(pl.col("exposure", "outcome").sum()).sort("score")
    x = np.concatenate([[0.0], np.cumsum(tied["exposure"].to_numpy())])
    y = np.concatenate([[0.0], np.cumsum(tied["outcome"].to_numpy())])
    if x[-1] <= 0 or y[-1] == 0:
        return 0.0
    return float(1 - 2 * np.trapezoid(y / y[-1], x / x[-1]))


@dataclass(frozen=True)
class Judgement:
    """A forecast of one cover against experience.

    Deviances are x 100 per row (`poisson_loss`); `charged` stands for the premium charged, scaled to
    the claims of the learning experience. `gini_model` orders by predicted frequency, `gini_cost_model`
    by predicted burning cost, both with claims as outcome; a premium pays for cost, so the latter is the
    like-for-like of `gini_charged`. `gini_amount_*` have the net amount as outcome.

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
            by_factor=pl.concat([_by_level(scored, factor) for factor in model.factors])
            if model.factors
            else _actual_expected(scored, pl.lit("all").alias("level")),
            by_decile=_by_decile(scored),
            gini_cost_model=gini(exposure, claims, burning_cost),
            gini_amount_model=gini(exposure, amounts, burning_cost),
            gini_amount_charged=None if charged is None else gini(exposure, amounts, charged),
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


def _by_level(scored: pl.DataFrame, factor: str) -> pl.DataFrame:
    table = _actual_expected(scored, pl.col(factor).alias("level"))
    return table.select(pl.lit(factor).alias("factor"), pl.all())


def _by_decile(scored: pl.DataFrame) -> pl.DataFrame:
    """Ten groups of equal exposure, by rising expected cost per vehicle-year."""
    ordered = scored.with_columns(rate=pl.col("expected_amount") / pl.col("exposure_years"))
    ordered = ordered.sort("rate", "contract_id")
    share = pl.col("exposure_years").cum_sum() / pl.col("exposure_years").sum()
    decile = ((share * 10).ceil().clip(1, 10)).cast(pl.Int64)
    return _actual_expected(ordered.with_columns(level=decile), pl.col("level")).rename({"level": "decile"})


def _actual_expected(scored: pl.DataFrame, by: pl.Expr) -> pl.DataFrame:
    table = (
        scored.group_by(by, maintain_order=True)
        .agg(
            pl.col("exposure_years").sum(),
            actual_claims=pl.col("claim_count").sum().cast(pl.Int64),
            expected_claims=pl.col("expected_claims").sum(),
            actual_amount=pl.col("amount").sum(),
            expected_amount=pl.col("expected_amount").sum(),
        )
        .sort("level")
    )
    count = table["actual_claims"].to_numpy()
    expected = np.maximum(table["expected_claims"].to_numpy(), MIN_MEAN)
    tail = (1 - CONFIDENCE) / 2
    lower = np.where(count > 0, stats.chi2.ppf(tail, 2 * np.maximum(count, 1)) / 2, 0.0)
    upper = stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    return table.with_columns(lower=lower / expected, upper=upper / expected)
