"""Which library fits the penalised GLM of a large client: scikit-learn beside glum, as one line of JSON.

.venv/bin/python -m benchmarks.glm

55,000 cells with a thousand models and three banded factors, Poisson claims: a sparse one-hot matrix, the
same ridge for both. Seconds are the best of three fits; `difference` is the largest of any coefficient.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
from glum import GeneralizedLinearRegressor
from scipy import sparse
from sklearn.linear_model import PoissonRegressor

from models_ml.glm import Array

CELLS, LEVELS, ALPHA, SEED, FITS = 55_000, (1_000, 11, 8, 8), 1e-4, 20, 3


def cells() -> tuple[sparse.csr_matrix, Array, Array]:
    """Design, claims per vehicle-year and vehicle-years."""
    rng = np.random.default_rng(SEED)
    columns, log_rate, offset = [], np.full(CELLS, np.log(0.1)), 0
    for size in LEVELS:
        # Few models have most of the cars.
        level = np.minimum((rng.pareto(1.0, CELLS) * size / 50).astype(int), size - 1)
        log_rate += rng.normal(0, 0.3, size)[level]
        columns.append(level + offset)
        offset += size
    rows = np.tile(np.arange(CELLS), len(LEVELS))
    shape = (CELLS, sum(LEVELS))
    design = sparse.csr_matrix((np.ones(len(rows)), (rows, np.concatenate(columns))), shape=shape)
    exposure = rng.gamma(0.5, 4.0, CELLS) + 0.1
    return design, rng.poisson(np.exp(log_rate) * exposure) / exposure, exposure


def timed(fit: Callable[[], Array]) -> tuple[float, Array]:
    """Best seconds of some fits, and the coefficients."""
    seconds = []
    for _ in range(FITS):
        began = time.perf_counter()
        found = fit()
        seconds.append(time.perf_counter() - began)
    return min(seconds), found


def main() -> None:
    """Fit with both, print."""
    design, rate, exposure = cells()

    def ours() -> Array:
        model = PoissonRegressor(alpha=ALPHA, solver="newton-cholesky", tol=1e-8)
        return np.asarray(model.fit(design, rate, sample_weight=exposure).coef_)

    def theirs() -> Array:
        model = GeneralizedLinearRegressor(
            family="poisson", alpha=ALPHA, l1_ratio=0, solver="irls-ls", gradient_tol=1e-8
        )
        return np.asarray(model.fit(design.tocsc(), rate, sample_weight=exposure).coef_)

    (sklearn_s, first), (glum_s, second) = timed(ours), timed(theirs)
    result = {
        "cells": CELLS,
        "levels": sum(LEVELS),
        "sklearn_s": round(sklearn_s, 3),
        "glum_s": round(glum_s, 3),
        "glum_over_sklearn": round(glum_s / sklearn_s, 2),
        "difference": float(f"{np.abs(first - second).max():.1e}"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
