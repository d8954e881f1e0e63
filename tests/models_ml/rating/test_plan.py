"""The plan as it is in the seeds: the founding prices come out of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from models_ml.rating import (
    RatingError,
    TierPlan,
    in_force,
    price_tier,
    repricing_rules,
    score_factors,
    tier_plans,
)

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
DAY = dt.date(2026, 1, 1)
MONEY = ("amount", "ratio", "price", "step", "value", "_factor")


def seed(name: str) -> pl.DataFrame:
    raw = pl.read_csv(SEEDS / f"{name}.csv", infer_schema=False)
    decimals = [c for c in raw.columns if c.endswith(MONEY)]
    whole = [c for c in ("quantity", "limit_per_year") if c in raw.columns]
    dates = [c for c in raw.columns if c.startswith("effective_")]
    typed = raw.with_columns(
        pl.col(decimals).cast(pl.Decimal(18, 4)), pl.col(whole).cast(pl.Int64), pl.col(dates).str.to_date()
    )
    return in_force(typed, DAY) if dates else typed


def plans(visits: float | None = None) -> dict[str, TierPlan]:
    lines = dict(seed("cover_lines").iter_rows())
    names = ("covers", "cost_assumptions", "prices", "limits")
    tables = [seed(f"tier_{n}").filter(pl.col("product") == "integrated_plan") for n in names]
    return {plan.tier: plan for plan in tier_plans(*tables, lines, visits)}


@pytest.mark.parametrize(
    ("tier", "cost", "price"),
    [("Basic", 8_430, 8_800), ("Standard", 11_300, 11_800), ("Premium", 15_136, 15_800)],
)
def test_the_seeds_price_the_tiers_as_the_founding_case_does(tier: str, cost: int, price: int) -> None:
    found = price_tier(plans()[tier])
    assert (found.cost, found.price) == (cost, price)
    assert round(found.margin_ratio, 3) == Decimal("0.042")


def test_more_visits_in_the_tier_leave_more_of_the_cost_within_its_limit() -> None:
    shares = [plans(2.5)[tier].limits["maintenance"].share for tier in ("Basic", "Standard", "Premium")]
    assert shares == sorted(shares)
    assert shares[0] < 0.75 < shares[2] < 1
    assert plans()["Basic"].limits == {}


def test_the_score_moves_prices_within_the_bounds_of_the_plan() -> None:
    rules = repricing_rules(seed("repricing_rules"))
    factors = score_factors(seed("driving_score_discounts"), rules)
    assert (min(factors.values()), max(factors.values())) == (0.88, 1.15)
    assert factors["*"] == 1.0
    bands = seed("rating_bands").filter(pl.col("factor") == "driving_score")
    by_rising_score = [factors[band] for band in bands.sort("band_order", maintain_order=True)["band"]]
    assert by_rising_score == sorted(by_rising_score, reverse=True)


def test_a_rule_that_is_missing_or_cannot_be_is_named() -> None:
    table = seed("repricing_rules")
    with pytest.raises(RatingError, match="no rule 'change_per_customer', parameter 'cap'"):
        repricing_rules(table.filter(pl.col("parameter") != "cap"))
    upside_down = pl.when(pl.col("parameter") == "floor").then(pl.lit(Decimal("0.1"))).otherwise("value")
    with pytest.raises(RatingError, match=r"floor 0\.1.* do not enclose no change"):
        repricing_rules(table.with_columns(upside_down.alias("value")))


def test_a_row_holds_from_its_first_day_to_its_last() -> None:
    days = [dt.date(2026, 1, 1), dt.date(2026, 12, 31)]
    table = pl.DataFrame({"effective_from": days[:1], "effective_to": days[1:]})
    held = [in_force(table, day).height for day in (*days, dt.date(2027, 1, 1))]
    assert held == [1, 1, 0]
