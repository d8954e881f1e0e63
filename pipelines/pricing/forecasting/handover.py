"""What the forecast hands to the rate table and the flags: models, figures and the report, in one folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating.evidence import EVIDENCE
from pipelines.files import content_hashes, write_atomically
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.store import load_model, read_table

MODELS, REPORT, EVALUATION = "forecast.json", "model_report.html", "evaluation.json"
AGAIN = "forecast again: ratewright run, or the asset cost_forecast in Dagster"
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


def hand_over(made: Handover, folder: Path, models: Path) -> None:
    """Write everything, the models last and exact to the last bit: who finds them finds the rest.

    Args:
        made: what is handed over.
        folder: where to.
        models: the client's folder of the model store, which keeps the hash of it.
    """
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
    files = {
        REPORT: made.report,
        EVALUATION: made.evaluation,
        MODELS: json.dumps(content, ensure_ascii=False, indent=1).encode(),
    }
    (folder / MODELS).unlink(missing_ok=True)
    write_atomically(_register(models, folder), json.dumps(content_hashes(files), indent=1).encode())
    for name, data in files.items():
        write_atomically(folder / name, data)


def take_over(folder: Path, models: Path) -> Handover:
    """Read what `hand_over` wrote, once it is seen to be that and to come from the models it names.

    Raises:
        PublicationError: a file is missing or not what was handed over, or its models are not those stored
            under the name of the one that rates.
    """
    files = {name: _verified(folder, models, name) for name in (REPORT, EVALUATION, MODELS)}
    try:
        made = _read(files)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise PublicationError(f"{folder / MODELS} holds no forecast ({error!r}); {AGAIN}") from None
    _hold_to_store(made, models)
    return made


def _read(files: Mapping[str, bytes]) -> Handover:
    content: dict[str, Any] = json.loads(files[MODELS])
    return Handover(
        models={c: FrequencySeverityModel.from_dict(m) for c, m in content["models"].items()},
        evidences={c: pl.DataFrame(told, schema=SCHEMA) for c, told in content["evidences"].items()},
        judgements={c: Judgement.from_dict(j) for c, j in content["judgements"].items()},
        refused=content["refused"],
        rated_by=content["rated_by"],
        champion=content["champion"],
        challenger=content["challenger"],
        priced_to={cover: dt.date.fromisoformat(day) for cover, day in content["priced_to"].items()},
        report=files[REPORT],
        evaluation=files[EVALUATION],
    )


def _register(models: Path, folder: Path) -> Path:
    return models / f"handed_over_{folder.name}.json"


def _verified(folder: Path, models: Path, name: str) -> bytes:
    """A file of the hand-over, by the hash that the model store keeps."""
    register = _register(models, folder)
    try:
        hashes: dict[str, str] = json.loads(register.read_bytes())
        data = (folder / name).read_bytes()
    except (OSError, ValueError) as error:
        told = f"the forecast was not handed over whole ({error})"
        raise PublicationError(f"{folder}: {told}; {AGAIN}") from None
    if not isinstance(hashes, dict) or hashes.get(name) != hashlib.sha256(data).hexdigest():
        raise PublicationError(f"{folder / name} is not what the forecast handed over; {AGAIN}")
    return data


def _hold_to_store(made: Handover, models: Path) -> None:
    """Refuse models that differ from those stored under the name that the manifest will give."""
    stored = load_model(models.parent, models.name, made.rated_by)
    for name, mine in stored_tables(made.models).items():
        # What was written as JSON has its columns in another order.
        if not read_table(stored, f"{name}.parquet").select(mine.columns).equals(mine):
            raise PublicationError(
                f"the forecast that was handed over is not {made.rated_by}: its {name} differ; {AGAIN}"
            )


def stored_tables(models: Mapping[str, FrequencySeverityModel]) -> dict[str, pl.DataFrame]:
    """What the model store keeps of the models that rate: `bases` of every cover, and all `relativities`."""
    bases = pl.DataFrame(
        [
            {
                "cover": cover,
                "base_frequency": model.base_frequency_,
                "base_severity": model.base_severity_,
                "recovery_factor": model.recovery_factor_,
                "large_loss_factor": model.large_loss_factor,
            }
            for cover, model in models.items()
        ]
    )
    pieces = [
        model.relativities_.select(pl.lit(cover).alias("cover"), pl.all()) for cover, model in models.items()
    ]
    return {"bases": bases} | ({"relativities": pl.concat(pieces)} if pieces else {})
