"""Chain ladder: what chainladder and Mack publish, and named behaviour where a triangle is poor."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from models_ml.actuarial.chain_ladder import ChainLadder
from models_ml.actuarial.chance import claim_unit, least_variance, variance_beyond
from models_ml.errors import ModellingError, NoDevelopmentError
from tests.models_ml.actuarial.conftest import of_values, sample


def plain(tail: float = 1.0, sigma: float = 0.0, error: float = 0.0) -> ChainLadder:
    """Mack's own method: no floor, nothing unsaid beyond the triangle."""
    return ChainLadder(tail, sigma, error)


def theirs_of(theirs: Any, tail: float | None = None) -> tuple[Any, Any]:
    """Their triangle with its factors, and what Mack's method makes of it."""
    import chainladder as cl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        developed = cl.Development(average="volume", sigma_interpolation="mack").fit_transform(theirs)
        if tail:
            developed = cl.TailConstant(tail).fit_transform(developed)
        return developed, cl.MackChainladder().fit(developed)


@pytest.mark.parametrize("name", ["genins", "raa", "ukmotor", "mw2008"])
def test_factors_ultimates_and_errors_are_those_of_chainladder(name: str) -> None:
    ours, theirs = sample(name)
    found, (developed, expected) = plain().fit(ours), theirs_of(theirs)
    assert found.factors_ == pytest.approx(developed.ldf_.values.ravel(), rel=1e-10)
    assert found.sigmas_ == pytest.approx(developed.sigma_.values.ravel(), rel=1e-8)
    assert found.factor_errors_ == pytest.approx(developed.std_err_.values.ravel(), rel=1e-8)
    assert found.ultimates_[1:] == pytest.approx(expected.ultimate_.values.ravel()[1:], rel=1e-10)
    errors = expected.mack_std_err_.values[0, 0, :, -1]
    assert found.standard_errors_[1:] == pytest.approx(errors[1:], rel=1e-8)
    total = float(np.squeeze(expected.total_mack_std_err_.values))
    assert found.total_standard_error_ == pytest.approx(total, rel=1e-8)


def test_the_total_error_of_taylor_and_ashe_is_the_published_one() -> None:
    # Mack (1993), table 3: total reserve 18,681 thousand, standard error 2,447 thousand.
    found = plain().fit(sample("genins")[0])
    assert found.total_ - found.latest_.sum() == pytest.approx(18_680_856, abs=1)
    assert found.total_standard_error_ == pytest.approx(2_447_095, abs=1)


def test_a_tail_carries_its_error_as_in_chainladder() -> None:
    ours, theirs = sample("genins")
    developed, expected = theirs_of(theirs, tail=1.05)
    sigma, error = developed.sigma_.values.ravel()[-1], developed.std_err_.values.ravel()[-1]
    found = plain(1.05, sigma, error).fit(ours)
    total = float(np.squeeze(expected.total_mack_std_err_.values))
    assert found.total_standard_error_ == pytest.approx(total, rel=1e-8)
    assert found.ultimates_[0] == pytest.approx(1.05 * found.latest_[0])


def test_the_summary_shows_each_origin_and_parts_add_up() -> None:
    table = plain().fit(sample("raa")[0]).summary()
    assert (table["latest"] * table["factor"]).to_numpy() == pytest.approx(table["ultimate"].to_numpy())
    squares = table["process_error"].to_numpy() ** 2 + table["parameter_error"].to_numpy() ** 2
    assert np.sqrt(squares) == pytest.approx(table["standard_error"].to_numpy())


def test_one_quarter_has_no_development_and_is_refused() -> None:
    with pytest.raises(NoDevelopmentError, match="cover glass: one quarter"):
        ChainLadder().fit(of_values(np.array([[5.0]])))


def test_two_quarters_have_a_factor_whose_error_is_the_floor() -> None:
    found = ChainLadder(tail_sigma=0, tail_error=0, claim_unit=1).fit(
        of_values(np.array([[10, 12], [20, 0]]))
    )
    assert found.ultimates_.tolist() == [12, 24]
    # Variance per claim 2 / 10: process 20 x .2, parameter 20^2 x .2 / 10.
    assert found.process_errors_[1] ** 2 == pytest.approx(4)
    assert found.parameter_errors_[1] ** 2 == pytest.approx(8)


def test_a_column_of_nothing_has_factor_one_with_the_reason_and_is_nought_developed() -> None:
    found = ChainLadder(claim_unit=1).fit(of_values(np.array([[0, 8, 10], [0, 9, 0], [0, 0, 0]])))
    assert found.factors_ == pytest.approx([1, 10 / 8])
    assert found.reasons_ == ("nothing known at this age to grow from", "")
    assert found.developed_ == pytest.approx([0, 0.8, 1])
    assert found.ultimates_ == pytest.approx([10, 11.25, 0])
    assert np.isfinite(found.standard_errors_).all()
    assert found.standard_errors_[2] > 0


