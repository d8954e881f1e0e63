"""Trends: exact ones are found, chance is drawn to what is held beforehand, periods lie where they lie."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import GammaRegressor, PoissonRegressor

from models_ml.actuarial.trend import experience_midpoint, frequency_trend, severity_trend, trend_years
from models_ml.errors import BadColumnError, ModellingError
from tests.models_ml.actuarial.conftest import quarters

START = [day.replace(year=day.year + 23) for day in quarters(12)]  # 2023 to 2025
MIDDLE = np.array([(day - START[0]).days + 45.6 for day in START]) / 365.25


def periods(count: np.ndarray, amount: np.ndarray | None = None, exposure: float = 1_000.0) -> pl.DataFrame:
    frame = pl.DataFrame({"period": START[: len(count)], "claim_count": count, "exposure_years": exposure})
    return frame.with_columns(amount=pl.Series(count * 2_000.0 if amount is None else amount))


def test_an_exact_trend_is_found_and_believed() -> None:
    steady = 5_000 * 1.04**MIDDLE
    found = frequency_trend("glass", periods(steady, exposure=50_000.0), prior_sd=1.0)
    assert found.observed == pytest.approx(0.04, abs=2e-4)
    assert found.selected == pytest.approx(0.04, abs=5e-4)
    assert found.reason.startswith("interval excludes no trend")
    dearer = severity_trend("glass", periods(steady, steady * 3_000 * 1.06**MIDDLE))
    assert dearer.observed == pytest.approx(0.06, abs=2e-4)
    assert dearer.selected == pytest.approx(0.06, abs=5e-4)


def test_the_season_of_whole_years_is_no_trend() -> None:
    season = np.tile([1.3, 0.9, 0.8, 1.0], 3)
    found = frequency_trend("glass", periods(5_000 * season * 1.02**MIDDLE, exposure=50_000.0))
    assert found.observed == pytest.approx(0.02, abs=2e-4)


@pytest.mark.parametrize("part", ["frequency", "severity"])
def test_the_fit_is_scikit_learns_without_a_penalty_and_its_error_pearsons(part: str) -> None:
    rng = np.random.default_rng(1)
    years = [dt.date(2015 + k, 1, 1) for k in range(9)]
    time = np.array([(day - years[0]).days for day in years]) / 365.25
    count = rng.poisson(80, 9) + rng.integers(0, 60, 9).astype(float)
    frame = pl.DataFrame({"period": years, "claim_count": count, "exposure_years": rng.uniform(500, 900, 9)})
    frame = frame.with_columns(amount=pl.Series(count * rng.gamma(20, 100, 9) * 1.3**time))
    settings = {"alpha": 0, "solver": "newton-cholesky", "tol": 1e-12}
    if part == "frequency":
        volume, power = frame["exposure_years"].to_numpy(), 1
        rate = count / volume
        model = PoissonRegressor(**settings).fit(time[:, None], rate, volume)
        found = frequency_trend("glass", frame, months=12)
    else:
        volume, power = count, 2
        rate = frame["amount"].to_numpy() / count / 2_000
        model = GammaRegressor(**settings).fit(time[:, None], rate, volume)
        found = severity_trend("glass", frame, months=12)
    assert found.observed == pytest.approx(np.expm1(model.coef_[0]), abs=2e-5)
    mean = model.predict(time[:, None])
    scale = (volume * (rate - mean) ** 2 / mean**power).sum() / 7
    design = np.column_stack([np.ones(9), time])
    covariance = scale * np.linalg.inv(design.T @ (design * (volume * mean ** (2 - power))[:, None]))
    # 2.3646 is Student's quantile at 7 degrees of freedom.
    reach = 2.3646 * np.sqrt(covariance[1, 1])
    assert found.upper == pytest.approx(np.expm1(model.coef_[0] + reach), abs=1e-4)
    assert found.lower == pytest.approx(np.expm1(model.coef_[0] - reach), abs=1e-4)


def test_claims_that_scatter_less_than_poisson_ones_are_taken_to_scatter_as_they() -> None:
    years = pl.DataFrame({"period": [dt.date(2015 + k, 1, 1) for k in range(9)], "exposure_years": 1_000.0})
    found = frequency_trend("glass", years.with_columns(claim_count=100.0), months=12)
    assert found.upper == pytest.approx(np.expm1(2.3646 / np.sqrt(100 * 60)), rel=1e-3)


def test_a_trend_of_chance_is_drawn_to_what_is_held_beforehand() -> None:
    rng = np.random.default_rng(2)
    found = severity_trend("glass", periods(np.full(12, 8.0), 8 * rng.gamma(1.0, 2_000, 12)))
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 0 < found.upper
    assert found.credibility < 0.1
    assert found.reason == f"interval includes no trend, credibility {found.credibility:.2f}"
    assert abs(found.selected - 0.025) < abs((found.observed or 0) - 0.025) / 5


def test_the_credible_trend_is_the_posterior_mean() -> None:
    found = frequency_trend("glass", periods(np.arange(40.0, 52.0)), a_priori=0.01, prior_sd=0.05)
    assert found.observed is not None
    assert found.upper is not None
    # Twelve quarters less a constant, a slope and three seasons; 2.365 is Student's quantile at 7.
    error = (np.log1p(found.upper) - np.log1p(found.observed)) / 2.3646
    weight = 0.05**2 / (0.05**2 + error**2)
    expected = weight * np.log1p(found.observed) + (1 - weight) * np.log1p(0.01)
    assert np.log1p(found.selected) == pytest.approx(expected, rel=1e-4)
    assert found.error == pytest.approx(np.sqrt(weight) * error, rel=1e-4)


@pytest.mark.parametrize("part", ["frequency", "severity"])
def test_the_interval_holds_the_truth_as_often_as_it_says(part: str) -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        count = rng.poisson(60 * 1.05**MIDDLE) + 1.0
        amount = np.array([rng.lognormal(8, 1, int(n)).sum() for n in count]) * 1.05**MIDDLE
        fit = frequency_trend if part == "frequency" else severity_trend
        found = fit("glass", periods(count, amount))
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower < 0.05 < found.upper
    # A little more often for frequency: claims are never taken to scatter less than Poisson ones.
    assert 0.92 <= held / 400 <= 0.995


def test_a_change_of_mix_is_no_trend_where_a_model_expects_it() -> None:
    expected = 500 * 1.10**MIDDLE  # riskier cars come in year by year
    frame = periods(expected * 1.03**MIDDLE).with_columns(expected_count=pl.Series(expected))
    assert frequency_trend("glass", frame).observed == pytest.approx(0.03, abs=1e-3)
    assert frequency_trend("glass", frame.drop("expected_count")).observed == pytest.approx(0.133, abs=1e-3)
    amount = frame["claim_count"] * 1_000 * 1.08**MIDDLE
    dearer = frame.with_columns(amount=amount, expected_amount=frame["claim_count"] * 1_000 * 1.06**MIDDLE)
    assert severity_trend("glass", dearer).observed == pytest.approx(1.08 / 1.06 - 1, abs=1e-3)


def test_too_few_periods_leave_what_is_held_beforehand() -> None:
    for frame in (periods(np.array([5.0, 9.0])), periods(np.zeros(12))):
        found = frequency_trend("glass", frame, a_priori=0.01)
        assert (found.observed, found.credibility, found.selected, found.error) == (None, 0, 0.01, 0.03)
        assert "too few" in found.reason
    empty = periods(np.zeros(12))
    assert severity_trend("glass", empty).selected == 0.025


def test_periods_without_exposure_say_nothing() -> None:
    steady = periods(500 * 1.04**MIDDLE)
    gone = steady.with_columns(
        pl.when(pl.col("period") == START[0]).then(0.0).otherwise("exposure_years").alias("exposure_years"),
        pl.when(pl.col("period") == START[0]).then(0.0).otherwise("claim_count").alias("claim_count"),
    )
    assert frequency_trend("glass", gone).observed == pytest.approx(0.04, abs=3e-4)


def test_a_factor_compounds_and_its_error_grows_with_the_years() -> None:
    found = frequency_trend("glass", periods(np.full(12, 100.0)), a_priori=0.0)
    assert found.factor(2.0) == pytest.approx((1 + found.selected) ** 2)
    assert found.factor_error(2.0) == pytest.approx(found.factor(2.0) * 2 * found.error)
    assert found.factor(0.0) == 1


def test_experience_is_trended_from_its_middle_to_the_middle_of_the_rating_year() -> None:
    even = pl.DataFrame({"period": START, "exposure_years": 100.0})
    middle = experience_midpoint(even)
    assert abs((middle - dt.date(2024, 7, 1)).days) <= 1
    assert trend_years(middle, dt.date(2026, 1, 1), dt.date(2026, 12, 31)) == pytest.approx(2.0, abs=0.005)
    growing = even.with_columns(exposure_years=pl.Series(np.arange(12.0)))
    assert experience_midpoint(growing) > middle
    yearly = pl.DataFrame({"period": [dt.date(2024, 1, 1)], "exposure_years": [1.0]})
    assert experience_midpoint(yearly, months=12) == dt.date(2024, 7, 2)


def test_what_cannot_be_is_refused() -> None:
    frame = periods(np.full(12, 9.0))
    with pytest.raises(BadColumnError, match="'claim_count' is -9 in row 0"):
        frequency_trend("glass", frame.with_columns(-pl.col("claim_count")))
    with pytest.raises(BadColumnError, match="cover glass: claims in a period where 'exposure_years' is 0"):
        frequency_trend("glass", frame.with_columns(exposure_years=0.0))
    with pytest.raises(BadColumnError, match="cover glass: an amount in a period without claims"):
        severity_trend("glass", frame.with_columns(claim_count=0))
    with pytest.raises(BadColumnError, match="'period' has a day missing or twice"):
        frequency_trend("glass", pl.concat([frame, frame]))
    with pytest.raises(BadColumnError, match="'exposure_years' sums to nothing"):
        experience_midpoint(frame.with_columns(exposure_years=0.0))
    for bad in ({"months": 1}, {"a_priori": -1.0}, {"prior_sd": -0.1}):
        with pytest.raises(ModellingError, match="cover glass"):
            frequency_trend("glass", frame, **bad)
