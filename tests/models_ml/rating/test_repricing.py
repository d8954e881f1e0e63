"""Repricing: caps hold for everybody, the book meets its target, and the page says who pays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import RatingError, Rounding, rate_contracts, repricing_rules
from models_ml.rating.dislocation import distribution, retention, winners_and_losers
from models_ml.rating.renewal import renewal_prices
from models_ml.rating.repricing import reprice, scaled
from tests.models_ml.rating.book import contracts, tariff
from tests.models_ml.rating.test_plan import seed

RULES = repricing_rules(seed("repricing_rules"))
FLOOR, CAP = RULES.change
AMOUNTS = st.integers(0, 5_000_000)
STEPS = st.sampled_from([1, 100, 1_000, 10_000])


def money(values: list[int | None]) -> pl.Series:
    return pl.Series([None if v is None else Decimal(v) / 100 for v in values], dtype=pl.Decimal(18, 2))


def customers(rows: int = 800, seed: int = 5) -> pl.DataFrame:
    """Customers who pay last year's price, give or take; one in twenty is new."""
    rng = np.random.default_rng(seed)
    book = rate_contracts(tariff(1), contracts(rows, seed)).drop("glass", "maintenance", "own_damage")
    paid = (book["price"].to_numpy().astype(float) * rng.uniform(0.8, 1.2, rows)).round(2)
    new = rng.random(rows) < 0.05
    current = pl.Series([None if n else Decimal(repr(float(p))) for n, p in zip(new, paid, strict=True)])
    return book.drop("price").with_columns(
        current.cast(pl.Decimal(18, 2)).alias("current_price"),
        own_factor=pl.Series(rng.choice([0.95, 1.0, 1.2], rows)),
        new_business_factor=pl.Series(rng.choice([0.9, 1.0, 1.3], rows)),
    )


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, STEPS), min_size=1), st.booleans())
def test_caps_hold_for_every_customer(rows: list[tuple[int, int, int, int]], gate: bool) -> None:
    current, indicated, new, steps = (list(column) for column in zip(*rows, strict=True))
    frame = pl.DataFrame(
        {
            "current_price": money(current),
            "indicated_price": money(indicated),
            "new_business_price": money(new),
            "rounding_step": money(steps),
        }
    )
    priced = renewal_prices(frame, FLOOR, CAP, new_business_gate=gate)
    for row in priced.iter_rows(named=True):
        assert 0 <= row["price"] <= row["current_price"] * (1 + CAP)
        assert row["price"] >= row["current_price"] * (1 + FLOOR) or row["bound"] == "new business"
        assert not gate or row["price"] <= row["new_business_price"]
        assert row["price"] + row["not_charged"] == row["indicated_price"]


@given(AMOUNTS, AMOUNTS, AMOUNTS, STEPS)
def test_who_is_indicated_more_never_pays_less(current: int, one: int, other: int, step: int) -> None:
    frame = pl.DataFrame(
        {
            "current_price": money([current] * 2),
            "indicated_price": money(sorted([one, other])),
            "rounding_step": money([step] * 2),
        }
    )
    low, high = renewal_prices(frame, FLOOR, CAP, new_business_gate=False)["price"]
    assert low <= high


def test_a_capped_price_is_the_whole_step_inside_and_a_new_customer_has_no_cap() -> None:
    frame = pl.DataFrame(
        {
            "contract_id": ["capped", "floored", "new", "between"],
            "current_price": money([1_001_000, 1_001_000, None, 1_001_000]),
            "indicated_price": money([2_000_000, 10_000, 2_000_000, 1_010_000]),
            "rounding_step": money([10_000] * 4),
        }
    )
    priced = renewal_prices(frame, FLOOR, CAP, new_business_gate=False)
    assert priced["price"].to_list() == [12_000, 8_100, 20_000, 10_100]  # 12,012 and 8,008 are the bounds
    assert priced["bound"].to_list() == ["cap", "floor", None, None]
    assert priced["not_charged"].to_list() == [8_000, -8_000, 0, 0]
    below = pl.when(pl.col("contract_id") == "new").then(Decimal("-1.00")).otherwise("indicated_price")
    bad = frame.with_columns(indicated_price=below)
    with pytest.raises(RatingError, match=r"contract 'new': indicated_price -1\.00"):
        renewal_prices(bad, FLOOR, CAP, new_business_gate=False)


def test_a_new_customer_pays_the_new_business_price_and_the_gate_needs_one() -> None:
    frame = pl.DataFrame(
        {
            "current_price": money([None]),
            "indicated_price": money([1_000_000]),
            "new_business_price": money([900_000]),
            "rounding_step": money([100]),
        }
    )
    row = renewal_prices(frame, FLOOR, CAP, new_business_gate=True).row(0, named=True)
    assert (row["price"], row["change"], row["bound"]) == (9_000, None, None)
    alone = frame.drop("new_business_price")
    assert renewal_prices(alone, FLOOR, CAP, new_business_gate=False)["price"].item() == 10_000
    with pytest.raises(RatingError, match="needs the column 'new_business_price'"):
        renewal_prices(alone, FLOOR, CAP, new_business_gate=True)


