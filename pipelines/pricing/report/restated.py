"""From experience to the rating year: how far claims are known, how they move, and where they were cut."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.actuarial.development import BORNHUETTER_FERGUSON, Ultimates
from models_ml.actuarial.trend import Trend
from models_ml.restatement import WHOLE, Restatement
from pipelines.pricing.page.markup import (
    Kind,
    fold,
    frame_table,
    note,
    para,
    quarter_name,
    sentence,
    table,
    text,
    words,
    written,
)
from pipelines.pricing.page.style import ACCENT, INK, MUTED, SOFT
from pipelines.pricing.report.canvas import head, svg

WIDEST = 0.4
"""Half-width, as a yearly change, beyond which the interval of a trend is cut in the drawing."""

TRENDS: list[tuple[str, Kind]] = [
    ("trend of", "text"),
    ("observed", "change"),
    ("from (95 %)", "change"),
    ("to", "change"),
    ("complement", "change"),
    ("credibility", 2),
    ("selected", "change"),
    ("standard error", "share"),
]
QUARTERS: dict[str, tuple[str, Kind]] = {
    "origin": ("quarter", "quarter"),
    "exposure_years": ("vehicle-years", 0),
    "latest": ("known", 0),
    "developed": ("reported share", "share"),
    "ultimate": ("ultimate", 1),
    "standard_error": ("standard error", 1),
    "method": ("method", "text"),
    "reason": ("why", "text"),
}


def trends_of_all(trends: Mapping[str, Trend]) -> str:
    """Trend of frequency by segment over all covers: the complement of each cover's own."""
    if not trends:
        return note(
            "No cover has claims with days, so no trend is seen over all covers; each cover has the one "
            "assumed of it."
        )
    return note(
        "Trend of frequency over all covers, beside what a model without trend expects of the mix. It is the "
        "complement of each cover's own, which is believed as far as its interval is narrow."
    ) + _trends(_of_segments(trends))


def restated(cover: str, told: Restatement) -> str:
    """What was done to the experience of one cover: a figure, and its numbers."""
    developed = told.development.counts is not None
    drawing = svg(
        lambda figure: _draw(figure, told),
        (9.6, 3.5) if developed else (6.0, 0.9 + 0.3 * len(named_trends(told))),
        f"{words(cover)}: development of claims by quarter, and yearly trends",
    )
    return "".join([drawing, _development(told), _moves(told), para(_large_losses(told))])


def draw_development(bars: Any, share: Any, counts: Ultimates, amounts: Ultimates | None) -> None:
    """Known and ultimate claims by quarter, and under them the share that is known."""
    table_of = counts.by_origin
    x = list(range(table_of.height))
    bars.bar(x, table_of["latest"].to_list(), color=SOFT, width=0.7, label="known")
    weak = table_of["method"] == BORNHUETTER_FERGUSON
    for mask, face, label in (
        (~weak, INK, "ultimate, chain ladder"),
        (weak, "white", "Bornhuetter-Ferguson"),
    ):
        part = table_of.with_row_index("at").filter(mask)
        if part.height:
            error = (2 * part["standard_error"].fill_null(0.0)).to_list()
            bars.errorbar(
                part["at"].to_list(), part["ultimate"].to_list(), yerr=error, fmt="o", ms=4.5, color=INK,
                mfc=face, linewidth=1, capsize=2, label=label,
            )  # fmt: skip
    bars.set_ylim(bottom=0)
    bars.set_ylabel("claims")
    head(bars, "Claims by quarter of loss, +- 2 standard errors")
    drawn = [counts] if amounts is None else [counts, amounts]
    for ultimates, colour, label in zip(drawn, (INK, ACCENT), ("claims", "cost"), strict=False):
        share.plot(x, ultimates.by_origin["developed"].to_list(), color=colour, label=label, linewidth=1.2)
    least = min(float(table.by_origin["developed"].min()) for table in drawn)  # type: ignore[arg-type]
    share.set_ylim(bottom=max(0.0, min(0.8, least - 0.1)))
    share.yaxis.set_major_formatter(_percent)
    share.set_ylabel("reported")
    share.legend(loc="lower left", ncols=2)
    share.set_xticks(x, [_quarter(day, first=at == 0) for at, day in enumerate(table_of["origin"])])
    for axes in (bars, share):
        axes.spines["right"].set_visible(False)
        axes.set_xlim(-0.6, len(x) - 0.4)


