"""Curves of ordered factors: what was seen level by level, smoothed, and selected.

Whittaker (1923) and Henderson (1924) graduation: fit plus lambda x squared second differences, here of
log-relativities and with a Poisson likelihood, so that a level without claims counts for what it is (Biessy,
Whittaker-Henderson smoothing revisited, ASTIN Bulletin). Monotone by pooling adjacent violators (Barlow,
Bartholomew, Bremner and Brunk 1972).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from sklearn.isotonic import IsotonicRegression

from models_ml.errors import (
    BadColumnError,
    ModellingError,
    NoClaimsError,
    NoExposureError,
    NumericalError,
    finite_answer,
)
from models_ml.evaluation.columns import non_negative
from models_ml.glm import Array, deviance, repeatable

Monotone = Literal["increasing", "decreasing"]
ORDER = 2
LAMBDAS = np.logspace(-4, 6, 51)
CAUTION = 1.4
"""What a degree of freedom costs in cross-validation; 1 is known to smooth too little (Kim and Gu 2004)."""
STEPS, TOLERANCE = 100, 1e-10
LEAST_WEIGHT = 1e-9


@dataclass(frozen=True)
class Curve:
    """A smoothed factor.

    Attributes:
        table: per level in order: `level`, `level_order`, `exposure`, `raw` (null without exposure),
            `smoothed`, `selected`.
        smoothing: lambda, as a multiple of the mean weight of a level.
        freedom: effective number of parameters of the curve: 2 is a straight line.
    """

    table: pl.DataFrame
    smoothing: float
    freedom: float


@finite_answer("curve")
def smooth_curve(levels: pl.DataFrame, monotone: Monotone | None = None) -> Curve:
    """Smooth the relativities of one ordered factor.

    Lambda is chosen by generalised cross-validation (Craven and Wahba 1979). A level without exposure has
    the value of the curve. Raw, smoothed and selected have one exposure-weighted mean. Neighbouring levels
    are taken to lie equally far apart.

    Args:
        levels: `level`, `level_order` (any numbers that sort), `exposure` (its weight) and `raw` (its
            relativity; what stands where exposure is 0 is not looked at).
        monotone: whether the selected curve must rise, or fall.

    Raises:
        NoExposureError: no level has exposure.
        NoClaimsError: every relativity is nought.
        BadColumnError: an exposure or relativity is negative or not a number, an order comes twice.
        ModellingError: `monotone` is neither.
        NumericalError: no curve of any smoothness has finite values.

    Example:
        >>> levels = pl.DataFrame({"level": list("abcd"), "level_order": [1, 2, 3, 4],
        ...     "exposure": [100.0, 100.0, 0.0, 100.0], "raw": [1.0, 2.0, 0.0, 8.0]})
        >>> smooth_curve(levels).table["smoothed"].round(3).to_list()
        [1.0, 2.0, 4.0, 8.0]
    """
    if monotone not in (None, "increasing", "decreasing"):
        raise ModellingError(f"a curve is increasing, decreasing or neither, not {monotone}")
    ordered = levels.sort("level_order")
    if ordered["level_order"].null_count() or ordered["level_order"].is_duplicated().any():
        raise BadColumnError("column 'level_order' has a value missing or twice")
    (weight,) = non_negative(exposure=ordered["exposure"])
    if weight.sum() <= 0:
        raise NoExposureError("curve: no level has exposure")
    looked_at = pl.when(pl.Series(weight) > 0).then(ordered["raw"].cast(pl.Float64)).otherwise(0.0)
    (raw,) = non_negative(raw=ordered.select(looked_at.alias("raw")).to_series())
    if (raw * weight).sum() <= 0:
        raise NoClaimsError("curve: every relativity is nought")
    # A stiff curve magnifies the last digits of what it is given a million times, and they differ from run
    # to run: what has no meaning is cut off before.
    raw, weight = repeatable(raw), repeatable(weight)
    smoothed, smoothing, freedom = _graduate(raw, weight)
    selected = smoothed if monotone is None else _monotone(smoothed, weight, monotone)
    table = ordered.select(
        "level",
        "level_order",
        exposure=pl.Series(weight),
        raw=pl.when(pl.Series(weight) > 0).then(pl.Series(raw)),
        smoothed=pl.Series(smoothed),
        selected=pl.Series(selected),
    )
    return Curve(table, smoothing, freedom)


def _graduate(raw: Array, weight: Array) -> tuple[Array, float, float]:
    """Smoothed relativities, lambda and degrees of freedom, at the least cross-validation score."""
    seen = int((weight > 0).sum())
    # One level with exposure fixes a constant, two a line; only a third can be rough.
    differences = np.diff(np.eye(len(raw)), n=min(ORDER, seen), axis=0)
    penalty = differences.T @ differences
    scale = float((raw * weight).sum() / seen)
    best: tuple[float, Array, float, float] | None = None
    for smoothing in LAMBDAS[::-1]:
        try:
            mean, freedom = _penalised(raw, weight, smoothing * scale * penalty)
        except np.linalg.LinAlgError:
            # Through levels without a claim the roughest curves fall without end; smoother ones hold them.
            continue
        if not (np.isfinite(mean).all() and np.isfinite(freedom)):
            continue
        left = seen - CAUTION * freedom
        lost = deviance("poisson", raw[weight > 0], mean[weight > 0], weight[weight > 0])
        # Below what doubles can tell apart, the smoother curve fits as well.
        lost = max(lost, TOLERANCE * scale)
        score = seen * lost / left**2 if left > 0 else float("inf")
        if best is None or score < best[0]:
            best = (score, mean, float(smoothing), freedom)
    if best is None:
        raise NumericalError("curve: no curve of any smoothness has finite values")
    return best[1], best[2], best[3]


def _penalised(raw: Array, weight: Array, penalty: Array) -> tuple[Array, float]:
    """Penalised Poisson fit of a log-mean per level, by Newton's method, and its degrees of freedom."""
    eta = np.full(len(raw), np.log((raw * weight).sum() / weight.sum()))
    for _ in range(STEPS):
        fitted = weight * np.exp(eta)
        score = weight * raw - fitted - penalty @ eta
        step = np.linalg.solve(np.diag(fitted) + penalty, score)
        # A long first step would leave the range in which the likelihood looks quadratic.
        eta = eta + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < TOLERANCE:
            break
    fitted = weight * np.exp(eta)
    freedom = float(np.trace(np.linalg.solve(np.diag(fitted) + penalty, np.diag(fitted))))
    return np.exp(eta), freedom


def _monotone(smoothed: Array, weight: Array, direction: Monotone) -> Array:
    """The nearest monotone curve; a level without exposure follows its neighbours."""
    pool = IsotonicRegression(increasing=direction == "increasing")
    least = np.maximum(weight, LEAST_WEIGHT * weight.sum())
    return np.asarray(pool.fit_transform(np.arange(len(smoothed)), smoothed, sample_weight=least))
