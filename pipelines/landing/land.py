"""Landing a delivery: every file staged and judged first, then committed file by file.

Nothing is written to the lake before every file of the delivery could be read. A file's lake parts
are named by its content hash, so a run that died half-way and is run again ends in the same lake.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import polars as pl
from filelock import FileLock

from pipelines.errors import InputError
from pipelines.files import write_atomically
from pipelines.landing import contracts
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.keys import LANDED_FILE, LANDED_ROW, Resolved, resolve
from pipelines.landing.ledger import Entry, Ledger, short
from pipelines.landing.mapping import FileMapping, Mapping
from pipelines.landing.readers import ROW, RawFile, content_hash, file_format, read_file
from pipelines.landing.validate import candidates
from pipelines.progress import step

EMPTY = "0000-empty.parquet"
NOT_DATA = (".", "_", "~$")  # hidden files, markers like _READY, locks of Excel
SLOW_BYTES = 1_000_000


@dataclass(frozen=True)
class Places:
    """Folders of one client that landing writes to."""

    lake: Path
    quarantine: Path
    ledger: Path


@dataclass(frozen=True)
class LandingReport:
    """What became of a delivery: `landed` are files new to the lake, `known` were there before."""

    client: str
    landed: tuple[Entry, ...] = ()
    known: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(sorted((*self.landed, *self.known), key=lambda e: e.file))


@dataclass
class _Staged:
    entry: Entry
    parts: dict[str, Path] = field(default_factory=dict)
    quarantine: Path | None = None
    original: Path | None = None


def land(delivery: Path, mapping: Mapping, places: Places, key: str) -> LandingReport:
    """Bring a delivery into the lake; the same content under the same rules is a no-op.

    Raises:
        InputError: the delivery cannot be used as it is; lake, quarantine and ledger are untouched.
    """
    files = delivery_files(delivery, mapping)
    places.lake.mkdir(parents=True, exist_ok=True)
    with FileLock(places.lake / ".landing.lock"), _staging(places.lake) as scratch:
        ledger = Ledger(places.ledger)
        known: list[Entry] = []
        staged: list[_Staged] = []
        for path, how in files:
            sha256 = content_hash(path)
            entry = ledger.find(sha256, _rules(mapping, how))
            if entry is not None:
                known.append(entry)
            elif not any(s.entry.sha256 == sha256 for s in staged):
                staged.append(_stage(path, how, mapping, sha256, places, scratch, staged, key))
        for one in staged:
            _commit(one, places, ledger)
        _fill_empty_sources(places.lake)
    return LandingReport(mapping.client, tuple(s.entry for s in staged), tuple(known))


def delivery_files(delivery: Path, mapping: Mapping) -> list[tuple[Path, FileMapping]]:
    """Files of a delivery in a fixed order, each with how it is read.

    Raises:
        InputError: no such folder, nothing in it, or a file that the mapping does not know.
    """
    if not delivery.is_dir():
        raise InputError(str(delivery), expected="a delivery folder", found="no such folder")
    paths = sorted(p for p in delivery.rglob("*") if p.is_file() and not p.name.startswith(NOT_DATA))
    chosen = []
    for path in paths:
        how = mapping.file_for(path.relative_to(delivery).as_posix())
        if how is not None:
            file_format(path)
            chosen.append((path, how))
    if not chosen:
        patterns = ", ".join(f.match for f in mapping.files)
        raise InputError(str(delivery), expected=f"files like {patterns}", found="none of them")
    # Files that define things come before files that refer to them.
    order = [f.match for f in mapping.files]
    return sorted(chosen, key=lambda c: (order.index(c[1].match), c[0]))


@contextmanager
def _staging(lake: Path) -> Iterator[Path]:
    """A scratch folder inside the lake, so that a commit is a rename; gone afterwards."""
    scratch = lake / ".staging"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@cache
def _contracts_hash() -> bytes:
    return hashlib.sha256(Path(contracts.__file__).read_bytes()).digest()


def _rules(mapping: Mapping, how: FileMapping) -> str:
    """Hash of what decides a file's fate beside its bytes: mapping entry, tolerance, contracts."""
    parts = f"{how.fingerprint()} {mapping.tolerated_share}".encode()
    return hashlib.sha256(parts + _contracts_hash()).hexdigest()


def _stage(
    path: Path,
    how: FileMapping,
    mapping: Mapping,
    sha256: str,
    places: Places,
    scratch: Path,
    staged: list[_Staged],
    key: str,
) -> _Staged:
    with step(f"landing {path.name}", slow=path.stat().st_size > SLOW_BYTES) as log:
        raw = read_file(path, how, sha256)
        found = candidates(raw, how, key)
        known = {s: _known(places.lake, s, short(sha256), staged) for s in CONTRACTS}
        resolved = resolve(found, raw.malformed, known)
        entry = _entry(path, raw, resolved, mapping, _rules(mapping, how))
        one = _Staged(entry, original=path if entry.set_aside else None)
        if not entry.set_aside:
            one.parts = _write_parts(resolved, raw, scratch)
        if entry.rejected or entry.duplicates:
            one.quarantine = _write_quarantine(resolved, raw, scratch)
        log.rows(raw.read, _outcome(entry, mapping))
    return one


