"""Factor by factor: what is charged for a level, and whether the forecast held there."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.pricing.forecasting.forecast import ForecastCover
from pipelines.pricing.page.markup import Kind, fold, frame_table, note, text, words
from pipelines.pricing.page.style import ACCENT, INK, MUTED, PALE
from pipelines.pricing.report.canvas import exposure_bars, head, name_levels, names_height, one_line, svg
from pipelines.pricing.report.levels import LEVELS_SHOWN, THIN_CLAIMS, FactorLevels, factor_levels

NARROW = 9
"""Levels up to which two factors stand side by side."""

WIDE_INCHES, NARROW_INCHES, PANEL_INCHES = 9.6, 4.75, 3.4

COLUMNS: dict[str, tuple[str, Kind]] = {
    "level": ("level", "text"),
    "exposure_years": ("vehicle-years fitted", 0),
    "claim_count": ("claims fitted", 0),
    "frequency_relativity": ("frequency relativity", 3),
    "severity_relativity": ("severity relativity", 3),
    "relativity": ("relativity of cost", 3),
    "judged_years": ("vehicle-years judged", 0),
    "actual_claims": ("actual claims", 0),
    "expected_claims": ("expected claims", 1),
    "ratio": ("actual / expected", 3),
    "lower": ("from (95 %)", 3),
    "upper": ("to", 3),
}
CURVE_COLUMNS: dict[str, tuple[str, Kind]] = {
    "raw": ("raw", 3),
    "smoothed": ("smoothed", 3),
    "selected": ("selected", 3),
}


def factors(cover: ForecastCover) -> str:
    """A figure per factor, side by side where they are short, and their numbers folded below."""
    gathered = [factor_levels(cover, name) for name in cover.model.factors]
    if not gathered:
        return note("The model has no factor: everybody has the base rate.")
    figures = "".join(_figure(levels) for levels in gathered)
    numbers = "".join(_numbers(levels) for levels in gathered)
    explained = note(
        "Above: the relativity of claims (line or dots) and of cost over the vehicle-years it was fitted on; "
        "for factors with an order also the raw relativity of each level and its smoothed curve. Below: "
        "actual over expected claims on what was judged, with exact Poisson 95 % intervals. Pale: fewer than "
        f"{THIN_CLAIMS} claims expected there. Names follow falling exposure. Curves are of the model that "
        "was judged, at the base level of the published one."
    )
    return f"{explained}<div class='pair'>{figures}</div>{numbers}"


def draw_factor(figure: Any, levels: FactorLevels, title: str) -> None:
    """Relativities above, actual over expected below, over the same levels; margins are its own."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _relativities(upper, levels)
    _actual_expected(lower, levels)
    upper.tick_params(bottom=False, labelbottom=False)
    names = levels.shown["level"].to_list()
    name_levels(lower, names)
    width, height = figure.get_size_inches()
    below = 0.3 + names_height(names, width)
    figure.subplots_adjust(0.72 / width, below / height, 1 - 0.78 / width, 1 - 0.42 / height, hspace=0.12)
    upper.set_title(title, pad=17)


def _figure(levels: FactorLevels) -> str:
    name = words(levels.factor)
    full = levels.shown.height > NARROW
    width = WIDE_INCHES if full else NARROW_INCHES
    height = PANEL_INCHES + names_height(levels.shown["level"].to_list(), width)
    drawing = svg(
        lambda figure: draw_factor(figure, levels, name.capitalize()),
        (width, height),
        f"{name}: relativities, and actual over expected claims by level",
        fitted=False,
    )
    notes = []
    if levels.known > levels.shown.height:
        notes.append(
            f"The {LEVELS_SHOWN} levels of {text(name)} with most exposure of {levels.known:,}; all stand in "
            "the rate table and in the evaluation file."
        )
    if levels.unlisted[1] > 0:
        actual, expected = levels.unlisted
        notes.append(
            f"Levels of {text(name)} that were never fitted are rated with *: {actual} claims, "
            f"{expected:,.1f} expected."
        )
    return f"<div{' class=full' if full else ''}>{drawing}{''.join(map(note, notes))}</div>"


def _numbers(levels: FactorLevels) -> str:
    columns = COLUMNS | (CURVE_COLUMNS if levels.curved else {})
    return fold(f"{words(levels.factor)} in numbers", frame_table(levels.shown, columns, levels.thin))


def _relativities(axes: Any, levels: FactorLevels) -> None:
    shown = levels.shown
    x = list(range(shown.height))
    exposure_bars(axes, shown["exposure_years"].to_list())
    # A line says that levels follow each other; makes do not.
    style = "-" if levels.curved else "none"
    claims = shown["selected"] if levels.curved else shown["frequency_relativity"]
    if levels.curved:
        axes.plot(x, shown["raw"].to_list(), "o", mfc="white", mec=MUTED, mew=0.8, markersize=4, label="raw")
        axes.plot(x, shown["smoothed"].to_list(), color=ACCENT, linewidth=1, label="smoothed")
    label = "selected" if levels.curved else "claims"
    axes.plot(
        x, shown["relativity"].to_list(), "D", color=PALE, mec=MUTED, mew=0.5, markersize=3.5, label="cost"
    )
    axes.plot(x, claims.to_list(), color=INK, marker="o", markersize=3.5, linestyle=style, label=label)
    one_line(axes)
    axes.set_ylim(0, 1.12 * _highest(shown, claims))
    axes.set_ylabel("relativity")
    head(axes, "")


def _highest(shown: pl.DataFrame, claims: pl.Series) -> float:
    """The top of the scale; the raw value of a thin level may lie beyond it."""
    drawn = [claims.max(), shown["relativity"].max(), shown["smoothed"].max(), 1.2]
    highest = max(float(str(value)) for value in drawn if value is not None)
    raw = shown["raw"].max()
    return highest if raw is None else max(highest, min(float(str(raw)), 1.5 * highest))


def _actual_expected(axes: Any, levels: FactorLevels) -> None:
    judged = levels.shown.with_row_index("at").with_columns(thin=pl.Series(levels.thin, dtype=pl.Boolean))
    judged = judged.filter(pl.col("expected_claims") >= 1)
    for thin, colour in ((True, PALE), (False, ACCENT)):
        part = judged.filter(pl.col("thin") == thin)
        if part.is_empty():
            continue
        ratio = part["ratio"]
        spread = [(ratio - part["lower"]).to_list(), (part["upper"] - ratio).to_list()]
        axes.errorbar(
            part["at"].to_list(), ratio.to_list(), yerr=spread, fmt="s", color=colour, ms=3, linewidth=1
        )
    one_line(axes)
    firm = judged.filter(~pl.col("thin"))["upper"].max()
    axes.set_ylim(0, min(max(2.0, 0.0 if firm is None else float(str(firm))), 3.0))
    axes.set_ylabel("actual /\nexpected")
    axes.spines["right"].set_visible(False)
    if judged.is_empty():
        axes.text(0.5, 0.5, "no level expects a claim", transform=axes.transAxes, ha="center", color=MUTED)
