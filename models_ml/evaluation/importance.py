"""What a forecast owes to one factor: how much worse it gets when that factor is shuffled."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from models_ml.errors import ModellingError
from models_ml.evaluation.columns import non_negative, positive
from models_ml.glm import Array, deviance

Predict = Callable[[pl.DataFrame], Array]


def permutation_importance(
    predict: Predict, frame: pl.DataFrame, factors: Sequence[str], repeats: int = 5, seed: int = 20
) -> pl.DataFrame:
    """Rise of the Poisson deviance when one column is permuted (Fisher, Rudin and Dominici 2019).

    A factor that another one can stand in for looks less important than it is, and permuting makes
    rows that cannot exist; read it beside the lift of leaving the factor out (`lift_of`).

    Args:
        predict: claims per vehicle-year of every row of a frame like `frame`.
        frame: `exposure_years` above zero, `claim_count`, and what `predict` needs.
        factors: columns to permute, each by itself.
        repeats: permutations per column, at least two.
        seed: a column's permutations depend on the seed and its name, not on the other columns.

    Returns:
        `factor`, `importance` (mean rise of the deviance x 100 per vehicle-year), `standard_deviation`
        over the repeats and `share`, the importance over the deviance not permuted; most important first.

    Raises:
        BadColumnError: exposure, claims or a prediction is not a number or out of its range.
        ModellingError: a factor is no column of the frame, or there are fewer than two repeats.
    """
    unknown = [name for name in factors if name not in frame.columns]
    if unknown:
        raise ModellingError(f"importance: '{unknown[0]}' is no column of the frame")
    if repeats < 2:
        raise ModellingError(f"importance: {repeats} repeats have no standard deviation")
    years, claims = non_negative(exposure_years=frame["exposure_years"], claim_count=frame["claim_count"])
    positive(exposure_years=years)

    def loss(scored: pl.DataFrame) -> float:
        _, frequency = non_negative(exposure_years=years, predicted=predict(scored))
        return 100 * deviance("poisson", claims / years, frequency, years) / float(years.sum())

    base = loss(frame)
    rows = []
    for name in factors:
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        shuffled = (frame[name].gather(rng.permutation(frame.height)) for _ in range(repeats))
        rises = np.array([loss(frame.with_columns(column)) - base for column in shuffled])
        rows.append((name, float(rises.mean()), float(rises.std(ddof=1)), float(rises.mean()) / base))
    schema = {
        "factor": pl.String,
        "importance": pl.Float64,
        "standard_deviation": pl.Float64,
        "share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sort(
        ["importance", "factor"], descending=[True, False]
    )
