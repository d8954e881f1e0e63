"""What contracts hold becomes packages: the plan's tiers by name, other sets of covers as they were sold."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from models_ml.rating import RateTable
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.renewing.packages import packages
from pipelines.pricing.renewing.plan import RatingPlan
from tests.pipelines.pricing.versions.examples import parts, rating_plan


def contracts(*rows: tuple[str, str, str], product: str = "motor") -> pl.DataFrame:
    held = pl.DataFrame(rows, schema=["contract_id", "tier", "cover"], orient="row")
    return held.with_columns(exposure_years=pl.lit(1.0), product=pl.lit(product))


def rates(*covers: str, factors: tuple[str, ...] = ("use",)) -> RateTable:
    rows = [(cover, factor) for cover in covers for factor in ("base", *factors)]
    return RateTable(pl.DataFrame(rows, schema=["cover", "factor"], orient="row"))


def found(held: pl.DataFrame, table: RateTable) -> tuple[list[str], dict[str, Any]]:
    priced, by_contract = packages(held, rating_plan(), table)
    return [package.name for package in priced], dict(by_contract.iter_rows())


def test_a_tier_that_is_sold_with_one_set_of_covers_is_the_package() -> None:
    held = contracts(("a", "Maxi", "damage"), ("a", "Maxi", "glass"), ("b", "Mini", "damage"))
    names, of = found(held, rates("damage", "glass"))
    assert sorted(names) == ["Maxi", "Mini"]
    assert of == {"a": "Maxi", "b": "Mini"}


def test_a_tier_that_is_sold_with_several_sets_is_told_apart_by_them() -> None:
    held = contracts(("a", "Maxi", "glass"), ("a", "Maxi", "damage"), ("b", "Maxi", "damage"))
    _, of = found(held, rates("damage", "glass"))
    assert of == {"a": "Maxi: damage + glass", "b": "Maxi: damage"}


def test_contracts_without_a_tier_are_named_by_their_covers() -> None:
    held = contracts(("a", "unspecified", "glass"), ("a", "unspecified", "damage"))
    names, of = found(held, rates("damage", "glass"))
    assert names == ["damage + glass"]
    assert of == {"a": "damage + glass"}


def test_where_the_tier_is_a_rating_factor_only_a_tier_of_one_set_is_a_package() -> None:
    held = contracts(("a", "Maxi", "glass"), ("b", "Maxi", "damage"), ("c", "Mini", "damage"))
    names, of = found(held, rates("damage", "glass", factors=("tier",)))
    assert (names, of) == (["Mini"], {"c": "Mini"})


def test_a_package_with_a_cover_that_has_no_rates_is_not_priced() -> None:
    held = contracts(("a", "Maxi", "damage"), ("a", "Maxi", "hail"), ("b", "Mini", "damage"))
    names, _ = found(held, rates("damage"))
    assert names == ["Mini"]


def test_the_tiers_of_the_plan_keep_the_covers_that_the_plan_grants() -> None:
    covers = ("glass", "maintenance", "own_damage", "roadside", "third_party_injury", "third_party_property")
    held = contracts(("a", "Basic", "own_damage"), product="integrated_plan")
    priced, _ = packages(held, rating_plan(), rates(*covers))
    basic = next(tier for package, tier in priced.items() if package.name == "Basic")
    assert all(package.planned for package in priced)
    assert set(basic.covers) == set(covers) - {"glass"}


def test_a_package_that_the_plan_does_not_know_costs_the_sum_of_its_covers() -> None:
    both = parts().premiums
    apart = both["damage"] + both["glass"]
    assert both["Both price"].to_list() == apart.to_list()
    assert both["Damage only price"].to_list() == both["damage"].to_list()


PLAN_COVERS = (
    "glass", "maintenance", "own_damage", "roadside", "third_party_injury", "third_party_property",
)  # fmt: skip


def test_a_tier_of_one_name_in_two_products_is_two_packages() -> None:
    held = pl.concat(
        [
            contracts(("a", "Basic", "own_damage"), product="integrated_plan"),
            contracts(("b", "Basic", "maintenance"), product="maintenance_insurance"),
        ]
    )
    priced, of = packages(held, rating_plan(), rates(*PLAN_COVERS))
    assert dict(of.iter_rows()) == {"a": "integrated_plan: Basic", "b": "maintenance_insurance: Basic"}
    kinds = {package.name: (package.planned, package.tier_of_plan) for package in priced}
    assert kinds["integrated_plan: Basic"] == (True, "Basic")
    assert kinds["maintenance_insurance: Basic"] == (False, "Basic")
    assert all(tier.tier == package.name for package, tier in priced.items())


def test_a_plan_that_cannot_price_is_told_with_its_product() -> None:
    plan = rating_plan()
    broken = plan.tables["tier_prices"].with_columns(commission_ratio=pl.lit("1.5"))
    held = contracts(("a", "Basic", "own_damage"), product="integrated_plan")
    with pytest.raises(
        PublicationError, match="the rating plan of integrated_plan cannot price: tier 'Basic'"
    ):
        packages(held, RatingPlan({**plan.tables, "tier_prices": broken}), rates(*PLAN_COVERS))
