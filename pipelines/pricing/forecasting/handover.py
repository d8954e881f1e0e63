"""What the forecast hands to the rate table and the flags: models, figures and the report, in one folder."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating.evidence import EVIDENCE
from pipelines.files import write_atomically

MODELS, REPORT, EVALUATION = "forecast.json", "model_report.html", "evaluation.json"
SCHEMA = {"factor": pl.String, "level": pl.String, **dict.fromkeys(EVIDENCE, pl.Float64)}


@dataclass(frozen=True)
class Handover:
    """Models, what their relativities rest on, and judgements by cover; why a cover has none; the version of
    the model that rates, of the champion, and of the challenger with its verdict; the day
    each cover is priced to; and the pages about it."""

    models: dict[str, FrequencySeverityModel]
    evidences: dict[str, pl.DataFrame]
    judgements: dict[str, Judgement]
    refused: dict[str, str]
    rated_by: str
    champion: str
    challenger: str
    priced_to: dict[str, dt.date]
    report: bytes
    evaluation: bytes


def hand_over(made: Handover, folder: Path) -> None:
    """Write everything, the models last and exact to the last bit: who finds them finds the rest."""
    content = {
        "rated_by": made.rated_by,
        "champion": made.champion,
        "challenger": made.challenger,
        "priced_to": {cover: day.isoformat() for cover, day in made.priced_to.items()},
        "models": {cover: model.to_dict() for cover, model in made.models.items()},
        "evidences": {cover: told.to_dict(as_series=False) for cover, told in made.evidences.items()},
        "judgements": {cover: judged.to_dict() for cover, judged in made.judgements.items()},
        "refused": made.refused,
    }
    (folder / MODELS).unlink(missing_ok=True)
    write_atomically(folder / REPORT, made.report)
    write_atomically(folder / EVALUATION, made.evaluation)
    write_atomically(folder / MODELS, json.dumps(content, ensure_ascii=False, indent=1).encode())


def take_over(folder: Path) -> Handover:
    """Read what `hand_over` wrote."""
    content: dict[str, Any] = json.loads((folder / MODELS).read_text(encoding="utf-8"))
    return Handover(
        models={c: FrequencySeverityModel.from_dict(m) for c, m in content["models"].items()},
        evidences={c: pl.DataFrame(told, schema=SCHEMA) for c, told in content["evidences"].items()},
        judgements={c: Judgement.from_dict(j) for c, j in content["judgements"].items()},
        refused=content["refused"],
        rated_by=content["rated_by"],
        champion=content["champion"],
        challenger=content["challenger"],
        priced_to={cover: dt.date.fromisoformat(day) for cover, day in content["priced_to"].items()},
        report=(folder / REPORT).read_bytes(),
        evaluation=(folder / EVALUATION).read_bytes(),
    )
