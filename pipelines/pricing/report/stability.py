"""Whether the forecast still fits who drives today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.drift import Drift, DriftLimits
from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.page.markup import (
    Kind,
    bullets,
    fold,
    frame_table,
    note,
    remark,
    table,
    text,
    words,
)
from pipelines.pricing.page.style import ACCENT, INK, MUTED, SOFT
from pipelines.pricing.report.canvas import svg

LIMITS = DriftLimits()
FARTHEST = 0.5
"""Stability index from which a point is drawn at the edge."""

LEVELS_SHOWN = 12
PANELS = 3
LEVELS: dict[str, tuple[str, Kind]] = {
    "factor": ("factor", "text"),
    "level": ("level", "text"),
    "reference_share": ("share of exposure before", "share"),
    "current_share": ("now", "share"),
    "contribution": ("contribution to the index", 3),
    "actual_claims": ("actual claims now", 0),
    "expected_claims": ("expected", 1),
    "lower": ("actual / expected from (95 %)", 3),
    "upper": ("to", 3),
}
VERDICTS: list[tuple[str, Kind]] = [
    ("cover", "text"),
    ("verdict", "text"),
    ("factor", 3),
    ("before", 3),
    ("now", 3),
    ("from (95 %)", 3),
    ("to", 3),
    ("before", 3),
    ("now", 3),
    ("error of the fall", 3),
]


def drift(forecast: Forecast) -> str:
    """Verdicts of all covers, the stability index of every factor, and the reasons."""
    judged = {c: m.evaluation.drift for c, m in forecast.covers.items() if m.evaluation.drift is not None}
    missing = [
        note(
            f"Drift of {text(words(cover))} was not judged: "
            f"{text(remark(made.evaluation.remarks, 'drift', 'there is no earlier year to compare with'))}."
        )
        for cover, made in forecast.covers.items()
        if cover not in judged
    ]
    if not judged:
        return "".join(missing) or note("No cover has a forecast, so no drift was judged.")
    reasons = [_reasons(cover, found) for cover, found in judged.items()]
    return "".join([_intro(), _verdicts(judged), _figure(judged), *missing, *reasons])


def _intro() -> str:
    return note(
        "The latest policy year beside those before it. A shifted mix or a lost order asks for a refit, a "
        "level that is off, with neither, for one factor on all premiums. The stability index is watched "
        f"from {LIMITS.watch:.2f} and shifted from {LIMITS.shifted:.2f}, where it is also beyond chance."
    )


def _verdicts(judged: Mapping[str, Drift]) -> str:
    rows = [
        (
            words(cover),
            d.verdict,
            d.factor,
            d.reference_balance.ratio,
            d.current_balance.ratio,
            d.current_balance.lower,
            d.current_balance.upper,
            d.reference_gini,
            d.current_gini,
            d.gini_fall_error,
        )
        for cover, d in judged.items()
    ]
    return table(VERDICTS, rows, groups=[("", 3), ("actual / expected claims", 4), ("Gini", 3)])


def _figure(judged: Mapping[str, Drift]) -> str:
    factors = list(dict.fromkeys(f for d in judged.values() for f in d.stability["factor"]))
    if not factors:
        return note("No factor is watched, for the models have none.")
    rows = -(-len(judged) // PANELS)
    return svg(
        lambda figure: _draw(figure, judged, factors),
        (9.6, 0.5 + rows * (0.65 + 0.17 * len(factors))),
        "Population stability index by factor and cover",
    )


def _draw(figure: Any, judged: Mapping[str, Drift], factors: list[str]) -> None:
    rows = -(-len(judged) // PANELS)
    panels = figure.subplots(
        rows, min(PANELS, len(judged)), sharex=True, sharey=True, squeeze=False
    ).flatten()
    place = {name: at for at, name in enumerate(reversed(factors))}
    for axes, (cover, found) in zip(panels, judged.items(), strict=False):
        _panel(axes, found.stability, place)
        axes.set_title(words(cover).capitalize())
    for axes in panels[len(judged) :]:
        axes.set_axis_off()
    panels[0].set_yticks(list(place.values()), [words(name) for name in place])
    panels[0].set_xlim(-0.01, FARTHEST * 1.06)
    figure.supxlabel(
        f"stability index (tick: reached by chance; at the edge: {FARTHEST:g} and above)",
        fontsize=8.5,
        color=MUTED,
    )


def _panel(axes: Any, stability: pl.DataFrame, place: Mapping[str, int]) -> None:
    y = [place[name] for name in stability["factor"]]
    psi = stability["psi"].clip(upper_bound=FARTHEST).to_list()
    colour = {"stable": INK, "watch": "#D99A2B", "shifted": ACCENT}
    for limit in (LIMITS.watch, LIMITS.shifted):
        axes.axvline(limit, color=SOFT, linewidth=1)
    axes.hlines(y, 0, psi, color=SOFT, linewidth=1)
    axes.plot(stability["chance"].clip(upper_bound=FARTHEST).to_list(), y, "|", color=MUTED, ms=8)
    axes.scatter(psi, y, c=[colour[band] for band in stability["band"]], s=22, zorder=3, linewidths=0)
    axes.spines["right"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _reasons(cover: str, found: Drift) -> str:
    told = f"<h4>{text(words(cover)).capitalize()}: {found.verdict}</h4>{bullets(found.reasons)}"
    moved = found.levels.sort("contribution", "factor", "level", descending=[True, False, False])
    return told + fold(
        f"{words(cover)}: the {min(LEVELS_SHOWN, moved.height)} levels that moved most",
        frame_table(moved.head(LEVELS_SHOWN), LEVELS),
    )
