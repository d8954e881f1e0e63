"""The evaluation file: strict JSON that holds every figure of the forecast."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.report import evaluation_json
from pipelines.pricing.report.record import plain


def strict(data: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found: dict[str, Any] = json.loads(data, parse_constant=refuse)
    return found


def test_the_same_forecast_gives_the_same_bytes(full: Forecast) -> None:
    assert evaluation_json(full) == evaluation_json(full)


def test_every_cover_has_everything_that_was_judged(full: Forecast) -> None:
    record = strict(evaluation_json(full))
    assert list(record) == ["all_covers", "covers", "promotion", "refused"]
    assert list(record["covers"]) == list(full.covers)
    assert record["refused"] == dict(full.refused)
    assert list(record["covers"]["damage"]) == [
        "judgement", "origins", "paired", "double", "importance", "telematics", "coverage", "curves",
        "credibility", "drift", "remarks", "restatement", "shrinkage", "priced_to",
        "challenger",
    ]  # fmt: skip


def test_figures_are_those_of_the_forecast_to_nine_digits(full: Forecast) -> None:
    record, made = strict(evaluation_json(full))["covers"]["damage"], full.covers["damage"]
    evaluation, restatement = made.evaluation, made.made.restatement
    near = {"rel": 1e-8}
    assert record["judgement"]["deviance_model"] == pytest.approx(evaluation.judgement.deviance_model, **near)
    assert record["origins"] == [pytest.approx(row, **near) for row in evaluation.origins.to_dicts()]
    assert evaluation.paired is not None
    assert record["paired"]["gain"] == pytest.approx(evaluation.paired.gain, **near)
    assert record["coverage"]["0.8"]["inside"] == evaluation.coverage[0.8].inside
    assert len(record["curves"]) == evaluation.curves.height
    assert evaluation.drift is not None
    assert record["drift"]["verdict"] == evaluation.drift.verdict
    counts = restatement.development.counts
    assert counts is not None
    quarter = record["restatement"]["development"]["counts"]["by_origin"][-1]
    assert quarter["origin"] == "2024-10-01"
    assert quarter["ultimate"] == pytest.approx(counts.by_origin["ultimate"][-1], **near)
    assert record["restatement"]["cap"] == pytest.approx(restatement.cap, **near)
    assert made.challenger is not None
    assert record["challenger"]["trees"] == made.challenger.trees
    assert record["challenger"]["cells"] == made.challenger.tables.cells


def test_what_is_missing_is_null_or_empty(sparse: Forecast) -> None:
    record = strict(evaluation_json(sparse))["covers"]["damage"]
    assert record["telematics"] is record["drift"] is record["judgement"]["deviance_charged"] is None
    assert record["restatement"]["development"]["counts"] is None
    assert record["origins"] == record["curves"] == []
    assert record["coverage"] == {}
    assert len(record["remarks"]) == 2


def test_what_is_no_number_becomes_null() -> None:
    frame = pl.DataFrame({"day": [dt.date(2025, 1, 2)], "x": [float("nan")], "y": [1 / 3]})
    assert plain({0.8: frame, "t": (float("inf"), True, 3)}) == {
        "0.8": [{"day": "2025-01-02", "x": None, "y": 0.333333333}],
        "t": [None, True, 3],
    }


def test_a_value_that_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes has no form in JSON"):
        plain({"a": b"x"})
