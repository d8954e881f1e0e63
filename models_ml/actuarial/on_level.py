"""Past premium at today's rates.

Werner and Modlin (2016), Basic Ratemaking, chapter 5: policy by policy (extension of exposures), which is
exact, and by the parallelogram, which needs no policies but takes them as written evenly. A rate change holds
for policies that begin on its day or later; one that a law imposes on policies in force is not handled.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.columns import finite, positive
from models_ml.glm import Array


def on_level_premiums(policies: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The factor that brings each policy to the rates after the last change.

    Args:
        policies: `premium` and `effective_date`, in any order.
        changes: `effective_date` and `change` (0.05 is a rise of 5 %); several of one day multiply.

    Returns:
        The policies, with `on_level_factor` and `on_level_premium`.

    Raises:
        BadColumnError: a premium is no number, a change is not above -1, a day is missing.

    Example:
        >>> from datetime import date
        >>> changes = pl.DataFrame({"effective_date": [date(2025, 7, 1)], "change": [0.1]})
        >>> policies = pl.DataFrame({"premium": [100.0, 110.0],
        ...     "effective_date": [date(2025, 6, 30), date(2025, 7, 1)]})
        >>> on_level_premiums(policies, changes)["on_level_premium"].round(2).to_list()
        [110.0, 110.0]
    """
    finite(premium=policies["premium"])
    days, index = _indices(changes)
    factor = index[-1] / index[np.searchsorted(days, _days(policies, "effective_date"), side="right")]
    premium = pl.col("premium").cast(pl.Float64)
    return policies.with_columns(on_level_factor=pl.Series(factor)).with_columns(
        on_level_premium=premium * pl.col("on_level_factor")
    )


def earned_on_level(policies: pl.DataFrame, changes: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Premium earned in each period, and at today's rates, policy by policy.

    Args:
        policies: `premium`, `effective_date` and `term_days`; a premium is earned evenly over its term.
        changes: see `on_level_premiums`.
        periods: `first` and `last` day of each, both included.

    Returns:
        The periods, with `earned`, `earned_on_level` and `on_level_factor`, null where nothing was earned.

    Raises:
        BadColumnError: see `on_level_premiums`; a term is not above zero; a period ends before it begins.
    """
    finite(premium=policies["premium"])
    (term,) = positive(term_days=policies["term_days"])
    begin = _days(policies, "effective_date")
    first, last = _bounds(periods)
    at_level = on_level_premiums(policies, changes)
    written = at_level["premium"].cast(pl.Float64).to_numpy()
    current = at_level["on_level_premium"].to_numpy()

    def earned(premium: Array, start: int, end: int) -> float:
        days = np.clip(np.minimum(begin + term, end) - np.maximum(begin, start), 0, None)
        return float((premium * days / term).sum())

    table = periods.with_columns(
        earned=pl.Series([earned(written, a, b) for a, b in zip(first, last, strict=True)]),
        earned_on_level=pl.Series([earned(current, a, b) for a, b in zip(first, last, strict=True)]),
    )
    factor = pl.when(pl.col("earned") != 0).then(pl.col("earned_on_level") / pl.col("earned"))
    return table.with_columns(on_level_factor=factor)


def parallelogram(changes: pl.DataFrame, periods: pl.DataFrame, term_days: float) -> pl.DataFrame:
    """On-level factors of calendar periods, policies being written evenly through all time.

    Args:
        changes: see `on_level_premiums`.
        periods: `first` and `last` day of each, both included.
        term_days: term of every policy, in days.

    Returns:
        The periods, with `rate_index` (average, 1 before the first change) and `on_level_factor`.

    Raises:
        BadColumnError: a change is not above -1, a day is missing, a period ends before it begins.
        ModellingError: the term is not above zero.
    """
    if not term_days > 0:
        raise ModellingError(f"a term of {term_days} days is not above zero")
    days, index = _indices(changes)
    first, last = _bounds(periods)
    # Share of what a period earns from policies written before each change, period x change.
    before = (_older(last[:, None] - days, term_days) - _older(first[:, None] - days, term_days)) / (
        last - first
    )[:, None]
    edges = np.column_stack([np.zeros(len(first)), before, np.ones(len(first))])
    average = np.diff(edges, axis=1) @ index
    return periods.with_columns(rate_index=pl.Series(average), on_level_factor=pl.Series(index[-1] / average))


def _older(days: Array, term: float) -> Array:
    """Days of earning, up to so many days after a change, by policies written before it."""
    after = np.clip(days, 0, term)
    return np.asarray(np.minimum(days, 0) + after - after**2 / (2 * term))


def _indices(changes: pl.DataFrame) -> tuple[Array, Array]:
    """Days of the changes, and the rate index before the first and after each."""
    ordered = changes.sort("effective_date")
    if not ordered.height:
        return np.empty(0), np.ones(1)
    (change,) = finite(change=ordered["change"])
    if (change <= -1).any():
        raise BadColumnError("column 'change': a fall of all the premium or more leaves no rate")
    return _days(ordered, "effective_date"), np.cumprod(np.append(1.0, 1 + change))


def _days(frame: pl.DataFrame, name: str) -> Array:
    if frame[name].null_count():
        raise BadColumnError(f"column '{name}': {frame[name].null_count()} rows without a day")
    return np.asarray(frame[name].cast(pl.Date).cast(pl.Int32).to_numpy().astype(float))


def _bounds(periods: pl.DataFrame) -> tuple[Array, Array]:
    """First instant of each period and first after it, in days."""
    first, after = _days(periods, "first"), _days(periods, "last") + 1
    if (after <= first).any():
        raise BadColumnError("column 'last': a period ends before it begins")
    return first, after
