"""Forecasts in the model store: the champion, which rates, and the challenger that the gate passed or not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from models_ml.boosting.export import bands_frame, cells_frame
from models_ml.evaluation import Judgement
from models_ml.promotion import Promotion
from pipelines.files import parquet_bytes
from pipelines.pricing.forecasting.experience import Experience
from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.forecasting.handover import stored_tables
from pipelines.pricing.forecasting.model_card import ModelRecord
from pipelines.pricing.forecasting.store import StoredModel, save_model, set_champion
from pipelines.pricing.versions.manifest import code_revision, library_versions
from pipelines.repricing import Plan

RELATIVITIES, PAIRS = "one-way relativities (GLM)", "one- and two-way tables (boosted pairs)"
TRUSTED = (
    # scikit-learn codes names by a partial of its own check; what a partial calls is held to this list too.
    "functools.partial",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss._loss.CyHalfPoissonLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)
"""Types a stored challenger is made of, beyond those skops trusts itself; see `store.load_estimator`."""


@dataclass(frozen=True)
class Kept:
    """The models of a forecast as they were stored.

    Attributes:
        rated_by: the one that makes the rates: one-way relativities, whatever the challenger does.
        champion: the one that the store hands out unless another is named. It is the one that rates: a
            model is not called champion as long as another one makes the prices.
        challenger: the one beside it; None where none could be fitted.
        verdict: whether the challenger passed the gate, and what spoke first against it, in words.
    """

    rated_by: StoredModel
    champion: StoredModel
    challenger: StoredModel | None
    verdict: str

    def in_words(self) -> str:
        """The challenger by name with its verdict."""
        return self.verdict if self.challenger is None else f"{self.challenger.name} {self.verdict}"


def keep_forecast(forecast: Forecast, experience: Experience, plan: Plan) -> Kept:
    """Store both models of a forecast, and make the one that rates the champion.

    A challenger that passed the gate is named with its verdict, and stays a challenger: rates are one-way
    relativities, and it makes none.
    """
    models = plan.settings.models
    data = {
        "contracts": _hash(experience.contracts),
        "claims": _hash(experience.claims),
        "assumptions": _hash(experience.assumptions),
    }
    kept, _ = save_model(
        models, _record(plan, RELATIVITIES, forecast, data), _relativities(forecast), _metrics(forecast)
    )
    challenger = None
    if forecast.promotion is not None and any(c.challenger for c in forecast.covers.values()):
        challenger, _ = save_model(
            models,
            _record(plan, PAIRS, forecast, data),
            _pairs(forecast),
            {**_metrics(forecast), "promotion": _promotion(forecast)},
            {cover: c.challenger.boosted.trees_ for cover, c in forecast.covers.items() if c.challenger},
        )
    champion = set_champion(models, plan.client, kept.name)
    return Kept(kept, champion, challenger, promotion_in_words(forecast.promotion))


def promotion_in_words(promotion: Promotion | None) -> str:
    """Whether the challenger passed the gate, and what spoke first against it."""
    if promotion is None:
        return "no challenger was judged"
    if promotion.promoted:
        return "passed: not worse in all and on every cover; rates stay one-way relativities"
    return f"did not pass: {promotion.reasons[0]}"


def _record(plan: Plan, purpose: str, forecast: Forecast, data: Mapping[str, str]) -> ModelRecord:
    bases = dict.fromkeys(judged.basis for judged in forecast.judgements.values())
    return ModelRecord(
        client=plan.client,
        purpose=f"Expected cost by cover for {plan.rating_year}: {purpose}",
        learned_on=f"contracts begun before {plan.mapping.rating_year(plan.rating_year)[0]}",
        judged_on="; ".join(bases) or "nothing",
        seeds={"folds, hold-outs and permutations": plan.settings.seed},
        data=dict(data),
        libraries=library_versions(),
        code_revision=code_revision(),
    )


def _relativities(forecast: Forecast) -> dict[str, bytes]:
    """Base values of every cover, and all relativities."""
    tables = stored_tables(forecast.models)
    return {f"{name}.parquet": parquet_bytes(frame) for name, frame in tables.items()}


def _pairs(forecast: Forecast) -> dict[str, bytes]:
    """Bands and cells of every cover's tables; their rate is claims per vehicle-year."""
    bases, bands, cells = [], [], []
    for cover, made in forecast.covers.items():
        if made.challenger is None:
            continue
        name = pl.lit(cover).alias("cover")
        bases.append({"cover": cover, "base_frequency": made.challenger.tables.base_rate})
        bands.append(bands_frame(made.challenger.tables).select(name, pl.all()))
        cells.append(cells_frame(made.challenger.tables).select(name, pl.all()))
    frames = {"bases": pl.DataFrame(bases), "bands": pl.concat(bands), "cells": pl.concat(cells)}
    return {f"{name}.parquet": parquet_bytes(frame) for name, frame in frames.items()}


def _metrics(forecast: Forecast) -> dict[str, Any]:
    return {cover: _plain(judged) for cover, judged in forecast.judgements.items()}


def _plain(judged: Judgement) -> dict[str, Any]:
    return {k: v for k, v in vars(judged).items() if isinstance(v, (int, float))}


def _promotion(forecast: Forecast) -> dict[str, Any]:
    found = forecast.promotion
    if found is None:
        return {}
    return {"passed": found.promoted, **{f"{i:02}": reason for i, reason in enumerate(found.reasons)}}


def _hash(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()
