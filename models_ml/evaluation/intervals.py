"""Between which bounds the cost of a group will fall, and how often it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.calibration import CONFIDENCE
from models_ml.evaluation.columns import Column, finite, non_negative
from models_ml.evaluation.compound import chance_of_none, compound_quantile
from models_ml.glm import Array

LEVELS = (0.8, 0.9)


def prediction_intervals(
    expected_claims: Column,
    mean_severity: Column,
    severity_second_moment: Column,
    groups: pl.Series | None = None,
    *,
    relative_error: Column | float = 0.0,
    levels: Sequence[float] = LEVELS,
) -> pl.DataFrame:
    """Prediction intervals of the total cost of each group of rows.

    Claims are independent compound Poisson: mean sum(n E[X]), variance sum(n E[X^2]) (Klugman, Panjer
    and Willmot 2012, Loss Models, section 9.3). To it comes (relative_error x mean)^2 for parameters
    that were estimated, which does not average out over rows of a group. Either tail is missed alike; but
    where no claim at all is likelier than the lower tail, the interval starts at nought and only the
    upper bound can be missed, so that it holds as often as it says.

    Args:
        expected_claims: claims as forecast per row.
        mean_severity: mean cost of a claim per row, E[X].
        severity_second_moment: E[X^2] per row: with coefficient of variation c, E[X]^2 (1 + c^2).
        groups: label of every row; None puts the portfolio into one group.
        relative_error: relative standard error of a group's forecast mean, one for all or per row; the
            mean of a group's rows counts.
        levels: probabilities of the intervals.

    Returns:
        `group`, `expected`, `standard_deviation`, and per level `lower_80`, `upper_80` ...; a group
        that expects nothing has the bounds 0 and 0.

    Raises:
        BadColumnError: a value is not a number or negative, or a second moment below the squared mean.
        ModellingError: a level out of its range.
    """
    count, mean, second, error = non_negative(
        expected_claims=expected_claims,
        mean_severity=mean_severity,
        severity_second_moment=severity_second_moment,
        relative_error=np.broadcast_to(np.asarray(relative_error), len(expected_claims)),
    )
    if (second < mean**2 * (1 - 1e-9)).any():
        raise BadColumnError("column 'severity_second_moment' is below the square of 'mean_severity'")
    if not all(0 < level < 1 for level in levels):
        raise ModellingError(f"intervals at {tuple(levels)}: a level lies between 0 and 1")
    label = pl.Series("group", ["all"] * len(count)) if groups is None else groups.alias("group")
    frame = pl.DataFrame(
        {"group": label, "claims": count, "expected": count * mean, "squares": count * second, "error": error}
    )
    table = (
        frame.group_by("group")
        .agg(pl.col("claims", "expected", "squares").sum(), pl.col("error").mean())
        .sort("group")
    )
    spread = (pl.col("squares") + (pl.col("error") * pl.col("expected")) ** 2).sqrt()
    bounds = {
        f"{side}_{100 * level:g}": bound
        for level in levels
        for side, bound in zip(("lower", "upper"), _bounds(table, level), strict=True)
    }
    return table.select("group", "expected", standard_deviation=spread).with_columns(**bounds)


def _bounds(table: pl.DataFrame, level: float) -> tuple[Array, Array]:
    claims, cost, error = (table[name].to_numpy() for name in ("claims", "expected", "error"))
    some = (claims > 0) & (cost > 0)
    severity = np.where(some, cost / np.where(some, claims, 1.0), 0.0)
    mean_square = np.where(some, table["squares"].to_numpy() / np.where(some, claims, 1.0), 0.0)
    variation = np.where(some, mean_square / np.where(some, severity, 1.0) ** 2 - 1, 0.0)
    tail = np.full(len(claims), (1 - level) / 2)
    from_nothing = chance_of_none(claims, error) >= tail
    law = (np.where(some, claims, 0.0), severity, variation, error)
    lower = np.where(from_nothing, 0.0, compound_quantile(tail, *law))
    return lower, compound_quantile(np.where(from_nothing, level, 1 - tail), *law)


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
