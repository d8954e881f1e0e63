"""Who comes up for renewal is priced by the published table, within the bounds of the plan."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models_ml.rating import Tariff, Tracer, price_of
from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.renewing.book import Book, price_book
from pipelines.pricing.versions.manifest import Change
from tests.pipelines.pricing.versions.examples import parts

CHANGE = 0.04


@pytest.fixture(scope="module", params=[None, CHANGE], ids=["as indicated", "on balance"])
def book(request: pytest.FixtureRequest) -> tuple[Book, Tracer, float | None]:
    made = parts(overall_change=request.param)
    return made.book, Tracer(made.tariff), request.param


def test_the_indicated_price_is_the_published_tables_times_own_experience(
    book: tuple[Book, Tracer, float | None],
) -> None:
    made, tracer, _ = book
    for row in made.customers.iter_rows(named=True):
        expected = float(price_of(tracer.trace(row))) * row["own_factor"]
        assert float(row["indicated_price"]) == pytest.approx(expected, abs=0.0051)


def test_no_customer_is_beyond_the_cap_or_above_what_is_indicated(
    book: tuple[Book, Tracer, float | None],
) -> None:
    made, _, _ = book
    known = made.customers.filter(pl.col("current_price").is_not_null())
    floor, cap = parts().plan.rules.change
    assert known.filter(pl.col("price") > pl.col("current_price") * (1 + float(cap))).is_empty()
    assert known.filter(
        pl.col("price") > pl.col("indicated_price")
    ).is_empty()  # the gate goes before the floor
    assert floor < 0
    assert made.customers.filter(pl.col("price").is_null() | (pl.col("price") < 0)).is_empty()


def test_a_decided_change_is_met_by_the_base_rates_alone() -> None:
    plain, moved = parts(), parts(overall_change=CHANGE)
    balance = moved.book.balance
    assert balance is not None
    assert balance.overall_change == pytest.approx(CHANGE, abs=1e-4)
    assert balance.base_factor != 1
    is_base, rate = pl.col("factor") == "base", pl.col("base_rate").cast(pl.Float64)
    bases = [p.table.rates.filter(is_base).select(rate).to_series() for p in (plain, moved)]
    assert (bases[1] / bases[0]).to_list() == pytest.approx([balance.base_factor] * 2, rel=1e-3)
    relativities = [p.table.rates.filter(~is_base)["relativity"] for p in (plain, moved)]
    assert relativities[0].equals(relativities[1])


def test_off_balance_is_what_the_base_rates_took_back() -> None:
    balance = parts(overall_change=CHANGE).book.balance
    assert balance is not None
    assert 1 + balance.off_balance == pytest.approx((1 + balance.held_change) / (1 + CHANGE), abs=1e-5)


@pytest.mark.parametrize("change", [0.5, -0.5])
def test_a_change_beyond_what_any_customer_may_see_is_refused(change: float) -> None:
    made = parts()
    with pytest.raises(PublicationError, match="lies beyond floor"):
        price_book(made.tariff, made.book.customers, made.book.packages, made.plan, 0.0, change)


def test_without_a_known_price_there_is_no_balance_and_nothing_to_change() -> None:
    made = parts()
    new = made.book.customers.with_columns(current_price=pl.lit(None, dtype=pl.Decimal(18, 2)))
    _, book = price_book(made.tariff, new, made.book.packages, made.plan, 0.0)
    assert book.balance is None
    assert book.customers["price"].null_count() == 0
    assert "no current price is known" in book.in_words()
    with pytest.raises(PublicationError, match="no current price is known"):
        price_book(made.tariff, new, made.book.packages, made.plan, 0.0, 0.01)


def test_where_nobody_comes_up_there_is_nothing_to_price() -> None:
    made = parts()
    nobody = made.book.customers.clear()
    _, book = price_book(made.tariff, nobody, made.book.packages, made.plan, 0.0)
    assert (book.customers.height, book.balance, book.scenarios.height) == (0, None, 0)
    assert book.in_words() == "nobody comes up for renewal"
    with pytest.raises(PublicationError, match="nobody comes up for renewal"):
        price_book(made.tariff, nobody, made.book.packages, made.plan, 0.0, 0.01)
    assert Book.from_files(book.files()) is not None


def test_customers_of_a_package_that_is_not_priced_are_left_out() -> None:
    made = parts()
    strange = pl.col("contract_id").is_in(["c1", "c2"])
    customers = made.book.customers.with_columns(
        tier=pl.when(strange).then(pl.lit("Sold once")).otherwise("tier")
    )
    _, book = price_book(made.tariff, customers, made.book.packages, made.plan, 0.0)
    assert book.customers.height == customers.height - 2


def test_the_files_of_a_book_give_it_back() -> None:
    made = parts(overall_change=CHANGE).book
    again = Book.from_files(made.files())
    assert (again.balance, again.packages, again.visits) == (made.balance, made.packages, made.visits)
    assert_frame_equal(again.customers, made.customers)
    assert_frame_equal(again.scenarios, made.scenarios)


def test_dearer_parts_and_more_claims_lower_the_margin_of_every_package() -> None:
    told = parts().book.scenarios
    for worse, tier in itertools.product(("Parts 5 % dearer", "Claims 10 % more frequent"), ("Both", "all")):
        row = told.filter((pl.col("scenario") == worse) & (pl.col("tier") == tier))
        assert row["margin_change"][0] < 0
        assert row["loss_ratio_change"][0] > 0


def test_scenarios_about_what_the_portfolio_does_not_have_are_left_out() -> None:
    names = set(parts().book.scenarios["scenario"])
    # No powertrain is known, no service is granted, and nothing is bought in.
    assert not names & {
        "Two cars in three electric",
        "Two services more a year",
        "Insurers charge 5 % more",
    }
    assert {"as planned", "Kilometres 10 % up"} <= names


def test_as_planned_a_package_apart_keeps_the_margin_it_was_loaded_with() -> None:
    made = parts()
    loading = made.plan.loading("damage")
    tariff_prices = made.book.customers.with_columns(
        own_factor=1.0, current_price=pl.lit(None, dtype=pl.Decimal(18, 2))
    )
    _, book = price_book(made.tariff, tariff_prices, made.book.packages, made.plan, 0.0)
    planned = book.scenarios.filter((pl.col("scenario") == "as planned") & (pl.col("tier") == "all"))
    assert planned["margin_ratio"][0] == pytest.approx(loading.margin_ratio, abs=0.002)


def test_without_telematics_everybody_pays_the_price_of_an_unknown_score() -> None:
    made = parts()
    score = {"*": 1.0, "95-100": 0.5}
    rows = [("*", "*", "driving_score", level, relativity) for level, relativity in score.items()]
    names = ["tier", "cover", "factor", "level", "relativity"]
    on_price = pl.DataFrame(rows, schema=names, orient="row")
    tariff = Tariff(pl.concat([made.tariff.table, on_price], how="diagonal"))
    _, book = price_book(tariff, made.book.customers, made.book.packages, made.plan, 0.0)
    assert book.customers["price"].to_list() == made.book.customers["price"].to_list()


def test_what_is_charged_moves_the_margin_and_never_the_cost() -> None:
    taxi = Change(cover="damage", factor="use", level="taxi", before=2.0, after=2.2, reason="wear")
    planned = pl.col("scenario") == "as planned"
    plain, moved, edited = (
        made.book.scenarios.filter(planned)
        for made in (parts(), parts(overall_change=CHANGE), edited_parts(parts(), (taxi,)))
    )
    assert moved["cost"].to_list() == plain["cost"].to_list() == edited["cost"].to_list()
    dearer = moved["premium"] > plain["premium"]
    assert ((moved["margin_ratio"] > plain["margin_ratio"]) == dearer).all()


def test_an_edit_tells_the_indicated_change_as_its_draft_did() -> None:
    decided = parts(overall_change=CHANGE)
    again = edited_parts(decided, ())
    assert again.book.balance == decided.book.balance
    assert again.book.bases == decided.book.bases == parts().book.bases
    assert again.book.customers.equals(decided.book.customers)


def test_a_change_as_far_as_the_cap_may_be_decided() -> None:
    made = parts()
    # Everybody stands at the cap only at a base rate far above any: the bound itself is no refusal.
    with pytest.raises(PublicationError, match="no base rate"):
        price_book(made.tariff, made.book.customers, made.book.packages, made.plan, 0.0, 0.2)


def test_a_change_that_is_no_number_is_refused() -> None:
    made = parts()
    with pytest.raises(PublicationError, match="target change nan"):
        price_book(made.tariff, made.book.customers, made.book.packages, made.plan, 0.0, float("nan"))
