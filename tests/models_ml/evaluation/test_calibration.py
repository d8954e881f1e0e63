"""Calibration: published intervals, closed forms, and errors that repetition confirms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor

from models_ml.errors import BadColumnError, ModellingError, NoClaimsError
from models_ml.evaluation import actual_expected, balance, by_level, calibration_line, poisson_interval


def test_the_poisson_interval_is_the_published_one() -> None:
    # Garwood (1936): 0 -> 0 to 3.689, 1 -> .025 to 5.572, 10 -> 4.795 to 18.390.
    lower, upper = poisson_interval(np.array([0, 1, 10]))
    assert lower == pytest.approx([0, 0.0253, 4.795], abs=5e-4)
    assert upper == pytest.approx([3.689, 5.572, 18.390], abs=5e-4)


def test_balance_is_total_over_total_with_its_interval() -> None:
    found = balance(np.array([3, 7]), np.array([4.0, 4.0]))
    assert (found.actual, found.expected, found.ratio) == (10, 8, 1.25)
    assert (found.lower, found.upper) == pytest.approx((4.795 / 8, 18.390 / 8), abs=1e-3)
    with pytest.raises(BadColumnError, match="'expected' sums to nothing"):
        balance(np.ones(2), np.zeros(2))
    with pytest.raises(BadColumnError, match="'expected': 1 not a number"):
        balance(np.ones(1), np.array([np.nan]))


def portfolio(rows: int, seed: int, power: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exposure, claims, expected; the truth is the expected frequency to a power, times 1.2."""
    rng = np.random.default_rng(seed)
    years = rng.uniform(0.1, 1, rows)
    frequency = rng.gamma(2, 0.1, rows) + 0.01
    return years, rng.poisson(1.2 * frequency**power * years), frequency * years


def test_a_forecast_that_spreads_as_the_truth_does_has_slope_one_and_the_level_as_intercept() -> None:
    line = calibration_line(*portfolio(50_000, 1))
    assert line.slope == pytest.approx(1, abs=3 * line.slope_error)
    assert line.intercept == pytest.approx(np.log(1.2), abs=3 * line.intercept_error)
    low, high = line.slope_interval()
    assert low < 1 < high


@pytest.mark.parametrize("power", [0.5, 1.5])
def test_a_forecast_too_wide_or_too_timid_shows_in_the_slope(power: float) -> None:
    line = calibration_line(*portfolio(50_000, 2, power))
    assert line.slope == pytest.approx(power, abs=3 * line.slope_error)
    assert abs(line.slope - 1) > 5 * line.slope_error


def test_the_line_is_scikit_learns_without_a_penalty() -> None:
    years, claims, expected = portfolio(3_000, 3)
    plain = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10)
    plain.fit(np.log(expected / years)[:, None], claims / years, sample_weight=years)
    line = calibration_line(years, claims, expected)
    assert (line.intercept, line.slope) == pytest.approx((plain.intercept_, plain.coef_[0]), rel=1e-6)


def test_the_error_of_the_slope_is_what_repetition_shows_even_where_claims_come_in_bursts() -> None:
    slopes, errors = [], []
    for seed in range(60):
        years, _, expected = portfolio(1_500, seed)
        rng = np.random.default_rng(seed + 1_000)
        burst = rng.gamma(0.5, 2.0, len(years))  # mean 1: Poisson claims of mean x burst scatter more
        expected = 10 * expected
        line = calibration_line(years, rng.poisson(expected * burst), expected)
        slopes.append(line.slope)
        errors.append(line.slope_error)
    assert np.mean(errors) == pytest.approx(np.std(slopes), rel=0.25)


def test_what_has_no_line_is_refused() -> None:
    years = np.ones(4)
    rising = np.arange(1.0, 5.0)
    with pytest.raises(NoClaimsError):
        calibration_line(years, np.zeros(4), rising)
    with pytest.raises(ModellingError, match="the same expected frequency"):
        calibration_line(years, years, years)
    with pytest.raises(ModellingError, match="no finite slope"):
        calibration_line(years, np.array([0, 0, 0, 2]), rising)
    with pytest.raises(BadColumnError, match="'expected' is 0 in row 0"):
        calibration_line(years, years, np.arange(4.0))


def scored() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "use": ["private", "taxi", "taxi", "never seen"],
            "exposure_years": [10.0, 5.0, 5.0, 1.0],
            "claim_count": [2, 3, 0, 0],
            "expected_claims": [1.0, 1.0, 1.0, 0.0],
            "amount": [200.0, 300.0, 0.0, 0.0],
            "expected_amount": [100.0, 100.0, 100.0, 0.0],
        }
    )


def test_every_level_has_its_row_and_one_that_expects_nothing_a_finite_interval() -> None:
    table = by_level(scored(), "use")
    assert table["level"].to_list() == ["never seen", "private", "taxi"]
    assert table["actual_claims"].to_list() == [0, 2, 3]
    taxi = table.row(2, named=True)
    assert (taxi["lower"], taxi["upper"]) == pytest.approx((0.6187 / 2, 8.7673 / 2), abs=1e-3)
    assert table.select(pl.col("lower", "upper").is_finite().all()).row(0) == (True, True)
    assert actual_expected(scored(), pl.lit("all").alias("level"))["actual_amount"].to_list() == [500.0]
