"""Penalised log-link GLMs on cells, and the widths of the priors that penalise them.

The ridge penalty is read as a normal prior on log-relativities with a standard deviation per factor: a level
with much experience keeps its own, a thin one is drawn to the mean, which is what credibility asks for
(Nelder and Verrall 1997; for the ridge as a prior, Hoerl and Kennard 1970). How far the levels of a factor
differ is learned from them: a factor that says nothing is drawn to nothing as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.linear_model import GammaRegressor, PoissonRegressor

from models_ml.threads import on_one_thread

Array = np.ndarray[Any, np.dtype[Any]]
Family = Literal["poisson", "gamma"]
FIRST_SD, LEAST_SD, MOST_SD = 0.3, 0.005, 0.75
"""Width the search for a prior begins at, and its bounds.

Levels of a factor seldom differ from their mean by more than a factor of four, two standard deviations of
the widest. A prior as wide as the data ask for would be widened by one level without a claim, which the
likelihood alone puts at nothing, until nothing holds it.
"""
NEXT_TO_NOTHING = 0.05
PRIOR_STEPS, PRIOR_TOLERANCE = 12, 0.05
MIN_MEAN = 1e-12
COEFFICIENT_PLACES = 6
SIGNIFICANT_DIGITS = 9


def significant(value: float, digits: int = SIGNIFICANT_DIGITS) -> float:
    """The value to so many significant digits; nine are far more than it means, and the same on every run."""
    return float(f"{value:.{digits}g}")


def repeatable(values: Array) -> Array:
    """Values to `SIGNIFICANT_DIGITS`, so that what is made of them is the same on every run."""
    return pl.Series(values).round_sig_figs(SIGNIFICANT_DIGITS).to_numpy()


@dataclass(frozen=True)
class Fit:
    """A fitted GLM: `intercept`, one coefficient per column, and the prior of each, same shape."""

    intercept: float
    coefficients: Array
    prior_sds: Array


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


@on_one_thread
def fit_glm(
    family: Family, design: Any, observed: Array, weight: Array, prior_sds: Array, scale: float
) -> Fit:
    """Fit a log-link GLM under normal priors on its coefficients.

    scikit-learn minimises the weighted mean of the unit half deviance plus alpha / 2 |b|^2. The
    log-likelihood is the weighted sum over `scale`, so alpha = scale / (sd^2 sum(weight)) for the widest
    prior, and columns are multiplied by their own `prior_sds`, shape (columns,), over the widest.
    """
    if design.shape[1] == 0:
        return Fit(float(np.log(np.average(observed, weights=weight))), np.empty(0), prior_sds)
    # A response near one makes the stopping rule mean the same for every currency. It divides a
    # Poisson likelihood by the level too, so the penalty must follow; a gamma's has no scale.
    level = float(np.average(observed, weights=weight))
    widest = float(prior_sds.max())
    alpha = scale / (widest**2 * float(weight.sum()))
    if family == "poisson":
        alpha /= level
    kind = PoissonRegressor if family == "poisson" else GammaRegressor
    # Second order: on one-hot levels ten times faster than lbfgs, and it converges (sparse since 1.9).
    model = kind(alpha=alpha, solver="newton-cholesky", tol=1e-8)
    model.fit(design @ sparse.diags_array(prior_sds / widest), observed / level, sample_weight=weight)
    # The last bits of a sum depend on how memory and threads fell; what is published must not.
    coefficients = np.round(np.asarray(model.coef_) * prior_sds / widest, COEFFICIENT_PLACES)
    return Fit(float(model.intercept_ + np.log(level)), coefficients, prior_sds)


@dataclass(frozen=True)
class Uncertainty:
    """How sure a fitted GLM is of its means, given its priors.

    Attributes:
        center: the row of the design its level is told at, shape (columns,).
        level: variance of the log mean there.
        covariance: of the coefficients, independent of that, shape (columns, columns).
    """

    center: Array
    level: float
    covariance: Array

    def variance(self, design: Array) -> Array:
        """Variance of the log mean of every row of a dense design, or mix of rows, shape (rows,)."""
        return self.level + self.along(design - self.center)

    def along(self, directions: Array) -> Array:
        """Variance of a sum of coefficients, one per row of weights, shape (rows,)."""
        return np.asarray(np.einsum("ij,ij->i", directions @ self.covariance, directions))


@on_one_thread
def uncertainty(family: Family, design: Any, observed: Array, weight: Array, fit: Fit) -> Uncertainty:
    """Posterior of a fit in Laplace's approximation: the curvature of the likelihood and of the priors.

    Args:
        family, design, observed, weight: as fitted on. Claims scatter as their dispersion around the fit
            says, Poisson ones at least as Poisson.
        fit: the fit.
    """
    mean = predict(fit, design)
    spread = mean if family == "poisson" else mean**2
    scale = float((weight * (observed - mean) ** 2 / spread).sum()) / max(len(observed) - 1, 1)
    scale = max(scale, 1.0) if family == "poisson" else max(scale, 1e-6)
    return _posterior(family, design, weight, fit, scale)


@on_one_thread
def fit_with_learned_priors(
    family: Family,
    design: Any,
    observed: Array,
    weight: Array,
    groups: Array,
    start: Array | None = None,
) -> Fit:
    """Fit under priors whose width, one per group of columns, is the most likely one given the data.

    The widths are those that maximise the marginal likelihood in Laplace's approximation (Breslow and
    Clayton 1993), by the fixed point of MacKay (1992): the squared coefficients of a group over the number
    of them that the data, not the prior, decide.

    Args:
        family: of the response.
        design: matrix of shape (rows, columns), dense or sparse.
        observed, weight: response and its weight, shape (rows,).
        groups: number of the group of every column, shape (columns,).
        start: width per group to begin at, such as those of a fit on nearly the same rows.
    """
    scale = dispersion(family, observed, weight)
    sds = np.full(design.shape[1], FIRST_SD) if start is None else start[groups]
    fit = fit_glm(family, design, observed, weight, sds, scale)
    if design.shape[1] == 0:
        return fit
    size = np.bincount(groups)
    for _ in range(PRIOR_STEPS):
        spread = np.diag(_posterior(family, design, weight, fit, scale).covariance)
        decided = size - np.bincount(groups, spread / sds**2)
        squares = np.bincount(groups, fit.coefficients**2)
        # Where next to nothing is decided the ratio is of two nothings: one step of EM is safe there.
        em = (squares + np.bincount(groups, spread)) / np.maximum(size, 1)
        variance = np.where(decided > 0.05 * size, squares / np.maximum(decided, 1e-9), em)
        learned = np.clip(np.sqrt(variance), LEAST_SD, MOST_SD)
        learned = np.array([significant(value, 3) for value in learned])[groups]
        # A width near nothing may double and still be next to nothing.
        moved = float((np.abs(learned - sds) / np.maximum(sds, NEXT_TO_NOTHING)).max())
        sds = learned
        fit = fit_glm(family, design, observed, weight, sds, scale)
        if moved < PRIOR_TOLERANCE:
            break
    return fit


def fit_scaled(
    family: Family, design: Any, observed: Array, weight: Array, learned: Fit, scale: float
) -> Fit:
    """Fit again under the priors of a fit, all narrower by the same share.

    Args:
        family, design, observed, weight: as fitted on.
        learned: the fit whose priors are scaled.
        scale: 1 is the fit itself, 0 has no effect of anything: the mean for every row.
    """
    if scale >= 1 or design.shape[1] == 0:
        return learned
    if scale <= 0:
        mean = float(np.log(np.average(observed, weights=weight)))
        columns = design.shape[1]
        return Fit(mean, np.zeros(columns), np.full(columns, LEAST_SD))
    sds = np.maximum(learned.prior_sds * scale, LEAST_SD * scale)
    return fit_glm(family, design, observed, weight, sds, dispersion(family, observed, weight))


def _posterior(family: Family, design: Any, weight: Array, fit: Fit, scale: float) -> Uncertainty:
    """What is known of the coefficients given the data, the intercept taken out, at a dispersion."""
    information = weight * predict(fit, design) / scale if family == "poisson" else weight / scale
    weighted = sparse.diags_array(information) @ design
    square = design.T @ weighted
    square = np.asarray(square.todense() if sparse.issparse(square) else square)
    columns = np.asarray(weighted.sum(axis=0)).ravel()
    square = square - np.outer(columns, columns) / information.sum()
    covariance = np.linalg.inv(square + np.diag(fit.prior_sds**-2.0))
    return Uncertainty(columns / information.sum(), 1 / float(information.sum()), covariance)


def predict(fit: Fit, design: Any) -> Array:
    """Mean of every row of the design matrix."""
    return np.asarray(np.exp(fit.intercept + design @ fit.coefficients))
