"""The models that are compared: the published GLM1, and the boosted ones in the chosen settings.

The settings were chosen by `benchmarks.fremtpl2.choice` on rows that are learned from. Its folds fit on three
quarters of them: of all there are a third more rows, so a third more trees than were best, as time allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import PoissonRegressor

from benchmarks.fremtpl2.data import FACTORS, Portfolio
from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.compact import CompactModel
from models_ml.boosting.tables import FactorTables
from models_ml.encoding import LevelEncoder
from models_ml.glm import Array

ANY = {
    "interactions": "all",
    "bags": 8,
    "max_iter": 200,
    "learning_rate": 0.04,
    "max_leaf_nodes": 63,
    "max_features": 0.6,
    "l2": 20.0,
}
PAIRS = {
    "interactions": "pairs",
    "bags": 3,
    "max_iter": 600,
    "learning_rate": 0.05,
    "max_features": 0.6,
    "l2": 20.0,
}
STAGE = {"max_iter": 200, "learning_rate": 0.1, "l2": 50.0}
MAINS = {"max_iter": 100, "learning_rate": 0.1, "l2": 50.0}
COMPACT = {"most_pairs": 12, "most_cells": 2500, "main_cells": 250}


class PublishedGLM:
    """GLM1 of Noll, Salzmann and Wuthrich (2020): a Poisson GLM by banded factors, without a penalty."""

    names = ("power", "vehicle_age", "driver_age", "VehBrand", "VehGas", "Region")

    def fit(self, learn: Portfolio) -> PublishedGLM:
        """Fit on policies."""
        self.encoder_ = LevelEncoder(self.names).fit(_banded(learn.frame))
        self.glm_ = PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=1e-10, max_iter=200)
        self.glm_.fit(self._design(learn.frame), learn.rate, sample_weight=learn.exposure)
        return self

    def predict(self, frame: pl.DataFrame) -> Array:
        """Claims per vehicle-year of every row."""
        return np.asarray(self.glm_.predict(self._design(frame)))

    def _design(self, frame: pl.DataFrame) -> Array:
        """One level of every factor is dropped: nothing but that identifies the others."""
        banded = _banded(frame)
        first = self.encoder_.levels_.group_by("factor").agg(pl.col("column").min())["column"]
        levels = np.delete(self.encoder_.transform(banded).toarray(), first.to_numpy(), axis=1)
        return np.column_stack([levels, banded["BonusMalus"], banded["density"], banded["area"]])


def _banded(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("VehBrand", "VehGas", "Region").cast(pl.String)
    area = pl.col("Area").cast(pl.String)
    return frame.select(
        text,
        pl.col("VehPower").clip(upper_bound=9).cast(pl.String).alias("power"),
        pl.col("VehAge").cut([0, 10]).cast(pl.String).alias("vehicle_age"),
        pl.col("DrivAge").cut([20, 25, 30, 40, 50, 70]).cast(pl.String).alias("driver_age"),
        pl.col("BonusMalus").clip(upper_bound=150).cast(pl.Float64),
        pl.col("Density").log().alias("density"),
        area.replace_strict(list("ABCDEF"), list(range(1, 7))).cast(pl.Float64).alias("area"),
    )


def boosted(learn: Portfolio, settings: dict[str, Any]) -> BoostedModel:
    """A boosted model of all factors."""
    return BoostedModel(list(FACTORS), **settings).fit(learn.frame, learn.rate, learn.exposure)


def compact(
    learn: Portfolio,
    tables: FactorTables,
    stage: dict[str, Any] = STAGE,
    mains: dict[str, Any] = MAINS,
    limits: dict[str, Any] = COMPACT,
) -> FactorTables:
    """The compact edition of exported tables."""
    two_way, one_way = (BoostedModel(list(FACTORS), **settings) for settings in (stage, mains))
    model = CompactModel(tables, two_way, one_way, **limits)
    return model.fit(learn.frame, learn.rate, learn.exposure).tables_
