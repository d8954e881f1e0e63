"""How well a forecast tells dear from cheap, whatever its level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from models_ml.errors import ModellingError
from models_ml.evaluation.columns import Column, finite, positive
from models_ml.glm import Array

TIE_DIGITS = 12
Winner = Literal["champion", "challenger", "neither"]


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


def gini_error(exposure: Array, outcome: Array, score: Array, blocks: int = 20, seed: int = 20) -> float:
    """Standard error of `gini` by the delete-a-group jackknife (Kott 2001).

    Args:
        exposure: vehicle-years per row.
        outcome: claims or amounts per row.
        score: what the rows are ordered by.
        blocks: random groups of rows, each left out once.
        seed: seed of the groups.
    """
    rows = len(exposure)
    blocks = min(blocks, rows)
    if blocks < 2:
        return float("inf")
    block = np.random.default_rng(seed).permutation(rows) % blocks
    kept = (block != out for out in range(blocks))
    found = np.array([gini(exposure[k], outcome[k], score[k]) for k in kept])
    return float(np.sqrt((blocks - 1) / blocks * np.sum((found - found.mean()) ** 2)))


def equal_exposure_groups(exposure: Column, score: Column, groups: int) -> Array:
    """The group of every row, 1 to `groups`, by rising score, of about equal exposure.

    Rows with the same score fall in the same group, the one their middle lies in, so that the order of
    a file cannot matter; a group whose place a large tie takes has no rows.

    Raises:
        BadColumnError: an exposure is not above zero, or a score is not a number.
        ModellingError: `groups` is below 1.
    """
    if groups < 1:
        raise ModellingError(f"{groups} groups: at least one is needed")
    years, by = finite(exposure=exposure, score=score)
    positive(exposure=years)
    # A rate times exposure, over exposure again, differs in its last bits.
    tie = pl.Series(by).round_sig_figs(TIE_DIGITS).rank("dense").to_numpy() - 1
    width = np.bincount(tie, weights=years)
    middle = (np.cumsum(width) - width / 2) / width.sum()
    return np.asarray(np.minimum((middle * groups).astype(int), groups - 1)[tie] + 1)


def lift_table(exposure: Column, actual: Column, expected: Column, groups: int = 10) -> pl.DataFrame:
    """Actual and expected per vehicle-year in groups of equal exposure, by rising forecast.

    Args:
        exposure: vehicle-years per row, above zero.
        actual: claims or amounts per row.
        expected: the same as forecast.
        groups: number of groups.

    Returns:
        `group`, `exposure_years`, `actual`, `expected`, `actual_rate`, `expected_rate` and `lift`, the
        actual rate over that of all groups (null where nothing happened at all).

    Raises:
        BadColumnError: a value is not a number, or an exposure not above zero.
    """
    years, y, mean = finite(exposure=exposure, actual=actual, expected=expected)
    positive(exposure=years)  # before it divides
    group = equal_exposure_groups(years, mean / years, groups)
    table = _summed(group, exposure_years=years, actual=y, expected=mean)
    overall = pl.col("actual").sum() / pl.col("exposure_years").sum()
    return table.with_columns(
        actual_rate=pl.col("actual") / pl.col("exposure_years"),
        expected_rate=pl.col("expected") / pl.col("exposure_years"),
        lift=pl.when(overall > 0).then(pl.col("actual") / pl.col("exposure_years") / overall),
    )


@dataclass(frozen=True)
class DoubleLift:
    """Two forecasts where they disagree.

    `table` has per group `exposure_years` and `actual`, `champion`, `challenger`, each per vehicle-year
    over its own mean, so that levels do not matter; `closer` says whose index is nearer the actual one.
    The errors are mean absolute distances of the index, weighted by exposure; the lesser wins.
    """

    table: pl.DataFrame
    champion_error: float
    challenger_error: float
    winner: Winner


def double_lift(
    exposure: Column, actual: Column, champion: Column, challenger: Column, groups: int = 10
) -> DoubleLift:
    """Compare two forecasts in groups of equal exposure by rising challenger over champion.

    Goldburd, Khare, Tevet and Guller (2020), GLMs for Insurance Rating, section 7.2.

    Args:
        exposure: vehicle-years per row, above zero.
        actual: claims or amounts per row; not all zero.
        champion: the same as forecast by the one, above zero.
        challenger: and by the other, above zero.
        groups: number of groups.

    Raises:
        BadColumnError: a value is not a number or out of its range.
        ModellingError: nothing happened, so there is nothing to compare with.
    """
    years, y, old, new = finite(exposure=exposure, actual=actual, champion=champion, challenger=challenger)
    positive(exposure=years, champion=old, challenger=new)
    if y.sum() <= 0:
        raise ModellingError("double lift: the actual of all rows is not above zero")
    group = equal_exposure_groups(years, new / old, groups)
    summed = _summed(group, exposure_years=years, actual=y, champion=old, challenger=new)
    rate = pl.col("actual", "champion", "challenger") / pl.col("exposure_years")
    overall = pl.col("actual", "champion", "challenger").sum() / pl.col("exposure_years").sum()
    table = summed.with_columns(rate / overall)
    distance = {name: (table[name] - table["actual"]).abs() for name in ("champion", "challenger")}
    errors = {n: float((d * table["exposure_years"]).sum() / years.sum()) for n, d in distance.items()}
    return DoubleLift(
        table.with_columns(closer=_closer(distance["champion"], distance["challenger"])),
        errors["champion"],
        errors["challenger"],
        _winner(errors["champion"], errors["challenger"]),
    )


def _winner(champion: float, challenger: float) -> Winner:
    # Two equal forecasts differ in the last bits of their sums.
    if np.isclose(champion, challenger, rtol=1e-9, atol=1e-12):
        return "neither"
    return "champion" if champion < challenger else "challenger"


def _closer(champion: pl.Series, challenger: pl.Series) -> pl.Series:
    return pl.Series([_winner(*pair) for pair in zip(champion, challenger, strict=True)])


def _summed(group: Array, **columns: Array) -> pl.DataFrame:
    frame = pl.DataFrame({"group": group, **columns})
    return frame.group_by("group").agg(pl.all().sum()).sort("group")
