"""What a bound costs is what it takes from some and charges to others, no more and no less."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import RateTable, plan_costs
from tests.models_ml.rating.test_plan_rules import FACTOR, planned

numbers = st.lists(st.integers(2_000, 50_000).map(lambda n: n / 10_000), min_size=4, max_size=4)


def cost(drawn: list[float], book: list[str]) -> pl.DataFrame:
    contracts = pl.DataFrame({FACTOR: book})
    granted = pl.Series([["damage"]] * len(book))
    return plan_costs(RateTable(planned(drawn)), contracts, granted)


def test_a_table_that_the_plan_moves_nowhere_costs_nothing() -> None:
    assert cost([1.1, 1.05, 1.02, 1.0], ["80-89", "90-100"]).is_empty()


def test_what_a_level_gives_up_is_what_it_would_pay_more_on_balance() -> None:
    (row,) = cost([3.0, 2.0, 1.5, 1.0], ["under 50", "90-100"]).to_dicts()
    plan = dict(planned([3.0, 2.0, 1.5, 1.0]).select("level", "relativity").iter_rows())
    premium = 1000 * (plan["under 50"] + 1)
    by_hand = premium * 3 / 4 - 1000 * plan["under 50"]
    assert row["premium"] == pytest.approx(premium)
    assert row["given_up"] == pytest.approx(by_hand) == pytest.approx(row["level_given_up"])
    assert row["moved"] == pytest.approx(by_hand / premium)
    assert (row["level"], row["indicated"], row["planned"]) == ("under 50", 3.0, plan["under 50"])


@settings(deadline=None, max_examples=40)
@given(numbers, st.lists(st.sampled_from(["under 50", "50-79", "80-89", "90-100", "new"]), min_size=1))
def test_no_more_than_the_premium_is_moved_and_the_worst_level_no_more_than_all(
    drawn: list[float], book: list[str]
) -> None:
    for row in cost(drawn, book).iter_rows(named=True):
        assert row["given_up"] >= -1e-6
        assert row["level_given_up"] <= row["given_up"] + 1e-6
        assert row["contracts"] == len(book)
