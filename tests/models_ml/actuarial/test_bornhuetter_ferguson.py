"""Bornhuetter-Ferguson and cape cod: chainladder's figures, closed forms, poor covers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from models_ml.actuarial.bornhuetter_ferguson import APriori, BornhuetterFerguson, cape_cod
from models_ml.actuarial.chain_ladder import ChainLadder
from models_ml.errors import BadColumnError, ModellingError, NoExposureError
from tests.models_ml.actuarial.conftest import of_values, sample


def test_ultimates_and_the_cape_cod_rate_are_those_of_chainladder() -> None:
    import chainladder as cl

    ours, theirs = sample("raa")
    exposure = np.linspace(20_000, 30_000, ours.size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weight = theirs.latest_diagonal * 0 + exposure[:, None]
        developed = cl.Development(average="volume").fit_transform(theirs)
        cape = cl.CapeCod().fit(developed, sample_weight=weight)
        fixed = cl.BornhuetterFerguson(apriori=0.8).fit(developed, sample_weight=weight)
    found = BornhuetterFerguson().fit(ours, exposure)
    assert found.a_priori_.rate == pytest.approx(cape.apriori_.values.ravel()[0], rel=1e-8)
    assert found.ultimates_ == pytest.approx(cape.ultimate_.values.ravel(), rel=1e-8)
    named = BornhuetterFerguson(APriori(0.8, 0.0, 0.0)).fit(ours, exposure)
    assert named.ultimates_ == pytest.approx(fixed.ultimate_.values.ravel(), rel=1e-8)


def test_the_rate_is_what_is_known_over_what_should_be_known() -> None:
    found = cape_cod(np.array([90.0, 60.0]), np.array([1000.0, 1000.0]), np.array([1.0, 0.5]), 1.0)
    assert found.rate == pytest.approx(0.1)
    # Around .1: weights 1000 and 500, rates .09 and .12: squares .1 + .2, freedom 1.
    assert found.error == pytest.approx(np.sqrt(0.3 / 1500))
    assert found.spread == pytest.approx(np.sqrt((0.3 - 0.1) / (1500 - 1_250_000 / 1500)))


def test_the_error_and_spread_of_the_rate_are_what_repetition_shows() -> None:
    rng = np.random.default_rng(3)
    exposure, developed = np.full(12, 4_000.0), np.linspace(1, 0.4, 12)
    found = []
    for _ in range(400):
        rate = rng.gamma(25, 0.1 / 25, 12)  # spread .02
        found.append(cape_cod(rng.poisson(exposure * developed * rate), exposure, developed, 1.0))
    assert np.mean([one.rate for one in found]) == pytest.approx(0.1, rel=0.01)
    assert np.std([one.rate for one in found]) == pytest.approx(
        np.mean([one.error for one in found]), rel=0.1
    )
    assert np.mean([one.spread**2 for one in found]) == pytest.approx(0.02**2, rel=0.1)


def test_a_cover_without_exposure_expects_nothing_and_is_refused() -> None:
    with pytest.raises(NoExposureError):
        cape_cod(np.ones(2), np.zeros(2), np.ones(2))
    with pytest.raises(BadColumnError, match="'exposure' is -1 in row 0"):
        cape_cod(np.ones(2), np.array([-1.0, 1.0]), np.ones(2))
    with pytest.raises(ModellingError, match="2 exposures, 3 quarters"):
        BornhuetterFerguson().fit(of_values(np.ones((3, 3))), np.ones(2))


def test_a_quarter_without_exposure_keeps_what_is_known() -> None:
    values = np.array([[4, 8, 8], [5, 10, 0], [3, 0, 0]])
    found = BornhuetterFerguson(claim_unit=1).fit(of_values(values), np.array([100.0, 100.0, 0.0]))
    assert found.ultimates_[2] == 3
    assert np.isfinite(found.standard_errors_).all()


def test_a_quarter_of_which_nothing_is_known_yet_comes_to_its_expected_loss() -> None:
    values = np.array([[0, 8, 10], [0, 9, 0], [0, 0, 0]])
    found = BornhuetterFerguson(APriori(0.1, 0, 0), claim_unit=1).fit(of_values(values), np.full(3, 100.0))
    assert found.ultimates_.tolist() == pytest.approx([10, 9 + 10 * 0.2, 10])


def test_a_cover_without_claims_comes_to_nothing_with_an_error() -> None:
    found = BornhuetterFerguson(claim_unit=1).fit(of_values(np.zeros((12, 12))), np.full(12, 50.0))
    assert found.ultimates_.tolist() == [0] * 12
    assert 0 < found.standard_errors_[-1] < 1


def test_the_parts_of_the_error_are_those_of_mack_2008() -> None:
    values = np.array([[50, 90, 100], [40, 95, 0], [60, 0, 0]])
    years, prior = np.full(3, 1_000.0), APriori(0.1, 0.01, 0.02)
    found = BornhuetterFerguson(prior).fit(of_values(values), years)
    developed = ChainLadder().fit(of_values(values)).developed_
    step = np.diff(developed)
    first = ((40 - 100 * step[0]) ** 2 + (55 - 100 * step[0]) ** 2) / 100  # freedom 1
    # The second step, seen once, takes the first's variance; so does what comes after it.
    variance = np.array([first, first, first])
    share_error = variance / np.array([200, 100, 100])
    open_share = 1 - developed[0]
    assert found.process_errors_[2] ** 2 == pytest.approx(100 * variance.sum())
    expected = (100**2 + 10**2 + 20**2) * share_error.sum() + (10**2 + 20**2) * open_share**2
    assert found.parameter_errors_[2] ** 2 == pytest.approx(expected)


def test_an_a_priori_that_is_sure_has_a_smaller_error_than_one_that_is_not() -> None:
    triangle, years = sample("genins")[0], np.full(10, 1e6)
    sure = BornhuetterFerguson(APriori(5.0, 0.0, 0.0)).fit(triangle, years)
    unsure = BornhuetterFerguson(APriori(5.0, 1.0, 1.0)).fit(triangle, years)
    assert sure.ultimates_.tolist() == unsure.ultimates_.tolist()
    assert (unsure.standard_errors_[1:] > sure.standard_errors_[1:]).all()
    assert unsure.total_standard_error_ > sure.total_standard_error_
    assert unsure.summary()["standard_error"].to_list() == unsure.standard_errors_.tolist()
