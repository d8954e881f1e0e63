"""The model store: immutable, versioned folders, one champion per client, the rest its challengers.

`<models>/<client>/<version>/` is written beside its place and renamed into it; the pointer `champion` is
swapped by a rename as well. Nothing is ever unpickled: tables are Parquet or CSV, and an estimator is
kept by skops, which builds only types that its reader has named.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import nearest
from pipelines.files import content_hashes, write_atomically, write_folder_once
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.model_card import (
    CARD,
    ESTIMATOR,
    METRICS,
    RECORD,
    ModelRecord,
    figures,
    model_card,
)
from pipelines.pricing.versions.manifest import canonical_json

CHAMPION = "champion"
SKOPS_SCHEMA = "schema.json"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""
_ADDRESS = re.compile(r"(?<=\"__id__\": )\d+|\d+(?=\.np[yz]\b)")
_TABLE = re.compile(r"[A-Za-z0-9_]+\.(parquet|csv)")


@dataclass(frozen=True)
class StoredModel:
    """A version whose files are what was stored, when it was read."""

    name: str
    client: str
    path: Path
    record: ModelRecord
    metrics: dict[str, Any]
    champion: bool


def save_model(
    models: Path,
    record: ModelRecord,
    tables: Mapping[str, bytes],
    metrics: Mapping[str, Any],
    estimator: Any | None = None,
) -> tuple[StoredModel, bool]:
    """Store a version; one that stands already is verified, never rewritten.

    Args:
        models: folder of the store.
        record: what the model was made from; its `files` and `foreign_types` are filled in here.
        tables: content by file name, `.parquet` or `.csv`.
        metrics: nested figures, for JSON.
        estimator: a fitted scikit-learn estimator, or None where the tables are the model.

    Returns:
        The version, and whether it is new.

    Raises:
        PublicationError: a table's name is none, a metric is not finite, or the version stands already
            and is not what was stored.
    """
    for name in tables:
        if not _TABLE.fullmatch(name):
            raise PublicationError(f"table '{name}': expected a plain file name in .parquet or .csv")
    list(figures(metrics))  # a figure that is none is refused by its name
    text = json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    content = {**tables, METRICS: text.encode()}
    update: dict[str, Any] = {"foreign_types": ()}
    if estimator is not None:
        content[ESTIMATOR], update["foreign_types"] = _dumped(estimator)
    named = record.model_copy(update={**update, "files": content_hashes(content)})
    target = models / named.client / named.version()
    content[CARD] = model_card(named, metrics).encode()
    sealed = named.model_copy(update={"files": content_hashes(content)})
    created = write_folder_once(target, {**content, RECORD: canonical_json(sealed)})
    return load_model(models, named.client, target.name), created


def load_model(models: Path, client: str, version: str | None = None) -> StoredModel:
    """Find a version, the champion unless one is named, and verify every file of it.

    Raises:
        PublicationError: there is none, or a file is missing, added or not what was stored.
    """
    current = champion(models, client)
    if version is None:
        if current is None:
            raise PublicationError(f"{client} has no champion; {_known(models, client)}")
        version = current
    path = models / client / version
    if version not in names_of(models, client):
        found = nearest(version, names_of(models, client))
        raise PublicationError(f"{client} has no model '{version}': {found}")
    record = _record(path)
    stored = {p.name for p in path.iterdir()} - {RECORD}
    if record.version() != version or stored != set(record.files):
        odd = sorted(stored ^ set(record.files)) or [RECORD]
        raise PublicationError(f"{version}: {', '.join(odd)} is not what was stored; not loaded")
    content = {name: _verified(path, record, name) for name in record.files}
    metrics: dict[str, Any] = json.loads(content[METRICS])
    return StoredModel(version, client, path, record, metrics, version == current)


def read_table(model: StoredModel, name: str) -> pl.DataFrame:
    """One table of a version, verified as it is read.

    Raises:
        PublicationError: there is no table of that name, or it is not what was stored.
    """
    tables = [file for file in model.record.files if _TABLE.fullmatch(file)]
    if name not in tables:
        raise PublicationError(f"{model.name}: table '{name}': {nearest(name, tables)}")
    content = io.BytesIO(_verified(model.path, model.record, name))
    return pl.read_parquet(content) if name.endswith(".parquet") else pl.read_csv(content)


def load_estimator(model: StoredModel, trusted: Sequence[str]) -> Any:
    """The estimator of a version, verified as it is read.

    Args:
        model: a version stored with an estimator.
        trusted: dotted names of the types, beyond those skops trusts itself, that may be built. Write
            them down; the list in the record comes with the file and vouches for nothing.

    Raises:
        PublicationError: there is no estimator, it is not what was stored, or it holds another type.
    """
    from skops.io import get_untrusted_types, loads

    if ESTIMATOR not in model.record.files:
        raise PublicationError(f"{model.name} was stored without an estimator")
    data = _verified(model.path, model.record, ESTIMATOR)
    strange = sorted(set(get_untrusted_types(data=data)) - set(trusted))
    if strange:
        raise PublicationError(f"{model.name}: the estimator holds {', '.join(strange)}, not trusted")
    return loads(data, trusted=list(trusted))


def set_champion(models: Path, client: str, version: str) -> StoredModel:
    """Make a version the champion, once its files are verified; the former one is a challenger again.

    Raises:
        PublicationError: there is no such version, or it is not what was stored.
    """
    load_model(models, client, version)
    write_atomically(models / client / CHAMPION, f"{version}\n".encode())
    return load_model(models, client, version)


def champion(models: Path, client: str) -> str | None:
    """Name of a client's champion, None where there is none yet."""
    pointer = models / client / CHAMPION
    return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None


