"""Gradient-boosted trees with a log link on rating factors (Friedman 2001; Ke and others 2017).

scikit-learn has no offset: the response is a rate, and what it is a rate of goes in as weight. With trees of
at most two factors the model is a sum of one- and two-way tables: see `models_ml.boosting.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor

from models_ml.boosting.bands import UNSEEN, Array, BandEncoder, FactorLevels
from models_ml.boosting.grids import Axis
from models_ml.errors import ModellingError
from models_ml.threads import on_one_thread

Family = Literal["poisson", "gamma"]
Interactions = Literal["all", "pairs", "none"]


class BoostedModel(BaseEstimator):  # type: ignore[misc]
    """Mean of a rate by boosted trees: claims per vehicle-year, or cost per claim.

    Args:
        factors: names of the columns; numbers are banded, text is names (`models_ml.boosting.bands`).
        family: distribution of the response, with a log link.
        interactions: what one tree may combine: any factors, two, or one; or the pairs of factors it may.
        axes: groups of levels the trees may tell apart, by factor; every level where one is not named.
        levels: levels of the factors, in the order of `factors`; learned where they are not given.
        orders: levels in order, for text factors that have one.
        max_iter, learning_rate, max_leaf_nodes, min_samples_leaf, max_features: of the trees.
        l2: ridge on the value of a leaf, in claims: one with that many expected moves half as far at each
            step, so that thin ones learn slowly.
        bags: number of models whose geometric mean this is. They differ by the features they drew, so it
            takes `max_features` below 1; what one has by chance the others have not (Breiman 1996).
        seed: of the draw of features.

    Attributes:
        encoder_: codes the factors.
        columns_: the axis of every column the trees see, one per factor.
        pairs_: pairs of columns that trees may combine; None where any may be.
        trees_: scikit-learn's models, one per bag.
        balance_: what fitted values were multiplied by to meet the observed total.

    Example:
        >>> cars = pl.DataFrame({"age": [0, 1, 2, 3] * 250, "use": ["private", "taxi"] * 500})
        >>> claims = 0.1 + 0.1 * (cars["use"] == "taxi").cast(pl.Float64).to_numpy()
        >>> model = BoostedModel(["age", "use"], interactions="pairs", l2=0.0)
        >>> model.fit(cars, claims, np.ones(1000)).predict(cars[:2]).round(3).tolist()
        [0.1, 0.2]
    """

    def __init__(
        self,
        factors: Sequence[str],
        family: Family = "poisson",
        interactions: Interactions | Sequence[tuple[str, str]] = "pairs",
        axes: Mapping[str, Axis] | None = None,
        levels: Mapping[str, FactorLevels] | None = None,
        orders: Mapping[str, Sequence[str]] | None = None,
        max_iter: int = 300,
        learning_rate: float = 0.05,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 20,
        max_features: float = 1.0,
        l2: float = 50.0,
        bags: int = 1,
        seed: int = 20,
    ) -> None:
        self.factors = factors
        self.family = family
        self.interactions = interactions
        self.axes = axes
        self.levels = levels
        self.orders = orders
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.l2 = l2
        self.bags = bags
        self.seed = seed

    @on_one_thread
    def fit(self, frame: pl.DataFrame, rate: Array, weight: Array) -> BoostedModel:
        """Fit.

        Args:
            frame: one column per factor, one row per observation.
            rate: response per unit of weight, shape (rows,).
            weight: exposure in vehicle-years, or number of claims, shape (rows,).

        Raises:
            ModellingError: a response or weight is negative, missing or infinite, nothing was observed,
                or a factor cannot be coded.
        """
        _refuse_bad(self.family, rate, weight)
        if self.bags < 1:
            raise ModellingError(f"bags is {self.bags}; a mean needs one at least")
        known = self.levels
        learner = BandEncoder(self.factors, self.orders)
        self.encoder_ = learner.fit(frame, weight) if known is None else BandEncoder.of(known)
        self._lay_out()
        design = self.design(self.encoder_.transform(frame))
        self.trees_ = [
            self._trees(self.seed + bag).fit(design, rate, sample_weight=weight) for bag in range(self.bags)
        ]
        self.balance_ = 1.0
        self.balance_ = float((rate @ weight) / (self.predict_design(design) @ weight))
        return self

    def predict(self, frame: pl.DataFrame) -> Array:
        """Rate of every row, shape (rows,), per unit of weight."""
        return np.asarray(self.predict_design(self.design(self.encoder_.transform(frame))))

    @on_one_thread
    def predict_design(self, design: Array) -> Array:
        """Rate of every row of the matrix the trees see."""
        logs = [np.log(trees.predict(design)) for trees in self.trees_]
        return np.asarray(self.balance_ * np.exp(np.mean(logs, axis=0)))

    def staged(self, design: Array) -> Iterator[Array]:
        """Rate of every row after each tree, not balanced: what tells how many trees are enough."""
        for stage in zip(*(trees.staged_predict(design) for trees in self.trees_), strict=True):
            yield np.exp(np.mean(np.log(stage), axis=0))

    def design(self, codes: Array) -> Array:
        """The matrix the trees see, shape (rows, columns), of level codes; levels not seen are missing."""
        at = {name: column for column, name in enumerate(self.factors)}
        if not self.columns_:
            return np.zeros((len(codes), 1))
        grouped = np.column_stack([axis.codes(codes[:, at[axis.factor]]) for axis in self.columns_])
        return np.where(grouped == UNSEEN, np.nan, grouped)

    def _trees(self, seed: int) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            loss=self.family,
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            l2_regularization=self.l2,
            categorical_features=[not axis.ordered for axis in self.columns_],
            interaction_cst=self._constraints(),
            early_stopping=False,
            random_state=seed,
        )

    def _lay_out(self) -> None:
        """Decide on the columns, one per factor.

        Names stand before bands: scikit-learn sees them in this order whatever they come in, and reads
        the constraints by the order it sees (1.9).
        """
        levels, named = self.encoder_.levels_, self.axes or {}
        axes = [named.get(factor, Axis.fine(levels[factor])) for factor in self.factors]
        self.columns_ = sorted(axes, key=lambda axis: axis.ordered)
        at = {axis.factor: column for column, axis in enumerate(self.columns_)}
        self.pairs_: list[tuple[int, int]] | None = []
        if self.interactions == "all":
            self.pairs_ = None
        elif self.interactions == "pairs":
            self.pairs_ = list(combinations(range(len(axes)), 2))
        elif self.interactions != "none":
            self.pairs_ = [(at[first], at[second]) for first, second in self.interactions]

    def _constraints(self) -> list[set[int]] | None:
        if self.pairs_ is None:
            return None
        return [{column} for column in range(len(self.columns_))] + [set(pair) for pair in self.pairs_]


def _refuse_bad(family: Family, rate: Array, weight: Array) -> None:
    for name, values in (("rate", rate), ("weight", weight)):
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            at = int(np.flatnonzero(~np.isfinite(values) | (values < 0))[0])
            raise ModellingError(f"row {at}: {name} is {values[at]}")
    if weight.sum() <= 0 or rate @ weight <= 0:
        raise ModellingError("nothing was observed: the weights, or the responses, are all zero")
    if family == "gamma" and np.any(rate <= 0):
        raise ModellingError(f"row {int(np.flatnonzero(rate <= 0)[0])}: a cost of zero is no claim's cost")
