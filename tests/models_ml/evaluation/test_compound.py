"""The distribution of the cost of a few claims, against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from models_ml.evaluation.compound import MANY_CLAIMS, chance_of_none, compound_quantile
from models_ml.glm import Array


def quantile(probability: float, claims: float, variation: float = 1.0, error: float = 0.0) -> float:
    (found,) = compound_quantile(
        *(np.array([value]) for value in (probability, claims, 100.0, variation, error))
    )
    return float(found)


def drawn(claims: float, variation: float, error: float, size: int = 400_000) -> Array:
    rng = np.random.default_rng(3)
    level = rng.gamma(error**-2, error**2, size) if error else np.ones(size)
    number = rng.poisson(claims * level)
    return np.where(number > 0, rng.gamma(np.maximum(number, 1) / variation, 100 * variation), 0.0)


@pytest.mark.parametrize(("claims", "variation", "error"), [(1.5, 1.0, 0.0), (8, 3.0, 0.2), (30, 0.5, 0.1)])
def test_quantiles_are_those_of_simulated_costs(claims: float, variation: float, error: float) -> None:
    costs = drawn(claims, variation, error)
    for probability in (0.3, 0.6, 0.95):
        # Held on the scale of probability: so close is what 400,000 draws can say.
        found = quantile(probability, claims, variation, error)
        assert np.mean(costs <= found) == pytest.approx(probability, abs=0.003)


def test_where_no_claim_is_likely_the_quantile_is_nought() -> None:
    assert quantile(0.36, 1.0) == 0.0  # exp(-1) = .368
    assert quantile(0.37, 1.0) > 0.0
    assert quantile(0.9, 0.0) == 0.0


def test_the_chance_of_no_claim_is_poissons_and_more_where_the_level_is_unsure() -> None:
    one = np.ones(1)
    assert chance_of_none(one, 0 * one)[0] == pytest.approx(np.exp(-1), rel=1e-6)
    assert chance_of_none(one, one)[0] == pytest.approx(0.5)  # geometric


def test_few_and_many_claims_meet_where_one_takes_over() -> None:
    for probability in (0.05, 0.5, 0.95):
        below, above = (quantile(probability, MANY_CLAIMS + at, 2.0, 0.05) for at in (-1e-6, 1e-6))
        assert below == pytest.approx(above, rel=0.02)


def test_claims_of_one_amount_have_steps() -> None:
    assert quantile(0.5, 1.0, variation=0.0) == pytest.approx(100, rel=0.03)
