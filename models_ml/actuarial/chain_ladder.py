"""What claims known by now will come to, by how those of earlier quarters grew.

Volume-weighted chain ladder with the standard errors of Mack (1993, ASTIN Bulletin 23; with a tail 1999,
ASTIN Bulletin 29), whose model is E[C(k+1) | C(k)] = f(k) C(k), Var[C(k+1) | C(k)] = sigma(k)^2 C(k).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models_ml.actuarial.triangles import Triangle
from models_ml.errors import ModellingError, NoDevelopmentError
from models_ml.glm import Array

SILENT_CLAIMS = 0.5
"""Claims assumed to be still to come over all ages at which none ever came.

The mean of a Poisson rate of which nothing was seen, under the prior of Jeffreys (1946).
"""


class ChainLadder(BaseEstimator):  # type: ignore[misc]
    """Volume-weighted chain ladder of one triangle, with standard errors.

    Mack's sigma is an estimate from as many quarters as reached an age, and is nought where few did and
    none moved. A `claim_unit` puts a floor under it: the variance of what is still to come is at least
    that of a compound Poisson sum, claim unit x expected amount. Expected is what moved at that age, up
    or down; all ages at which nothing ever moved share half a claim.

    Args:
        tail: ultimate over what is known at the last age.
        tail_error: standard error of `tail`.
        tail_sigma: Mack's sigma of the step to ultimate, in square roots of the triangle's unit.
        claim_unit: 1 for counts; for amounts the second moment of a claim over its first, in
            currency (`claim_unit`). 0 is plain Mack.

    Attributes:
        cover_, origins_, ages_, latest_: of the triangle.
        factors_, factor_errors_, sigmas_: n - 1 age-to-age factors, their standard errors, Mack's sigmas
            (the last by his rule: the smallest that the two before it allow), floor included.
        reasons_: n - 1 texts, empty where the factor is what was seen, else why it is 1.
        developed_: share of ultimate known at each age, n; above 1 where recoveries are to come, 0 where
            nothing was known at an age and something at the next.
        ultimates_: per origin, n, oldest first.
        process_errors_, parameter_errors_, standard_errors_: root mean squared errors of prediction
            per origin: chance of what is to come, error of the factors, both.
        total_, total_standard_error_: of all origins; these share the error of the factors.
    """

    def __init__(
        self,
        tail: float = 1.0,
        tail_error: float = 0.0,
        tail_sigma: float = 0.0,
        claim_unit: float = 0.0,
    ) -> None:
        self.tail = tail
        self.tail_error = tail_error
        self.tail_sigma = tail_sigma
        self.claim_unit = claim_unit

    def fit(self, triangle: Triangle, y: None = None) -> ChainLadder:  # noqa: ARG002
        """Fit to one triangle.

        A column whose sum, or the sum of the next, is not above zero has factor 1, with a reason: so
        has every column of a cover without claims, whose ultimates are 0. Negative increments (recoveries)
        are kept; they make factors below 1. An origin of which nothing is known stays at 0.

        Args:
            triangle: cumulative counts or amounts of one cover.
            y: not used; scikit-learn's signature.

        Raises:
            NoDevelopmentError: the triangle has a single quarter.
            ModellingError: the tail is not above zero, or an error or the claim unit is negative.
        """
        if not self.tail > 0 or min(self.tail_error, self.tail_sigma, self.claim_unit) < 0:
            raise ModellingError(f"cover {triangle.cover}: tail, errors and claim unit cannot be negative")
        if triangle.size < 2:
            raise NoDevelopmentError(f"cover {triangle.cover}: one quarter, so no development has been seen")
        self.cover_, self.origins_ = triangle.cover, triangle.origins
        self.ages_, self.latest_ = triangle.ages, triangle.latest
        self._fit_factors(triangle)
        to_ultimate = _to_ultimate(np.append(self.factors_, self.tail))
        self.ultimates_ = self.latest_ * to_ultimate[self.ages_ - 1]
        self.total_ = float(self.ultimates_.sum())
        self._project(triangle)
        return self

    def summary(self) -> pl.DataFrame:
        """Per origin `age`, `latest`, `factor`, `ultimate`, and its errors; oldest first."""
        return pl.DataFrame(
            {
                "origin": list(self.origins_),
                "age": self.ages_,
                "latest": self.latest_,
                "factor": _to_ultimate(np.append(self.factors_, self.tail))[self.ages_ - 1],
                "ultimate": self.ultimates_,
                "process_error": self.process_errors_,
                "parameter_error": self.parameter_errors_,
                "standard_error": self.standard_errors_,
            }
        )

    def _fit_factors(self, triangle: Triangle) -> None:
        """Factors, why some are 1, sigmas and errors of the factors."""
        values = triangle.values
        both = ~np.isnan(values[:, 1:])
        before, after = np.where(both, values[:, :-1], 0.0), np.where(both, values[:, 1:], 0.0)
        volume, grown = before.sum(axis=0), after.sum(axis=0)
        usable = (volume > 0) & (grown > 0)
        self.factors_ = np.where(usable, grown / np.where(usable, volume, 1.0), 1.0)
        self.reasons_ = tuple(map(_reason, volume, grown))
        # From nothing to something is a factor without bound: the share known at such an age is nought.
        growth = np.where((volume <= 0) & (grown > 0), np.inf, self.factors_)
        self.developed_ = 1 / _to_ultimate(np.append(growth, self.tail))
        moved = np.abs(after - before).sum(axis=0)
        floor = self._floor(moved, np.maximum(volume, self.claim_unit * both.sum(axis=0)))
        variance = np.maximum(_mack_variance(before, after, self.factors_), floor)
        self.sigmas_ = np.sqrt(variance)
        self.factor_errors_ = np.sqrt(variance / np.where(usable, volume, np.inf))

    def _floor(self, moved: Array, volume: Array) -> Array:
        """Variance per unit of volume of a compound Poisson step that moved as much as was seen.

        A volume counts for at least a claim per origin, so that one of nought has a finite rate.
        """
        silent = moved == 0
        share = SILENT_CLAIMS * self.claim_unit / max(int(silent.sum()), 1)
        expected = self.claim_unit * np.where(silent, share, moved)
        return np.where(expected > 0, expected / np.where(volume > 0, volume, 1.0), 0.0)

    def _project(self, triangle: Triangle) -> None:
        """Carry every origin to ultimate, and its variance with it (Mack 1999, recursive)."""
        size = triangle.size
        factors = np.append(self.factors_, self.tail)
        variances = np.append(self.sigmas_**2, self.tail_sigma**2)
        errors = np.append(self.factor_errors_, self.tail_error) ** 2
        level, process, parameter = np.zeros(size), np.zeros(size), np.zeros(size)
        shared = 0.0
        for k in range(size):
            level = np.where(self.ages_ == k + 1, self.latest_, level)
            reached = self.ages_ <= k + 1
            # An origin of which nothing is known has no volume for chance to act on, but a claim may come.
            acted_on = np.maximum(level, self.claim_unit) * reached
            process = process * factors[k] ** 2 + variances[k] * acted_on
            parameter = parameter * factors[k] ** 2 + errors[k] * level**2 * reached
            shared = shared * factors[k] ** 2 + errors[k] * float((level * reached).sum()) ** 2
            level = level * np.where(reached, factors[k], 1.0)
        self.process_errors_, self.parameter_errors_ = np.sqrt(process), np.sqrt(parameter)
        self.standard_errors_ = np.sqrt(process + parameter)
        self.total_standard_error_ = float(np.sqrt(process.sum() + shared))


def claim_unit(severities: Array) -> float:
    """Second moment of a claim over its first, in currency: what one claim weighs in a sum's variance.

    A compound Poisson sum of mean m has the variance claim unit x m. Recoveries count by their size.

    Args:
        severities: cost of each claim; zeros change nothing. Empty or all zero gives 0.
    """
    size = np.abs(np.asarray(severities, dtype=float))
    return float((size**2).sum() / size.sum()) if size.sum() > 0 else 0.0


def _to_ultimate(factors: Array) -> Array:
    """Product of each factor and all later ones."""
    return np.asarray(factors[::-1].cumprod()[::-1])


def _mack_variance(before: Array, after: Array, factors: Array) -> Array:
    """Mack's sigma squared of every age; the last, which one origin cannot show, by his rule."""
    positive = before > 0
    squares = (after - factors * before) ** 2 / np.where(positive, before, 1.0)
    freedom = np.maximum(positive.sum(axis=0) - 1, 1)
    variance = np.where(positive, squares, 0.0).sum(axis=0) / freedom
    if len(variance) == 1:
        return np.zeros(1)
    if len(variance) == 2:
        return np.array([variance[0], variance[0]])
    older, newer = variance[-3], variance[-2]
    variance[-1] = min(newer**2 / older, older, newer) if older > 0 else 0.0
    return np.asarray(variance)


def _reason(volume: float, grown: float) -> str:
    if volume <= 0:
        return "nothing known at this age to grow from"
    return "" if grown > 0 else "nothing left at the next age"