def draw_trends(axes: Any, trends: Mapping[str, Trend]) -> None:
    """A row per trend: observed with its interval, complement, and the selected one."""
    y = list(range(len(trends)))[::-1]
    found = list(trends.values())
    seen = [(at, t.observed, t.lower, t.upper) for at, t in zip(y, found, strict=True)]
    for at, observed, lower, upper in seen:
        if observed is not None and lower is not None and upper is not None:
            axes.plot([lower, upper], [at, at], color=MUTED, linewidth=1)
            axes.plot(observed, at, "o", color=MUTED, ms=4, label="observed, 95 %")
    axes.plot([t.a_priori for t in found], y, "|", color=INK, ms=11, mew=1.6, label="complement")
    axes.plot([t.selected for t in found], y, "D", color=ACCENT, ms=4.5, label="selected")
    reach = [abs(v) for t in found for v in (t.lower, t.upper) if v is not None]
    width = min(max([0.05, *reach]), WIDEST) * 1.05
    axes.set_xlim(-width, width)
    axes.set_ylim(-0.7, len(found) - 0.3)
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.set_yticks(y, list(trends))
    axes.xaxis.set_major_formatter(_percent)
    axes.spines["right"].set_visible(False)
    head(axes, "Change a year")


def named_trends(told: Restatement) -> dict[str, Trend]:
    """The trends of a cover, under the names they are shown by."""
    return _of_segments(told.frequency) | {"severity": told.severity}


def _of_segments(frequency: Mapping[str, Trend]) -> dict[str, Trend]:
    return {
        "frequency" if segment == WHOLE else f"frequency, {segment}": trend
        for segment, trend in frequency.items()
    }


def _quarter(day: dt.date, *, first: bool) -> str:
    """The quarter's number, and under it the year where it begins."""
    year, quarter = quarter_name(day).split()
    return f"{quarter[1:]}\n{year}" if first or quarter == "Q1" else quarter[1:]


def _percent(value: float, _: int) -> str:
    return f"{value:.0%}"


def _draw(figure: Any, told: Restatement) -> None:
    counts = told.development.counts
    trends = named_trends(told)
    if counts is None:
        draw_trends(figure.subplots(), trends)
        return
    grid = figure.add_gridspec(2, 2, width_ratios=(2, 1.2), height_ratios=(3, 1.1))
    bars = figure.add_subplot(grid[0, 0])
    share = figure.add_subplot(grid[1, 0], sharex=bars)
    bars.tick_params(labelbottom=False)
    draw_development(bars, share, counts, told.development.amounts)
    draw_trends(figure.add_subplot(grid[:, 1]), trends)


def _development(told: Restatement) -> str:
    development = told.development
    counts, amounts = development.counts, development.amounts
    if counts is None or amounts is None:
        return "".join(note(sentence(remark)) for remark in development.remarks)
    known, cost = (float(of.by_origin["latest"].sum()) for of in (counts, amounts))
    weak = counts.by_origin.filter(pl.col("method") == BORNHUETTER_FERGUSON).height
    error = written(counts.total_standard_error, 1)
    told_of = (
        f"{known:,.0f} claims are known, {counts.total:,.1f} are expected in the end (standard error "
        f"{error}). {weak} of {counts.by_origin.height} quarters by Bornhuetter-Ferguson, the others by "
        f"chain ladder. Cost known {cost:,.0f}, ultimate {amounts.total:,.0f} "
        f"(standard error {written(amounts.total_standard_error, 0)})."
    )
    years = development.quarters.select(origin="quarter", exposure_years="exposure_years")
    folds = "".join(
        fold(f"development of {name} by quarter", _quarters(ultimates, years))
        for name, ultimates in (("claims", counts), ("cost", amounts))
    )
    return para(told_of) + folds


def _quarters(ultimates: Ultimates, years: pl.DataFrame) -> str:
    named = ultimates.by_origin.join(years, on="origin", how="left", maintain_order="left")
    return frame_table(named.with_columns(pl.col("method").str.replace_all("_", " ")), QUARTERS)


def _moves(told: Restatement) -> str:
    return _trends(named_trends(told))


def _trends(named: Mapping[str, Trend]) -> str:
    """The trends as a table, and why some were not observed."""
    unseen: dict[str, list[str]] = {}
    for name, trend in named.items():
        if trend.observed is None:
            unseen.setdefault(trend.reason, []).append(name)
    why = "".join(note(f"No trend observed of {text('; '.join(n))}: {text(r)}.") for r, n in unseen.items())
    return table(TRENDS, [_trend_row(name, trend) for name, trend in named.items()]) + why


def _trend_row(name: str, trend: Trend) -> list[Any]:
    observed = (trend.observed, trend.lower, trend.upper)
    return [
        name,
        *observed,
        trend.a_priori,
        trend.credibility,
        trend.selected,
        trend.error,
    ]


def _large_losses(told: Restatement) -> str:
    if told.cap is None:
        return "No claim was cut."
    return (
        f"Claims were cut at {told.cap:,.0f}, at prices of the rating year; what was cut off comes back as a "
        f"loading of {told.large_loss_factor - 1:.1%} on every expected cost."
    )
