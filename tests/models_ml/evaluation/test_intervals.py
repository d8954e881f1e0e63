"""Prediction intervals: moments by hand, and the coverage that simulation shows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import coverage, prediction_intervals


def one(**options: object) -> dict[str, float]:
    found = prediction_intervals(
        np.array([50.0, 50.0]), np.array([10.0, 30.0]), np.array([200.0, 1_800.0]), **options
    )
    return found.row(0, named=True)


def test_the_spread_is_frequency_times_second_moment_plus_the_error_of_parameters() -> None:
    found = one()
    assert found["expected"] == 2_000
    assert found["standard_deviation"] == pytest.approx(np.sqrt(50 * 200 + 50 * 1_800))
    assert one(relative_error=0.1)["standard_deviation"] == pytest.approx(np.sqrt(100_000 + 200**2))


def test_bounds_of_many_claims_are_those_of_one_gamma_distribution() -> None:
    found = one()
    law = stats.gamma(40, scale=50)  # mean 2,000, variance 100,000
    assert found["lower_80"] == pytest.approx(law.ppf(0.1))
    assert found["upper_90"] == pytest.approx(law.ppf(0.95))


def test_an_error_may_differ_from_group_to_group() -> None:
    ones, label = np.full(2, 50.0), pl.Series(["a", "b"])
    found = prediction_intervals(ones, ones, ones**2, label, relative_error=np.array([0.0, 0.2]))
    assert found["standard_deviation"].to_list() == pytest.approx(
        [np.sqrt(50 * 2_500), np.sqrt(50 * 2_500 + 500**2)]
    )


def test_wider_levels_enclose_narrower_ones() -> None:
    found = one()
    assert found["lower_90"] < found["lower_80"] < found["expected"] < found["upper_80"] < found["upper_90"]
    assert "lower_50" in one(levels=(0.5,))


@pytest.mark.parametrize(("fewest", "most"), [(0.3, 2), (2, 40), (40, 90)])
def test_simulated_cost_falls_inside_as_often_as_promised_and_not_when_parameters_err(
    fewest: float, most: float
) -> None:
    rng = np.random.default_rng(0)
    groups = 2_500
    expected = rng.uniform(fewest, most, groups)
    cost = np.array([rng.gamma(0.5, 2_000, n).sum() for n in rng.poisson(expected)])
    second = np.full(groups, 1_000.0**2 * 3)  # coefficient of variation squared 2
    label = pl.Series(np.arange(groups))
    table = prediction_intervals(expected, np.full(groups, 1_000.0), second, label)
    for level in (80, 90):
        assert coverage(cost, table[f"lower_{level}"], table[f"upper_{level}"]).holds(level / 100)
    wrong = cost * rng.gamma(25, 1 / 25, groups) * 1.3 + 50
    assert not coverage(wrong, table["lower_90"], table["upper_90"]).holds(0.9)


def test_groups_are_summed_and_one_that_expects_nothing_has_no_width() -> None:
    found = prediction_intervals(
        np.array([1.0, 2.0, 0.0]), np.full(3, 10.0), np.full(3, 150.0), pl.Series(["b", "b", "a"])
    )
    assert found["group"].to_list() == ["a", "b"]
    assert found["expected"].to_list() == [0, 30]
    assert found.row(0)[2:] == (0, 0, 0, 0, 0)


def test_coverage_has_its_own_exact_interval() -> None:
    # Clopper and Pearson: 0 of 10 -> 0 to .3085.
    found = coverage(np.full(10, 5.0), np.zeros(10), np.ones(10))
    assert (found.share, found.lower) == (0, 0)
    assert found.upper == pytest.approx(0.3085, abs=1e-4)
    assert coverage(np.ones(2), np.ones(2), np.ones(2)).inside == 2


def test_bad_numbers_are_refused_by_name() -> None:
    one_row = np.ones(1)
    with pytest.raises(BadColumnError, match="'mean_severity': 1 not a number"):
        prediction_intervals(one_row, np.array([np.nan]), one_row)
    with pytest.raises(BadColumnError, match="'severity_second_moment' is below the square"):
        prediction_intervals(one_row, np.array([2.0]), np.array([3.9]))
    with pytest.raises(BadColumnError, match=r"'relative_error' is -0\.1 in row 0"):
        prediction_intervals(one_row, one_row, one_row, relative_error=-0.1)
    with pytest.raises(ModellingError, match="lies between 0 and 1"):
        prediction_intervals(one_row, one_row, one_row, levels=(90,))
    with pytest.raises(BadColumnError, match="'lower' is above 'upper' in row 0"):
        coverage(one_row, np.array([2.0]), one_row)
    with pytest.raises(BadColumnError, match="'actual' has no rows"):
        coverage(np.empty(0), np.empty(0), np.empty(0))
