"""How frequency and severity move from year to year, and what that makes of experience in a rating year.

Log-linear trends by period (Werner and Modlin 2016, Basic Ratemaking, chapter 6), fitted by quasi-likelihood:
variance proportional to the mean for claims, to its square for severities (McCullagh and Nelder 1989,
chapter 9). Three years say little about a trend, so what is fitted is drawn to what is held beforehand.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.columns import non_negative
from models_ml.glm import Array

CONFIDENCE = 0.95
DAYS_PER_YEAR = 365.25
PARTS_INFLATION = 0.025
"""Yearly rise of severity held beforehand: prices of parts rise by 2 to 3 % a year."""
PRIOR_SD = 0.03
"""Standard deviation, on the log scale, of yearly trends around what is held of them beforehand."""
STEPS, TOLERANCE, ILL_CONDITIONED = 50, 1e-12, 1e10
Part = Literal["frequency", "severity"]


@dataclass(frozen=True)
class Trend:
    """The yearly trend of one part of a cover's cost. A trend of .03 is a rise of 3 % a year.

    Attributes:
        cover, part: what it is the trend of.
        observed: as fitted, None where there are too few periods.
        lower, upper: its interval at 95 %, by Student's distribution.
        a_priori: what is held beforehand.
        credibility: weight of `observed` against `a_priori`, on the log scale: prior variance over it and
            the squared error of the fit. An observed trend that is chance has little.
        selected: the trend to use.
        error: standard error of the selected one, on the log scale.
        reason: how it came to be selected.
    """

    cover: str
    part: Part
    observed: float | None
    lower: float | None
    upper: float | None
    a_priori: float
    credibility: float
    selected: float
    error: float
    reason: str

    def factor(self, years: float) -> float:
        """What experience is multiplied by to stand so many years later."""
        return float((1 + self.selected) ** years)

    def factor_error(self, years: float) -> float:
        """Standard error of `factor`, by the delta method."""
        return self.factor(years) * abs(years) * self.error


def frequency_trend(
    cover: str,
    periods: pl.DataFrame,
    *,
    months: int = 3,
    a_priori: float = 0.0,
    prior_sd: float = PRIOR_SD,
) -> Trend:
    """Trend of claims per exposure, or, if the mix changes, of claims over those a model expects of it.

    Args:
        cover: the cover, for messages.
        periods: `period` (its first day), `exposure_years`, ultimate `claim_count`, and if there is one
            `expected_count`, by a model without trend on the period's own mix, in place of exposure.
            Periods without exposure say nothing.
        months: length of a period: 3 takes out the season if there are two years, 12 has none.
        a_priori: yearly trend held beforehand.
        prior_sd: how far it may be off, on the log scale.

    Raises:
        BadColumnError: a number is negative or none, a period is missing or comes twice.
        ModellingError: a setting cannot be.
    """
    base = "expected_count" if "expected_count" in periods.columns else "exposure_years"
    count, volume = non_negative(**{"claim_count": periods["claim_count"], base: periods[base]})
    if ((volume <= 0) & (count > 0)).any():
        raise BadColumnError(f"cover {cover}: claims in a period where '{base}' is 0")
    return _trend(cover, "frequency", periods, count, volume, months, a_priori, prior_sd)


def severity_trend(
    cover: str,
    periods: pl.DataFrame,
    *,
    months: int = 3,
    a_priori: float = PARTS_INFLATION,
    prior_sd: float = PRIOR_SD,
) -> Trend:
    """Trend of the mean claim, or, if the mix changes, of amounts over those a model expects of the claims.

    Args:
        cover, months, a_priori, prior_sd: as in `frequency_trend`.
        periods: `period`, `claim_count`, ultimate `amount` (capped, if large losses are), and if there is
            one `expected_amount`: the period's claims at the mean claim a model without trend expects.
            Periods without claims say nothing.

    Raises:
        BadColumnError, ModellingError: as in `frequency_trend`.
    """
    count, amount = non_negative(claim_count=periods["claim_count"], amount=periods["amount"])
    volume = count
    if "expected_amount" in periods.columns:
        (volume,) = non_negative(expected_amount=periods["expected_amount"])
    if ((volume <= 0) & (amount > 0)).any():
        raise BadColumnError(f"cover {cover}: an amount in a period without claims")
    return _trend(cover, "severity", periods, amount, volume, months, a_priori, prior_sd)


def experience_midpoint(periods: pl.DataFrame, months: int = 3) -> dt.date:
    """Day around which the exposure of the periods lies (`period`, `exposure_years`).

    Raises:
        BadColumnError: an exposure is negative or none, or all are nought.
    """
    (years,) = non_negative(exposure_years=periods["exposure_years"])
    if years.sum() <= 0:
        raise BadColumnError("column 'exposure_years' sums to nothing: there is no middle of it")
    first = dt.date(1970, 1, 1)
    middle = float(np.average(_middles(periods, months), weights=years))
    return first + dt.timedelta(days=round(middle * DAYS_PER_YEAR))


def trend_years(experience: dt.date, rating_first: dt.date, rating_last: dt.date) -> float:
    """Years from the middle of experience to the middle of the rating year, both of whose days count."""
    to_middle = ((rating_last - rating_first).days + 1) / 2
    return ((rating_first - experience).days + to_middle) / DAYS_PER_YEAR


def _trend(
    cover: str,
    part: Part,
    periods: pl.DataFrame,
    total: Array,
    volume: Array,
    months: int,
    a_priori: float,
    prior_sd: float,
) -> Trend:
    """Fit the trend and draw it to what is held beforehand."""
    if months not in (3, 12) or not a_priori > -1 or not prior_sd >= 0:
        raise ModellingError(f"cover {cover}: periods of 3 or 12 months, a trend above -1, a prior sd from 0")
    if periods["period"].null_count() or periods["period"].is_duplicated().any():
        raise BadColumnError(f"cover {cover}: column 'period' has a day missing or twice")
    used = volume > 0
    design = _design(periods.filter(pl.Series(used)), months)
    freedom = int(used.sum()) - design.shape[1]
    if freedom < 1 or total[used].sum() <= 0:
        reason = f"{int(used.sum())} periods with something to see are too few: as held beforehand"
        return Trend(cover, part, None, None, None, a_priori, 0.0, a_priori, prior_sd, reason)
    slope, error = _slope(part, design, total[used], volume[used], freedom)
    if not np.isfinite(error):
        # A season or an end without any claim: the slope has no finite value.
        reason = "claims too few in some periods for a slope: as held beforehand"
        return Trend(cover, part, None, None, None, a_priori, 0.0, a_priori, prior_sd, reason)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    credibility = prior_sd**2 / (prior_sd**2 + error**2) if prior_sd > 0 else 0.0
    selected = credibility * slope + (1 - credibility) * np.log1p(a_priori)
    chance = abs(slope) <= reach
    reason = f"interval {'includes' if chance else 'excludes'} no trend, credibility {credibility:.2f}"
    low, high = float(np.expm1(slope - reach)), float(np.expm1(slope + reach))
    error = float(np.sqrt(credibility)) * error
    observed, chosen = float(np.expm1(slope)), float(np.expm1(selected))
    return Trend(cover, part, observed, low, high, a_priori, credibility, chosen, error, reason)


def _design(periods: pl.DataFrame, months: int) -> Array:
    """Constant, years around their middle, and seasons, where each has been seen in two years."""
    years = _middles(periods, months)
    columns = [np.ones(len(years)), years - (years.mean() if len(years) else 0.0)]
    quarter = ((periods["period"].dt.month() - 1) // 3).to_numpy()
    if months == 3 and (np.bincount(quarter, minlength=4) >= 2).all():
        columns += [(quarter == season).astype(float) for season in (1, 2, 3)]
    return np.column_stack(columns)


def _slope(part: Part, design: Array, total: Array, volume: Array, freedom: int) -> tuple[float, float]:
    """Slope a year of log(total / volume), and its standard error, by Fisher scoring.

    Claims scatter at least as Poisson ones do.
    """
    rate = total / volume
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(total.sum() / volume.sum())
    for _ in range(STEPS):
        mean = np.exp(design @ beta)
        weight = volume * (mean if part == "frequency" else 1.0)
        step = np.linalg.lstsq(design * np.sqrt(weight)[:, None], np.sqrt(weight) * (rate / mean - 1))[0]
        beta = beta + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < TOLERANCE:
            break
    mean = np.exp(design @ beta)
    spread = mean if part == "frequency" else mean**2
    weight = volume * mean**2 / spread
    dispersion = float((volume * (rate - mean) ** 2 / spread).sum()) / freedom
    if part == "frequency":
        dispersion = max(dispersion, 1.0)
    information = design.T @ (design * weight[:, None])
    if np.linalg.cond(information) > ILL_CONDITIONED:
        return float(beta[1]), float("inf")
    return float(beta[1]), float(np.sqrt(dispersion * np.linalg.inv(information)[1, 1]))


def _middles(periods: pl.DataFrame, months: int) -> Array:
    """Middle of each period in years since 1970."""
    first = periods["period"].to_frame().select(pl.col("period").cast(pl.Date))
    middle = first.select(
        (pl.col("period").cast(pl.Int32) + pl.col("period").dt.offset_by(f"{months}mo").cast(pl.Int32)).cast(
            pl.Float64
        )
        / 2
    ).to_series()
    return np.asarray(middle.to_numpy()) / DAYS_PER_YEAR
