"""Scenarios on a book small enough to work out by hand."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import RatingError, rate_contracts, scenario_book
from models_ml.rating.scenarios import CoverResponse, Scenario, scenario_outcomes, tornado
from tests.models_ml.rating.book import COVERS, contracts, tariff

COSTS = pl.DataFrame(
    {
        "tier": ["Basic", "Basic", "Basic", "Basic", "Premium"],
        "segment": ["ice", "ice", "bev", "bev", "bev"],
        "cover": ["own_damage", "maintenance", "own_damage", "maintenance", "own_damage"],
        "cost": [600.0, 200.0, 450.0, 30.0, 1_000.0],
    }
)
PREMIUMS = pl.DataFrame(
    {
        "tier": ["Basic", "Basic", "Premium"],
        "segment": ["ice", "bev", "bev"],
        "contracts": [8, 2, 1],
        "premium": [1_000.0, 500.0, 1_500.0],
        "other_cost": [40.0, 10.0, 100.0],
    }
)
RESPONSES = {"own_damage": CoverResponse(True, 0.5, 0.6), "maintenance": CoverResponse(False, 0.4, 1.0)}


def outcome(scenario: Scenario, tier: str = "Basic", share: float = 0.0) -> dict[str, float]:
    table = scenario_outcomes(COSTS, PREMIUMS, RESPONSES, [scenario], share)
    return table.filter((pl.col("tier") == tier) & (pl.col("scenario") == scenario.name)).row(0, named=True)


def test_the_plan_is_what_the_book_says() -> None:
    table = scenario_outcomes(COSTS, PREMIUMS, RESPONSES, [])
    assert table["tier"].to_list() == ["Basic", "Premium", "all"]
    assert table["margin"].to_list() == [1_500 - 1_280 - 50, 1_500 - 1_000 - 100, 570]
    assert table["loss_ratio"][2] == pytest.approx(2_280 / 3_000)
    assert table["margin_change"].to_list() == [0.0] * 3


def test_parts_move_cost_by_their_share_and_kilometres_by_their_elasticity() -> None:
    assert outcome(Scenario("parts", parts=0.1))["cost"] == pytest.approx(1_050 * 1.05 + 230 * 1.04)
    assert outcome(Scenario("km", kilometres=0.2))["cost"] == pytest.approx(1_050 * 1.2**0.6 + 230 * 1.2)


def test_claims_move_insured_covers_only_and_the_insurer_bears_its_share() -> None:
    alone, shared = (outcome(Scenario("claims", claims=0.1), share=share) for share in (0.0, 0.5))
    assert alone["cost"] == shared["cost"] == pytest.approx(1_280 + 105)
    assert (alone["partner_cost"], shared["partner_cost"]) == (0.0, pytest.approx(52.5))
    assert shared["margin_change"] == pytest.approx(alone["margin_change"] / 2)
    saved = outcome(Scenario("claims", claims=-0.1), share=0.5)
    assert saved["partner_cost"] == pytest.approx(-52.5)


def test_a_tier_that_insures_itself_shares_with_nobody_and_pays_no_insurer() -> None:
    moved = Scenario("both", claims=0.1, insurer_price=0.05)
    table = scenario_outcomes(COSTS, PREMIUMS, RESPONSES, [moved], {"Basic": 0.5})
    own = {row["tier"]: row for row in table.filter(pl.col("scenario") == "both").iter_rows(named=True)}
    assert own["Basic"]["partner_cost"] == pytest.approx(52.5)
    assert own["Basic"]["cost"] == pytest.approx(1_280 + 105 + 0.05 * 1_050)
    assert (own["Premium"]["partner_cost"], own["Premium"]["cost"]) == (0.0, pytest.approx(1_100))


def test_what_the_insurer_charges_is_paid_and_not_shared() -> None:
    dearer = outcome(Scenario("terms", insurer_price=0.02), share=0.5)
    assert (dearer["cost"], dearer["partner_cost"]) == (pytest.approx(1_280 + 21), 0.0)


def test_another_mix_moves_premium_and_cost_and_no_contract() -> None:
    half = outcome(Scenario("mix", mix={"bev": 0.5}))
    assert half["contracts"] == pytest.approx(10)
    assert half["premium"] == pytest.approx(1_000 * 5 / 8 + 500 * 5 / 2)
    assert half["cost"] == pytest.approx(800 * 5 / 8 + 480 * 5 / 2)
    none = outcome(Scenario("none", mix={"bev": 0.0}))
    assert none["cost"] == pytest.approx(800 * 10 / 8)
    # Premium has bev only: it stays as it is.
    assert outcome(Scenario("none", mix={"bev": 0.0}), "Premium")["premium"] == pytest.approx(1_500)
    assert outcome(Scenario("mix", mix={"bev": 0.5}), "Premium")["premium"] == pytest.approx(1_500)


def test_a_limit_moves_its_cover_in_its_tier() -> None:
    limited = Scenario("visits", limits={("Basic", "maintenance"): 0.8})
    assert outcome(limited)["cost"] == pytest.approx(1_050 + 230 * 0.8)
    assert outcome(limited, "Premium")["margin_change"] == 0.0


def test_a_tornado_begins_with_what_moves_the_margin_most() -> None:
    scenarios = [Scenario("little", parts=0.01), Scenario("much", claims=-0.3), Scenario("some", parts=0.1)]
    table = tornado(scenario_outcomes(COSTS, PREMIUMS, RESPONSES, scenarios))
    assert table["scenario"].to_list() == ["much", "some", "little"]
    with pytest.raises(RatingError, match="tier 'Gold' is none"):
        tornado(scenario_outcomes(COSTS, PREMIUMS, RESPONSES, scenarios), "Gold")


@settings(deadline=None)
@given(st.floats(-0.9, 3), st.floats(-0.9, 3), st.floats(0, 1))
def test_dearer_parts_never_raise_a_margin(one: float, other: float, share: float) -> None:
    cheap, dear = (outcome(Scenario("parts", parts=p), share=share)["margin"] for p in sorted((one, other)))
    assert dear <= cheap + 1e-9


def test_a_rated_portfolio_is_the_book_and_its_margin_as_planned_is_that_of_its_prices() -> None:
    electric = pl.when(pl.col("model") == "A4").then(pl.lit("bev")).otherwise(pl.lit("ice"))
    book = contracts(400).with_columns(powertrain=electric)
    costs, premiums = scenario_book(tariff(), book, "powertrain", {"Premium": 0.1})
    rated = rate_contracts(tariff(), book)
    every = CoverResponse(True, 0.5, 1.0)
    outcomes = scenario_outcomes(costs, premiums, dict.fromkeys(COVERS, every), [])
    for tier, lines, commission in (("Standard", 1_900, 0.0), ("Premium", 3_136, 0.1)):
        own = rated.filter(pl.col("tier") == tier)
        premium, cost = float(own["price"].sum()), sum(float(own[cover].sum()) for cover in COVERS)
        row = outcomes.filter(pl.col("tier") == tier).row(0, named=True)
        assert row["margin"] == pytest.approx(premium * (1 - commission) - cost - lines * own.height)
        assert row["loss_ratio"] == pytest.approx(cost / premium)
    with pytest.raises(RatingError, match="column 'fuel'"):
        scenario_book(tariff(), book, "fuel")


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario("mix", mix={"steam": 0.5}), "scenario 'mix': the book has no segment 'steam'"),
        (
            Scenario("cut", limits={("Basic", "tyres"): 0.5}),
            "scenario 'cut': tier 'Basic' has no cover 'tyres'",
        ),
    ],
)
def test_a_scenario_about_something_else_is_refused(scenario: Scenario, message: str) -> None:
    with pytest.raises(RatingError, match=message):
        scenario_outcomes(COSTS, PREMIUMS, RESPONSES, [scenario])


def test_numbers_that_cannot_be_are_refused_by_name() -> None:
    with pytest.raises(RatingError, match="scenario 'x': parts -2"):
        Scenario("x", parts=-2)
    with pytest.raises(RatingError, match="do not make a mix"):
        Scenario("x", mix={"ice": 0.7, "bev": 0.7})
    with pytest.raises(RatingError, match="cover 'maintenance' has no response"):
        scenario_outcomes(COSTS, PREMIUMS, {"own_damage": RESPONSES["own_damage"]}, [])
    with pytest.raises(RatingError, match="partner share 2"):
        scenario_outcomes(COSTS, PREMIUMS, RESPONSES, [], 2)
