"""Factor by factor: what is charged for a level beside what the model indicates and what was seen."""

from __future__ import annotations

import polars as pl

from pipelines.pricing.pack.factor_chart import factor_figure
from pipelines.pricing.pack.levels import FactorRates, selected_otherwise
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.drawing import Drawing
from pipelines.pricing.page.markup import Kind, fold, note, para, table, text, words
from pipelines.pricing.workbook.cover import THIN_CLAIMS, THIN_EXPOSURE

OPEN, LITTLE = 4, 0.02
"""Factors of a cover that are shown at once: at most so many, that move its price by so much."""

MOST_LISTED = 15
SELECTED: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "factor": ("factor", "text"),
    "level": ("level", "text"),
    "exposure_years": ("vehicle-years", 0),
    "indicated_relativity": ("indicated", 4),
    "relativity": ("selected", 4),
    "change": ("selected / indicated", "move"),
    "selection_reason": ("reason", "text"),
}


def factors(matter: Matter) -> str:
    """The section on factors."""
    intro = note(
        "A relativity multiplies the base rate. Spread says how far a factor moves prices: the standard "
        "deviation of the "
        "selected relativities on a log scale, weighted with exposure. Covers that cost most come first, "
        "of each the "
        f"factors that move its price most. A level marked ° rests on under {THIN_EXPOSURE} vehicle-years or "
        f"{THIN_CLAIMS} claims; its bar is hollow. Intervals and raw values far off end at the edge. Point "
        "at a level for "
        "its numbers; all of them stand in the rate table."
    )
    charts = "".join(_cover(cover, found) for cover, found in matter.factors.items())
    return intro + _legend(last_year=matter.parts.last_year is not None) + charts + _selected(matter)


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
    found = selected_otherwise(matter.parts.rates)
    head = "<h3>Selected otherwise than indicated</h3>"
    if found.is_empty():
        return head + para("Every relativity is the one that the model indicates.")
    by_hand = {(c.cover, c.factor, c.level) for c in matter.parts.manifest.changes}
    shown = found.with_columns(
        pl.col("cover", "factor").str.replace_all("_", " "),
        change=pl.col("relativity") / pl.when(pl.col("indicated_relativity") > 0).then("indicated_relativity")
        - 1,
        _hand=pl.Series(
            [key in by_hand for key in found.select("cover", "factor", "level").iter_rows()], dtype=pl.Boolean
        ),
        selection_reason=pl.col("selection_reason").fill_null("no reason given"),
    )
    hand, ruled = shown.filter("_hand"), shown.filter(~pl.col("_hand"))
    return head + _by_hand(matter, hand) + _by_rule(ruled)


def _by_hand(matter: Matter, hand: pl.DataFrame) -> str:
    if hand.is_empty():
        return para("Nothing was selected by hand in this version.")
    before = {(words(c.cover), words(c.factor), c.level): c.before for c in matter.parts.manifest.changes}
    rows = [
        (*row[:4], before[row[0], row[1], row[2]], *row[4:])
        for row in hand.select(list(SELECTED)).iter_rows()
    ]
    columns = list(SELECTED.values())
    columns.insert(4, ("before", 4))
    return para(f"Selected by hand in this version: {hand.height:,}.") + table(columns, rows)


def _by_rule(ruled: pl.DataFrame) -> str:
    if ruled.is_empty():
        return ""
    reasons = (
        ruled.group_by("selection_reason").len().sort("len", "selection_reason", descending=[True, False])
    )
    told = "; ".join(f"{text(reason)} ({n:,})" for reason, n in reasons.iter_rows())
    furthest = ruled.sort(pl.col("change").abs(), descending=True, nulls_last=True, maintain_order=True)
    columns, names = list(SELECTED.values()), list(SELECTED)
    first, rest = furthest.head(MOST_LISTED), furthest.slice(MOST_LISTED)
    more = (
        fold(f"{rest.height:,} that moved less", table(columns, rest.select(names).iter_rows()))
        if rest.height
        else ""
    )
    return (
        para(
            "Otherwise than indicated for another reason, the plan's rules or selections of earlier "
            f"versions: {ruled.height:,}. {told}. Furthest first:"
        )
        + table(columns, first.select(names).iter_rows())
        + more
    )
