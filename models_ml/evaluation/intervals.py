"""Between which bounds the cost of a group will fall, and how often it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.calibration import CONFIDENCE
from models_ml.evaluation.columns import Column, finite, non_negative
from models_ml.glm import Array

LEVELS = (0.8, 0.9)
Shape = Literal["gamma", "lognormal"]


def prediction_intervals(
    expected_claims: Column,
    mean_severity: Column,
    severity_second_moment: Column,
    groups: pl.Series | None = None,
    *,
    relative_error: float = 0.0,
    levels: Sequence[float] = LEVELS,
    shape: Shape = "gamma",
) -> pl.DataFrame:
    """Prediction intervals of the total cost of each group of rows.

    Claims are independent compound Poisson: mean sum(n E[X]), variance sum(n E[X^2]) (Klugman, Panjer
    and Willmot 2012, Loss Models, section 9.3). To it comes (relative_error x mean)^2 for parameters
    that were estimated, which does not average out over rows. Quantiles are those of a distribution
    of the given shape with these two moments.

    Args:
        expected_claims: claims as forecast per row.
        mean_severity: mean cost of a claim per row, E[X].
        severity_second_moment: E[X^2] per row: with coefficient of variation c, E[X]^2 (1 + c^2).
        groups: label of every row; None puts the portfolio into one group.
        relative_error: relative standard error of a group's forecast mean.
        levels: probabilities of the intervals.
        shape: gamma, or lognormal for a heavier tail.

    Returns:
        `group`, `expected`, `standard_deviation`, and per level `lower_80`, `upper_80` ...; a group
        that expects nothing has the bounds 0 and 0.

    Raises:
        BadColumnError: a value is not a number or negative, or a second moment below the squared mean.
        ModellingError: `relative_error` or a level out of its range.
    """
    count, mean, second = non_negative(
        expected_claims=expected_claims,
        mean_severity=mean_severity,
        severity_second_moment=severity_second_moment,
    )
    if (second < mean**2 * (1 - 1e-9)).any():
        raise BadColumnError("column 'severity_second_moment' is below the square of 'mean_severity'")
    if not 0 <= relative_error < np.inf or not all(0 < level < 1 for level in levels):
        raise ModellingError(f"intervals at {levels} with relative error {relative_error}: out of range")
    label = pl.Series("group", ["all"] * len(count)) if groups is None else groups.alias("group")
    frame = pl.DataFrame({"group": label, "expected": count * mean, "variance": count * second})
    table = frame.group_by("group").agg(pl.col("expected", "variance").sum()).sort("group")
    total = table["expected"].to_numpy()
    spread = np.sqrt(table["variance"].to_numpy() + (relative_error * total) ** 2)
    bounds = {}
    for level in levels:
        for side, probability in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
            bounds[f"{side}_{100 * level:g}"] = quantile(probability, total, spread, shape)
    return table.select("group", "expected", standard_deviation=spread).with_columns(**bounds)


def quantile(probability: float, mean: Array, standard_deviation: Array, shape: Shape) -> Array:
    """Quantile of the distribution of this shape with these moments; 0 where the mean is 0."""
    known = np.where(mean > 0, mean, 1.0)
    variation = np.maximum(np.where(mean > 0, standard_deviation, 1.0) / known, 1e-9)
    if shape == "gamma":
        found = stats.gamma.ppf(probability, variation**-2, scale=known * variation**2)
    else:
        sigma = np.sqrt(np.log1p(variation**2))
        found = stats.lognorm.ppf(probability, sigma, scale=known * np.exp(-(sigma**2) / 2))
    return np.where(mean > 0, found, 0.0)


@dataclass(frozen=True)
class Coverage:
    """How many of `groups` fell `inside` their interval: `share`, with its own exact interval."""

    groups: int
    inside: int
    share: float
    lower: float
    upper: float

    def holds(self, level: float) -> bool:
        """Whether the experience does not contradict that the intervals hold with this probability."""
        return self.lower <= level <= self.upper


def coverage(actual: Column, lower: Column, upper: Column, confidence: float = CONFIDENCE) -> Coverage:
    """Share of actual costs within their intervals, with its binomial interval (Clopper, Pearson 1934).

    Honest only out of time: on experience the forecast was fitted on, intervals look too wide.

    Args:
        actual: cost per group.
        lower: lower bound per group, itself inside.
        upper: upper bound per group, itself inside.
        confidence: of the interval of the share.

    Raises:
        BadColumnError: a value is not a number, or a lower bound above its upper one.

    Example:
        >>> found = coverage(np.arange(10.0), np.zeros(10), np.full(10, 7.0))
        >>> found.share, round(found.lower, 3), round(found.upper, 3)
        (0.8, 0.444, 0.975)
    """
    y, low, high = finite(actual=actual, lower=lower, upper=upper)
    if (low > high).any():
        raise BadColumnError(f"column 'lower' is above 'upper' in row {int(np.argmax(low > high))}")
    inside = int(((low <= y) & (y <= high)).sum())
    exact = stats.binomtest(inside, len(y)).proportion_ci(confidence, method="exact")
    return Coverage(len(y), inside, inside / len(y), float(exact.low), float(exact.high))
