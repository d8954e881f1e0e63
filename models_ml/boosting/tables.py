"""A boosted model of pairs as what it is: a base rate and one- and two-way tables on the log scale.

Trees of two features at most add up to functions of two features, so the model on the grid of its levels is
known from the model at an anchor, along every axis and in every plane through it (anchored decomposition:
Kuo, Sloan, Wasilkowski and Wozniakowski 2010). Only the public `predict` is asked. What a main effect can
carry is then moved out of the two-way tables (purification: Lengerich, Tan, Chang, Hooker and Caruana 2020),
and levels that the model does not tell apart become one row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models_ml.boosting.bands import UNSEEN, Array, FactorLevels
from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.grids import Axis
from models_ml.errors import ModellingError

SAME = 1e-12
"""Levels are not told apart where their log relativities differ by less; what rounding leaves is smaller."""


@dataclass(frozen=True)
class Table:
    """Log relativities by one factor, or by two.

    Attributes:
        axes: one or two.
        log_relativity: shape (groups,) or (groups of the first, groups of the second).
        weight: exposure of every cell, same shape.
    """

    axes: tuple[Axis, ...]
    log_relativity: Array
    weight: Array

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of its factors."""
        return tuple(axis.factor for axis in self.axes)

    @property
    def strength(self) -> float:
        """Standard deviation of the log relativity over the exposure: what the table adds."""
        return float(np.sqrt((self.log_relativity**2 * self.weight).sum() / self.weight.sum()))

    def of(self, codes: Mapping[str, Array]) -> Array:
        """Log relativity of every row, shape (rows,), given the level codes; 0 for levels not seen."""
        index = [axis.codes(codes[axis.factor]) for axis in self.axes]
        known = np.all([at != UNSEEN for at in index], axis=0)
        return np.where(known, self.log_relativity[tuple(index)], 0.0)


@dataclass(frozen=True)
class FactorTables:
    """A rate as a base rate times relativities.

    A level the tables do not list has the relativity 1, which is the weighted geometric mean of those
    listed: it is taken for an average one.

    Attributes:
        base_rate: rate where every relativity is 1.
        levels: by factor, in the order the factors have.
        mains, pairs: the tables.
    """

    base_rate: float
    levels: Mapping[str, FactorLevels]
    mains: tuple[Table, ...]
    pairs: tuple[Table, ...]

    @property
    def cells(self) -> int:
        """Cells of all tables together."""
        return sum(table.log_relativity.size for table in (*self.mains, *self.pairs))

    def predict(self, frame: pl.DataFrame) -> Array:
        """Rate of every row, shape (rows,)."""
        codes = {name: own.codes(frame[name]) for name, own in self.levels.items()}
        total = np.full(frame.height, np.log(self.base_rate))
        for table in (*self.mains, *self.pairs):
            total += table.of(codes)
        return np.asarray(np.exp(total))


def tabulate(model: BoostedModel, frame: pl.DataFrame, weight: Array) -> FactorTables:
    """Write a fitted model of pairs as tables; they predict what it predicts.

    Args:
        model: fitted with trees of two factors at most.
        frame: rows whose mix the tables are centred on, usually those it was fitted on.
        weight: their exposure, shape (rows,).

    Raises:
        ModellingError: the model's trees may combine more than two factors.
    """
    if model.pairs_ is None:
        raise ModellingError("a model whose trees combine any factors is no sum of tables")
    codes = model.encoder_.transform(frame)
    by_factor = dict(zip(model.factors, codes.T, strict=True))
    base, mains, pairs = _anchored(model)
    levels = model.encoder_.levels_
    effects = {name: np.zeros(len(levels[name])) for name in model.factors}
    for axis, effect in zip(model.columns_, mains, strict=True):
        effects[axis.factor] += effect[list(axis.groups)]
    two_way = []
    for (a, b), values in zip(model.pairs_, pairs, strict=True):
        table = _merged((model.columns_[a], model.columns_[b]), values)
        table, first, second = _purified(weighed(table, by_factor, weight))
        effects[table.axes[0].factor] += first[list(table.axes[0].groups)]
        effects[table.axes[1].factor] += second[list(table.axes[1].groups)]
        if table.strength > SAME:
            two_way.append(table)
    two_way.sort(key=lambda table: -table.strength)
    return _centred(base, levels, effects, two_way, by_factor, weight)


def together(
    first: FactorTables, second: FactorTables, codes: Mapping[str, Array], weight: Array
) -> FactorTables:
    """The product of two rates: `first`, and main effects that were fitted on top of it.

    Args:
        first: any tables.
        second: tables of the same factors and levels, without pairs.
        codes, weight: level codes by factor and exposure of the rows to centre on, shape (rows,) each.
    """
    effects = {name: np.zeros(len(own)) for name, own in first.levels.items()}
    for table in (*first.mains, *second.mains):
        (axis,) = table.axes
        effects[axis.factor] += table.log_relativity[list(axis.groups)]
    base = float(np.log(first.base_rate) + np.log(second.base_rate))
    return _centred(base, first.levels, effects, first.pairs, codes, weight)


