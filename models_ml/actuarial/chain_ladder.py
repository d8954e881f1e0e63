"""What claims known by now will come to, by how those of earlier quarters grew.

Volume-weighted chain ladder with the standard errors of Mack (1993, ASTIN Bulletin 23; with a tail 1999,
ASTIN Bulletin 29), whose model is E[C(k+1) | C(k)] = f(k) C(k), Var[C(k+1) | C(k)] = sigma(k)^2 C(k).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models_ml.actuarial.chance import least_variance, variance_beyond
from models_ml.actuarial.triangles import Triangle
from models_ml.errors import ModellingError, NoDevelopmentError
from models_ml.glm import Array


class ChainLadder(BaseEstimator):  # type: ignore[misc]
    """Volume-weighted chain ladder of one triangle, with standard errors.

    Mack's sigma is an estimate from as many quarters as reached an age, and is nought where few did and
    none moved. A `claim_unit` puts a floor under it: the variance of what is still to come is at least
    that of a compound Poisson sum (`chance.least_variance`).

    Args:
        tail: ultimate over what is known at the last age.
        tail_sigma: Mack's sigma of the step to ultimate, in square roots of the triangle's unit; None
            continues the decline of the sigmas seen (`chance.variance_beyond`).
        tail_error: standard error of `tail`; None takes it as if seen on the oldest quarter alone.
        claim_unit: 1 for counts; for amounts the second moment of a claim over its first, in
            currency (`claim_unit`). 0 has no floor.

    Attributes:
        cover_, origins_, ages_, latest_: of the triangle.
        tail_sigma_, tail_error_: as used.
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
        tail_sigma: float | None = None,
        tail_error: float | None = None,
        claim_unit: float = 0.0,
    ) -> None:
        self.tail = tail
        self.tail_sigma = tail_sigma
        self.tail_error = tail_error
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
        if (
            not 0 < self.tail < float("inf")
            or min(self.tail_error or 0, self.tail_sigma or 0, self.claim_unit) < 0
        ):
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
        floor = least_variance(moved, volume, both.sum(axis=0), self.claim_unit)
        variance = np.maximum(_mack_variance(before, after, self.factors_), floor)
        self.sigmas_ = np.sqrt(variance)
        self.factor_errors_ = np.sqrt(variance / np.where(usable, volume, np.inf))
        self._fit_tail(variance, moved, both.sum(axis=0))

    def _fit_tail(self, variance: Array, moved: Array, origins: Array) -> None:
        beyond = float(np.sqrt(variance_beyond(variance, moved, origins)))
        self.tail_sigma_ = beyond if self.tail_sigma is None else self.tail_sigma
        oldest = max(float(self.latest_[0]), self.claim_unit)
        as_if_seen_once = self.tail_sigma_ / np.sqrt(oldest) if oldest > 0 else 0.0
        self.tail_error_ = float(as_if_seen_once if self.tail_error is None else self.tail_error)

    def _project(self, triangle: Triangle) -> None:
        """Carry every origin to ultimate, and its variance with it (Mack 1999, recursive)."""
        size = triangle.size
        factors = np.append(self.factors_, self.tail)
        variances = np.append(self.sigmas_**2, self.tail_sigma_**2)
        errors = np.append(self.factor_errors_, self.tail_error_) ** 2
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
