"""The brand's prices: made of what its plans cost when the list was made, with the loads of its own plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from simulator import catalogue as cat
from simulator import simulate
from simulator.portfolio import START
from simulator.price_list import insured_cost, price_list, reference, services_cost
from tests.conftest import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
PRODUCT = "simulated_plan"
MADE = dt.date(START.year - cat.LIST_AGE_YEARS, START.month, 1)


def seed(name: str) -> pl.DataFrame:
    return pl.read_csv(SEEDS / f"{name}.csv").filter(pl.col("product") == PRODUCT)


@pytest.fixture(scope="module")
def cars() -> pl.DataFrame:
    return reference(MADE, START)


@pytest.mark.parametrize("tier", cat.TIERS)
def test_the_plan_of_the_brand_expects_what_its_price_list_does(tier: str, cars: pl.DataFrame) -> None:
    stack = dict(
        seed("tier_cost_stack").filter(pl.col("tier") == tier).select("line", "annual_amount").rows()
    )
    roadside = stack.pop("roadside")
    insured = (
        cars.select(insured_cost(tier).mean()).item() * (1 - cat.NEGOTIATED) / (1 - cat.LOADS_OF_INSURER)
    )
    assert stack.pop("insurance") + roadside == pytest.approx(insured, rel=0.01)
    assert stack.pop("services") == pytest.approx(cars.select(services_cost(tier).mean()).item(), rel=0.01)
    assert sum(stack.values()) == cat.FURTHER_LINES[tier]


def test_the_list_has_the_loads_limits_and_discounts_of_the_plan() -> None:
    loadings = pl.read_csv(SEEDS / "cover_loadings.csv").filter(pl.col("cover") == "*")
    loads = loadings.select(pl.sum_horizontal("expense_ratio", "commission_ratio", "margin_ratio")).item()
    assert loads == pytest.approx(cat.LOADS_OF_INSURER)
    prices = seed("tier_prices")
    assert prices["target_margin_ratio"].unique().to_list() == [cat.TARGET_MARGIN]
    assert (prices["commission_ratio"] + prices["risk_margin_ratio"]).sum() == 0
    discounts = seed("tier_cost_assumptions").filter(pl.col("line") == "insurance")["discount_ratio"]
    assert discounts.unique().to_list() == [cat.NEGOTIATED]
    assert dict(seed("tier_limits").select("tier", "limit_per_year").rows()) == cat.INCLUDED_SERVICES
    listed = (
        price_list(MADE, START).group_by("tier").agg(low=pl.col("price").min(), high=pl.col("price").max())
    )
    bounds = listed.join(prices, on="tier")
    assert bounds.filter(
        (pl.col("low") < pl.col("minimum_price")) | (pl.col("high") > pl.col("maximum_price"))
    ).is_empty()


def test_the_list_charges_what_plans_cost_on_average(cars: pl.DataFrame) -> None:
    listed = cars.drop("tier").join(price_list(MADE, START), on=["model", "use", "km_band"])
    for tier in cat.TIERS:
        mine = listed.filter(pl.col("tier") == tier)
        charged = (
            mine.select(pl.col("price").mean() * (1 - cat.TARGET_MARGIN)).item() - cat.FURTHER_LINES[tier]
        )
        insurance = insured_cost(tier) * (1 - cat.NEGOTIATED) / (1 - cat.LOADS_OF_INSURER)
        assert charged == pytest.approx(
            mine.select((insurance + services_cost(tier)).mean()).item(), rel=0.02
        )


def test_a_customer_pays_the_list_and_two_per_cent_more_at_every_renewal(tmp_path: Path) -> None:
    made = simulate(vehicles=150, years=3, seed=3, out=tmp_path / "brand")
    files = sorted(made.delivery.glob("contracts_*.xlsx"))
    sold = pl.concat([pl.read_excel(f) for f in files], how="vertical_relaxed").sort("VIN", "From")
    before = sold.with_columns(before=pl.col("Premium").shift(1).over("VIN")).drop_nulls("before")
    assert before.height > 20
    rise = pl.col("Premium") / pl.col("before") - 1
    assert before.filter(~rise.is_between(0.018, 0.0205)).is_empty()
    instalments = pl.read_csv(made.delivery / "instalments.csv").group_by("contract").agg(
        due=(pl.col("amount").sum() * 100).round(), number=pl.len()
    )  # fmt: skip
    whole = instalments.filter(pl.col("number") == 12).join(sold, left_on="contract", right_on="Contract no")
    assert whole.height > 10
    assert whole.filter(pl.col("due") != pl.col("Premium") * 100).is_empty()
