"""What a stored model was made from, and a page that says so (Mitchell et al. 2019, Model Cards)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.manifest import canonical_json

RECORD, METRICS, CARD, ESTIMATOR = "record.json", "metrics.json", "model_card.md", "estimator.skops"


class ModelRecord(BaseModel):
    """What a model is and what it was made from; it holds no clock, so the same inputs give the same.

    `data` are SHA-256 of what it learned and was judged on, by name; `foreign_types` are the types in
    its estimator that a reader has to trust; `files` are hashes of the files stored with it.
    """

    model_config = ConfigDict(frozen=True)

    client: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    purpose: str
    learned_on: str
    judged_on: str
    seeds: dict[str, int]
    data: dict[str, str]
    libraries: dict[str, str]
    code_revision: str
    foreign_types: tuple[str, ...] = ()
    files: dict[str, str] = {}

    def version(self) -> str:
        """The model's name: the client, and a hash of all it was made from, its tables and its metrics.

        The estimator's file has no part in it, for its bytes hold addresses in memory and differ from
        run to run; nor has the card, which bears the name.
        """
        named = {name: h for name, h in self.files.items() if name not in {ESTIMATOR, CARD}}
        made_from = canonical_json(self.model_copy(update={"files": named}))
        return f"{self.client}-{hashlib.sha256(made_from).hexdigest()[:10]}"


def model_card(record: ModelRecord, metrics: Mapping[str, Any]) -> str:
    """The card as Markdown, made from the record and the metrics alone."""
    parts = [
        f"# {record.version()}",
        record.purpose,
        f"- Learned on: {record.learned_on}\n- Judged on: {record.judged_on}\n- Code: {record.code_revision}",
        "## Metrics\n\n" + _table(("metric", "value"), ((n, _figure(v)) for n, v in figures(metrics))),
        "## Data\n\n" + _table(("data", "sha256"), sorted(record.data.items())),
        "## Seeds\n\n" + _table(("step", "seed"), ((k, str(v)) for k, v in sorted(record.seeds.items()))),
        "## Libraries\n\n" + _table(("library", "version"), sorted(record.libraries.items())),
    ]
    if record.foreign_types:
        listed = "\n".join(f"- `{name}`" for name in record.foreign_types)
        parts.append(f"## Types to trust before the estimator is loaded\n\n{listed}")
    return "\n\n".join(parts) + "\n"


def figures(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure of nested metrics by its dotted name.

    Raises:
        PublicationError: a figure is NaN or infinite; the message names it.
    """
    for key, value in metrics.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from figures(value, f"{name}.")
        elif isinstance(value, (list, tuple)):
            yield from figures({str(i): v for i, v in enumerate(value)}, f"{name}.")
        elif isinstance(value, float) and not math.isfinite(value):
            raise PublicationError(f"metric '{name}' is {value}, not a finite number")
        else:
            yield name, value


def _figure(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _table(head: tuple[str, str], rows: Any) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {_cell(a)} | {_cell(b)} |" for a, b in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
