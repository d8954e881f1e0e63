"""Explanations multiply out to the price that the engine gives, and say what each step rests on."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest

from models_ml.rating import rate
from pipelines.pricing.asking.explanation import TIER, explain
from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.expanding import PRICE
from pipelines.pricing.versions.manifest import Change
from tests.pipelines.pricing.versions.examples import parts


@pytest.mark.parametrize("use", ["private", "taxi", "hearse"])
@pytest.mark.parametrize("age", ["0", "1", "2"])
def test_the_steps_end_at_the_price_of_the_engine(use: str, age: str) -> None:
    made = explain(parts(), {"use": use, "age": age}, allow_unlisted=True)
    rated = rate(parts().table, pl.DataFrame({"use": [use], "age": [age]})).row(0, named=True)
    for cover in made.covers:
        product = float(cover.base_rate)
        for step in cover.steps:
            product *= step.relativity
            assert step.amount == pytest.approx(product)
        end = Decimal(repr(product + float(cover.fixed_amount))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert end == cover.premium == rated[cover.cover]
    assert made.total == rated["total"]


def test_factors_that_were_not_asked_for_stand_at_their_base_level() -> None:
    made = explain(parts(), {"use": "taxi"})
    assert made.assumed == ("age",)
    assert made.cell == {"use": "taxi", "age": parts().manifest.base_levels["age"]}
    damage, glass = made.covers
    assert (damage.steps[1].factor, damage.steps[1].relativity) == ("age", 1.0)
    # The base of one cover need not be that of another: a cell is one vehicle, rated for both.
    assert glass.steps[1].level == damage.steps[1].level


def test_a_level_that_is_not_listed_is_said_to_be_rated_as_any_other() -> None:
    damage = explain(parts(), {"use": "hearse"}, allow_unlisted=True).covers[0]
    assert (damage.steps[0].level, damage.steps[0].rated_as) == ("hearse", "*")


def test_a_relativity_selected_by_hand_is_told_with_the_indicated_one_and_why() -> None:
    change = Change(cover="damage", factor="use", level="taxi", before=1, after=1.1, reason="wear")
    step = explain(edited_parts(parts(), (change,)), {"use": "taxi"}).covers[0].steps[0]
    indicated = explain(parts(), {"use": "taxi"}).covers[0].steps[0].relativity
    assert (step.relativity, step.indicated_relativity, step.selection_reason) == (1.1, indicated, "wear")


def test_a_base_rate_selected_by_hand_is_told_with_the_indicated_one_and_why() -> None:
    before = explain(parts(), {}).covers[0].base_rate
    after = float(before) + 1
    change = Change(
        cover="damage", factor="base", level="base", before=float(before), after=after, reason="market"
    )
    damage, glass = explain(edited_parts(parts(), (change,)), {}).covers
    assert (float(damage.base_rate), damage.indicated_base_rate, damage.selection_reason) == (
        after, before, "market",
    )  # fmt: skip
    assert (glass.base_rate, glass.selection_reason) == (glass.indicated_base_rate, None)


def test_a_factor_that_the_table_does_not_have_is_refused_with_the_nearest() -> None:
    with pytest.raises(PublicationError, match="factor 'usee': none of that name; did you mean 'use'"):
        explain(parts(), {"usee": "taxi"})


@pytest.mark.parametrize("tier", ["Both", "Damage only"])
def test_with_a_package_the_steps_end_at_its_price(tier: str) -> None:
    made = explain(parts(), {"use": "taxi", TIER: tier})
    (expected,) = parts().premiums.filter(pl.col("use") == "taxi")[tier + PRICE].to_list()
    assert made.price == expected
    assert made.package[-1].kind == "price"
    assert [price.cover for price in made.covers] == list(parts().tariff.tiers[tier].shares)
    inside = {step.cover: step.amount for step in made.package if step.kind == "cent"}
    assert {price.cover: price.premium for price in made.covers} == inside


def test_without_one_the_packages_are_named() -> None:
    made = explain(parts(), {"use": "taxi"})
    assert (made.package, made.price) == ((), None)
    assert made.packages == ("Both", "Damage only")


def test_a_package_that_is_not_sold_is_refused_with_the_nearest() -> None:
    with pytest.raises(PublicationError, match="tier 'Bath': none of that name; did you mean 'Both'"):
        explain(parts(), {TIER: "Bath"})
