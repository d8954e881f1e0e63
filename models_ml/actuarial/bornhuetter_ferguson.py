"""What claims known by now will come to, where too few are known for their own growth to say.

Bornhuetter and Ferguson (1972): what is known plus, of an expected loss, the share not yet developed. The
expected loss is exposure x the burning cost of all quarters together, after Stanard (1985) and Buehlmann
("Cape Cod"). Errors of prediction in the manner of Mack (2008, ASTIN Bulletin 38).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models_ml.actuarial.chain_ladder import ChainLadder
from models_ml.actuarial.chance import SILENT_CLAIMS, least_variance, variance_beyond
from models_ml.actuarial.triangles import Triangle
from models_ml.errors import ModellingError, NoExposureError
from models_ml.evaluation.columns import non_negative
from models_ml.glm import Array


@dataclass(frozen=True)
class APriori:
    """Claims, or cost, per unit of exposure that a quarter was expected to come to.

    Attributes:
        rate: claims or currency per unit of exposure.
        error: standard error of `rate`.
        spread: standard deviation between the true rates of quarters (season, weather, luck of the mix).
    """

    rate: float
    error: float
    spread: float


def cape_cod(latest: Array, exposure: Array, developed: Array, claim_unit: float = 0.0) -> APriori:
    """A priori rate: all that is known over the exposure that it should be known of.

    The error follows from how the quarters scatter around the rate, and is not below that of a compound
    Poisson sum. What they scatter more than that is the spread, by the method of moments.

    Args:
        latest: known claims or amount per quarter.
        exposure: exposure per quarter, such as vehicle-years; zero where the cover was not in force.
        developed: share of ultimate that is known per quarter.
        claim_unit: see `ChainLadder`; at 0 all scatter is spread.

    Raises:
        BadColumnError: an exposure or a share is negative or not a number.
        NoExposureError: no quarter has exposure of which anything could be known.
    """
    years, share = non_negative(exposure=exposure, developed=developed)
    used = years * share
    if used.sum() <= 0:
        raise NoExposureError("cape cod: no quarter has exposure of which anything could be known")
    rate = float(latest[used > 0].sum() / used.sum())
    weight = used[used > 0]
    squares = float((weight * (latest[used > 0] / weight - rate) ** 2).sum())
    freedom = len(weight) - 1
    chance = claim_unit * max(rate, SILENT_CLAIMS * claim_unit / weight.sum())
    scatter = squares / freedom if freedom else 0.0
    between = weight.sum() - (weight**2).sum() / weight.sum()
    spread = max(squares - freedom * chance, 0.0) / between if between > 0 else 0.0
    return APriori(rate, float(np.sqrt(max(scatter, chance) / weight.sum())), float(np.sqrt(spread)))


class BornhuetterFerguson(BaseEstimator):  # type: ignore[misc]
    """Bornhuetter-Ferguson of one triangle on the development pattern of its chain ladder.

    Errors after Mack (2008), with two simplifications: increments of the pattern err independently of
    each other, and his smaller alternative for the error of the share developed is not taken. Both err
    on the side of a larger error.

    Args:
        a_priori: expected rate, with its error and spread; None takes `cape_cod`.
        tail, claim_unit: see `ChainLadder`.

    Attributes:
        cover_, origins_, ages_, latest_: of the triangle.
        a_priori_: the rate used.
        expected_: exposure x rate, per origin.
        developed_: share of ultimate known at each age, n.
        ultimates_, process_errors_, parameter_errors_, standard_errors_: per origin, as in `ChainLadder`.
        total_, total_standard_error_: of all origins.
    """

    def __init__(self, a_priori: APriori | None = None, tail: float = 1.0, claim_unit: float = 0.0) -> None:
        self.a_priori = a_priori
        self.tail = tail
        self.claim_unit = claim_unit

    def fit(self, triangle: Triangle, exposure: Array) -> BornhuetterFerguson:
        """Fit to one triangle.

        A quarter without exposure expects nothing and keeps what is known. A cover without claims
        expects nothing, with the error of half a claim.

        Args:
            triangle: cumulative counts or amounts of one cover.
            exposure: exposure per origin, oldest first.

        Raises:
            NoDevelopmentError: the triangle has a single quarter.
            NoExposureError: see `cape_cod`.
            BadColumnError: an exposure is negative or not a number.
            ModellingError: exposure has another length than the triangle, or see `ChainLadder.fit`.
        """
        (years,) = non_negative(exposure=exposure)
        if len(years) != triangle.size:
            raise ModellingError(f"cover {triangle.cover}: {len(years)} exposures, {triangle.size} quarters")
        pattern = ChainLadder(self.tail, claim_unit=self.claim_unit).fit(triangle)
        self.cover_, self.origins_ = triangle.cover, triangle.origins
        self.ages_, self.latest_ = triangle.ages, triangle.latest
        self.developed_ = pattern.developed_
        developed = self.developed_[self.ages_ - 1]
        given = self.a_priori
        self.a_priori_ = given or cape_cod(self.latest_, years, developed, self.claim_unit)
        self.expected_ = years * self.a_priori_.rate
        self.ultimates_ = self.latest_ + self.expected_ * (1 - developed)
        self.total_ = float(self.ultimates_.sum())
        self._fit_errors(triangle, years, 1 - developed)
        return self

    def summary(self) -> pl.DataFrame:
        """Per origin `age`, `latest`, `expected`, `ultimate`, and its errors; oldest first."""
        return pl.DataFrame(
            {
                "origin": list(self.origins_),
                "age": self.ages_,
                "latest": self.latest_,
                "expected": self.expected_,
                "ultimate": self.ultimates_,
                "process_error": self.process_errors_,
                "parameter_error": self.parameter_errors_,
                "standard_error": self.standard_errors_,
            }
        )

    def _fit_errors(self, triangle: Triangle, years: Array, open_share: Array) -> None:
        variance, volume = self._increment_variance(triangle)
        share_error = np.where(volume > 0, variance / np.where(volume > 0, volume, 1.0), 0.0)
        # Sums over the ages still to come of each origin.
        ahead = variance[::-1].cumsum()[::-1][self.ages_ - 1]
        share_ahead = share_error[::-1].cumsum()[::-1][self.ages_ - 1]
        rate = self.a_priori_
        error, spread = (years * rate.error) ** 2, (years * rate.spread) ** 2
        level = np.maximum(self.expected_, self.claim_unit)
        process = level * ahead
        own = (self.expected_**2 + error + spread) * share_ahead + spread * open_share**2
        parameter = own + error * open_share**2
        self.process_errors_, self.parameter_errors_ = np.sqrt(process), np.sqrt(parameter)
        self.standard_errors_ = np.sqrt(process + parameter)
        to_come = self.ages_[:, None] <= np.arange(1, triangle.size + 1)
        shared_pattern = float((share_error * (self.expected_[:, None] * to_come).sum(axis=0) ** 2).sum())
        shared_rate = (rate.error * float((years * open_share).sum())) ** 2
        spread_total = float((spread * open_share**2).sum())
        self.total_standard_error_ = float(
            np.sqrt(process.sum() + shared_pattern + shared_rate + spread_total)
        )

    def _increment_variance(self, triangle: Triangle) -> tuple[Array, Array]:
        """Variance of an increment per unit of expected loss, and the expected loss; ages 2 to n and beyond.

        Age n, which one origin cannot show, takes the smaller of the two before it.
        """
        increments = triangle.increments[:, 1:]
        seen = ~np.isnan(increments) & (self.expected_[:, None] > 0)
        expected = np.where(seen, self.expected_[:, None], 0.0)
        step = np.diff(self.developed_)
        missed = np.where(seen, np.nan_to_num(increments) - expected * step, 0.0)
        freedom = np.maximum(seen.sum(axis=0) - 1, 1)
        variance = (missed**2 / np.where(seen, expected, 1.0)).sum(axis=0) / freedom
        if len(variance) > 1:
            variance[-1] = variance[-3:-1].min()
        volume = expected.sum(axis=0)
        moved = np.nansum(np.abs(increments), axis=0)
        origins = seen.sum(axis=0)
        variance = np.maximum(variance, least_variance(moved, volume, origins, self.claim_unit))
        beyond = variance_beyond(variance, moved, origins)
        return np.append(variance, beyond), np.append(volume, self.expected_[0])
