"""From cost to price: the founding case to the yuan, loads, bounds, and who bears what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models_ml.rating import (
    CostLine,
    Limit,
    RatingError,
    RiskShare,
    Rounding,
    TierPlan,
    bounded_factors,
    limit_on_amount,
    limit_on_count,
    price_tier,
)
from tests.models_ml.rating.book import plan

MONEY = st.decimals(0, 50_000, places=2)


def test_the_standard_stack_of_the_founding_case_comes_out_exactly() -> None:
    price = price_tier(plan("Standard"))
    assert price.costs == {
        "insurance": 7_000,  # bought at 12.5 % under a retail price of 8,000
        "services": 2_400,  # 4 x 600
        "wear_parts": 800,
        "loaner": 600,
        "roadside": 200,
        "operations": 300,
    }
    assert (price.cost, price.price, price.margin) == (11_300, 11_800, 500)
    assert round(price.margin_ratio, 3) == Decimal("0.042")


@pytest.mark.parametrize(("tier", "cost", "price"), [("Basic", 8_430, 8_800), ("Premium", 15_136, 15_800)])
def test_the_other_tiers_leave_the_same_margin(tier: str, cost: int, price: int) -> None:
    found = price_tier(plan(tier))
    assert (found.cost, found.price) == (cost, price)
    assert round(found.margin_ratio, 3) == Decimal("0.042")


def test_loads_are_shares_of_the_price() -> None:
    shares = {"commission": Decimal("0.10"), "risk_margin": Decimal("0.03"), "target_margin": Decimal("0.07")}
    found = price_tier(TierPlan("T", (), (CostLine("all", 1, Decimal(800)),), **shares))
    assert (found.price, found.commission, found.margin) == (1_000, 100, 100)


def test_expected_cost_takes_the_place_of_the_planned() -> None:
    dearer = price_tier(plan("Standard"), {"services": Decimal(3_000)})
    assert dearer.cost == 11_900
    with pytest.raises(RatingError, match="tier 'Standard' has no line 'tyres'"):
        price_tier(plan("Standard"), {"tyres": Decimal(1)})
    with pytest.raises(RatingError, match="line 'services': cost -1"):
        price_tier(plan("Standard"), {"services": Decimal(-1)})


def test_a_price_is_held_between_its_bounds() -> None:
    assert price_tier(plan("Standard"), {"services": Decimal(90_000)}).price == 30_000
    nothing = dict.fromkeys(("insurance", "services", "wear_parts", "loaner", "operations"), Decimal(0))
    assert price_tier(plan("Standard"), nothing).price == 4_000


@pytest.mark.parametrize(("rule", "price"), [("nearest", 11_800), ("up", 11_800), ("down", 11_700)])
def test_prices_are_whole_steps(rule: str, price: int) -> None:
    assert Rounding(Decimal(100), rule).of(Decimal("11795.41")) == price  # type: ignore[arg-type]
    assert Rounding(Decimal(100), rule).of(Decimal(11_700)) == 11_700  # type: ignore[arg-type]


def test_a_partner_bears_half_of_what_costs_more_and_keeps_half_of_what_is_saved() -> None:
    share, price = RiskShare("insurance", Decimal("0.5")), price_tier(plan("Standard"))
    assert share.settle(Decimal(7_000), Decimal(7_700)) == (350, 350)
    assert share.margin(price, Decimal("1.1")) == 500 - 350
    assert share.margin(price, Decimal("0.9")) == 500 + 350
    assert RiskShare("insurance", Decimal(0)).margin(price, Decimal("1.1")) == 500 - 700


def test_sharing_halves_the_scatter_of_the_margin_and_leaves_its_mean() -> None:
    price = price_tier(plan("Standard"))
    shared = RiskShare("insurance", Decimal("0.5")).expected_margin(price, ratio_sd=Decimal("0.1"))
    assert (shared.expected, shared.standard_deviation) == (500, 350)
    with pytest.raises(RatingError, match="no line 'tyres' to share"):
        RiskShare("tyres", Decimal("0.5")).expected_margin(price)


def test_a_score_moves_the_price_within_its_bounds_only() -> None:
    assert bounded_factors({"95-100": 0.75, "80-89": 0.97, "under 50": 1.3}, 0.85, 1.15) == {
        "95-100": 0.85,
        "80-89": 0.97,
        "under 50": 1.15,
    }
    with pytest.raises(RatingError, match=r"level '90': factor -0\.1"):
        bounded_factors({"90": -0.1}, 0.85, 1.15)
    with pytest.raises(RatingError, match="do not enclose 1"):
        bounded_factors({}, 1.05, 1.15)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_margin": Decimal("1.2")}, "tier 'Standard': target_margin 1.2"),
        ({"commission": Decimal("0.5"), "risk_margin": Decimal("0.5")}, "leave nothing for the cost"),
        ({"minimum": Decimal(50)}, "minimum 50 is no multiple of the step 100"),
        ({"minimum": Decimal(40_000)}, "minimum 40000 is above maximum 30000"),
        ({"limits": {"tyres": Limit("1", 0.5)}}, "limits cover 'tyres', which it does not grant"),
        ({"lines": (CostLine("a", 1, Decimal(1)),) * 2}, "twice: a, a"),
    ],
)
def test_a_plan_that_cannot_price_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RatingError, match=message):
        replace(plan("Standard"), **changes)  # type: ignore[arg-type]


@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=5), st.decimals(0, "0.9", places=4))
def test_no_price_is_below_nought_and_dearer_cost_is_never_cheaper(
    pairs: list[tuple[Decimal, Decimal]], margin: Decimal
) -> None:
    lines = tuple(CostLine(str(n), 1, min(pair)) for n, pair in enumerate(pairs))
    tier = TierPlan("T", (), lines, target_margin=margin, rounding=Rounding(Decimal(10)))
    cheap = price_tier(tier)
    dear = price_tier(tier, {str(n): max(pair) for n, pair in enumerate(pairs)})
    assert 0 <= cheap.price <= dear.price


@given(st.floats(0, 200), st.integers(0, 30), st.integers(0, 30))
@example(1.296875, 19, 24)
def test_a_higher_count_limit_never_lowers_cost(mean: float, one: int, other: int) -> None:
    assert limit_on_count(mean, min(one, other)).share <= limit_on_count(mean, max(one, other)).share <= 1


@given(st.floats(1, 1e6), st.floats(0.05, 5), st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_higher_amount_limit_never_lowers_cost(mean: float, cv: float, one: float, other: float) -> None:
    low, high = (limit_on_amount(mean, cv, limit).share for limit in sorted((one, other)))
    assert 0 <= low <= high + 1e-12 <= 1 + 1e-12


def test_limited_shares_are_the_textbook_ones() -> None:
    assert limit_on_count(0.5, 0).share == 0
    assert limit_on_count(0.5, 1).share == pytest.approx((1 - 2.718281828**-0.5) / 0.5)
    # An exponential claim: 1 - exp(-L / mean).
    assert limit_on_amount(100, 1.0, 100).share == pytest.approx(1 - 2.718281828**-1)
    with pytest.raises(RatingError, match="mean count of nan"):
        limit_on_count(float("nan"), 1)
