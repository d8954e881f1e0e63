"""The manifest: everything a published number was made from, by hash.

It holds no clock, so the same inputs give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from pipelines.landing.ledger import Entry
from pipelines.settings import PROJECT_ROOT

LIBRARIES = ("duckdb", "polars", "scikit-learn", "dbt-core", "numpy")


class DeliveredFile(BaseModel):
    """One client file behind the rates."""

    model_config = ConfigDict(frozen=True)

    file: str
    sha256: str
    read: int
    accepted: int
    rejected: int
    duplicates: int

    @classmethod
    def of(cls, entry: Entry) -> DeliveredFile:
        """What the ledger says of a file, as far as it concerns a price."""
        return cls(**entry.model_dump(include=set(cls.model_fields)))


class Change(BaseModel):
    """A relativity that somebody selected in place of the one before, and why.

    With factor and level `base` it is the base rate of the cover. `override` is why it may break the plan's
    rules; empty where it keeps them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cover: str
    factor: str
    level: str
    before: float
    after: float
    reason: str
    override: str = ""

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(plain(self), "override")

    @property
    def of_base_rate(self) -> bool:
        return self.factor == "base"


class Override(BaseModel):
    """A value in force that breaks the plan's rules: which, what the plan has, how, and why it may.

    `planned` is the value after the plan's order and bounds, about which the corridor lies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cover: str
    factor: str
    level: str
    value: float
    planned: float
    breaks: str
    reason: str

    def in_words(self) -> str:
        """One line that says all of it."""
        what, places = (f"{self.factor} {self.level}", 4) if self.factor != "base" else ("base rate", 2)
        return (
            f"{self.cover}, {what}: {self.value:,.{places}f} where the plan has {self.planned:,.{places}f} "
            f"({self.breaks}): {self.reason}"
        )


class Manifest(BaseModel):
    """What a version is, and what it was made from. `files` are hashes of its files.

    `rated_by` is the stored model whose relativities the rates are, `champion` the one that the model store
    hands out, `challenger` the one beside it with its verdict. `priced_to` is, by cover, the day to whose
    level cost is trended: the mean day of loss of the contracts that the table prices. `outside_exposure` has
    a line per kind of claim, order or contract that no exposure carries, and that is in no rate.
    `base_levels` are those at which factors are held that premiums are not shown by. `edit_limit` is how
    far from the planned relativity or base rate one may be selected without an override; `overrides` are all
    values that stand outside the plan's rules. `overall_change` is that of the
    premium of renewing customers to which the base rates were put, if one was decided; `balance_note` says
    why one that was decided no longer holds. `compared_with` is the version in force
    the year before. An edited version names its `parent` and the `changes` to it.
    """

    model_config = ConfigDict(frozen=True)

    client: str
    title: str
    currency: str
    rating_year: int
    effective_from: dt.date
    effective_to: dt.date
    valuation_date: dt.date
    deliveries: tuple[DeliveredFile, ...]
    mapping_sha256: str
    seeds: dict[str, str]
    model_sha256: str
    code_revision: str
    libraries: dict[str, str]
    rated_by: str = ""
    champion: str = ""
    challenger: str = ""
    priced_to: dict[str, dt.date] = {}
    outside_exposure: tuple[str, ...] = ()
    base_levels: dict[str, str] = {}
    edit_limit: float = 0.25
    overall_change: float | None = None
    balance_note: str = ""
    compared_with: str | None = None
    parent: str | None = None
    changes: tuple[Change, ...] = ()
    overrides: tuple[Override, ...] = ()
    files: dict[str, str] = {}

    def priced_to_in_words(self) -> str:
        """The day, or days by cover, to whose level cost is trended."""
        days = sorted(set(self.priced_to.values()))
        if not days:
            return "the middle of the rating year"
        by_cover = (f"{cover.replace('_', ' ')} {day}" for cover, day in sorted(self.priced_to.items()))
        told = str(days[0]) if len(days) == 1 else ", ".join(by_cover)
        return f"{told}, the mean day of loss of the contracts that the table prices"

    def canonical(self) -> bytes:
        """Sorted, indented JSON with a final line break."""
        return canonical_json(self)

    def version(self) -> str:
        """The version's name: the client, and a hash of everything the table was made from."""
        made_from = self.model_copy(update={"files": {}}).canonical()
        return f"{self.client}-{hashlib.sha256(made_from).hexdigest()[:10]}"


def without_empty(plain: dict[str, Any], *names: str) -> dict[str, Any]:
    """A record without fields that came later, where they say nothing: earlier lines keep their hash."""
    return {name: value for name, value in plain.items() if name not in names or value}


def canonical_json(model: BaseModel) -> bytes:
    """A record as sorted, indented JSON with a final line break."""
    plain: dict[str, Any] = json.loads(model.model_dump_json())
    return (json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def file_hashes(folder: Path, pattern: str) -> dict[str, str]:
    """SHA-256 of the files that match, by name."""
    paths = sorted(folder.glob(pattern))
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def json_hash(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def library_versions() -> dict[str, str]:
    """Versions of the libraries that can change a number."""
    return {name: version(name) for name in LIBRARIES}


def code_revision(root: Path = PROJECT_ROOT) -> str:
    """The commit this code is at, with `+changes` if files differ from it; else `unversioned`."""
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unversioned"
    return f"{head}+changes" if changed else head


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
