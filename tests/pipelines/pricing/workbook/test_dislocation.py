"""Dislocation: the balance, how changes are spread, and on whom they fall; sums alone."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import polars as pl
import pytest

from tests.pipelines.pricing.versions.examples import parts
from tests.pipelines.pricing.workbook.reading import charted, fact, opened, section

MADE = parts(overall_change=0.03)


def test_the_balance_is_told_as_it_was_struck() -> None:
    balance = MADE.book.balance
    assert balance is not None
    for label, value in (
        ("Base factor", balance.base_factor),
        ("Indicated change", balance.indicated_change),
        ("Change decided", 0.03),
        ("Off-balance", balance.off_balance),
        ("Overall change", balance.overall_change),
    ):
        assert fact(MADE, label, "Dislocation") == value


def test_held_customers_and_what_it_costs_are_counted() -> None:
    known = MADE.book.customers.filter(pl.col("change").is_not_null())
    for label, bound in (("Capped", "cap"), ("Floored", "floor"), ("Gated", "new business")):
        assert fact(MADE, label, "Dislocation") == known.filter(pl.col("bound") == bound).height
    left = known.filter(pl.col("not_charged") > 0)["not_charged"].sum()
    assert fact(MADE, "Left on the table", "Dislocation") == float(left)
    assert fact(MADE, "Referred", "Dislocation") == 1
    assert fact(MADE, "Customers who renew", "Dislocation") == 120
    assert fact(MADE, "With a current price", "Dislocation") == 119


def test_every_customer_with_a_price_is_in_one_band_and_the_chart_draws_the_bands() -> None:
    sheet = opened(MADE)["Dislocation"]
    bands = section(sheet, "Customers by change of price")
    assert sum(band["Customers"] for band in bands) == 119
    assert sum(band["Customer share"] for band in bands) == pytest.approx(1)
    assert (bands[0]["Change of price"], bands[-1]["Change of price"]) == ("-60% and below", "above +20%")
    assert "-5% to 0%" in [band["Change of price"] for band in bands]
    (drawn,) = charted(sheet)
    first, last = (int(cell.split("$")[-1]) for cell in drawn.split(":"))
    assert [sheet.cell(row, 2).value for row in range(first, last + 1)] == [b["Customers"] for b in bands]


def test_it_falls_on_tiers_factors_and_tenure_each_adding_up_to_the_book() -> None:
    fallen = section(opened(MADE)["Dislocation"], "Winners and losers")
    whole = fallen[0]
    assert (whole["By"], whole["Customers"]) == ("Whole book", 119)
    assert list(dict.fromkeys(row["By"] for row in fallen)) == [
        "Whole book", "Tier", "Use", "Age", "Tenure years",
    ]  # fmt: skip
    for by in ("Tier", "Use", "Age", "Tenure years"):
        own = [row for row in fallen if row["By"] == by]
        for name in ("Customers", "New premium", "Capped", "Left on the table"):
            assert sum(row[name] for row in own) == pytest.approx(whole[name])
    assert [row["Level"] for row in fallen if row["By"] == "Tenure years"] == ["0", "1", "2", "3"]


def test_bands_stand_in_their_order_and_tenure_by_number() -> None:
    late = {"0": 2, "1": 1, "2": 0}
    order = pl.col("level").replace_strict(late, default=None, return_dtype=pl.Int64)
    rates = MADE.rates.with_columns(
        level_order=pl.when(pl.col("factor") == "age").then(order).otherwise("level_order")
    )
    tenure = pl.col("tenure_years") + 8
    customers = MADE.book.customers.with_columns(tenure)
    book = dataclasses.replace(MADE.book, customers=customers)
    fallen = section(opened(replace(MADE, rates=rates, book=book))["Dislocation"], "Winners and losers")
    assert [row["Level"] for row in fallen if row["By"] == "Age"] == ["2", "1", "0"]
    assert [row["Level"] for row in fallen if row["By"] == "Tenure years"] == ["8", "9", "10", "11"]


def test_of_a_long_factor_the_levels_with_most_customers_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.pricing.workbook.dislocation.MOST_LEVELS", 1)
    fallen = section(opened(MADE)["Dislocation"], "Winners and losers")
    assert [row["Level"] for row in fallen if row["By"] == "Tier"] == ["Damage only"]


@pytest.mark.parametrize("lacking", ["balance", "customers"])
def test_it_is_left_out_where_there_is_nothing_to_compare(lacking: str) -> None:
    nobody = dataclasses.replace(MADE.book, balance=None)
    if lacking == "customers":
        nobody = dataclasses.replace(nobody, customers=MADE.book.customers.clear())
    assert "Dislocation" not in opened(replace(MADE, book=nobody)).sheetnames
