"""Selections by hand: what was forecast stays readable, and no change goes without a reason."""

from __future__ import annotations

import polars as pl
import pytest

from models_ml.rating import RateTable, RatingError, bound_relativities, rate, select_relativities
from tests.models_ml.rating.book import contracts, rates
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


def test_a_bounded_factor_moves_no_premium_beyond_its_bounds() -> None:
    bounded = bound_relativities(rates(), "vehicle_age", 0.85, 1.15, "bounds of the plan")
    book = contracts(200)
    at_one = RateTable(
        bounded.rates.with_columns(
            pl.when(pl.col("factor") == "vehicle_age").then(1.0).otherwise("relativity").alias("relativity")
        )
    )
    ratio = rate(bounded, book)["total"].cast(float) / rate(at_one, book)["total"].cast(float)
    assert ratio.is_between(0.8499, 1.1501).all()
    assert bounded.rates.filter(pl.col("reason").is_not_null())["factor"].unique().to_list() == [
        "vehicle_age"
    ]


def test_bounds_that_cannot_be_are_refused() -> None:
    with pytest.raises(RatingError, match="factor 'colour' is none of the table's"):
        bound_relativities(rates(), "colour", 0.9, 1.1, "plan")
    with pytest.raises(RatingError, match=r"bounds 1\.1 to 1\.2 do not enclose 1"):
        bound_relativities(rates(), "model", 1.1, 1.2, "plan")
