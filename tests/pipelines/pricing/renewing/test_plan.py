"""The rating plan as the repository has it, and as a version keeps it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models_ml.rating import price_tier
from pipelines.pricing.renewing.plan import RatingPlan
from tests.pipelines.pricing.versions.examples import rating_plan


@pytest.fixture(scope="module")
def plan() -> RatingPlan:
    return rating_plan()


def test_the_standard_tier_costs_11_300_and_leaves_500(plan: RatingPlan) -> None:
    standard = next(tier for tier in plan.tiers("integrated_plan") if tier.tier == "Standard")
    priced = price_tier(standard)
    assert (priced.cost, priced.price, priced.margin) == (11_300, 11_800, 500)
    assert round(priced.margin_ratio, 3) == Decimal("0.042")


def test_a_product_that_the_plan_does_not_price_has_no_tiers(plan: RatingPlan) -> None:
    assert plan.tiers("motor") == []
    assert plan.service_visits("motor") == {}
    assert plan.partner_share("motor") == 0


def test_what_a_version_keeps_of_the_plan_says_the_same(plan: RatingPlan) -> None:
    again = RatingPlan.from_json(plan.to_json())
    assert again.to_json() == plan.to_json()
    assert again.rules == plan.rules
    assert again.tiers("integrated_plan") == plan.tiers("integrated_plan")
    assert again.loading("glass") == plan.loading("glass")
    assert again.response("glass") == plan.response("glass")
    assert (again.monotone, again.cover_lines, again.score) == (plan.monotone, plan.cover_lines, plan.score)
    assert again.partner_share("integrated_plan") == plan.partner_share("integrated_plan") == 0.5


def test_a_cover_without_a_row_of_its_own_has_that_of_any_other(plan: RatingPlan) -> None:
    assert plan.loading("hail") == plan.loading("*")
    assert plan.response("hail").parts_share == plan.response("*").parts_share


def test_what_is_in_no_line_of_the_stack_is_bought_in(plan: RatingPlan) -> None:
    assert plan.response("own_damage").insured
    assert not plan.response("maintenance").insured


@pytest.mark.parametrize("name", ["tier_limits", "scenarios", "monotone_factors", "risk_share"])
def test_a_table_without_rows_survives_its_file(plan: RatingPlan, name: str) -> None:
    without = RatingPlan({**plan.tables, name: plan.tables[name].clear()})
    again = RatingPlan.from_json(without.to_json())
    assert again.tables[name].columns == plan.tables[name].columns
    assert again.tiers("integrated_plan") == without.tiers("integrated_plan")
    assert again.service_visits("integrated_plan") == without.service_visits("integrated_plan")
    assert again.partner_share("integrated_plan") == without.partner_share("integrated_plan")
    assert again.monotone == without.monotone
