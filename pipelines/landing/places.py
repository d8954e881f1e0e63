"""Where one client's landing is kept, and the files of a source as they will be after this landing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY
from pipelines.quoting import scan_parquet_files

LANDED_FILE: Final = "landed_file"
LANDED_ROW: Final = "landed_row"
EMPTY: Final = "0000-empty.parquet"
PART_LENGTH: Final = 16
FLAGS: Final = "row_flags"
FLAG_SCHEMA: Final = {
    "source": pl.String,
    "rule": pl.String,
    "entity_id": pl.String,
    "row_key": pl.String,
    "value": pl.String,
    "reason": pl.String,
    LANDED_FILE: pl.String,
    LANDED_ROW: pl.Int64,
}
"""Schema of `row_flags`: accepted rows that look odd; `entity_id` is the vehicle or contract concerned."""


@dataclass(frozen=True)
class Places:
    """Folders of one client that landing writes to; they lie on one file system.

    `held` keeps rows that met their contract and are not in the lake: those that wait for what they refer
    to, those that a later delivery restated, and copies.
    """

    lake: Path
    quarantine: Path
    ledger: Path
    held: Path

    @classmethod
    def under(cls, root: Path, client: str = "") -> Places:
        """The folders of a client below a data folder."""
        return cls(*(root / name / client for name in ("lake", "quarantine", "ledger", "held")))

    @property
    def staging(self) -> Path:
        """What is being prepared; nothing in it counts."""
        return self.lake / ".staging"


@dataclass
class Changes:
    """What a landing is about to do: files that replace others, and files that go.

    Targets are named by place and relative path, so that a journal of them can be replayed.
    """

    places: Places
    moves: dict[tuple[str, str], Path] = field(default_factory=dict)
    deletes: set[tuple[str, str]] = field(default_factory=set)

    def put(self, place: str, target: str, staged: Path) -> None:
        """Let a staged file take the place of `target`."""
        self.moves[place, target] = staged
        self.deletes.discard((place, target))

    def remove(self, place: str, target: str) -> None:
        """Let `target` go, if there is one."""
        self.moves.pop((place, target), None)
        if (self.root(place) / target).exists():
            self.deletes.add((place, target))

    def root(self, place: str) -> Path:
        """Folder of a place by its name."""
        found: Path = getattr(self.places, place)
        return found

    def path(self, place: str, target: str) -> Path:
        """Where the content of `target` is before the commit."""
        return self.moves.get((place, target), self.root(place) / target)

    def files(self, place: str, folder: str, *, parts: Iterable[str] | None = None) -> list[Path]:
        """Parquet files directly in a folder as they will be after the changes, by name."""
        root = self.root(place)
        found = {p.name: p for p in (root / folder).glob("*.parquet")}
        for name in list(found):
            if (place, f"{folder}/{name}") in self.deletes:
                del found[name]
        for (where, target), staged in self.moves.items():
            parent, _, name = target.rpartition("/")
            if where == place and parent == folder:
                found[name] = staged
        wanted = None if parts is None else set(parts)
        return [found[n] for n in sorted(found) if wanted is None or n[:PART_LENGTH] in wanted]


def part_of(sha256: str) -> str:
    """The part of a content hash that names files: 64 bits are plenty for one client's files."""
    return sha256[:PART_LENGTH]


def folder_of(source: str, month: str | None = None) -> str:
    """Folder of a source below the lake, or of one of its months."""
    return f"{source}/month={month}" if month else source


def stage_empty_sources(changes: Changes) -> None:
    """Every source has a file without rows: it can always be read, with the columns of today."""
    schemas = {source: contract.create_empty().schema for source, contract in CONTRACTS.items()}
    lineage = {LANDED_FILE: pl.String(), LANDED_ROW: pl.Int64()}
    schemas = {source: pl.Schema({**schema, **lineage}) for source, schema in schemas.items()}
    schemas[FLAGS] = pl.Schema(FLAG_SCHEMA)
    for source, schema in schemas.items():
        target = f"{source}/{EMPTY}"
        standing = changes.places.lake / target
        if not standing.exists() or scan_parquet_files(standing).collect_schema() != schema:
            staged = changes.places.staging / "empty" / target
            staged.parent.mkdir(parents=True, exist_ok=True)
            pl.DataFrame(schema=schema).write_parquet(staged, compression="zstd")
            changes.put("lake", target, staged)


def months_of(changes: Changes, place: str, source: str) -> list[str]:
    """Months of a monthly source that have files after the changes."""
    if source not in MONTHLY:
        return []
    root = changes.root(place) / source
    found = {p.name.removeprefix("month=") for p in root.glob("month=*")}
    for where, target in changes.moves:
        folder, _, rest = target.partition("/")
        if where == place and folder == source and rest.startswith("month="):
            found.add(rest.partition("/")[0].removeprefix("month="))
    return sorted(found)
