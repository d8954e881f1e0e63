"""Rating factors as small whole numbers: bands of numbers in their order, names of levels in none.

A factor is read by its type. Numbers are cut into bands that hold about the same exposure, at most as many
as asked for; text is a list of names, unless an order is given for it, as ready-made bands have one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models_ml.errors import ModellingError

Array = np.ndarray[Any, np.dtype[Any]]
MOST_LEVELS = 254
"""Most levels of a factor: what gradient boosting can tell apart, less one for levels not seen."""

UNSEEN = -1
"""Code of a level that was not seen, and of a number that is missing."""


@dataclass(frozen=True)
class FactorLevels:
    """The levels of one factor, coded 0, 1, 2 ... in this order.

    Attributes:
        factor: its name.
        names: the levels, as they stand in the data; empty for numbers.
        bounds: smallest and largest number seen in each band; empty for names.
        ordered: neighbours in code are neighbours in meaning.
    """

    factor: str
    names: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    ordered: bool

    def __len__(self) -> int:
        return len(self.names) or len(self.bounds)

    @property
    def edges(self) -> Array:
        """Upper ends of all bands but the last, shape (levels - 1,), half way to the next number seen."""
        bounds = np.asarray(self.bounds)
        return np.asarray((bounds[:-1, 1] + bounds[1:, 0]) / 2)

    def codes(self, values: pl.Series) -> Array:
        """Code of every value, shape (rows,); `UNSEEN` where there is none.

        Numbers beyond the outermost bands belong to these; a band holds its upper end.
        """
        if self.bounds:
            number = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
            return np.where(np.isnan(number), UNSEEN, np.searchsorted(self.edges, number))
        known = list(range(len(self.names)))
        coded = values.cast(pl.String).replace_strict(
            list(self.names), known, default=UNSEEN, return_dtype=pl.Int64
        )
        return coded.to_numpy()

    def label(self, codes: Sequence[int]) -> str:
        """What a group of levels is called: `3`, `3-7`, `petrol`, `petrol + diesel`."""
        if self.bounds:
            lower, upper = self.bounds[min(codes)][0], self.bounds[max(codes)][1]
            return f"{lower:.12g}" if lower == upper else f"{lower:.12g}-{upper:.12g}"
        if self.ordered and len(codes) > 1:
            return f"{self.names[min(codes)]} to {self.names[max(codes)]}"
        return " + ".join(self.names[code] for code in codes)


class BandEncoder:
    """Learns the levels of every factor, and codes frames by them.

    Args:
        factors: names of the columns.
        orders: per text factor whose levels have an order, its levels in it.
        most_levels: most levels of any factor.

    Attributes:
        levels_: the levels by factor.

    Example:
        >>> cars = pl.DataFrame({"age": [0, 1, 7, 7], "fuel": ["gas", "oil", "gas", "gas"]})
        >>> encoder = BandEncoder(["age", "fuel"], most_levels=2).fit(cars, np.ones(4))
        >>> encoder.levels_["age"].bounds, encoder.levels_["fuel"].names
        (((0.0, 1.0), (7.0, 7.0)), ('gas', 'oil'))
        >>> encoder.transform(pl.DataFrame({"age": [9, None], "fuel": ["oil", "sun"]})).tolist()
        [[1, 1], [-1, -1]]
    """

    def __init__(
        self,
        factors: Sequence[str],
        orders: Mapping[str, Sequence[str]] | None = None,
        most_levels: int = MOST_LEVELS,
    ) -> None:
        self.factors = list(factors)
        self.orders = orders or {}
        self.most_levels = most_levels

    @classmethod
    def of(cls, levels: Mapping[str, FactorLevels]) -> BandEncoder:
        """An encoder that codes by levels learned before."""
        encoder = cls(list(levels))
        encoder.levels_ = dict(levels)
        return encoder

    def fit(self, frame: pl.DataFrame, weight: Array) -> BandEncoder:
        """Learn the levels; `weight` (rows,) is exposure.

        Raises:
            ModellingError: a factor has more names than can be told apart, or holds no value.
        """
        self.levels_ = {name: self._learn(frame[name], weight) for name in self.factors}
        return self

    def transform(self, frame: pl.DataFrame) -> Array:
        """Codes of all factors, shape (rows, factors)."""
        codes = [self.levels_[name].codes(frame[name]) for name in self.factors]
        return np.column_stack(codes) if codes else np.empty((frame.height, 0), dtype=np.int64)

    def _learn(self, values: pl.Series, weight: Array) -> FactorLevels:
        if values.null_count() == len(values):
            raise ModellingError(f"factor {values.name} holds no value")
        if values.dtype.is_numeric():
            bounds = _bands(values, weight, self.most_levels)
            return FactorLevels(values.name, (), bounds, ordered=True)
        seen = values.drop_nulls().unique().cast(pl.String)
        order = self.orders.get(values.name)
        if order is not None:
            named = [level for level in order if level in set(seen)]
            named += sorted(set(seen) - set(named))
            return FactorLevels(values.name, tuple(named), (), ordered=True)
        if len(seen) > self.most_levels:
            raise ModellingError(
                f"factor {values.name} has {len(seen)} names; {self.most_levels} can be told apart"
            )
        return FactorLevels(values.name, tuple(sorted(seen)), (), ordered=False)


def _bands(values: pl.Series, weight: Array, most: int) -> tuple[tuple[float, float], ...]:
    """Cut numbers into bands of about equal weight; every distinct value where there are few enough."""
    table = (
        pl.DataFrame({"value": values.cast(pl.Float64).fill_nan(None), "weight": weight})
        .drop_nulls()
        .group_by("value")
        .agg(pl.col("weight").sum())
        .sort("value")
    )
    value = table["value"].to_numpy()
    last = np.ones(len(value), dtype=bool)
    if len(value) > most:
        share = np.cumsum(table["weight"].to_numpy())
        quantile = np.ceil(share / share[-1] * most)
        last = np.append(quantile[1:] > quantile[:-1], True)
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return tuple(zip(value[starts].tolist(), value[ends].tolist(), strict=True))