def _centred(
    base: float,
    levels: Mapping[str, FactorLevels],
    effects: Mapping[str, Array],
    pairs: Sequence[Table],
    codes: Mapping[str, Array],
    weight: Array,
) -> FactorTables:
    """Tables whose main effects, given by level, have mean zero."""
    mains = []
    for name, effect in effects.items():
        table = weighed(_merged((Axis.fine(levels[name]),), effect), codes, weight)
        mean = float(np.average(table.log_relativity, weights=table.weight))
        base += mean
        mains.append(replace(table, log_relativity=table.log_relativity - mean))
    return FactorTables(float(np.exp(base)), levels, tuple(mains), tuple(pairs))


def _anchored(model: BoostedModel) -> tuple[float, list[Array], list[Array]]:
    """Log rate at the anchor, along every column and in every plane of columns, each less what it holds."""
    sizes = [axis.size for axis in model.columns_]
    alone = [(column,) for column in range(len(sizes))]
    varied: list[tuple[int, ...]] = [(), *alone, *(model.pairs_ or [])]
    shapes = [[sizes[column] for column in columns] for columns in varied]
    # Asked once for all grids: a call costs more than the rows of most of them.
    design = np.vstack([_grid(columns, sizes) for columns in varied])
    logs = np.split(
        np.log(model.predict_design(design)), np.cumsum([np.prod(s, dtype=int) for s in shapes])[:-1]
    )
    grids = [log.reshape(shape) for log, shape in zip(logs, shapes, strict=False)]
    base = float(grids[0])
    mains = [grid - base for grid in grids[1 : 1 + len(sizes)]]
    pairs = [
        grid - base - mains[a][:, None] - mains[b][None, :]
        for grid, (a, b) in zip(grids[1 + len(sizes) :], model.pairs_ or [], strict=True)
    ]
    return base, mains, pairs


def _grid(varied: Sequence[int], sizes: Sequence[int]) -> Array:
    """Every combination of groups of some columns, the others at their first group."""
    shape = [sizes[column] for column in varied]
    design = np.zeros((int(np.prod(shape, dtype=int)), len(sizes)))
    design[:, list(varied)] = np.indices(shape).reshape(len(varied), len(design)).T
    return design


def _merged(axes: Sequence[Axis], values: Array) -> Table:
    """Put groups together whose values are the same throughout; only neighbours where there is an order."""
    merged = []
    for at, axis in enumerate(axes):
        rows = np.moveaxis(values, at, 0).reshape(axis.size, -1)
        group = _runs(rows) if axis.ordered else _alike(rows)
        values = np.take(values, np.unique(group, return_index=True)[1], axis=at)
        merged.append(axis.regrouped(group))
    return Table(tuple(merged), values, np.ones_like(values))


def _runs(rows: Array) -> Array:
    """Group of every row, neighbours that are the same in one."""
    return np.concatenate([[0], np.cumsum(np.any(np.abs(np.diff(rows, axis=0)) > SAME, axis=1))])


def _alike(rows: Array) -> Array:
    """Group of every row, numbered as they first appear."""
    rounded = np.round(rows / (10 * SAME)).astype(np.int64)
    _, first, group = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[group.ravel()])


def weighed(table: Table, codes: Mapping[str, Array], weight: Array) -> Table:
    """The table with the exposure of each of its cells."""
    shape = table.log_relativity.shape
    index = np.array([axis.codes(codes[axis.factor]) for axis in table.axes])
    known = np.all(index != UNSEEN, axis=0)
    flat = np.ravel_multi_index(list(index[:, known]), shape)
    cells = np.bincount(flat, weight[known], table.log_relativity.size)
    return replace(table, weight=cells.reshape(shape))


def _purified(table: Table) -> tuple[Table, Array, Array]:
    """Move the weighted additive part of a two-way table out of it: least squares over the exposure.

    Returns what is left, and the effects of its two axes.
    """
    values, weight = table.log_relativity, table.weight
    rows, columns = values.shape
    # Normal equations of sum weight (values - a - b)^2; the least-norm solution settles a constant.
    system = np.zeros((rows + columns, rows + columns))
    system[:rows, :rows] = np.diag(weight.sum(axis=1))
    system[rows:, rows:] = np.diag(weight.sum(axis=0))
    system[:rows, rows:] = weight
    system[rows:, :rows] = weight.T
    weighted = weight * values
    target = np.concatenate([weighted.sum(axis=1), weighted.sum(axis=0)])
    solved = np.linalg.lstsq(system, target, rcond=None)[0]
    first, second = solved[:rows], solved[rows:]
    return replace(table, log_relativity=values - first[:, None] - second[None, :]), first, second
