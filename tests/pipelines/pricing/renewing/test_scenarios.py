"""Scenarios of a book that holds planned tiers and packages apart: each is told by its own terms."""

from __future__ import annotations

import polars as pl
import pytest

from models_ml.rating import RateTable, Tariff, TierPlan, build_tariff
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.scenarios import _loads_taken_off, outcomes
from tests.pipelines.pricing.pack.examples import planned
from tests.pipelines.pricing.versions.examples import rating_plan


def book(*covers: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ten contracts of one package, each cover at 1,000 in all."""
    costs = pl.DataFrame({"tier": "Own", "segment": "all", "cover": list(covers), "cost": 1_000.0})
    row = {"tier": "Own", "segment": "all", "contracts": 10, "premium": 1_000.0 * len(covers)}
    premiums = pl.DataFrame([{**row, "other_cost": 0.0}])
    return costs, premiums


@pytest.mark.parametrize("covers", [("glass", "maintenance"), ("maintenance", "glass")])
def test_each_cover_of_a_package_apart_carries_its_own_loads(covers: tuple[str, ...]) -> None:
    plan = rating_plan()
    costs, premiums = _loads_taken_off(*book(*covers), set(), plan)
    for cover, cost in costs.select("cover", "cost").iter_rows():
        assert cost == pytest.approx(1_000 * plan.loading(cover).cost_share)
    other = sum(1_000 * (plan.loading(c).expense_ratio + plan.loading(c).commission_ratio) for c in covers)
    assert premiums["other_cost"][0] == pytest.approx(other)


def test_covers_of_a_planned_tier_stay_as_they_are() -> None:
    costs, premiums = book("glass", "maintenance")
    after = _loads_taken_off(costs, premiums, {"Own"}, rating_plan())
    assert after[0].equals(costs)
    assert after[1].equals(premiums)


def test_insurers_share_with_the_planned_tiers_whatever_else_is_sold() -> None:
    made = planned()
    apart = TierPlan("Damage only", ("own_damage",), ())
    rows = build_tariff(
        RateTable(made.table.rates.drop("tier")), {"own_damage": made.plan.loading("own_damage")}, [apart], {}
    ).table
    own = rows.filter(pl.col("tier") == "Damage only")
    tariff = Tariff(pl.concat([made.tariff.table, own], how="diagonal"))
    held = [*made.book.packages, Package("Damage only", "motor", planned=False)]
    customers = made.book.customers.with_row_index("n")
    some = pl.when(pl.col("n") < 5).then(pl.lit("Damage only")).otherwise("tier")
    told = outcomes(tariff, customers.with_columns(tier=some).drop("n"), held, made.plan, 1.0)
    dearer = told.filter(pl.col("scenario") == "Claims 10 % more frequent")
    shares = dict(dearer.select("tier", "partner_cost").iter_rows())
    assert shares["Basic"] > 0
    assert shares["Damage only"] == 0
    assert shares["all"] == pytest.approx(shares["Basic"])


def test_a_package_knows_what_the_plan_calls_it() -> None:
    assert Package("integrated_plan: Basic", "integrated_plan", planned=True).tier_of_plan == "Basic"
    assert Package("Basic", "integrated_plan", planned=True).tier_of_plan == "Basic"
