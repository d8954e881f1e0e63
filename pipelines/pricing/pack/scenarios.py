"""What the year would bring if an assumption were wrong, prices as set."""

from __future__ import annotations

import polars as pl

from models_ml.rating.scenarios import BASE_CASE, tornado
from pipelines.pricing.pack.charts import bar_rows
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, note, para, table, text, words, written

EVERYTHING = "all"
MOST_TIERS = 3


def scenarios(matter: Matter) -> str:
    """The section on scenarios."""
    found = matter.parts.book.scenarios
    if found.is_empty():
        return para("Nobody comes up for renewal, so no scenario was run.")
    plan = found.filter(pl.col("scenario") == BASE_CASE)
    intro = _intro(matter) + _outcomes(found, plan)
    if found["scenario"].n_unique() == 1:
        return intro + para("The plan has no scenario that concerns this portfolio.")
    return intro + _tornado(found)


def _intro(matter: Matter) -> str:
    products = dict.fromkeys(p.product for p in matter.parts.book.packages if p.planned)
    shares = {product: matter.parts.plan.partner_share(product) for product in products}
    shared = "".join(
        f" Insurers bear {written(share, 'percent')} of what {text(words(product))} costs beyond plan, and "
        "keep as much of savings."
        for product, share in shares.items()
        if share
    )
    return note(
        "Each scenario moves one assumption and leaves prices as they are set. Margin: premium less cost, "
        "less what insurers do not bear, over premium. Loss ratio: cost less what insurers bear, over "
        f"premium.{shared}"
    )


def _outcomes(found: pl.DataFrame, plan: pl.DataFrame) -> str:
    tiers = plan.filter(pl.col("tier") != EVERYTHING).sort("premium", "tier", descending=[True, False])
    names = tiers["tier"].to_list()
    shown = [EVERYTHING, *names[:MOST_TIERS]] if len(names) > 1 else [EVERYTHING]
    columns: list[tuple[str, Kind]] = [("scenario", "text")]
    columns += [("margin", "percent"), ("change", "move"), ("loss ratio", "percent")]
    columns += [("margin", "percent"), ("loss ratio", "percent")] * (len(shown) - 1)
    groups = [("", 1), ("everybody", 3), *((words(name), 2) for name in shown[1:])]
    numbers = found.select("scenario", "tier", "margin_ratio", "margin_change", "loss_ratio")
    by_key = {(scenario, tier): values for scenario, tier, *values in numbers.iter_rows()}
    rows = []
    for scenario in found["scenario"].unique(maintain_order=True):
        row = [scenario, *by_key[scenario, EVERYTHING]]
        for tier in shown[1:]:
            margin, _, loss_ratio = by_key.get((scenario, tier), (None, None, None))
            row += [margin, loss_ratio]
        rows.append(row)
    left = len(names) - len(shown) + 1
    told = (
        note(f"{left:,} tiers with less premium are in everybody's figures alone.")
        if left > 0 and len(names) > 1
        else ""
    )
    first = [True] + [False] * (len(rows) - 1)
    return told + table(columns, rows, groups=groups, strong=first)


def _tornado(found: pl.DataFrame) -> str:
    rows = [
        (name, float(change), f"{written(change, 'move')}")
        for name, change in tornado(found).select("scenario", "margin_change").iter_rows()
        if change is not None
    ]
    return bar_rows(
        rows,
        "Change of the margin by scenario, largest first",
        "<b>Change of the margin</b> of everybody, in points of premium, largest first",
    )
