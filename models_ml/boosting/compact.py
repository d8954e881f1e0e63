"""A boosted model of few, small tables: the pairs that earn their place, on bands merged to few cells.

Bands are merged where least is lost: of all neighbours on all axes, those whose log relativities differ
least in all tables that use the axis, weighed by exposure, per cell saved (agglomeration by the criterion of
Ward 1963). What can be said on these bands is then boosted anew, and what main effects can still say in finer
bands after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, clone

from models_ml.boosting.bands import Array
from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.grids import Axis
from models_ml.boosting.tables import FactorTables, Table, tabulate, together, weighed
from models_ml.errors import ModellingError


class CompactModel(BaseEstimator):  # type: ignore[misc]
    """A boosted model that fits on a few pages.

    Args:
        tables: of a model of all pairs of the same factors, which says what is worth telling apart.
        most_pairs: number of two-way tables.
        most_cells: number of cells of all tables together.
        main_cells: how many of these are kept for main effects.
        pairs, mains: the two stages; their factors, pairs and bands are set here.

    Attributes:
        tables_: the model, as tables.
    """

    def __init__(
        self,
        tables: FactorTables,
        pairs: BoostedModel,
        mains: BoostedModel,
        most_pairs: int = 12,
        most_cells: int = 2500,
        main_cells: int = 250,
    ) -> None:
        self.tables = tables
        self.pairs = pairs
        self.mains = mains
        self.most_pairs = most_pairs
        self.most_cells = most_cells
        self.main_cells = main_cells

    def fit(self, frame: pl.DataFrame, rate: Array, weight: Array) -> CompactModel:
        """Fit; arguments and errors as of `BoostedModel.fit`.

        Raises:
            ModellingError: so few cells cannot hold two groups on every axis.
        """
        two_way = self.tables.pairs[: self.most_pairs]
        codes = {name: own.codes(frame[name]) for name, own in self.tables.levels.items()}
        coarse = merge_bands(two_way, codes, weight, self.most_cells - self.main_cells)
        finer = merge_bands(self.tables.mains, codes, weight, self.main_cells, within=coarse)
        first, second = clone(self.pairs), clone(self.mains)
        levels, named = self.tables.levels, [table.factors for table in two_way]
        first.set_params(interactions=named, axes=coarse, levels=levels).fit(frame, rate, weight)
        fitted = first.predict(frame)
        second.set_params(interactions="none", axes=finer, levels=levels)
        second.fit(frame, rate / fitted, weight * fitted)
        pairs, mains = tabulate(first, frame, weight), tabulate(second, frame, weight)
        self.tables_ = together(pairs, mains, codes, weight)
        return self

    def predict(self, frame: pl.DataFrame) -> Array:
        """Rate of every row, shape (rows,)."""
        return self.tables_.predict(frame)


def merge_bands(
    tables: Sequence[Table],
    codes: Mapping[str, Array],
    weight: Array,
    most_cells: int,
    within: Mapping[str, Axis] | None = None,
) -> dict[str, Axis]:
    """One axis per factor, merged until all tables on these axes have few enough cells.

    Args:
        tables: of one or two factors, of what is worth telling apart.
        codes, weight: level codes by factor and exposure of the rows to weigh by, shape (rows,) each.
        most_cells: number of cells of all tables together.
        within: axes whose groups stay apart.

    Raises:
        ModellingError: so few cells cannot hold two groups on every axis.
    """
    apart = within or {}
    axes = dict(apart)
    for table in tables:
        for axis in table.axes:
            known = axes.get(axis.factor)
            axes[axis.factor] = axis if known is None else known.refined(axis)
    spread = [_on(table, axes, codes, weight) for table in tables]
    axes = {axis.factor: axis for table in spread for axis in table.axes}
    offers = {name: _cheapest(axis, spread, apart.get(name)) for name, axis in axes.items()}
    while sum(table.log_relativity.size for table in spread) > most_cells:
        made = [offer for offer in offers.values() if offer is not None]
        if not made:
            raise ModellingError(f"{most_cells} cells are too few for {len(spread)} tables")
        best = min(made, key=lambda offer: offer.loss_per_cell)
        axes[best.factor] = axes[best.factor].regrouped(best.groups)
        touched = {best.factor}
        for at, table in enumerate(spread):
            if best.factor in table.factors:
                spread[at] = _regrouped(table, best)
                touched.update(table.factors)
        offers |= {name: _cheapest(axes[name], spread, apart.get(name)) for name in touched}
    return axes


@dataclass(frozen=True)
class _Offer:
    """Two groups of a factor that could become one, and what that costs per cell it saves."""

    factor: str
    loss_per_cell: float
    groups: Array


def _cheapest(axis: Axis, tables: Sequence[Table], apart: Axis | None) -> _Offer | None:
    """The merger of two groups that loses least per cell; None where there are but two."""
    if axis.size <= 2:
        return None
    if axis.ordered:
        first, second = np.arange(axis.size - 1), np.arange(1, axis.size)
    else:
        first, second = np.triu_indices(axis.size, k=1)
    loss, saved = np.zeros(len(first)), 0
    for table in tables:
        if axis.factor in table.factors:
            at = table.factors.index(axis.factor)
            value = np.moveaxis(table.log_relativity, at, 0).reshape(axis.size, -1)
            weight = np.moveaxis(table.weight, at, 0).reshape(axis.size, -1)
            both = weight[first] + weight[second]
            shared = weight[first] * weight[second] / np.where(both > 0, both, 1.0)
            loss += (shared * (value[first] - value[second]) ** 2).sum(axis=1)
            saved += value.shape[1]
    if apart is not None:
        coarse = np.zeros(axis.size, dtype=np.int64)
        coarse[list(axis.groups)] = apart.groups
        loss = np.where(coarse[first] == coarse[second], loss, np.inf)
    best = int(np.argmin(loss))
    if not np.isfinite(loss[best]):
        return None
    groups = np.arange(axis.size)
    groups[second[best]] = first[best]
    groups[groups > second[best]] -= 1
    return _Offer(axis.factor, float(loss[best]) / saved, groups)


def _on(table: Table, axes: Mapping[str, Axis], codes: Mapping[str, Array], weight: Array) -> Table:
    """The table on finer axes."""
    finer = tuple(axes[name] for name in table.factors)
    values = table.log_relativity
    for at, (own, fine) in enumerate(zip(table.axes, finer, strict=True)):
        group = np.zeros(fine.size, dtype=np.int64)
        group[list(fine.groups)] = own.groups
        values = np.take(values, group, axis=at)
    return weighed(Table(finer, values, np.ones_like(values)), codes, weight)


def _regrouped(table: Table, offer: _Offer) -> Table:
    """The table after two groups of one factor have become one, with their mean weighed by exposure."""
    at = table.factors.index(offer.factor)
    size = int(offer.groups.max()) + 1
    onto = np.eye(size)[offer.groups].T
    weight = np.moveaxis(np.tensordot(onto, table.weight, axes=(1, at)), 0, at)
    weighted = np.moveaxis(np.tensordot(onto, table.weight * table.log_relativity, axes=(1, at)), 0, at)
    axes = [axis.regrouped(offer.groups) if i == at else axis for i, axis in enumerate(table.axes)]
    return Table(tuple(axes), weighted / np.where(weight > 0, weight, 1.0), weight)