def _known(lake: Path, source: str, own: str, staged: list[_Staged]) -> list[Path]:
    """Lake files of a source, and those that this delivery is about to add."""
    skipped = {EMPTY, f"{own}.parquet", *(f"{short(s.entry.sha256)}.parquet" for s in staged)}
    landed = [p for p in sorted((lake / source).glob("*.parquet")) if p.name not in skipped]
    return landed + [s.parts[source] for s in staged if source in s.parts]


def _entry(path: Path, raw: RawFile, resolved: Resolved, mapping: Mapping, rules: str) -> Entry:
    rejected, duplicates = len(resolved.rejected), len(resolved.duplicates)
    aside = rejected / raw.read > mapping.tolerated_share
    rejected = raw.read - duplicates if aside else rejected
    return Entry(
        file=path.name,
        delivery=path.parent.name,
        sha256=raw.sha256,
        bytes=raw.size,
        rules_sha256=rules,
        status="set_aside" if aside else "landed",
        read=raw.read,
        accepted=raw.read - rejected - duplicates,
        rejected=rejected,
        duplicates=duplicates,
        sources={} if aside else {s: f.height for s, f in resolved.accepted.items()},
        folded={} if aside else resolved.folded,
    )


def _outcome(entry: Entry, mapping: Mapping) -> str:
    if entry.set_aside:
        return f"SET ASIDE WHOLE: more than {mapping.tolerated_share:.1%} of its rows are bad"
    parts = [f"{entry.rejected:,} rejected"] if entry.rejected else []
    parts += [f"{entry.duplicates:,} duplicates"] if entry.duplicates else []
    parts += [f"{source} {rows:,}" for source, rows in entry.sources.items()]
    return ", ".join(parts)


def _write_parts(resolved: Resolved, raw: RawFile, scratch: Path) -> dict[str, Path]:
    parts = {}
    for source, frame in resolved.accepted.items():
        path = scratch / source / f"{short(raw.sha256)}.parquet"
        path.parent.mkdir(exist_ok=True)
        columns = CONTRACTS[source].column_names()
        frame.select(
            *columns, pl.lit(raw.name).alias(LANDED_FILE), pl.col(ROW).alias(LANDED_ROW)
        ).write_parquet(path, compression="zstd")
        parts[source] = path
    return parts


def _write_quarantine(resolved: Resolved, raw: RawFile, scratch: Path) -> Path:
    """One row per fault, with the client's whole row as JSON so that it can be mended."""
    reasons = resolved.reasons.with_columns(status=pl.lit("rejected"))
    twins = resolved.duplicates.to_frame(ROW).with_columns(
        status=pl.lit("duplicate"), reason=pl.lit("the same row stands already")
    )
    faults = pl.concat([reasons, twins], how="diagonal").sort(ROW, "source", "rule")
    columns = [c for c in raw.rows.columns if c != ROW]
    records = raw.rows.join(faults.select(ROW).unique(), on=ROW, how="semi").select(
        ROW, record=pl.struct(columns).struct.json_encode()
    )
    path = scratch / f"{short(raw.sha256)}.quarantine.parquet"
    faults.join(records, on=ROW, how="left", maintain_order="left").select(
        pl.lit(raw.name).alias("file"),
        pl.col(ROW).alias("row"),
        "status",
        "source",
        "column",
        "value",
        "rule",
        "reason",
        "record",
    ).write_parquet(path, compression="zstd")
    return path


def _commit(one: _Staged, places: Places, ledger: Ledger) -> None:
    """Rename a file's parts into place, drop what it no longer feeds, and enter it last."""
    name = f"{short(one.entry.sha256)}.parquet"
    for source in CONTRACTS:
        folder = places.lake / source
        folder.mkdir(exist_ok=True)
        if source in one.parts:
            one.parts[source].replace(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    places.quarantine.mkdir(parents=True, exist_ok=True)
    if one.quarantine is not None:
        write_atomically(places.quarantine / name, one.quarantine.read_bytes())
    else:
        (places.quarantine / name).unlink(missing_ok=True)
    if one.original is not None:
        kept = places.quarantine / "files" / f"{short(one.entry.sha256)}-{one.original.name}"
        write_atomically(kept, one.original.read_bytes())
    ledger.record(one.entry)


def _fill_empty_sources(lake: Path) -> None:
    """Every source has at least one Parquet file, so that the warehouse can always read it."""
    for source, contract in CONTRACTS.items():
        folder = lake / source
        folder.mkdir(exist_ok=True)
        if not any(folder.glob("*.parquet")):
            lineage = {LANDED_FILE: pl.String, LANDED_ROW: pl.Int64}
            empty = contract.create_empty().with_columns(
                [pl.lit(None, dtype=t).alias(n) for n, t in lineage.items()]
            )
            empty.write_parquet(folder / EMPTY, compression="zstd")
