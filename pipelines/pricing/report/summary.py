"""The first table: how good each forecast is, whether challengers may take over, what has no price."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from models_ml.errors import ModellingError
from models_ml.evaluation import CalibrationLine, Judgement, calibration_line, d2
from models_ml.promotion import Promotion
from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.page.markup import (
    Kind,
    bullets,
    fold,
    frame_table,
    note,
    para,
    sentence,
    table,
    text,
    words,
)
from pipelines.pricing.report.record import evaluation_json
from pipelines.pricing.versions.belief import beliefs, in_doubt

PROMOTION: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "rows": ("contracts", 0),
    "claims": ("claims", 0),
    "deviance_champion": ("deviance of the champion", 3),
    "deviance_challenger": ("of the challenger", 3),
    "gain": ("gain", 3),
    "gain_lower": ("at least", 3),
    "lift_champion": ("lift of the champion", 3),
    "actual_over_expected": ("actual / expected", 3),
    "slope": ("slope", 2),
    "passed": ("passed", "text"),
}
BELIEVED = (
    "A scale is the share of the learned prior widths that rates: 1 is as learned, 0 is flat. It is chosen "
    "by cross-validation over the vehicles learned from, the flattest within one standard error of the best. "
    "Gains are deviance taken off one rate for all at the forecast's level, on what was not seen."
)
BELIEFS: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "frequency_scale": ("scale of frequency", 2),
    "severity_scale": ("of severity", 2),
    "claims": ("claims chosen by", 0),
    "gain_over_constant": ("gain, claims", 3),
    "gain_over_constant_error": ("error", 3),
    "cost_gain_over_constant": ("gain, cost", 3),
    "cost_gain_over_constant_error": ("error", 3),
    "standing": ("standing", "text"),
    "evidence": ("evidence", "text"),
}


def summary(forecast: Forecast) -> str:
    """The summary section."""
    judged = list(forecast.judgements.values())
    return "".join(
        [
            _judgements(judged) if judged else para("No cover could be forecast."),
            *(
                para(f"<b>{text(words(cover)).capitalize()} is not priced.</b> {sentence(reason)}")
                for cover, reason in sorted(forecast.refused.items())
            ),
            _beliefs(forecast),
            _priced(forecast),
            _promotion(forecast),
        ]
    )


def _beliefs(forecast: Forecast) -> str:
    """How far each cover's relativities are believed, and by what evidence."""
    told = json.loads(evaluation_json(forecast))
    rows = beliefs(told)
    if rows.is_empty():
        return ""
    doubts = "".join(para(f"<b>In doubt:</b> {sentence(doubt)}") for doubt in in_doubt(told))
    shown = rows.with_columns(pl.col("cover").str.replace_all("_", " "))
    return (
        "<h3>How far relativities are believed</h3>" + doubts + note(BELIEVED) + frame_table(shown, BELIEFS)
    )


def _priced(forecast: Forecast) -> str:
    """The day that each cover's cost is trended to."""
    told = [
        f"{words(cover)}: {made.priced.day}, {made.priced.reason}"
        for cover, made in forecast.covers.items()
        if made.priced
    ]
    if not told:
        return note("Cost is trended to the middle of the rating year.")
    head = (
        "Cost is trended to the mean day of loss of the contracts that the table will price. What is judged "
    )
    return note(head + "on contracts begun in the rating year is trended to its middle.") + bullets(told)


def calibration(judged: Judgement) -> tuple[int, int, CalibrationLine | None]:
    """Tenths whose claims are within chance of the expected ones, tenths in all, and the line through all."""
    tenths = judged.by_decile.filter(pl.col("expected_claims") > 0)
    within = tenths.filter((pl.col("lower") <= 1) & (pl.col("upper") >= 1)).height
    columns = [tenths[name] for name in ("exposure_years", "actual_claims", "expected_claims")]
    try:
        line: CalibrationLine | None = calibration_line(*columns)
    except ModellingError:
        line = None
    return within, tenths.height, line


def _judgements(judged: Sequence[Judgement]) -> str:
    charged = any(j.deviance_charged is not None for j in judged)
    columns: list[tuple[str, Kind]] = [("cover", "text"), ("vehicle-years", 0), ("claims", 0)]
    columns += [("forecast", 3), ("constant", 3)] + ([("charged", 3)] if charged else [])
    columns += [("D2", "share"), ("by frequency", 3), ("by cost", 3)]
    columns += [("by charged", 3)] if charged else []
    columns += [("claims", 3), ("cost", 3), ("tenths within chance", "text"), ("slope", 2), ("error", 2)]
    groups = [
        ("judged on", 3),
        ("deviance", 4 if charged else 3),
        ("Gini of claims", 3 if charged else 2),
        ("actual / expected", 2),
        ("calibration", 3),
    ]
    basis = "; ".join(dict.fromkeys(j.basis for j in judged))
    parts = [
        note(
            f"Judged on: {text(basis)}. Lower deviance, higher D2 and higher Gini are better; charged is "
            "the premium that was charged, as if it were a forecast."
        ),
        table(columns, [_row(j, charged) for j in judged], groups=groups),
    ]
    if not charged:
        parts.append(note("No premium charged was delivered, so the forecast stands beside a constant only."))
    return "".join(parts)


def _row(judged: Judgement, charged: bool) -> list[Any]:
    explained = d2(judged.deviance_model, judged.deviance_constant) if judged.deviance_constant > 0 else None
    within, tenths, line = calibration(judged)
    return [
        words(judged.cover),
        judged.exposure_years,
        judged.claim_count,
        judged.deviance_model,
        judged.deviance_constant,
        *([judged.deviance_charged] if charged else []),
        explained,
        judged.gini_model,
        judged.gini_cost_model,
        *([judged.gini_charged] if charged else []),
        judged.actual_over_expected_claims,
        judged.actual_over_expected_amount,
        f"{within}/{tenths}",
        *((None, None) if line is None else (line.slope, line.slope_error)),
    ]


def _promotion(forecast: Forecast) -> str:
    found = forecast.promotion
    if found is None:
        return para("<b>No challenger was judged</b>, for no cover has a forecast that could be compared.")
    details = fold(
        "promotion in numbers and reasons",
        frame_table(found.by_cover.with_columns(pl.col("cover").str.replace_all("_", " ")), PROMOTION)
        + bullets(found.reasons),
    )
    return para(_verdict(found)) + _without_challenger(forecast) + details


def _verdict(found: Promotion) -> str:
    if found.promoted:
        return (
            "<b>The challengers pass the gate:</b> they are shown to be no worse in all and on every cover. "
            "They make no rates: rates are the champions' one-way relativities."
        )
    failed = found.by_cover.filter(~pl.col("passed"))["cover"].to_list()
    if not failed:
        return "<b>The challengers do not pass:</b> over all covers together they are worse."
    names = text(", ".join(words(name) for name in failed))
    return (
        f"<b>The challengers do not pass:</b> they are not shown to be as good on {len(failed)} "
        f"of {found.by_cover.height} covers ({names})."
    )


def _without_challenger(forecast: Forecast) -> str:
    none = [words(cover) for cover, made in forecast.covers.items() if made.evaluation.paired is None]
    if not none:
        return ""
    return note(
        f"Without a challenger that could be compared, and so beside itself here: {text(', '.join(none))}."
    )
