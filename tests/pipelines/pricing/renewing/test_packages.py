"""What contracts hold becomes packages: the plan's tiers by name, other sets of covers as they were sold."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.rating import RateTable
from pipelines.pricing.renewing.packages import packages
from tests.pipelines.pricing.versions.examples import parts, rating_plan


def contracts(*rows: tuple[str, str, str]) -> pl.DataFrame:
    held = pl.DataFrame(rows, schema=["contract_id", "tier", "cover"], orient="row")
    return held.with_columns(exposure_years=pl.lit(1.0))


def rates(*covers: str, factors: tuple[str, ...] = ("use",)) -> RateTable:
    rows = [(cover, factor) for cover in covers for factor in ("base", *factors)]
    return RateTable(pl.DataFrame(rows, schema=["cover", "factor"], orient="row"))


def found(held: pl.DataFrame, table: RateTable, **products: str) -> tuple[list[str], dict[str, Any]]:
    priced, by_contract = packages(held, products, rating_plan(), table)
    return [package.name for package in priced], dict(by_contract.iter_rows())


def test_a_tier_that_is_sold_with_one_set_of_covers_is_the_package() -> None:
    held = contracts(("a", "Maxi", "damage"), ("a", "Maxi", "glass"), ("b", "Mini", "damage"))
    names, of = found(held, rates("damage", "glass"), Maxi="motor", Mini="motor")
    assert sorted(names) == ["Maxi", "Mini"]
    assert of == {"a": "Maxi", "b": "Mini"}


def test_a_tier_that_is_sold_with_several_sets_is_told_apart_by_them() -> None:
    held = contracts(("a", "Maxi", "glass"), ("a", "Maxi", "damage"), ("b", "Maxi", "damage"))
    _, of = found(held, rates("damage", "glass"), Maxi="motor")
    assert of == {"a": "Maxi: damage + glass", "b": "Maxi: damage"}


def test_contracts_without_a_tier_are_named_by_their_covers() -> None:
    held = contracts(("a", "unspecified", "glass"), ("a", "unspecified", "damage"))
    names, of = found(held, rates("damage", "glass"))
    assert names == ["damage + glass"]
    assert of == {"a": "damage + glass"}


def test_where_the_tier_is_a_rating_factor_only_a_tier_of_one_set_is_a_package() -> None:
    held = contracts(("a", "Maxi", "glass"), ("b", "Maxi", "damage"), ("c", "Mini", "damage"))
    names, of = found(held, rates("damage", "glass", factors=("tier",)), Maxi="motor", Mini="motor")
    assert (names, of) == (["Mini"], {"c": "Mini"})


def test_a_package_with_a_cover_that_has_no_rates_is_not_priced() -> None:
    held = contracts(("a", "Maxi", "damage"), ("a", "Maxi", "hail"), ("b", "Mini", "damage"))
    names, _ = found(held, rates("damage"), Maxi="motor", Mini="motor")
    assert names == ["Mini"]


def test_the_tiers_of_the_plan_keep_the_covers_that_the_plan_grants() -> None:
    covers = ("glass", "maintenance", "own_damage", "roadside", "third_party_injury", "third_party_property")
    held = contracts(("a", "Basic", "own_damage"))
    priced, _ = packages(held, {"Basic": "integrated_plan"}, rating_plan(), rates(*covers))
    basic = next(tier for package, tier in priced.items() if package.name == "Basic")
    assert all(package.planned for package in priced)
    assert set(basic.covers) == set(covers) - {"glass"}


def test_a_package_that_the_plan_does_not_know_costs_the_sum_of_its_covers() -> None:
    both = parts().premiums
    apart = both["damage"] + both["glass"]
    assert both["Both price"].to_list() == apart.to_list()
    assert both["Damage only price"].to_list() == both["damage"].to_list()
