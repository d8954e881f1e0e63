"""Between which bounds the cost of groups of contracts will fall: chance, and the errors of a forecast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from models_ml.evaluation.intervals import LEVELS, Coverage, coverage, prediction_intervals
from models_ml.frequency_severity import FrequencySeverityModel

LEAST_YEARS = 50.0
"""Vehicle-years from which a group has an interval that is judged."""


def claim_variation(model: FrequencySeverityModel, contracts: pl.DataFrame) -> float:
    """Variance of a claim over its squared mean, by Pearson's residuals of the mean claims of contracts.

    Claims of another year stand at its prices: the residuals are taken around their own mean.
    """
    seen = contracts.filter((pl.col("claim_count") > 0) & (pl.col("gross_amount") > 0))
    count = seen["claim_count"].to_numpy().astype(float)
    relative = seen["gross_amount"].to_numpy() / count / model.predict_severity(seen)
    relative /= np.average(relative, weights=count)
    return float(count @ (relative - 1) ** 2) / max(seen.height - 1, 1)


def forecast_intervals(
    model: FrequencySeverityModel,
    contracts: pl.DataFrame,
    groups: pl.Series,
    *,
    variation: float,
    trend_error: float = 0.0,
    levels: Sequence[float] = LEVELS,
) -> pl.DataFrame:
    """Prediction intervals of the net cost of groups of contracts.

    Args:
        model: fitted forecast of one cover.
        contracts: `exposure_years` and factors.
        groups: label of the group of every contract.
        variation: of a claim, see `claim_variation`.
        trend_error: relative standard error of the level for what may have moved since the experience.
        levels: probabilities of the intervals.

    Returns:
        As `prediction_intervals`.
    """
    frequency = model.predict_frequency(contracts)
    severity = model.predict_burning_cost(contracts) / frequency
    return prediction_intervals(
        frequency * contracts["exposure_years"].to_numpy(),
        severity,
        severity**2 * (1 + variation),
        groups,
        relative_error=np.hypot(model.relative_error(contracts, groups), trend_error),
        levels=levels,
    )


def coverage_of_groups(
    intervals: pl.DataFrame, actual: pl.DataFrame, *, levels: Sequence[float] = LEVELS
) -> dict[float, Coverage]:
    """How many groups had their cost inside their interval, by level; empty without a group that is judged.

    Args:
        intervals: of `forecast_intervals`.
        actual: `group`, `exposure_years` and `cost`; a group of fewer than `LEAST_YEARS` is not judged.
        levels: probabilities of the intervals.
    """
    judged = intervals.join(actual, on="group").filter(pl.col("exposure_years") >= LEAST_YEARS)
    if judged.is_empty():
        return {}
    return {
        level: coverage(judged["cost"], judged[f"lower_{level * 100:g}"], judged[f"upper_{level * 100:g}"])
        for level in levels
    }
