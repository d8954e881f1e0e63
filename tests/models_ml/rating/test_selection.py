"""Selections by hand: what was forecast stays readable, and no change goes without a reason."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import (
    RateTable,
    RatingError,
    bound_relativities,
    order_relativities,
    rate,
    select_base_rates,
    select_relativities,
)
from tests.models_ml.rating.book import COVERS, contracts, rates
from tests.models_ml.rating.test_table import table


def selection(**changes: object) -> pl.DataFrame:
    row = {"cover": "damage", "factor": "use", "level": "taxi", "relativity": 2.5, "reason": "market"}
    return pl.DataFrame([{**row, **changes}])


def taxi(of: RateTable) -> dict[str, object]:
    return of.rates.filter(pl.col("level") == "taxi").row(0, named=True)


def test_a_selection_rates_and_the_forecast_stays_beside_it() -> None:
    before, after = taxi(table()), taxi(select_relativities(table(), selection()))
    assert (after["relativity"], after["reason"]) == (2.5, "market")
    assert after["smoothed_relativity"] == before["smoothed_relativity"] == before["relativity"]
    assert before["reason"] is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"level": "hearse"}, "level 'hearse': 2.5 has no row"),
        ({"relativity": -1.0}, "level 'taxi': -1.0 is not a positive number"),
        ({"relativity": float("inf")}, "is not a positive number"),
        ({"reason": "  "}, "level 'taxi': 2.5 has no reason"),
        ({"factor": "base", "level": "base"}, "factor 'base', level 'base': 2.5 has no row"),
    ],
)
def test_a_selection_that_cannot_be_is_refused_by_name(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(RatingError, match=complaint):
        select_relativities(table(), selection(**changes))


def test_a_level_is_selected_once() -> None:
    with pytest.raises(RatingError, match="is selected twice"):
        select_relativities(table(), pl.concat([selection(), selection(relativity=3.0)]))


def base(**changes: object) -> pl.DataFrame:
    return pl.DataFrame([{"cover": "damage", "base_rate": 400.0, "reason": "market", **changes}])


def test_a_selected_base_rate_moves_its_cover_alone_and_no_fixed_amount() -> None:
    before, after = table().rates, select_base_rates(table(), base()).rates
    rows = (pl.col("cover") == "damage") & (pl.col("factor") == "base")
    row, old = after.filter(rows).row(0, named=True), before.filter(rows).row(0, named=True)
    assert (row["base_rate"], row["reason"]) == (Decimal("400.00"), "market")
    assert (row["fixed_amount"], row["relativity"]) == (old["fixed_amount"], 1.0)
    assert after.filter(~rows).equals(before.filter(~rows))
    assert after.schema == before.schema


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"cover": "hail"}, "cover 'hail', factor 'base', level 'base': 400.0+ has no row"),
        ({"base_rate": 0.0}, "is not a positive number"),
        ({"base_rate": 0.004}, "is not a positive number"),
        ({"base_rate": None}, "is not a positive number"),
        ({"base_rate": float("nan")}, "is not a positive number"),
        ({"reason": " "}, "has no reason"),
    ],
)
def test_a_base_rate_that_cannot_be_is_refused_by_name(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(RatingError, match=complaint):
        select_base_rates(table(), base(**changes).cast({"base_rate": pl.Float64}))


def test_a_base_rate_is_selected_once() -> None:
    with pytest.raises(RatingError, match="is selected twice"):
        select_base_rates(table(), pl.concat([base(), base(base_rate=410.0)]))


def score(*bands: tuple[str, float, float]) -> RateTable:
    """The table rated by a score as well: level, relativity, exposure."""
    plain = rates().rates.with_columns(exposure_years=pl.lit(None, dtype=pl.Float64))
    rows = [(cover, "score", *band) for cover in COVERS for band in (*bands, ("*", 1.0, 0.0))]
    names = ["cover", "factor", "level", "relativity", "exposure_years"]
    return RateTable(pl.concat([plain, pl.DataFrame(rows, schema=names, orient="row")], how="diagonal"))


bands = st.lists(st.tuples(st.floats(0.05, 20), st.floats(1, 5_000)), min_size=2, max_size=5)


@settings(deadline=None, max_examples=50)
@given(bands)
def test_a_bounded_factor_moves_no_premium_beyond_its_bounds_about_the_mean(
    drawn: list[tuple[float, float]],
) -> None:
    levels = [(str(n), round(relativity, 4), years) for n, (relativity, years) in enumerate(drawn)]
    levels[0] = (levels[0][0], 1.0, 6_000.0)
    before = score(*levels)
    bounded = bound_relativities(before, "score", 0.85, 1.15, "bounds of the plan")
    book = contracts(20)
    totals = [
        rate(bounded, book.with_columns(score=pl.lit(level)))["total"].cast(pl.Float64)
        for level, *_ in levels
    ]
    for one, other in itertools.product(totals, totals):
        assert (one / other <= 1.15 / 0.85 + 1e-3).all()
    own = bounded.rates.filter((pl.col("factor") == "score") & (pl.col("level") == "0"))
    assert own["relativity"].unique().to_list() == [1.0]


def test_cheap_and_dear_have_the_same_room_whatever_the_base_level_is() -> None:
    levels = (("good", 1.0, 60.0), ("middling", 3.0, 50.0), ("bad", 9.0, 10.0))
    bounded = bound_relativities(score(*levels), "score", 0.85, 1.15, "bounds of the plan")
    own = bounded.rates.filter((pl.col("factor") == "score") & (pl.col("cover") == "glass"))
    held = dict(own.select("level", "relativity").iter_rows())
    mean = math.exp((50 * math.log(3) + 10 * math.log(9)) / 120)
    assert held["good"] == 1
    assert held["middling"] == pytest.approx(min(3 / mean, 1.15) / max(1 / mean, 0.85), abs=1e-4)
    assert held["bad"] == pytest.approx(1.15 / 0.85, abs=1e-4)
    assert own.filter(pl.col("level") == "bad")["reason"].to_list() == ["bounds of the plan"]


def test_a_factor_within_its_bounds_stays_as_it_is() -> None:
    levels = (("good", 1.0, 60.0), ("bad", 1.1, 60.0))
    bounded = bound_relativities(score(*levels), "score", 0.85, 1.15, "plan").rates
    assert bounded.drop("bound_lowest", "bound_highest").equals(
        score(*levels).rates.with_columns(reason=pl.lit(None, dtype=pl.String))
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 20), st.floats(0, 5_000)), min_size=2, max_size=4), st.booleans())
def test_prices_are_monotone_where_the_plan_says_so(
    bands: list[tuple[float, float]],
    rising: bool,
) -> None:
    levels = ["0", "1", "2", "5-6"][: len(bands)]
    table = rates().rates.filter(
        ~((pl.col("factor") == "vehicle_age") & ~pl.col("level").is_in([*levels, "*"]))
    )
    chosen = {level: bands[n] for n, level in enumerate(levels)}
    own = (pl.col("factor") == "vehicle_age") & (pl.col("level") != "*")
    at = pl.col("level").replace_strict(chosen, default=None, return_dtype=pl.List(pl.Float64))
    table = table.with_columns(
        relativity=pl.when(own).then(at.list.get(0)).otherwise("relativity"),
        exposure_years=pl.when(own).then(at.list.get(1)),
        level_order=pl.when(own).then(pl.col("level").rank("dense").over("factor")).cast(pl.Int64),
    )
    ordered = order_relativities(RateTable(table), "vehicle_age", "rising" if rising else "falling", "plan")
    book = pl.DataFrame({"vehicle_age": levels}).with_columns(
        model=pl.lit("A4"), annual_mileage=pl.lit("low")
    )
    totals = rate(ordered, book)["total"].to_list()
    assert totals == sorted(totals, reverse=not rising)


def test_an_order_that_holds_moves_nothing_and_one_that_is_broken_says_why() -> None:
    ordered = rates().rates.with_columns(
        exposure_years=pl.lit(10.0),
        level_order=pl.col("level").replace_strict({"0": 0, "1": 1, "2": 2, "5-6": 3}, default=None),
    )
    moved = order_relativities(RateTable(ordered), "vehicle_age", "rising", "costs rise with age")
    changed = moved.rates.filter(pl.col("reason").is_not_null())
    assert changed["factor"].unique().to_list() == ["vehicle_age"]
    again = order_relativities(moved, "vehicle_age", "rising", "again")
    assert "again" not in again.rates["reason"].to_list()
    with pytest.raises(RatingError, match="factor 'model' has no bands in order"):
        order_relativities(moved, "model", "rising", "plan")


def test_bounds_that_cannot_be_are_refused() -> None:
    with pytest.raises(RatingError, match="factor 'colour' is none of the table's"):
        bound_relativities(rates(), "colour", 0.9, 1.1, "plan")
    with pytest.raises(RatingError, match=r"bounds 1\.1 to 1\.2 do not enclose 1"):
        bound_relativities(rates(), "model", 1.1, 1.2, "plan")
