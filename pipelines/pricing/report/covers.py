"""One cover under the loupe: order, challenger, factors, years, intervals, credibility."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from models_ml.cover_evaluation import CREDIBLE, GROUPS, CoverEvaluation
from models_ml.forecast_intervals import LEAST_YEARS
from pipelines.pricing.forecasting.forecast import ForecastCover
from pipelines.pricing.page.markup import (
    Kind,
    bullets,
    fold,
    frame_table,
    note,
    para,
    part_or_reason,
    remark,
    table,
    text,
    words,
)
from pipelines.pricing.report.factors import factors
from pipelines.pricing.report.lift import importance, lift

GROUPS_SHOWN = 20
SPOKEN_OF = ("challenger", "rolling origin", "drift")
ORIGINS: dict[str, tuple[str, Kind]] = {
    "year": ("judged year", "text"),
    "rows": ("contracts", 0),
    "claims": ("claims", 0),
    "deviance_champion": ("champion", 3),
    "deviance_challenger": ("challenger", 3),
    "deviance_constant": ("constant", 3),
    "gini_champion": ("champion", 3),
    "gini_challenger": ("challenger", 3),
    "actual_over_expected": ("actual / expected claims", 3),
}
CREDIBILITY: dict[str, tuple[str, Kind]] = {
    "group": ("level", "text"),
    "weight": ("claims expected", 1),
    "mean": ("actual / expected without the factor", 3),
    "credibility": ("Z", 2),
    "estimate": ("estimate", 3),
}


def cover_section(name: str, cover: ForecastCover) -> str:
    """Everything that is known about how good the forecast of one cover is."""
    parts: dict[str, Callable[[], str]] = {
        "Order, and the challenger": partial(lift, cover),
        "What the forecast rests on": partial(importance, cover),
        "Year by year": partial(_origins, cover.evaluation),
        "Intervals": partial(_coverage, cover.evaluation),
        "Factor by factor": partial(factors, cover),
        "Credibility": partial(_credibility, name, cover),
    }
    drawn = (f"<h4>{title}</h4>{part_or_reason(title, draw)}" for title, draw in parts.items())
    return "".join(drawn) + _further(cover.evaluation)


def _further(evaluation: CoverEvaluation) -> str:
    """Remarks on what could not be judged that no other place speaks of."""
    told = [r for r in evaluation.remarks if not any(about in r for about in SPOKEN_OF)]
    return f"<h4>Not judged</h4>{bullets(told)}" if told else ""


def _origins(evaluation: CoverEvaluation) -> str:
    if evaluation.origins.is_empty():
        why = remark(evaluation.remarks, "rolling origin", "no policy year follows another")
        return note(f"No year was forecast from those before it: {text(why)}.")
    groups = [("", 3), ("deviance", 3), ("Gini", 2), ("", 1)]
    columns = list(ORIGINS.values())
    rows = evaluation.origins.select(list(ORIGINS)).iter_rows()
    return note(
        "Each policy year as forecast from all years before it, without trend or development."
    ) + table(columns, rows, groups=groups)


def _coverage(evaluation: CoverEvaluation) -> str:
    groups = " and ".join(words(name) for name in GROUPS)
    if not evaluation.coverage:
        return note(
            f"No group by {groups} has {LEAST_YEARS:g} vehicle-years among what was judged, so no "
            "interval of cost was put to the test."
        )
    rows = [
        (
            f"{level:.0%}",
            found.groups,
            found.inside,
            found.share,
            found.lower,
            found.upper,
            "yes" if found.holds(level) else "no",
        )
        for level, found in sorted(evaluation.coverage.items())
    ]
    columns: list[tuple[str, Kind]] = [
        ("interval", "text"),
        ("groups", 0),
        ("inside", 0),
        ("share inside", "share"),
        ("from (95 %)", "share"),
        ("to", "share"),
        ("holds", "text"),
    ]
    told = note(
        f"Cost of groups by {groups} with at least {LEAST_YEARS:g} vehicle-years: how many fell into their "
        "prediction interval."
    )
    return told + table(columns, rows)


def _credibility(name: str, cover: ForecastCover) -> str:
    table_of = cover.evaluation.credibility
    if table_of.is_empty():
        names = " nor ".join(CREDIBLE)
        return note(f"Neither {names} is a factor of {words(name)}, so no credibility was measured.")
    parts = [
        note(
            "Z is the weight a level's own experience has against that of all (Buhlmann and Straub), beside "
            "all other factors; the levels that expect most claims."
        )
    ]
    for factor in table_of["factor"].unique(maintain_order=True):
        own = table_of.filter(pl.col("factor") == factor)
        top = own.sort("weight", "group", descending=[True, False]).head(GROUPS_SHOWN)
        best = float(own["credibility"].max() or 0.0)  # type: ignore[arg-type]
        spread = (
            f"Z up to {best:.2f}" if best > 0 else "Z is 0: levels differ no more than chance would have them"
        )
        parts.append(
            para(f"{text(words(factor)).capitalize()}: {spread}.")
            + fold(f"{words(factor)}: {top.height} of {own.height} levels", frame_table(top, CREDIBILITY))
        )
    return "".join(parts)
