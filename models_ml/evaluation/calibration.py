"""Whether what was expected happened: in total, by level, by decile, and all along the scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError, NoClaimsError, finite_answer
from models_ml.evaluation.columns import Column, non_negative, positive
from models_ml.glm import MIN_MEAN, Array

CONFIDENCE = 0.95
STEPS, STEP_TOLERANCE = 100, 1e-10

LEAST_RANGE = 1e-3
"""Least range of the logarithm of expected frequencies; a line through less says nothing."""


@dataclass(frozen=True)
class Balance:
    """Actual over expected claims in total, with the exact Poisson interval of the ratio."""

    actual: float
    expected: float
    ratio: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CalibrationLine:
    """log frequency = `intercept` + `slope` x log of the expected one; 0 and 1 where it is calibrated.

    A slope below 1 says that the forecast spreads too wide (it has learned noise), one above 1 that it
    is too timid. The errors are standard errors.
    """

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float

    def slope_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Interval of the slope at this confidence, by the normal distribution."""
        reach = float(stats.norm.ppf((1 + confidence) / 2)) * self.slope_error
        return self.slope - reach, self.slope + reach


def poisson_interval(count: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
    """Exact interval of a Poisson mean, given the count (Garwood 1936)."""
    count = np.asarray(count)
    tail = (1 - confidence) / 2
    lower = np.where(count > 0, stats.chi2.ppf(tail, 2 * np.maximum(count, 1)) / 2, 0.0)
    upper = stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    return lower, np.asarray(upper)


def balance(claims: Column, expected: Column, confidence: float = CONFIDENCE) -> Balance:
    """Actual over expected claims in total.

    Args:
        claims: claims per row.
        expected: claims as forecast per row.
        confidence: of the interval.

    Raises:
        BadColumnError: a value is not a number or negative, or nothing at all was expected.
    """
    count, mean = non_negative(claims=claims, expected=expected)
    actual, total = float(count.sum()), float(mean.sum())
    if total <= 0:
        raise BadColumnError("column 'expected' sums to nothing: there is no ratio to it")
    lower, upper = poisson_interval(np.array([actual]), confidence)
    return Balance(actual, total, actual / total, float(lower[0]) / total, float(upper[0]) / total)


@finite_answer("calibration")
def calibration_line(exposure: Column, claims: Column, expected: Column) -> CalibrationLine:
    """Poisson regression of claims on the log of the expected frequency, exposure as offset.

    Cox (1958), Biometrika 45, for intercept and slope; standard errors by the sandwich, so that they
    hold for claims that scatter more than Poisson ones (White 1982).

    Args:
        exposure: vehicle-years per row, above zero.
        claims: claims per row.
        expected: claims as forecast per row, above zero.

    Raises:
        BadColumnError: a value is not a number or out of its range.
        NoClaimsError: no row has a claim.
        NumericalError: the regression has no finite answer.
        ModellingError: expected frequencies differ by less than `LEAST_RANGE`, so there is no line.

    Example:
        >>> years, shy = np.full(4, 100.0), np.array([2.0, 2.0, 4.0, 4.0])
        >>> round(calibration_line(years, np.array([2.0, 2.0, 8.0, 8.0]), shy).slope, 6)
        2.0
    """
    years, count, mean = non_negative(exposure=exposure, claims=claims, expected=expected)
    positive(exposure=years, expected=mean)
    if count.sum() <= 0:
        raise NoClaimsError("calibration: no row has a claim")
    log_rate = np.log(mean / years)
    # Around the middle of the scale, intercept and slope hardly pull on each other.
    centre = float(np.average(log_rate, weights=mean))
    x = log_rate - centre
    if np.ptp(x) < LEAST_RANGE:
        raise ModellingError("calibration: every row has the same expected frequency")
    if x[count > 0].min() == x.max() or x[count > 0].max() == x.min():
        raise ModellingError("calibration: no finite slope, for claims lie at one end of the scale only")
    design = np.column_stack([np.ones(len(x)), x])
    weights, fitted = _poisson_line(design, count, years)
    bread = np.linalg.inv(design.T @ (design * fitted[:, None]))
    scores = design * (count - fitted)[:, None]
    to_origin = np.array([[1.0, -centre], [0.0, 1.0]])
    intercept, slope = to_origin @ weights
    covariance = to_origin @ bread @ (scores.T @ scores) @ bread @ to_origin.T
    error = np.sqrt(np.diag(covariance))
    return CalibrationLine(float(intercept), float(error[0]), float(slope), float(error[1]))


def _poisson_line(design: Array, count: Array, years: Array) -> tuple[Array, Array]:
    """Newton's method, a step halved until it does not lose likelihood."""

    def likelihood(weights: Array) -> float:
        with np.errstate(over="ignore"):
            return float(count @ (design @ weights) - years @ np.exp(design @ weights))

    weights = np.array([np.log(count.sum() / years.sum()), 0.0])
    for _ in range(STEPS):
        fitted = years * np.exp(design @ weights)
        score = design.T @ (count - fitted)
        step = np.linalg.solve(design.T @ (design * fitted[:, None]), score)
        before, size = likelihood(weights), 1.0
        while size > 1e-6 and not likelihood(weights + size * step) >= before - 1e-9 * abs(before):
            size /= 2
        weights = weights + size * step
        if float(np.abs(size * step).max()) < STEP_TOLERANCE:
            return weights, years * np.exp(design @ weights)
    raise ModellingError(f"calibration: no line found in {STEPS} steps")


def by_level(scored: pl.DataFrame, factor: str) -> pl.DataFrame:
    """`actual_expected` of every level of a factor."""
    table = actual_expected(scored, pl.col(factor).alias("level"))
    return table.select(pl.lit(factor).alias("factor"), pl.all())


def by_decile(scored: pl.DataFrame) -> pl.DataFrame:
    """`actual_expected` of ten groups of equal exposure, by rising expected cost per vehicle-year.

    Rows of equal cost are taken in the order of their `contract_id`.
    """
    ordered = scored.with_columns(rate=pl.col("expected_amount") / pl.col("exposure_years"))
    ordered = ordered.sort("rate", "contract_id")
    share = pl.col("exposure_years").cum_sum() / pl.col("exposure_years").sum()
    decile = ((share * 10).ceil().clip(1, 10)).cast(pl.Int64)
    return actual_expected(ordered.with_columns(level=decile), pl.col("level")).rename({"level": "decile"})


def actual_expected(scored: pl.DataFrame, by: pl.Expr) -> pl.DataFrame:
    """Actual and expected claims and amounts by an expression named `level`.

    Args:
        scored: `exposure_years`, `claim_count`, `expected_claims`, `amount`, `expected_amount`.
        by: what to group by.

    Returns:
        The sums, and `lower` and `upper`: the exact 95 % interval of actual over expected claims.
    """
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
    expected = np.maximum(table["expected_claims"].to_numpy(), MIN_MEAN)
    lower, upper = poisson_interval(table["actual_claims"].to_numpy())
    return table.with_columns(lower=lower / expected, upper=upper / expected)
