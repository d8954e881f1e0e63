"""Fit every cover, judge it on experience it has not seen, and keep both as plain JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.errors import ModellingError
from models_ml.evaluation import Judgement, judge
from models_ml.frequency_severity import FrequencySeverityModel
from pipelines.files import write_atomically
from pipelines.pricing.experience import Experience, as_cells, split
from pipelines.progress import LOGGER, step


@dataclass(frozen=True)
class Forecast:
    """Fitted models and their judgements by cover, and why a cover has none."""

    models: dict[str, FrequencySeverityModel]
    judgements: dict[str, Judgement]
    refused: dict[str, str]


def fit_forecast(experience: Experience, seed: int) -> Forecast:
    """Fit and judge every cover; one that cannot be fitted is left out with the reason."""
    models: dict[str, FrequencySeverityModel] = {}
    judgements: dict[str, Judgement] = {}
    refused: dict[str, str] = {}
    for cover in experience.covers:
        with step(f"forecast {cover}", slow=True) as log:
            cells = experience.cells.filter(pl.col("cover") == cover)
            contracts = experience.contracts.filter(pl.col("cover") == cover)
            try:
                models[cover] = FrequencySeverityModel(experience.factors, seed=seed).fit(cells)
                judgements[cover] = _judged(models[cover], contracts, experience.factors, seed)
                log.rows(cells.height, _headline(judgements[cover]))
            except ModellingError as error:
                models.pop(cover, None)
                refused[cover] = str(error)
                log.say(f"not priced: {error}")
    for reason in refused.values():
        LOGGER.warning("not priced: %s", reason)
    return Forecast(models, judgements, refused)


def _judged(
    model: FrequencySeverityModel, contracts: pl.DataFrame, factors: list[str], seed: int
) -> Judgement:
    learn, unseen, basis = split(contracts, seed)
    if contracts["period"].is_in(["judge"]).any():
        return judge(model, learn, unseen, basis)
    # The published model has seen the hold-out, so one that has not is judged in its place.
    blind = FrequencySeverityModel(factors, seed=seed).fit(as_cells(learn, factors))
    return judge(blind, learn, unseen, basis)


def _headline(judged: Judgement) -> str:
    return (
        f"deviance {judged.deviance_model:.2f} (constant {judged.deviance_constant:.2f}), "
        f"Gini {judged.gini_model:.3f}, actual/expected claims "
        f"{judged.actual_over_expected_claims:.3f}"
    )


def save_forecast(forecast: Forecast, path: Path) -> None:
    """Write the models, exact to the last bit, and their judgements."""
    content = {
        "models": {cover: model.to_dict() for cover, model in forecast.models.items()},
        "judgements": {cover: j.to_dict() for cover, j in forecast.judgements.items()},
        "refused": forecast.refused,
    }
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1).encode())


def load_forecast(path: Path) -> Forecast:
    """Read what `save_forecast` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Forecast(
        {c: FrequencySeverityModel.from_dict(m) for c, m in content["models"].items()},
        {c: Judgement.from_dict(j) for c, j in content["judgements"].items()},
        content["refused"],
    )
