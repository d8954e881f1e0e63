"""Factor by factor: what is charged for a level beside what the model indicates and what was seen."""

from __future__ import annotations

import polars as pl

from models_ml.rating import BASE
from models_ml.relativities import OTHER
from pipelines.pricing.pack.factor_chart import factor_figure
from pipelines.pricing.pack.levels import KEY, FactorRates, selected_otherwise
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.drawing import Drawing
from pipelines.pricing.page.markup import Kind, fold, frame_table, note, para, text, words
from pipelines.pricing.workbook.selecting import THIN_CLAIMS, THIN_EXPOSURE

OPEN, LITTLE = 4, 0.02
"""Factors of a cover that are shown at once: at most so many, that move its price by so much."""

MOST_LISTED = 15
SELECTED: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "factor": ("factor", "text"),
    "level": ("level", "text"),
    "exposure_years": ("vehicle-years", 0),
    "indicated": ("indicated", 4),
    "selected": ("selected", 4),
    "change": ("selected / indicated", "move"),
    "selection_reason": ("reason", "text"),
}
PLAN_COSTS: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "factor": ("factor", "text"),
    "contracts": ("contracts", 0),
    "premium": ("premium a year", 0),
    "given_up": ("given up a year", 0),
    "moved": ("share", "percent"),
    "level": ("level that gives up most", "text"),
    "indicated": ("indicated", 4),
    "planned": ("planned", 4),
    "level_given_up": ("given up there", 0),
}
BEFORE: tuple[str, tuple[str, Kind]] = ("before", ("before", 4))


def factors(matter: Matter) -> str:
    """The section on factors."""
    intro = note(
        "A relativity multiplies the base rate. Spread says how far a factor moves prices: the standard "
        "deviation of the selected relativities on a log scale, weighted with exposure. Covers that cost "
        "most come first, of each the factors that move its price most. A level marked ° rests on under "
        f"{THIN_EXPOSURE} vehicle-years or {THIN_CLAIMS} claims; its bar is hollow. Intervals and raw values "
        "far off end at the edge. Point at a level for its numbers; all of them stand in the rate table."
    )
    charts = "".join(_cover(cover, found) for cover, found in matter.factors.items())
    legend = _legend(last_year=matter.parts.last_year is not None)
    return intro + legend + charts + _plan_costs(matter) + _selected(matter)


def _plan_costs(matter: Matter) -> str:
    """What the plan's order and bounds take from some levels and charge to others."""
    head = "<h3>What the plan's order and bounds cost</h3>"
    found = matter.plan_costs
    if found.is_empty():
        return head + note("They moved no relativity, or nobody comes up for renewal.")
    told = note(
        "Among who renews, at the prices of the covers apart. Given up: what customers would pay more at the "
        "indicated relativities of the factor, base rates on balance; others pay as much more instead, so "
        "the rule moves that share of the cover's premium. Beside it the level that gives up most."
    )
    shown = found.with_columns(
        pl.col("cover", "factor").str.replace_all("_", " "), pl.col("level").replace({OTHER: "not listed"})
    )
    return head + told + frame_table(shown, PLAN_COSTS)


def _cover(cover: str, found: list[FactorRates]) -> str:
    head = f"<h3>{text(words(cover)).capitalize()}</h3>"
    if not found:
        return head + note("No factor rates this cover: everybody pays its base rate.")
    first = [f for f in found if f.spread >= LITTLE][:OPEN] or found[:1]
    rest = found[len(first) :]
    more = (
        fold(
            f"{words(cover).capitalize()}: {len(rest)} {'factor' if len(rest) == 1 else 'factors'} that "
            "move the price less",
            _grid(rest),
        )
        if rest
        else ""
    )
    return head + _grid(first) + more


def _grid(found: list[FactorRates]) -> str:
    return f"<div class='charts'>{''.join(factor_figure(one) for one in found)}</div>"


def _legend(*, last_year: bool) -> str:
    """What each mark is, drawn as it is drawn."""
    items = [
        ("selected", "sel"),
        ("indicated", "ind"),
        ("90 % interval", "ci"),
        ("raw, as seen", "raw"),
        *([("last year", "lym")] if last_year else []),
        ("exposure", "bar"),
        ("thin", "bar thin"),
    ]
    return f"<ul class='legend'>{''.join(f'<li>{_mark(css)} {name}</li>' for name, css in items)}</ul>"


def _mark(css: str) -> str:
    drawing, x, y = Drawing(24, 18), 12, 9
    if css in ("sel", "ci"):
        drawing.line(x - 9, y, x + 9, y, css)
    if css == "sel":
        drawing.dot(x, y, "seld")
    elif css == "ind":
        drawing.diamond(x, y, css)
    elif css == "raw":
        drawing.dot(x, y, css, 2.6)
    elif css == "lym":
        drawing.cross(x, y, css)
    elif css.startswith("bar"):
        drawing.bar(x - 8, y - 5, 16, 10, css)
    return drawing.inline()


def _selected(matter: Matter) -> str:
    changes = matter.parts.manifest.changes
    by_hand = pl.DataFrame(
        [(c.cover, c.factor, c.level, c.before) for c in changes],
        schema={**dict.fromkeys(KEY, pl.String), "before": pl.Float64},
        orient="row",
    )
    found = selected_otherwise(matter.parts.rates)
    hand = by_hand.join(found, on=KEY, how="left", maintain_order="left")
    ruled = found.join(by_hand, on=KEY, how="anti", maintain_order="left")
    head = "<h3>Selected otherwise than indicated</h3>"
    if hand.is_empty() and ruled.is_empty():
        return head + para("Every relativity and base rate is the one that is indicated.")
    return head + _by_hand(hand) + _by_rule(_in_words(ruled))


def _in_words(found: pl.DataFrame) -> pl.DataFrame:
    """The relativities as they are shown, with how far the selected one is from the indicated."""
    indicated = pl.col("indicated")
    return found.with_columns(
        pl.col("cover").str.replace_all("_", " "),
        pl.col("factor").replace(BASE, "base rate").str.replace_all("_", " "),
        pl.col("level").replace({OTHER: "not listed", BASE: ""}),
        pl.col("selection_reason").fill_null("no reason given"),
        change=pl.col("selected") / pl.when(indicated > 0).then(indicated) - 1,
    )


def _by_hand(hand: pl.DataFrame) -> str:
    if hand.is_empty():
        return para("Nothing was selected by hand in this version.")
    columns = list(SELECTED.items())
    columns.insert(columns.index(("indicated", SELECTED["indicated"])), BEFORE)
    return para(f"Selected by hand in this version: {hand.height:,}.") + frame_table(
        _in_words(hand), dict(columns)
    )


def _by_rule(ruled: pl.DataFrame) -> str:
    if ruled.is_empty():
        return ""
    by_reason = ruled.group_by("selection_reason").len()
    counted = by_reason.sort("len", "selection_reason", descending=[True, False]).iter_rows()
    told = "; ".join(f"{text(reason)} ({n:,})" for reason, n in counted)
    lead = para(
        f"Moved by the rules of the plan, or selected in an earlier version: {ruled.height:,}. By reason: "
        f"{told}. The furthest first:"
    )
    furthest = ruled.sort(pl.col("change").abs(), descending=True, nulls_last=True, maintain_order=True)
    rest = furthest.slice(MOST_LISTED)
    more = fold(f"{rest.height:,} that moved less", frame_table(rest, SELECTED)) if rest.height else ""
    return lead + frame_table(furthest.head(MOST_LISTED), SELECTED) + more
