"""Rates are held to the plan before a price is made of them, and the driving score counts once."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import RateTable, TierPlan
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.tariff import SCORE, held_to_plan, tariff_of
from tests.pipelines.pricing.versions.examples import parts, rating_plan

BANDS = ("under 50", "50-59", "60-69", "70-79")
MONEY = pl.Decimal(18, 2)


def table(factor: str, relativities: list[float]) -> RateTable:
    """One cover that is rated by one factor with bands."""
    rows = [("own_damage", "base", "base", None, 1.0, 100.0)]
    rows += [
        ("own_damage", factor, band, at, r, 10.0)
        for at, (band, r) in enumerate(zip(BANDS, relativities, strict=True))
    ]
    rows.append(("own_damage", factor, "*", None, 1.0, 0.0))
    names = ["cover", "factor", "level", "level_order", "relativity", "exposure_years"]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    base = pl.col("factor") == "base"
    return RateTable(
        frame.with_columns(
            pl.col("level_order").cast(pl.Int64),
            base_rate=pl.when(base).then(pl.lit(1000).cast(MONEY)),
            fixed_amount=pl.when(base).then(pl.lit(0).cast(MONEY)),
            reason=pl.lit(None, dtype=pl.String),
        )
    )


def held(given_table: RateTable, factor: str) -> RateTable:
    levels = [*BANDS, "*"]
    exposure = pl.DataFrame(
        {"cover": ["own_damage"] * 5, "exposure_years": [9.0, 5.0, 3.0, 2.0, 1.0], factor: levels}
    )
    return held_to_plan(given_table, rating_plan(), exposure, {})


drawn = st.lists(st.integers(2_000, 50_000).map(lambda n: n / 10_000), min_size=4, max_size=4)


def selected(given_table: RateTable, factor: str) -> list[float]:
    own = given_table.rates.filter((pl.col("factor") == factor) & (pl.col("level") != "*"))
    return own.sort("level_order")["relativity"].to_list()


@settings(deadline=None, max_examples=50)
@given(drawn)
def test_a_factor_of_the_plan_only_rises_or_only_falls(relativities: list[float]) -> None:
    for factor, direction in rating_plan().monotone.items():
        found = selected(held(table(factor, relativities), factor), factor)
        ordered = found if direction == "rising" else found[::-1]
        assert all(a <= b + 1e-4 for a, b in itertools.pairwise(ordered))


@settings(deadline=None, max_examples=50)
@given(drawn)
def test_the_driving_score_keeps_within_its_bounds(relativities: list[float]) -> None:
    least, most = rating_plan().rules.score
    bounded = held(table(SCORE, relativities), SCORE)
    found = selected(bounded, SCORE)
    assert max(found) / min(found) <= most / least + 1e-3
    moved = bounded.rates.filter(pl.col("factor") == SCORE, pl.col("level") != "*")
    reasons = moved.sort("level_order")["reason"]
    for before, after, why in zip(relativities, found, reasons, strict=True):
        assert why is not None or before == after


def test_a_factor_that_the_plan_does_not_name_stays_as_the_forecast_has_it() -> None:
    given_table = table("use", [1.0, 3.0, 0.5, 2.0])
    made = held(given_table, "use").rates
    assert made.select(given_table.rates.columns).equals(given_table.rates)
    assert made["planned_relativity"].to_list() == made["relativity"].to_list()


def test_the_score_is_a_factor_on_the_price_only_where_it_rates_no_cover() -> None:
    plan = rating_plan()
    sold = {Package("Own", "integrated_plan", planned=True): TierPlan("Own", ("own_damage",), ())}
    rated = tariff_of(table(SCORE, [1.0] * 4), sold, plan)
    on_price = tariff_of(table("use", [1.0] * 4), sold, plan)
    assert rated.price_factors.is_empty()
    assert dict(on_price.price_factors.select("level", "relativity").iter_rows()) == plan.score
    assert "*" in plan.score


def test_packages_apart_have_no_factor_on_their_price() -> None:
    assert parts().tariff.price_factors.is_empty()


def test_what_the_bounds_take_off_the_relativities_the_base_rate_takes_over() -> None:
    drawn_apart = table(SCORE, [3.0, 2.0, 1.0, 0.3])
    bounded = held(drawn_apart, SCORE)
    years = dict(zip([*BANDS, "*"], [9.0, 5.0, 3.0, 2.0, 1.0], strict=True))

    def premium(one: RateTable) -> float:
        base = float(one.rates.filter(pl.col("factor") == "base")["base_rate"][0])
        levels = one.rates.filter(pl.col("factor") == SCORE).select("level", "relativity")
        return base * sum(years[level] * relativity for level, relativity in levels.iter_rows())

    assert premium(bounded) == pytest.approx(premium(drawn_apart), rel=1e-4)
    assert bounded.rates["base_rate"][0] != drawn_apart.rates["base_rate"][0]