def test_a_single_zero_in_a_column_takes_part_in_the_factor() -> None:
    found = plain().fit(of_values(np.array([[0, 2, 2], [10, 10, 0], [8, 0, 0]])))
    assert found.factors_[0] == pytest.approx(12 / 10)


def test_recoveries_survive_as_factors_below_one() -> None:
    found = ChainLadder(claim_unit=1).fit(of_values(np.array([[100, 90, 85], [200, 180, 0], [100, 0, 0]])))
    assert found.factors_ == pytest.approx([0.9, 85 / 90])
    assert found.developed_[0] > 1
    assert found.ultimates_[2] == pytest.approx(100 * 0.9 * 85 / 90)


def test_claims_that_all_turn_negative_have_factor_one_with_the_reason() -> None:
    found = ChainLadder(claim_unit=1).fit(of_values(np.array([[100, -5, -5], [50, -5, 0], [10, 0, 0]])))
    assert found.factors_.tolist() == [1, 1]
    assert found.reasons_ == ("nothing left at the next age", "nothing known at this age to grow from")
    assert np.isfinite(found.standard_errors_).all()


def test_a_cover_without_claims_comes_to_nothing_with_the_error_of_half_a_claim() -> None:
    found = ChainLadder(claim_unit=1).fit(of_values(np.zeros((12, 12))))
    assert found.ultimates_.tolist() == [0] * 12
    assert set(found.reasons_) == {"nothing known at this age to grow from"}
    assert found.developed_.tolist() == [1] * 12
    # Half a claim spread over eleven silent steps, each seen by 11, 10, ... 1 origins.
    expected = 0.5 / 11 * (1 / np.arange(1, 12)).sum()
    assert found.standard_errors_[-1] ** 2 == pytest.approx(expected)


def test_a_cover_with_no_development_left_keeps_the_error_of_a_claim_that_may_yet_come() -> None:
    settled = np.tile(np.array([100.0]), (12, 12))
    assert plain().fit(of_values(settled)).standard_errors_.max() == 0
    floored = ChainLadder(claim_unit=1).fit(of_values(settled))
    assert 0.2 < floored.standard_errors_[-1] < 0.7
    assert (np.diff(floored.standard_errors_) > 0).all()  # the younger, the more may come
    assert floored.standard_errors_[0] == 0


def test_the_error_scales_with_the_currency() -> None:
    values = sample("raa")[0].values
    yuan = ChainLadder(claim_unit=300).fit(of_values(values))
    fen = ChainLadder(claim_unit=30_000).fit(of_values(values * 100))
    assert fen.standard_errors_ == pytest.approx(100 * yuan.standard_errors_)


@pytest.mark.parametrize(
    "bad",
    [
        {"tail": 0},
        {"tail": float("nan")},
        {"tail": float("inf")},
        {"tail_error": -1},
        {"tail_sigma": -1},
        {"claim_unit": -1},
    ],
)
def test_settings_that_cannot_be_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ModellingError, match="cover glass"):
        ChainLadder(**bad).fit(of_values(np.ones((3, 3))))


def test_a_claim_unit_is_the_variance_of_a_compound_poisson_sum_over_its_mean() -> None:
    rng = np.random.default_rng(1)
    severity = rng.gamma(2, 50, 200_000)
    count = rng.poisson(8, 20_000)
    sums = np.add.reduceat(severity[: count.sum()], np.cumsum(count[count > 0]) - count[count > 0])
    # Sums without a claim are nought.
    variance, mean = np.var(np.append(sums, np.zeros((count == 0).sum()))), sums.sum() / len(count)
    assert claim_unit(severity) == pytest.approx(variance / mean, rel=0.03)
    assert claim_unit(np.array([])) == 0
    assert claim_unit(np.array([-100.0, 300.0])) == 250


def test_the_floor_is_what_moved_over_the_volume() -> None:
    moved, volume, origins = np.array([6.0, 0.0, 0.0]), np.array([300.0, 200.0, 1.0]), np.array([3, 2, 1])
    found = least_variance(moved, volume, origins, 2.0)
    assert found == pytest.approx([2 * 6 / 300, 2 * 0.5 / 200, 2 * 0.5 / 2])
    assert least_variance(moved, volume, origins, 0.0).tolist() == [0, 0, 0]


def test_beyond_the_last_age_the_variance_goes_on_declining() -> None:
    decline = 8 * 0.5 ** np.arange(6)
    ones = np.ones(6)
    expected = 8 * 0.5**5 * (0.5 ** np.arange(1, 7)).sum()
    assert variance_beyond(decline, ones, ones) == pytest.approx(expected)
    assert variance_beyond(decline[::-1], ones, ones) <= 6 * decline[0]  # never upwards
    assert variance_beyond(decline, np.array([1.0, 1, 1, 1, 0, 0]), ones) == 0
    assert variance_beyond(decline, np.array([1.0, 1, 1, 1, 1, 0]), ones) > 0  # one quiet step is not rest
    assert variance_beyond(np.array([4.0, 2.0]), ones[:2], ones[:2]) == 2
