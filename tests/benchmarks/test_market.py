"""Two insurers in one market: who prices closer to cost keeps the customers that are worth it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.market import two_insurers

RNG = np.random.default_rng(1)
COST = RNG.gamma(2.0, 500.0, 5_000)
YEARS = np.ones(5_000)
FLAT = np.full(5_000, COST.mean())


def test_alike_prices_share_the_market_and_its_cost() -> None:
    ours, theirs, share = two_insurers(FLAT, FLAT, COST, YEARS)
    assert share == pytest.approx(0.5)
    assert ours == pytest.approx(theirs) == pytest.approx(1.0)


def test_who_prices_by_cost_leaves_the_dear_risks_to_who_does_not() -> None:
    by_cost, flat, _ = two_insurers(COST, FLAT, COST, YEARS)
    assert by_cost == pytest.approx(1.0)
    assert flat > 1.2


def test_the_worse_the_price_follows_cost_the_higher_the_loss_ratio() -> None:
    noisy = [COST * RNG.lognormal(0, spread, COST.size) for spread in (0.1, 0.4)]
    ratios = [two_insurers(price * COST.mean() / price.mean(), COST, COST, YEARS)[0] for price in noisy]
    assert 1 < ratios[0] < ratios[1]


@given(st.floats(0.5, 0.99))
def test_the_cheaper_gets_more_of_the_market(cheaper: float) -> None:
    _, _, share = two_insurers(FLAT * cheaper, FLAT, COST, YEARS)
    assert share > 0.5


def test_exposure_weighs_in() -> None:
    half = np.where(np.arange(COST.size) < 2_500, 2.0, 0.0)
    told = two_insurers(COST, FLAT, COST, half)
    alone = two_insurers(COST[:2_500], FLAT[:2_500], COST[:2_500], np.ones(2_500))
    assert told == pytest.approx(alone)
