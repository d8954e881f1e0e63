"""The first table: how good each forecast is, whether challengers may take over, what has no price."""

from __future__ import annotations

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

PROMOTION: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "rows": ("contracts", 0),
    "claims": ("claims", 0),
    "deviance_champion": ("deviance of the champion", 3),
    "deviance_challenger": ("of the challenger", 3),
    "gain": ("gain", 3),
    "gain_lower": ("at least", 3),
    "actual_over_expected": ("actual / expected", 3),
    "slope": ("slope", 2),
    "passed": ("passed", "text"),
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
            _promotion(forecast),
        ]
    )


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
            "<b>The challengers may take the champions' place:</b> they are shown to be no worse on every "
            "cover."
        )
    failed = found.by_cover.filter(~pl.col("passed"))["cover"].to_list()
    names = text(", ".join(words(name) for name in failed))
    return (
        f"<b>The champions stay:</b> the challengers are not shown to be as good on {len(failed)} "
        f"of {found.by_cover.height} covers ({names})."
    )


def _without_challenger(forecast: Forecast) -> str:
    none = [words(cover) for cover, made in forecast.covers.items() if made.evaluation.paired is None]
    if not none:
        return ""
    return note(
        f"Without a challenger that could be compared, and so beside itself here: {text(', '.join(none))}."
    )
