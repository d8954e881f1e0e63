"""A portfolio with main effects, one interaction, and factors of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.boosted import BoostedModel
from models_ml.glm import Array

FACTORS = ["age", "km", "region", "score_band"]
BANDS = ["00-59", "60-79", "80-100"]


@dataclass(frozen=True)
class Portfolio:
    frame: pl.DataFrame
    rate: Array
    exposure: Array


@pytest.fixture(scope="session")
def portfolio() -> Portfolio:
    draw = np.random.default_rng(20)
    rows = 12_000
    frame = pl.DataFrame(
        {
            "age": draw.integers(0, 12, rows),
            "km": draw.gamma(4.0, 3000.0, rows),
            "region": draw.choice(["north", "south", "west"], rows),
            "score_band": draw.choice(BANDS, rows),
        }
    )
    frequency = (
        0.4
        * np.exp(-0.05 * frame["age"].to_numpy())
        * np.where(frame["region"] == "south", 1.5, 1.0)
        * np.where((frame["age"] > 6) & (frame["score_band"] == BANDS[0]), 3.0, 1.0)
    )
    exposure = draw.uniform(0.2, 1.0, rows)
    return Portfolio(frame, draw.poisson(frequency * exposure) / exposure, exposure)


@pytest.fixture(scope="session")
def pairwise(portfolio: Portfolio) -> BoostedModel:
    model = BoostedModel(FACTORS, orders={"score_band": BANDS}, max_iter=60, l2=5.0)
    return model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
