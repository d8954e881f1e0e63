"""Summary and tiers: the figures of the pack against the frames of the version, computed apart."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from models_ml.rating import Tracer
from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.pack.stack import whole
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.manifest import Change
from tests.pipelines.pricing.pack.examples import nobody, planned, without_prices
from tests.pipelines.pricing.pack.figures import known, page, percent, whole_number
from tests.pipelines.pricing.versions.examples import parts


@pytest.mark.parametrize("made", [parts(), parts(overall_change=0.03), planned(), planned(0.05)])
def test_the_summary_has_the_sums_of_the_book(made: VersionParts) -> None:
    tiles, rows, balance = page(made).tiles, known(made), made.book.balance
    assert balance is not None
    now, then = (sum(row[name] for row in rows) for name in ("current_price", "price"))
    assert tiles["Premium now"] == whole_number(now)
    assert tiles["Premium next year"] == whole_number(then)
    assert tiles["Change charged"] == percent(float(then) / float(now) - 1)
    assert tiles["Indicated change"] == percent(balance.indicated_change)
    assert tiles["Off-balance"] == percent(balance.off_balance)
    assert tiles["Target"] == ("none" if balance.target_change is None else percent(balance.target_change))
    assert tiles["Customers"] == whole_number(made.book.customers.height)
    assert tiles["Pay more"] == whole_number(sum(row["price"] > row["current_price"] for row in rows))
    assert tiles["Pay less"] == whole_number(sum(row["price"] < row["current_price"] for row in rows))
    for tile, bound in (("cap", "cap"), ("floor", "floor"), ("new business", "new business")):
        assert tiles[f"Held by {tile}" if tile == "new business" else f"Held by the {tile}"] == whole_number(
            sum(row["bound"] == bound for row in rows)
        )
    left = sum(max(row["indicated_price"] - row["price"], 0) for row in rows)
    assert tiles["Left on the table"] == whole_number(left)
    assert tiles["Referred"] == "1"


def test_off_balance_and_base_factor_are_told_where_a_change_was_decided() -> None:
    made = parts(overall_change=0.03)
    balance = made.book.balance
    assert balance is not None
    assert balance.base_factor != 1
    told = page(made).text
    assert f"base rates × {balance.base_factor:.4f}" in told
    assert f"Decided: {percent(0.03)} overall." in told
    assert "No overall change was decided." in page(parts()).text


def test_a_large_indicated_change_is_explained_of_100_of_todays_premium() -> None:
    made = planned()
    rows, balance = known(made), made.book.balance
    assert balance is not None
    assert abs(balance.indicated_change) > 0.1
    cost = dict(made.rates.filter(pl.col("factor") == "base").select("cover", "burning_cost").iter_rows())
    now = float(sum(row["current_price"] for row in rows))
    table = page(made).table("amount", "of 100 CNY of today's premium")
    amounts = {cells[0]: float(cells[1].replace("−", "-")) for cells in table.rows}
    observed = 100 * len(rows) * sum(cost.values()) / now
    assert amounts["For comparison: observed cost of the covers held, so far"] == pytest.approx(
        observed, abs=0.05
    )
    price = 100 * float(sum(row["indicated_price"] for row in rows)) / now
    assert amounts["= price on these base rates"] == pytest.approx(price, abs=0.05)
    parts_of_it = list(amounts.values())[1:-2]
    assert sum(parts_of_it) == pytest.approx(price, abs=0.3)


def test_a_small_indicated_change_is_not_explained() -> None:
    made = parts()
    balance = made.book.balance
    assert balance is not None
    calm = replace(made, book=replace(made.book, balance=replace(balance, indicated_change=0.02)))
    assert "Why so much?" not in page(calm).text


@pytest.mark.parametrize("made", [parts(), parts(overall_change=0.03)])
def test_every_tier_has_its_premium_and_change(made: VersionParts) -> None:
    table = page(made).table("tier", "premium now")
    for tier in ("Both", "Damage only"):
        rows = [row for row in known(made) if row["tier"] == tier]
        now, indicated, charged = (
            sum(row[name] for row in rows) for name in ("current_price", "indicated_price", "price")
        )
        (cells,) = (cells for cells in table.rows if cells[0] == tier)
        everybody = sum(row["tier"] == tier for row in made.book.customers.to_dicts())
        assert cells[1:5] == [str(everybody), *(whole_number(v) for v in (now, indicated, charged))]
        assert cells[5:7] == [percent(float(v) / float(now) - 1) for v in (indicated, charged)]
    assert table.rows[-1][0] == "all together"
    assert table.rows[-1][4] == whole_number(sum(row["price"] for row in known(made)))


def test_the_cost_stack_is_what_a_trace_of_every_customer_gives() -> None:
    made = planned()
    tracer = Tracer(made.tariff)
    rows = made.book.customers.to_dicts()
    inside: dict[str, float] = {}
    tariff = 0.0
    for row in rows:
        steps = tracer.trace(row)
        tariff += float(steps[-1].amount)
        for step in steps:
            if step.kind == "cover":
                inside[step.cover] = inside.get(step.cover, 0.0) + float(step.amount)
    table = page(made).table("amount", "share")
    shown = {cells[0]: cells[1] for cells in table.rows}
    n = len(rows)
    for cover, amount in inside.items():
        assert shown[f"cover: {cover.replace('_', ' ')}"] == whole_number(amount / n)
    # The plan's lines that no cover takes the place of: roadside 200 and operations 300.
    assert (shown["roadside"], shown["operations"]) == ("200", "300")
    assert shown["= cost"] == whole_number(sum(inside.values()) / n + 500)
    assert shown["= price of the tariff"] == whole_number(tariff / n)
    charged = sum(float(row["price"]) for row in rows)
    assert shown["= charged"] == whole_number(charged / n)


@pytest.mark.parametrize("made", [parts(), parts(overall_change=0.03), planned(), planned(0.05)])
def test_cost_balance_and_loads_make_the_price(made: VersionParts) -> None:
    book = made.book
    found = Matter(made).stacks
    for stack in found:
        pieces = stack.cost + stack.balance + sum(stack.loads.values()) + stack.beyond
        assert pieces == pytest.approx(stack.tariff)
        if stack.tier != "Basic":
            assert stack.beyond == pytest.approx(0, abs=0.01), "packages apart are their covers and loads"
    everybody = whole(found)
    assert everybody.charged == pytest.approx(float(sum(book.customers["price"].to_list())))
    decided = made.manifest.overall_change is not None
    assert (abs(everybody.balance) > 1) == decided


def test_covers_stand_at_their_cost_whatever_change_was_decided() -> None:
    plain, moved = Matter(planned()).stacks[0], Matter(planned(0.05)).stacks[0]
    assert moved.tariff > 1.2 * plain.tariff
    for cover, cost in plain.covers.items():
        assert moved.covers[cover] == pytest.approx(cost, rel=1e-3)


def test_a_base_rate_selected_by_hand_is_told_from_cost() -> None:
    made = planned()
    base = made.rates.filter((pl.col("cover") == "own_damage") & (pl.col("factor") == "base"))
    before = float(base["base_rate"][0])
    after = round(before * 1.2, 2)
    change = Change(
        cover="own_damage", factor="base", level="base", before=before, after=after, reason="inflation"
    )
    edited = edited_parts(made, (change,))
    assert Matter(edited).stacks[0].covers["own_damage"] == pytest.approx(
        Matter(made).stacks[0].covers["own_damage"], rel=1e-3
    )
    table = page(edited).table("indicated base rate").row("own damage")
    assert (table["indicated base rate"], table["selected"]) == (f"{before:,.2f}", f"{after:,.2f}")
    (cells,) = page(edited).table("before", "indicated", "selected").rows
    assert (cells[1], cells[4], cells[6], cells[-1]) == (
        "base rate", f"{before:,.4f}", f"{after:,.4f}", "inflation"
    )  # fmt: skip


def test_an_edit_after_a_decided_change_moves_the_price_and_not_the_cost() -> None:
    change = Change(cover="damage", factor="use", level="taxi", before=2.0, after=1.9, reason="fleet")
    decided = parts(overall_change=0.03)
    edited = edited_parts(decided, (change,))
    told = page(edited).text
    assert "Every base rate of the version it was edited from was multiplied by" in told
    costs = [[stack.covers for stack in Matter(made).stacks] for made in (parts(), decided, edited)]
    assert costs[0] == costs[1] == costs[2]


def test_a_decided_change_that_no_longer_holds_is_told() -> None:
    made = parts(overall_change=0.03)
    base = made.rates.filter((pl.col("cover") == "damage") & (pl.col("factor") == "base"))["base_rate"][0]
    change = Change(
        cover="damage",
        factor="base",
        level="base",
        before=float(base),
        after=float(base) * 1.1,
        reason="hail",
    )
    told = page(edited_parts(made, (change,))).text
    assert "A decided change no longer holds. +3.00% was decided and no longer holds" in told


def test_without_a_plan_no_cost_stack_is_shown_but_why() -> None:
    assert "No tier has a cost stack in the plan" in page(parts()).text


def test_without_current_prices_prices_alone_are_shown() -> None:
    made = without_prices(parts())
    read = page(made)
    assert "No current price was delivered" in read.text
    assert set(read.tiles) == {"Premium next year", "Mean price", "Customers", "Referred"}
    prices = [float(row["price"]) for row in made.book.customers.to_dicts()]
    assert read.tiles["Premium next year"] == whole_number(sum(prices))
    assert read.tiles["Mean price"] == f"{sum(prices) / len(prices):,.2f}"
    (cells,) = (c for c in read.table("tier", "premium indicated").rows if c[0] == "Both")
    charged = sum(row["price"] for row in made.book.customers.to_dicts() if row["tier"] == "Both")
    assert cells[2] == whole_number(charged)


def test_where_nobody_renews_packages_are_shown_by_the_cells_that_were_seen() -> None:
    read = page(nobody(parts()))
    assert "Nobody comes up for renewal" in read.text
    premiums = parts().premiums
    rows = premiums.select("exposure_years", "Both price").to_dicts()
    years = sum(row["exposure_years"] for row in rows)
    mean = sum(float(row["Both price"]) * row["exposure_years"] for row in rows) / years
    assert read.table("package", "mean price").row("Both")["mean price"] == f"{mean:,.2f}"