@pytest.mark.parametrize("target", [-0.05, 0.0, 0.06])
def test_the_book_meets_its_target_after_caps_floors_and_gate(target: float) -> None:
    found = reprice(tariff(2, Rounding()), customers(), RULES, target)
    assert found.overall_change == pytest.approx(target, abs=2e-5)
    renewing = found.customers.filter(pl.col("current_price").is_not_null())
    total = float(renewing["price"].sum()) / float(renewing["current_price"].sum()) - 1
    assert total == pytest.approx(found.overall_change)
    assert renewing["change"].max() <= CAP  # type: ignore[operator]
    assert renewing["bound"].n_unique() == 4
    assert found.off_balance == pytest.approx((1 + found.held_change) / (1 + target) - 1)


def test_whole_steps_miss_the_target_by_little() -> None:
    found = reprice(tariff(2), customers(), RULES, 0.03)
    assert found.overall_change == pytest.approx(0.03, abs=1e-3)
    steps = found.customers.filter(pl.col("bound").is_null() & pl.col("current_price").is_not_null())
    assert (steps["price"] % 100).unique().to_list() == [0]


def test_the_balanced_tariff_is_the_one_that_rated() -> None:
    found = reprice(tariff(2), customers(), RULES, 0.03)
    again = reprice(found.tariff, customers(), RULES)
    assert again.customers.equals(found.customers)
    assert (again.base_factor, again.off_balance) == (1.0, 0.0)
    assert found.tariff.table.equals(scaled(tariff(2), found.base_factor).table)


def test_the_gate_can_be_switched_off() -> None:
    open_rules = replace(RULES, new_business_gate=False)
    assert "new business" not in reprice(tariff(2), customers(), open_rules).customers["bound"].to_list()


def test_a_target_that_cannot_be_met_is_refused() -> None:
    with pytest.raises(RatingError, match=r"target change 0\.5 lies beyond"):
        reprice(tariff(), customers(), RULES, 0.5)
    gated = customers().with_columns(
        new_business_factor=pl.lit(0.01), current_price=pl.lit(Decimal("29000.00"))
    )
    with pytest.raises(RatingError, match="no base rate from"):
        reprice(tariff(), gated, RULES, 0.19)
    nobody = customers().with_columns(current_price=pl.lit(None, dtype=pl.Decimal(18, 2)))
    with pytest.raises(RatingError, match="nobody has a current price"):
        reprice(tariff(), nobody, RULES, 0.0)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1_000))
def test_dislocation_adds_up_to_the_book(number: int) -> None:
    priced = reprice(tariff(number), customers(300, number), RULES).customers
    renewing = priced.filter(pl.col("change").is_not_null())
    bands, (book,) = distribution(priced), winners_and_losers(priced).to_dicts()
    assert bands["customers"].sum() == renewing.height == book["customers"]
    assert bands["new_premium"].sum() == renewing["price"].sum() == book["new_premium"]
    by_age = winners_and_losers(priced, "vehicle_age")
    for column in ("dearer", "cheaper", "capped", "floored", "gated", "left_on_the_table"):
        assert by_age[column].sum() == book[column]
    assert book["left_on_the_table"] - book["charged_above_indicated"] == renewing["not_charged"].sum()


def test_changes_fall_into_their_bands() -> None:
    priced = pl.DataFrame(
        {
            "change": [-0.25, -0.05, 0.0, 0.2, None],
            "current_price": money([100, 100, 100, 100, None]),
            "price": money([75, 95, 100, 120, 100]),
        }
    )
    bands = distribution(priced, (-0.1, 0.0, 0.1))
    assert bands["customers"].to_list() == [1, 2, 0, 1]
    assert bands["new_premium"].cast(float).to_list() == [0.75, 1.95, 0.0, 1.2]
    with pytest.raises(RatingError, match="do not rise"):
        distribution(priced, (0.1, 0.0))


def test_retention_follows_the_stated_elasticity() -> None:
    priced = pl.DataFrame(
        {"change": [0.1, 0.0], "current_price": money([100, 100]), "price": money([110, 100])}
    )
    row = retention(priced, elasticity=2.0, retained=0.8).row(0, named=True)
    assert row["kept"] == pytest.approx(0.8 / 1.21 + 0.8)
    assert row["premium_kept"] == pytest.approx(1.1 * 0.8 / 1.21 + 0.8)
    assert retention(priced, 0.0, 0.8)["kept"].item() == pytest.approx(1.6)
    with pytest.raises(RatingError, match="elasticity -1"):
        retention(priced, -1.0, 0.8)
    with pytest.raises(RatingError, match="no column 'shoe size'"):
        retention(priced, 1.0, 0.8, "shoe size")