def challengers(models: Path, client: str) -> list[str]:
    """Names of a client's versions other than the champion, sorted."""
    return [name for name in names_of(models, client) if name != champion(models, client)]


def stored_models(models: Path) -> Iterator[StoredModel]:
    """Every version of every client, verified, by client and name."""
    for folder in sorted(models.glob("[!.]*/")):
        for name in names_of(models, folder.name):
            yield load_model(models, folder.name, name)


def names_of(models: Path, client: str) -> list[str]:
    """Names of a client's versions, sorted."""
    return sorted(path.parent.name for path in (models / client).glob(f"[!.]*/{RECORD}"))


def _known(models: Path, client: str) -> str:
    names = names_of(models, client)
    return f"stored: {', '.join(names)}" if names else "nothing is stored"


def _record(path: Path) -> ModelRecord:
    try:
        return ModelRecord.model_validate_json((path / RECORD).read_bytes())
    except ValueError as error:
        raise PublicationError(f"{path.name}: {RECORD} cannot be read: not what was stored") from error


def _verified(path: Path, record: ModelRecord, name: str) -> bytes:
    content = (path / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != record.files[name]:
        raise PublicationError(f"{path.name}: {name} is not what was stored; not loaded")
    return content


def _dumped(estimator: Any) -> tuple[bytes, tuple[str, ...]]:
    """The estimator's bytes, and the types in it that skops does not trust by itself."""
    from skops.io import dumps, get_untrusted_types

    data = without_clock(dumps(estimator))
    return data, tuple(get_untrusted_types(data=data))


def without_clock(data: bytes) -> bytes:
    """An archive of skops with objects numbered in their order and no clock: equal models, equal bytes.

    skops names objects, and the arrays among its files, by their addresses in memory, and its zip has the
    minute of writing.
    """
    source = zipfile.ZipFile(io.BytesIO(data))
    schema = source.read(SKOPS_SCHEMA).decode()
    numbers: dict[str, str] = {}
    schema = _ADDRESS.sub(lambda found: numbers.setdefault(found[0], str(len(numbers))), schema)
    members = {
        _ADDRESS.sub(lambda found: numbers[found[0]], name): source.read(name)
        for name in source.namelist()
        if name != SKOPS_SCHEMA
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted({**members, SKOPS_SCHEMA: schema.encode()}.items()):
            target.writestr(zipfile.ZipInfo(name, EARLIEST), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
