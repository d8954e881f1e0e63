"""Which rows to fit on and which to judge on, so that nothing judged has been seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.errors import BadColumnError, ModellingError
from models_ml.glm import Array


@dataclass(frozen=True)
class Origin:
    """One step of a rolling origin: everything to the end of `year`, and the year after it."""

    year: int
    learn: pl.DataFrame
    judge: pl.DataFrame


def rolling_origins(frame: pl.DataFrame, year: str, first: int | None = None) -> Iterator[Origin]:
    """Fit to the end of year t, judge on year t + 1 (Tashman 2000).

    A year whose next one has no rows is passed over: two years ahead is another task.

    Args:
        frame: rows with a column of whole years.
        year: the name of that column.
        first: the first t; None takes the first year there is.

    Raises:
        BadColumnError: a year is missing or not whole.
        ModellingError: no year has a next one.
    """
    years = frame[year]
    if not years.dtype.is_integer():
        raise BadColumnError(f"column '{year}' is {years.dtype}, not whole years")
    if years.null_count():
        raise BadColumnError(f"column '{year}': {years.null_count()} rows without a year")
    present = years.unique().sort().to_list()
    origins = [t for t in present if t + 1 in present and (first is None or t >= first)]
    if not origins:
        raise ModellingError(f"rolling origin: no year of '{year}' has a next one to judge; years {present}")
    for t in origins:
        yield Origin(t, frame.filter(pl.col(year) <= t), frame.filter(pl.col(year) == t + 1))


def grouped_folds(frame: pl.DataFrame, columns: Sequence[str], folds: int, seed: int) -> Array:
    """The fold of every row, 0 to `folds` - 1; rows with the same values always share one.

    Contracts whose covariates repeat (renewals, a fleet) would else be learned in one fold and judged
    in another, which flatters a model that learns them by heart. Folds hold about equally many rows.
    The fold depends on the set of values and the seed, not on the order of rows.

    Args:
        frame: any rows; null is a value like others.
        columns: what makes two rows the same.
        folds: number of folds, at least two.
        seed: seed of the order in which groups are dealt out.

    Raises:
        ModellingError: fewer than two folds, or fewer different rows than folds.
    """
    group, position, count = _shuffled_groups(frame, columns, seed)
    if not 2 <= folds <= count:
        raise ModellingError(f"{folds} folds of {count} different rows: at least 2, at most one each")
    fold = np.minimum((position * folds).astype(int), folds - 1)
    return np.asarray(fold[group])


def grouped_split(frame: pl.DataFrame, columns: Sequence[str], test_share: float, seed: int) -> Array:
    """Whether a row is for the test, True for about `test_share` of rows; see `grouped_folds`.

    Raises:
        ModellingError: the share is not between 0 and 1, or one side would be empty.
    """
    if not 0 < test_share < 1:
        raise ModellingError(f"test share {test_share}: must be between 0 and 1")
    group, position, _ = _shuffled_groups(frame, columns, seed)
    test = np.asarray((position < test_share)[group])
    if test.all() or not test.any():
        raise ModellingError(f"test share {test_share}: one side is empty; too few different rows")
    return test


def _shuffled_groups(frame: pl.DataFrame, columns: Sequence[str], seed: int) -> tuple[Array, Array, int]:
    """Group of every row; middle of every group on a scale of rows from 0 to 1, in shuffled order."""
    if not columns or not frame.height:
        raise ModellingError("groups need at least one column and one row")
    # Numbered by sorted values, not by hash: hashes differ between versions of the library.
    groups = frame.select(columns).unique().sort(columns).with_row_index("_group")
    group = (
        frame.select(columns)
        .join(groups, on=list(columns), how="left", nulls_equal=True, maintain_order="left")["_group"]
        .to_numpy()
    )
    size = np.bincount(group, minlength=groups.height).astype(float)
    order = np.random.default_rng(seed).permutation(groups.height)
    position = np.empty(groups.height)
    position[order] = (np.cumsum(size[order]) - size[order] / 2) / frame.height
    return group, position, groups.height
