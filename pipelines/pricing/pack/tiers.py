"""Prices by tier: what is indicated and what is charged, and what each planned tier's price is made of."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.pack.stack import Stack
from pipelines.pricing.page.markup import Kind, fold, note, para, table, text, words
from pipelines.pricing.versions.expanding import PRICE

MOST_TIERS, SIDE_BY_SIDE = 12, 4
EVERYTHING = "all together"
COVERS: list[tuple[str, Kind]] = [
    ("cover", "text"),
    ("indicated base rate", 2),
    ("selected", 2),
    ("fixed amount", 2),
    ("vehicle-years", 0),
    ("claims", 0),
    ("claims per vehicle-year", 4),
    ("observed cost per vehicle-year", 2),
]


def tiers(matter: Matter) -> str:
    """The section on tiers."""
    return "".join([_changes(matter), _stacks(matter), "<h3>Covers</h3>", _covers(matter)])


def _changes(matter: Matter) -> str:
    if matter.customers.is_empty():
        return para("Nobody comes up for renewal, so tiers are shown by the cells that were seen.") + _seen(
            matter
        )
    by_tier = _by_tier(matter.customers)
    rows = [_row(row, matter) for row in by_tier]
    known = matter.known.height > 0
    columns: list[tuple[str, Kind]] = [("tier", "text"), ("customers", 0)]
    if known:
        columns += [
            ("premium now", 0),
            ("indicated", 0),
            ("charged", 0),
            ("indicated", "move"),
            ("charged", "move"),
        ]
        columns += [("now", 0), ("charged", 0)]
        groups = [("", 2), ("premium of who has a known price", 3), ("change", 2), ("mean price", 2)]
    else:
        columns += [("premium indicated", 0), ("mean price", 0)]
        groups = []
    if len(rows) > 1:
        rows.append(_row(_whole(by_tier), matter))
    strong = [row[0] == EVERYTHING for row in rows]
    moved = matter.parts.book.balance is not None and matter.parts.book.balance.base_factor != 1
    told = (
        note(
            "Indicated here is after the base rates were put on balance, before caps, floors and the price "
            "of new business."
        )
        if moved
        else ""
    )
    if len(rows) <= MOST_TIERS + 1:
        return told + table(columns, rows, groups=groups, strong=strong)
    first, rest = [*rows[:MOST_TIERS], rows[-1]], rows[MOST_TIERS:-1]
    return (
        told
        + table(columns, first, groups=groups, strong=[*strong[:MOST_TIERS], True])
        + fold(f"{len(rest)} tiers with less premium", table(columns, rest, groups=groups))
    )


def _by_tier(customers: pl.DataFrame) -> list[dict[str, Any]]:
    """Sums by tier, most premium first; premiums of those whose current price is known."""
    known = pl.col("change").is_not_null()
    money = {"now": "current_price", "indicated": "indicated_price", "charged": "price"}
    sums = [pl.col(c).filter(known).cast(pl.Float64).sum().alias(n) for n, c in money.items()]
    every = pl.col("price").cast(pl.Float64).sum().alias("every")
    found = customers.group_by("tier").agg(
        pl.len().alias("customers"), known.sum().alias("known"), every, *sums
    )
    return found.sort("charged", "every", "tier", descending=[True, True, False]).to_dicts()


def _whole(by_tier: list[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in by_tier[0] if name != "tier"]
    return {"tier": EVERYTHING, **{name: sum(row[name] for row in by_tier) for name in names}}


def _row(row: dict[str, Any], matter: Matter) -> list[Any]:
    head = [words(row["tier"]), row["customers"]]
    if not matter.known.height:
        return [*head, row["every"], row["every"] / row["customers"]]
    now, known = row["now"], row["known"] or None
    changes = [row[name] / now - 1 if now else None for name in ("indicated", "charged")]
    means = [row[name] / known if known else None for name in ("now", "charged")]
    return [*head, now, row["indicated"], row["charged"], *changes, *means]


def _seen(matter: Matter) -> str:
    """Mean price of every package over the cells that were seen, other factors at their base."""
    premiums = matter.parts.premiums
    weight = premiums["exposure_years"]
    years = float(weight.sum())
    columns = {p.name: f"{p.name}{PRICE}" for p in matter.parts.book.packages}
    shown = {name: column for name, column in columns.items() if column in premiums.columns}
    rows = [
        (words(name), float((premiums[column].cast(pl.Float64) * weight).sum()) / years)
        for name, column in (shown or {"all covers": "total"}).items()
        if years > 0
    ]
    return table([("package", "text"), ("mean price", 2)], rows)


def _covers(matter: Matter) -> str:
    rows = []
    for row in matter.bases.iter_rows(named=True):
        years, claims = row["exposure_years"], row["claim_count"]
        frequency = claims / years if years else None
        amounts = (
            row["indicated_base_rate"],
            row["base_rate"],
            row["fixed_amount"],
            years,
            claims,
            frequency,
            row["burning_cost"],
        )
        rows.append((words(row["cover"]), *amounts))
    told = note(
        "The base rate is the yearly premium of a vehicle at the base level of every factor; the indicated "
        "one is where cost, or the change that was decided, puts it. Observed cost is as it was seen: "
        "without development, trend or loads."
    )
    return told + table(COVERS, rows)


def _stacks(matter: Matter) -> str:
    planned = [stack for stack in matter.stacks if stack.tier in matter.planned]
    if not matter.planned:
        return note(
            "No tier has a cost stack in the plan: every package costs what its covers cost apart, each "
            "with its own loads."
        )
    head = "<h3>Cost stack of the planned tiers</h3>"
    if not planned:
        return head + note("Nobody who comes up for renewal holds a planned tier.")
    told = note(
        f"Mean of the customers of each tier, {text(matter.currency)} a year, and its share of the price of "
        "the tariff. Insurance is what insurers charge after the negotiated discount."
    )
    chunks = [planned[at : at + SIDE_BY_SIDE] for at in range(0, len(planned), SIDE_BY_SIDE)]
    without = sorted(set(matter.planned) - {stack.tier for stack in planned})
    none = note(f"Nobody who comes up for renewal holds {text(', '.join(without))}.") if without else ""
    return head + told + "".join(_stack_table(chunk) for chunk in chunks) + none


def _stack_table(shown: list[Stack]) -> str:
    columns: list[tuple[str, Kind]] = [("", "text")]
    for _ in shown:
        columns += [("amount", 0), ("share", "percent")]
    groups = [("", 1), *((f"{words(stack.tier)} ({stack.customers:,} customers)", 2) for stack in shown)]
    covers = dict.fromkeys(cover for stack in shown for cover in stack.covers)
    lines = dict.fromkeys(line for stack in shown for line in stack.lines)
    loads = dict.fromkeys(load for stack in shown for load in stack.loads)
    moved = any(abs(stack.balance) > 1e-6 for stack in shown)
    rows = [
        *(_line(f"cover: {words(c)}", [s.covers.get(c) for s in shown], shown) for c in covers),
        *(_line(words(line), [s.lines.get(line) for s in shown], shown) for line in lines),
        _line("= cost", [s.cost for s in shown], shown),
        *(
            [_line("selections, bounds of the plan, a decided change", [s.balance for s in shown], shown)]
            if moved
            else []
        ),
        *(_line(words(load), [s.loads.get(load) for s in shown], shown) for load in loads),
        _line("driving score, least and most price, rounding", [s.beyond for s in shown], shown),
        _line("= price of the tariff", [s.tariff for s in shown], shown),
        _line("customers' own record", [s.indicated - s.tariff for s in shown], shown),
        _line("= indicated price", [s.indicated for s in shown], shown),
        _line("caps, floors, price of new business", [s.charged - s.indicated for s in shown], shown),
        _line("= charged", [s.charged for s in shown], shown),
    ]
    strong = [str(row[0]).startswith("=") for row in rows]
    return table(columns, rows, groups=groups, strong=strong)


def _line(name: str, amounts: list[float | None], shown: list[Stack]) -> list[Any]:
    cells: list[Any] = [name]
    for amount, stack in zip(amounts, shown, strict=True):
        mean = None if amount is None else amount / stack.customers
        cells += [mean, None if amount is None or not stack.tariff else amount / stack.tariff]
    return cells
