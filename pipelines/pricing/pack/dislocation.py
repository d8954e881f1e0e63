"""Who pays more and who less: changes by band, by tier and factor, and cells against last year's table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl

from models_ml.rating.dislocation import distribution, retention, winners_and_losers
from pipelines.pricing.asking.comparison import compare
from pipelines.pricing.pack.charts import bar_rows
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, fold, note, para, table, words, written

BY = ("tier", "vehicle_age", "model", "annual_mileage", "driving_score", "tenure_years")
MOST, CELLS = 12, 8
EDGES = (-0.5, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
COLUMNS: list[tuple[str, Kind]] = [
    ("customers", 0),
    ("premium now", 0),
    ("next year", 0),
    ("change", "move"),
    ("dearer", 0),
    ("cheaper", 0),
    ("cap", 0),
    ("floor", 0),
    ("new business", 0),
    ("left on the table", 0),
]
VALUES = (
    "customers", "current_premium", "new_premium", "change", "dearer", "cheaper", "capped", "floored",
    "gated", "left_on_the_table",
)  # fmt: skip


def dislocation(matter: Matter) -> str:
    """The section on dislocation."""
    parts = [
        _customers(matter),
        "<h3>Against last year's table</h3>",
        _cells(matter),
        "<h3>Who may leave</h3>",
    ]
    return "".join([*parts, _retention(matter)])


def _customers(matter: Matter) -> str:
    if matter.total is None:
        why = "Nobody comes up for renewal" if matter.customers.is_empty() else "No current price is known"
        return para(f"{why}, so nobody's change can be told.")
    tables = "".join(_table(matter, name) for name in BY if name in matter.known.columns)
    told = note(
        "Premium of customers whose current price is known, now and next year. Cap, floor and new business: "
        "how many customers each held. Left on the table: indicated but not charged."
    )
    return _histogram(matter.known) + told + tables


def _histogram(known: pl.DataFrame) -> str:
    bands = distribution(known, EDGES)
    # Bands beyond the furthest change would only be empty rows.
    used = bands.with_row_index("at").filter(pl.col("customers") > 0)["at"]
    shown = bands.slice(used[0], used[-1] - used[0] + 1)
    rows = [
        (_band(low, high), float(n), f"{n:,} ({written(share, 'percent')})")
        for low, high, n, share in shown.select(
            "from_change", "to_change", "customers", "customer_share"
        ).iter_rows()
    ]
    return bar_rows(rows, "Customers by change of price", "<b>Customers by change of price</b>")


def _band(low: float | None, high: float | None) -> str:
    if low is None:
        return f"{_edge(high)} and less"
    if high is None:
        return f"over {_edge(low)}"
    return f"{_edge(low)} to {_edge(high)}"


def _edge(value: float | None) -> str:
    number = round(100 * (value or 0.0))
    return f"{'−' if number < 0 else '+' if number > 0 else ''}{abs(number)} %"


def _table(matter: Matter, by: str) -> str:
    levels = _sorted(matter, by, winners_and_losers(matter.known, by))
    columns: list[tuple[str, Kind]] = [(words(by), "text"), *COLUMNS]
    rows = [
        ("not known" if level is None else words(str(level)) if by == "tier" else level, *values)
        for level, *values in levels.select(by, *VALUES).iter_rows()
    ]
    groups = [("", 5), ("customers", 2), ("held by", 3), ("", 1)]
    more = ""
    if len(rows) > MOST + 3:
        rest = table(columns, rows[MOST:], groups=groups)
        more = fold(f"{len(rows) - MOST} more by {words(by)}, those with less premium", rest)
        rows = rows[:MOST]
    return f"<h3>By {words(by)}</h3>" + table(columns, rows, groups=groups) + more


def _sorted(matter: Matter, by: str, levels: pl.DataFrame) -> pl.DataFrame:
    """Bands in their order, years as they count, names by premium."""
    if levels[by].dtype.is_numeric():
        return levels
    order = matter.parts.rates.filter((pl.col("factor") == by) & pl.col("level_order").is_not_null())
    places = dict(order.select("level", "level_order").iter_rows())
    if not places:
        return levels.sort("current_premium", by, descending=[True, False], nulls_last=True)
    place = pl.col(by).replace_strict(places, default=None, return_dtype=pl.Int64)
    return levels.sort(place, by, nulls_last=True)


def _cells(matter: Matter) -> str:
    parts = matter.parts
    if parts.last_year is None:
        return para("No version was in force the year before, so there is no table to compare with.")
    moved = compare(parts.last_year, (parts.rates, parts.premiums))
    if moved.premiums is None:
        return para("Last year's table shows premiums by other factors, so its cells cannot be compared.")
    overall = (
        ""
        if moved.overall is None
        else f"All cells together, at this year's exposure: {written(moved.overall, 'move')}. "
    )
    told = note(overall + "Premium of all covers, factors that are not shown at their base level.")
    shown = moved.premiums.columns[: moved.premiums.columns.index("exposure_years")]
    columns: list[tuple[str, Kind]] = [(words(name), "text") for name in shown]
    columns += [("vehicle-years", 0), ("last year", 0), ("this year", 0), ("change", "move")]
    pieces = [told]
    for name, cells in (("rises", moved.rises(CELLS)), ("falls", moved.falls(CELLS))):
        found = table(columns, cells.iter_rows()) if cells.height else para("None.")
        pieces.append(f"<h4>Largest {name}</h4>{found}")
    return "".join(pieces)


def _retention(matter: Matter) -> str:
    rules = matter.parts.plan.table("repricing_rules")
    own = rules.filter(pl.col("rule") == "retention") if rules.height else rules
    stated: dict[str, Decimal] = dict(own.select("parameter", "value").iter_rows()) if own.height else {}
    if not {"elasticity", "retained"} <= stated.keys():
        return para("The plan states no elasticity, so what customers do when prices change is not told.")
    elasticity, retained = float(stated["elasticity"]), float(stated["retained"])
    if matter.total is None:
        return para("The plan states an elasticity, but nobody's change of price is known.")
    columns: list[tuple[str, Kind]] = [
        ("", "text"),
        ("customers", 0),
        ("kept at no change", 0),
        ("kept", 0),
        ("premium at no change", 0),
        ("premium kept", 0),
    ]
    values = ("customers", "kept_at_no_change", "kept", "premium_at_no_change", "premium_kept")
    rows: list[Any] = []
    for by in (None, "tier"):
        found = retention(matter.known, elasticity, retained, by)
        rows += [
            (words(str(level)), *rest) for level, *rest in found.select(by or "book", *values).iter_rows()
        ]
    told = note(
        f"An assumption of the plan, not a finding: {written(retained, 'percent')} renew at an unchanged "
        f"price, and each per cent of increase loses {elasticity:g} per cent of renewals."
    )
    return told + table(columns, rows)
