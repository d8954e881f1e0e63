"""Development triangles of one cover: quarters of losses down, quarters since then across."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.errors import BadTriangleError
from models_ml.glm import Array


@dataclass(frozen=True)
class Triangle:
    """Cumulative claims of one cover, counts or amounts, as they were known at the end of each quarter.

    Every quarter from the first to the last has a row, so the quarter in row i is known to age n - i.

    Attributes:
        cover: the cover.
        origins: first day of each quarter of losses, oldest first, n of them.
        values: n x n; row i, column j is what losses of quarter i had come to at age j + 1, in claims or
            in currency; NaN where that lies in the future.
    """

    cover: str
    origins: tuple[dt.date, ...]
    values: Array

    @property
    def size(self) -> int:
        """Number of quarters of losses, and of ages."""
        return len(self.origins)

    @property
    def ages(self) -> Array:
        """Quarters each origin has developed for: n for the oldest, 1 for the newest."""
        return np.arange(self.size, 0, -1)

    @property
    def latest(self) -> Array:
        """The latest diagonal: what each origin has come to by now."""
        return np.asarray(self.values[np.arange(self.size), self.ages - 1])

    @property
    def increments(self) -> Array:
        """What each age added, n x n; NaN in the future."""
        return np.asarray(np.diff(self.values, axis=1, prepend=0.0))

    def cut(self, last: dt.date) -> Triangle:
        """The triangle as it was known at the end of the quarter that began on `last`.

        Raises:
            BadTriangleError: `last` is not one of the quarters.
        """
        if last not in self.origins:
            raise BadTriangleError(f"cover {self.cover}: no quarter {last} to cut the triangle at")
        size = self.origins.index(last) + 1
        values = np.where(_known(size), self.values[:size, :size], np.nan)
        return Triangle(self.cover, self.origins[:size], values)

    def since(self, first: dt.date) -> Triangle:
        """The triangle of the quarters of losses from `first` on; whole if the oldest is no older.

        Raises:
            BadTriangleError: all quarters are older.
        """
        older = sum(origin < first for origin in self.origins)
        if older == self.size:
            raise BadTriangleError(f"cover {self.cover}: no quarter of losses from {first} on")
        size = self.size - older
        return Triangle(self.cover, self.origins[older:], self.values[older:, :size])


def triangle(cover: str, frame: pl.DataFrame) -> Triangle:
    """The triangle of cumulative values.

    The newest quarter must be over: one cut short is younger than its age says.

    Args:
        cover: the cover, for messages.
        frame: `origin` (first day of the quarter of loss), `development` (quarters since, 1 for the
            quarter of loss itself) and `value` (cumulative). One row for every pair that is known by the
            newest quarter, in any order.

    Raises:
        BadTriangleError: no rows; a day that does not begin a quarter; a pair that is missing, comes
            twice or lies in the future; a value that is null, NaN or infinite.

    Example:
        >>> old, new = dt.date(2025, 7, 1), dt.date(2025, 10, 1)
        >>> long = pl.DataFrame({"origin": [old, old, new], "development": [1, 2, 1], "value": [8, 9, 7]})
        >>> triangle("glass", long).latest.tolist()
        [9.0, 7.0]
    """
    quarter, development = _places(cover, frame)
    value = _finite(cover, frame, "value")
    if not frame.height:
        raise BadTriangleError(f"cover {cover}: a triangle of no rows")
    first, size = int(quarter.min()), int(np.ptp(quarter)) + 1
    _complete(cover, frame, quarter, development, size)
    values = np.full((size, size), np.nan)
    values[quarter - first, development - 1] = value
    return Triangle(cover, _quarters(first, size), values)


def triangle_of_movements(
    cover: str, movements: pl.DataFrame, first: dt.date | None = None, last: dt.date | None = None
) -> Triangle:
    """The triangle of what was added when; a pair without movements added nothing.

    Args:
        cover: the cover, for messages.
        movements: `origin`, `development` as in `triangle`, and `amount`, what was added; any number of
            rows to a pair. A recovery is a negative amount.
        first: oldest quarter of losses; None takes the first that moved.
        last: the quarter at whose end it is looked at; movements after it are left out. None takes the
            last in which anything moved.

    Raises:
        BadTriangleError: as in `triangle`; or a loss before `first`.
    """
    quarter, development = _places(cover, movements)
    amount = _finite(cover, movements, "amount")
    if not movements.height and (first is None or last is None):
        raise BadTriangleError(f"cover {cover}: no movements, and no quarters named")
    begin = _number(first) if first is not None else int(quarter.min())
    end = _number(last) if last is not None else int((quarter + development).max()) - 1
    if (quarter < begin).any():
        raise BadTriangleError(f"cover {cover}: a loss before the first quarter {first}")
    size = end - begin + 1
    if size < 1:
        raise BadTriangleError(f"cover {cover}: the last quarter {last} is before the first")
    seen = quarter + development - 1 <= end
    values = np.zeros((size, size))
    np.add.at(values, (quarter[seen] - begin, development[seen] - 1), amount[seen])
    values = np.where(_known(size), values.cumsum(axis=1), np.nan)
    return Triangle(cover, _quarters(begin, size), values)


def triangles_by_cover(frame: pl.DataFrame, value: str) -> Mapping[str, Triangle]:
    """One triangle per cover of the warehouse's `claim_triangles`.

    Args:
        frame: `cover`, `accident_quarter`, `development_quarter` and the column named. Rows without a
            quarter (losses of no known day) stand in no triangle and are left out.
        value: the cumulative column, such as `reported_count` or `incurred_amount`.

    Raises:
        BadTriangleError: see `triangle`.
    """
    dated = frame.filter(
        pl.col("accident_quarter").is_not_null(), pl.col("development_quarter").is_not_null()
    )
    named = dated.select(
        "cover", origin="accident_quarter", development="development_quarter", value=pl.col(value)
    )
    parts = named.partition_by("cover", as_dict=True, include_key=False)
    return {str(key[0]): triangle(str(key[0]), part) for key, part in sorted(parts.items())}


def _places(cover: str, frame: pl.DataFrame) -> tuple[Array, Array]:
    """Number of the quarter of every row (4 a year) and its age."""
    origin, development = frame["origin"], frame["development"]
    begins = (origin.dt.day() == 1) & (origin.dt.month() % 3 == 1)
    rules = {"origin does not begin a quarter": begins, "development is not 1 or more": development >= 1}
    for what, holds in rules.items():
        bad = ~holds.fill_null(value=False)
        if bad.any():
            raise BadTriangleError(f"cover {cover}, {_place(frame, bad.arg_max() or 0)}: {what}")
    number = origin.dt.year().cast(pl.Int64) * 4 + (origin.dt.month().cast(pl.Int64) - 1) // 3
    return number.to_numpy(), development.cast(pl.Int64).to_numpy()


def _finite(cover: str, frame: pl.DataFrame, name: str) -> Array:
    values = frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        raise BadTriangleError(f"cover {cover}, {_place(frame, row)}: {name} is {frame[name][row]}")
    return values


def _complete(cover: str, frame: pl.DataFrame, quarter: Array, development: Array, size: int) -> None:
    """Refuse pairs of the future, pairs that come twice and pairs that are not there."""
    first = int(quarter.min())
    row = quarter - first
    future = row + development > size
    if future.any():
        where = _place(frame, int(np.argmax(future)))
        raise BadTriangleError(f"cover {cover}, {where}: later than the newest quarter of losses")
    seen = np.zeros((size, size), dtype=int)
    np.add.at(seen, (row, development - 1), 1)
    wrong = np.argwhere(_known(size) & (seen != 1))
    if len(wrong):
        i, j = (int(place) for place in wrong[0])
        what = f"comes {seen[i, j]} times" if seen[i, j] else "is missing"
        where = f"quarter {_quarters(first + i, 1)[0]}, development {j + 1}"
        raise BadTriangleError(f"cover {cover}, {where}: {what}")


def _known(size: int) -> Array:
    """Whether a pair of row and column is known by now, size x size."""
    return np.add.outer(np.arange(size), np.arange(size)) < size


def _place(frame: pl.DataFrame, row: int) -> str:
    return f"quarter {frame['origin'][row]}, development {frame['development'][row]}"


def _number(day: dt.date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _quarters(first: int, count: int) -> tuple[dt.date, ...]:
    return tuple(dt.date(number // 4, 3 * (number % 4) + 1, 1) for number in range(first, first + count))
