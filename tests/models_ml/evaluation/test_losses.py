"""Losses: closed forms, and the truth loses least."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import d2, gamma_deviance, poisson_d2, poisson_loss, tweedie_deviance

amounts = st.lists(
    st.tuples(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0.1, 10)), min_size=1, max_size=20
)


def test_gamma_deviance_weighs_a_mean_by_the_claims_behind_it() -> None:
    # One mean twice too high on 3 claims: 2 (2 - 1 - log 2); one exact on 1 claim.
    found = gamma_deviance(np.array([2.0, 5.0]), np.array([1.0, 5.0]), np.array([3, 1]))
    assert found == pytest.approx(0.75 * 2 * (1 - np.log(2)))


def test_tweedie_deviance_of_nothing_has_a_closed_form() -> None:
    # y = 0: 2 mu^(2-p) / (2-p); with p = 1.5 and mu = 4 that is 8.
    assert tweedie_deviance(np.zeros(1), np.array([4.0]), np.ones(1)) == pytest.approx(8.0)
    # With p = 1.2: 2 x 4^.8 / .8.
    near_poisson = tweedie_deviance(np.zeros(1), np.array([4.0]), np.ones(1), power=1.2)
    assert near_poisson == pytest.approx(2.5 * 4**0.8)
    half = tweedie_deviance(np.array([0.0, 4.0]), np.array([4.0, 4.0]), np.array([1.0, 3.0]))
    assert half == pytest.approx(2.0)


@given(amounts)
def test_no_forecast_loses_less_than_the_truth(rows: list[tuple[float, float, float]]) -> None:
    y, mean, weight = (np.array(column) for column in zip(*rows, strict=True))
    assert gamma_deviance(y, mean, weight) >= gamma_deviance(y, y, weight) - 1e-9
    assert tweedie_deviance(y, mean, weight) >= tweedie_deviance(y, y, weight) - 1e-6


def test_gamma_does_not_see_the_currency_and_tweedie_does() -> None:
    y, mean, weight = np.array([2.0, 5.0]), np.array([3.0, 4.0]), np.ones(2)
    assert gamma_deviance(100 * y, 100 * mean, weight) == pytest.approx(gamma_deviance(y, mean, weight))
    assert tweedie_deviance(100 * y, 100 * mean, weight) == pytest.approx(
        10 * tweedie_deviance(y, mean, weight)
    )


def test_d2_counts_from_a_constant_that_was_learned_elsewhere() -> None:
    years, claims = np.array([1.0, 0.5, 1.0, 0.2]), np.array([0.0, 0.0, 1.0, 1.0])
    perfect = np.array([0.01, 0.01, 1.0, 1.0])
    explained = poisson_d2(years, claims, perfect, learned_frequency=0.3)
    assert explained == pytest.approx(1 - poisson_loss(claims, perfect) / poisson_loss(claims, 0.3 * years))
    assert poisson_d2(years, claims, 0.3 * years, learned_frequency=0.3) == 0
    # The constant that knows the level of the judged year beats the one that was learned.
    assert poisson_d2(years, claims, 0.5 * years, learned_frequency=0.3) > 0


def test_a_forecast_worse_than_the_constant_explains_less_than_nothing() -> None:
    assert d2(40.0, 32.0) == pytest.approx(-0.25)
    with pytest.raises(ModellingError, match="nothing to explain"):
        d2(1.0, 0.0)


def test_bad_numbers_are_refused_by_name() -> None:
    one = np.ones(1)
    with pytest.raises(BadColumnError, match="'expected' is 0"):
        gamma_deviance(one, np.zeros(1), one)
    with pytest.raises(BadColumnError, match="'severity' is 0"):
        gamma_deviance(np.zeros(1), one, one)
    with pytest.raises(BadColumnError, match="'expected' is 0"):
        tweedie_deviance(one, np.zeros(1), one)
    with pytest.raises(BadColumnError, match="'burning_cost' is -1"):
        tweedie_deviance(-one, one, one)
    with pytest.raises(BadColumnError, match="'claims': 1 not a number"):
        poisson_d2(one, np.array([np.nan]), one, 0.1)
    with pytest.raises(ModellingError, match="between 1 and 2"):
        tweedie_deviance(one, one, one, power=2.5)
