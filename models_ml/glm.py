"""Penalised log-link GLMs on cells, and the width of the prior that penalises them.

The ridge penalty is read as a normal prior on log-relativities with standard deviation `prior_sd`:
a level with much experience keeps its own, a thin one is drawn to the mean, which is what credibility
asks for (Nelder and Verrall 1997; for the ridge as a prior, Hoerl and Kennard 1970).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.linear_model import GammaRegressor, PoissonRegressor

Array = np.ndarray[Any, np.dtype[Any]]
Family = Literal["poisson", "gamma"]
PRIOR_SDS = (0.1, 0.2, 0.4, 0.8)
MIN_MEAN = 1e-12
COEFFICIENT_PLACES = 6
SIGNIFICANT_DIGITS = 9


def significant(value: float) -> float:
    """The value to nine significant digits: far more than it means, and the same on every run."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


@dataclass(frozen=True)
class Fit:
    """A fitted GLM: `intercept`, one coefficient per column, and the prior they were fitted under."""

    intercept: float
    coefficients: Array
    prior_sd: float


def deviance(family: Family, observed: Array, mean: Array, weight: Array) -> float:
    """Weighted deviance, summed (McCullagh and Nelder 1989, section 2.3)."""
    mean = np.maximum(mean, MIN_MEAN)
    if family == "poisson":
        ratio = np.where(observed > 0, observed / mean, 1.0)
        unit = observed * np.log(ratio) - observed + mean
    else:
        unit = observed / mean - 1 - np.log(observed / mean)
    return float(2 * np.sum(weight * unit))


def dispersion(family: Family, observed: Array, weight: Array) -> float:
    """Scale of one unit of weight: 1 for Poisson claims, Pearson's estimate for gamma severities.

    The gamma scale is measured around the overall mean; that is an upper bound, so the prior is, if
    anything, a little stronger than stated.
    """
    if family == "poisson":
        return 1.0
    mean = float(np.average(observed, weights=weight))
    freedom = max(len(observed) - 1, 1)
    return max(float(np.sum(weight * ((observed - mean) / mean) ** 2) / freedom), 1e-6)


def fit_glm(
    family: Family, design: Any, observed: Array, weight: Array, prior_sd: float, scale: float
) -> Fit:
    """Fit a log-link GLM under a normal prior on its coefficients.

    scikit-learn minimises the weighted mean of the unit half deviance plus alpha / 2 |b|^2. The
    log-likelihood is the weighted sum over `scale`, so alpha = scale / (prior_sd^2 sum(weight)).
    """
    if design.shape[1] == 0:
        return Fit(float(np.log(np.average(observed, weights=weight))), np.empty(0), prior_sd)
    # A response near one makes the stopping rule mean the same for every currency. It divides a
    # Poisson likelihood by the level too, so the penalty must follow; a gamma's has no scale.
    level = float(np.average(observed, weights=weight))
    alpha = scale / (prior_sd**2 * float(weight.sum()))
    if family == "poisson":
        alpha /= level
    kind = PoissonRegressor if family == "poisson" else GammaRegressor
    # Second order: on one-hot levels ten times faster than lbfgs, and it converges (sparse since 1.9).
    model = kind(alpha=alpha, solver="newton-cholesky", tol=1e-8)
    model.fit(design, observed / level, sample_weight=weight)
    # The last bits of a sum depend on how memory and threads fell; what is published must not.
    coefficients = np.round(np.asarray(model.coef_), COEFFICIENT_PLACES)
    return Fit(float(model.intercept_ + np.log(level)), coefficients, prior_sd)


def fit_with_chosen_prior(
    family: Family,
    design: Any,
    observed: Array,
    weight: Array,
    *,
    folds: int,
    seed: int,
    grid: Sequence[float] = PRIOR_SDS,
) -> Fit:
    """Choose the prior's width by K-fold deviance over cells, then fit on all of them."""
    scale = dispersion(family, observed, weight)
    if design.shape[1] == 0 or design.shape[0] < 2 * folds:
        return fit_glm(family, design, observed, weight, grid[len(grid) // 2], scale)
    fold = np.random.default_rng(seed).permutation(design.shape[0]) % folds
    losses = []
    for prior_sd in grid:
        loss = 0.0
        for held in range(folds):
            out = fold == held
            fit = fit_glm(family, design[~out], observed[~out], weight[~out], prior_sd, scale)
            mean = predict(fit, design[out])
            loss += deviance(family, observed[out], mean, weight[out])
        losses.append(loss)
    return fit_glm(family, design, observed, weight, grid[int(np.argmin(losses))], scale)


def predict(fit: Fit, design: Any) -> Array:
    """Mean of every row of the design matrix."""
    return np.asarray(np.exp(fit.intercept + design @ fit.coefficients))
