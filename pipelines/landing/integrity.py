"""Whether the lake still holds what the ledger says: rows by the footers of its files, bytes by their hashes.

Rows are counted at every landing, for that is cheap; hashes are compared when somebody asks.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import RunError
from pipelines.files import write_atomically
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.ledger import Entry, Ledger
from pipelines.landing.places import PART_LENGTH, Changes, Places

HASHES: Final = "lake.hashes"
"""In the ledger's folder: SHA-256 of every file of the lake, by its place below it."""
_THREADS: Final = 2
_SHOWN: Final = 3


@dataclass(frozen=True)
class Fault:
    """What a file of the client brought to a source, and what the lake has of it."""

    entry: Entry
    source: str
    expected: int
    found: int | None

    def __str__(self) -> str:
        found = "a file that cannot be read" if self.found is None else f"{self.found:,}"
        return (
            f"{self.entry.file} of {self.entry.delivery}: the ledger has {self.expected:,} rows of "
            f"{self.source}, the lake {found}"
        )


def faults_of_rows(places: Places, entries: Iterable[Entry]) -> list[Fault]:
    """Entries whose rows the lake does not hold, source by source."""
    rows: dict[tuple[str, str], int | None] = defaultdict(int)
    for path in places.lake.glob("*/**/*.parquet"):
        source, part = path.relative_to(places.lake).parts[0], path.name[:PART_LENGTH]
        before, found = rows[source, part], _rows_of(path)
        rows[source, part] = None if before is None or found is None else before + found
    return [
        Fault(entry, source, expected, rows.get((source, entry.part), 0))
        for entry in entries
        for source, expected in entry.sources.items()
        if rows.get((source, entry.part), 0) != expected
    ]


def clear_unfinished(places: Places) -> list[str]:
    """Delete files of the lake that no ledger entry stands behind: of a landing that never came to its end.

    Returns:
        Their places below the lake.
    """
    entries = {(source, entry.part) for entry in Ledger(places.ledger).entries() for source in entry.sources}
    parts = {part for _, part in entries}
    strange = []
    for path in places.lake.glob("*/**/*.parquet"):
        source, part = path.relative_to(places.lake).parts[0], path.name[:PART_LENGTH]
        is_part = len(path.stem) >= PART_LENGTH and all(c in "0123456789abcdef" for c in part)
        flags_of_entry = source not in CONTRACTS and part in parts
        if is_part and (source, part) not in entries and not flags_of_entry:
            path.unlink()
            strange.append(path.relative_to(places.lake).as_posix())
    return strange


def hold_to_ledger(places: Places, brought: Iterable[str]) -> set[str]:
    """Parts of the lake that are damaged and that this delivery brings again.

    Args:
        places: of the client; damaged files that cannot be read are deleted, for others take their place.
        brought: content hashes of the delivery's files.

    Raises:
        RunError: what is damaged is of another delivery.
    """
    faults = faults_of_rows(places, Ledger(places.ledger).entries())
    again = set(brought)
    others = [fault for fault in faults if fault.entry.sha256 not in again]
    if others:
        more = f", and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        told = "; ".join(str(fault) for fault in others[:_SHOWN])
        names = ", ".join(dict.fromkeys(fault.entry.delivery for fault in others))
        raise RunError(
            f"{places.lake} was damaged: {told}{more}; land {names} again (the same files), and what is "
            "missing is brought back"
        )
    damaged = {fault.entry.part for fault in faults}
    for path in places.lake.glob("*/**/*.parquet"):
        if path.name[:PART_LENGTH] in damaged and _rows_of(path) is None:
            path.unlink()
    return damaged


def stage_hashes(changes: Changes) -> None:
    """Let the hashes of the lake's files after the changes stand in the ledger, as part of the commit."""
    path = changes.places.ledger / HASHES
    known = _known(path)
    moved = {target: staged for (place, target), staged in changes.moves.items() if place == "lake"}
    gone = {target for place, target in changes.deletes if place == "lake"}
    if not moved and not gone:
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        fresh = dict(zip(moved, pool.map(_hash_of, moved.values()), strict=True))
    after = {target: told for target, told in {**known, **fresh}.items() if target not in gone}
    staged = changes.places.staging / HASHES
    write_atomically(staged, json.dumps(dict(sorted(after.items())), indent=0).encode())
    changes.put("ledger", HASHES, staged)


def faults_of_bytes(places: Places) -> list[str]:
    """Files of the lake that are missing, not what was written, or that no landing wrote; a line each."""
    known = _known(places.ledger / HASHES)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = dict(zip(known, pool.map(lambda name: _hash_or_none(places.lake / name), known), strict=True))
    told = [
        f"{places.lake / name} is {'gone' if sha256 is None else 'not what landing wrote'}"
        for name, sha256 in found.items()
        if sha256 != known[name]
    ]
    by_hand = {str(p.relative_to(places.lake)) for p in places.lake.glob("*/**/*.parquet")} - known.keys()
    landed = {entry.part for entry in Ledger(places.ledger).entries()}
    strange = sorted(name for name in by_hand if known and Path(name).name[:PART_LENGTH] in landed)
    return told + [f"{places.lake / name} was written by no landing" for name in strange]


def _known(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        told: dict[str, str] = json.loads(path.read_bytes())
    except ValueError:
        raise RunError(f"{path} cannot be read; land the client's deliveries again to make it anew") from None
    return told


def _rows_of(path: Path) -> int | None:
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (OSError, ArrowException):
        return None


def _hash_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_or_none(path: Path) -> str | None:
    try:
        return _hash_of(path)
    except OSError:
        return None
