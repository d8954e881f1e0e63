"""Landing a delivery: every file staged, then judged together, then committed at once.

Nothing is written to the lake before every file of the delivery could be read and every key judged. The
commit is one journal, so a run that died half-way and is run again ends in the same lake.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipelines.errors import InputError
from pipelines.landing.integrity import clear_unfinished, hold_to_ledger
from pipelines.landing.journal import landing_at
from pipelines.landing.judging.settlement import Settlement
from pipelines.landing.ledger import DeliveredFile, Delivery, Entry, Ledger, day_of
from pipelines.landing.mapping import FileMapping, Mapping
from pipelines.landing.places import Changes, Places, part_of, stage_empty_sources
from pipelines.landing.pseudonym_key import hold_to_fingerprint, keep_fingerprint
from pipelines.landing.reading.readers import content_hash, file_format
from pipelines.landing.staging import StagedFile, Stager, rules_hash
from pipelines.progress import LOGGER, step
from pipelines.settings import LANDING_MEMORY

NOT_DATA = (".", "_", "~$")  # hidden files, markers like _READY, locks of Excel
SLOW_BYTES = 1_000_000
VEHICLES = "vehicles"
_Fresh = tuple[Path, FileMapping, str]


@dataclass(frozen=True)
class LandingReport:
    """What became of a delivery: `landed` are files new to the lake, `known` were there before."""

    client: str
    landed: tuple[Entry, ...] = ()
    known: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(sorted((*self.landed, *self.known), key=lambda e: e.file))


def land(
    delivery: Path,
    mapping: Mapping,
    places: Places,
    key: str,
    memory_limit: str = LANDING_MEMORY,
    threads: int = 2,
) -> LandingReport:
    """Bring a delivery into the lake; the same content under the same rules is a no-op.

    Args:
        delivery: folder with the client's files; a date in its name says which day it stands for.
        mapping: how the client's columns become ours.
        places: where the client's lake, quarantine, ledger and held rows are.
        key: secret of the pseudonyms.
        memory_limit: what DuckDB may use; what does not fit is spilled to the staging folder.
        threads: DuckDB's threads.

    Raises:
        InputError: the delivery cannot be used as it is, or another key stands behind what has landed; lake,
            quarantine and ledger are untouched.
        RunError: the lake was damaged, and this delivery does not bring what is missing.
    """
    files = delivery_files(delivery, mapping)
    with landing_at(places) as changes:
        ledger = Ledger(places.ledger)
        hold_to_fingerprint(places.ledger, key, has_landed=bool(ledger.entries()))
        hashes = {path: content_hash(path) for path, _ in files}
        _counted_by_one_clock(mapping, hashes, ledger)
        if unfinished := clear_unfinished(places):
            LOGGER.warning("%s files of a landing that never ended were deleted", len(unfinished))
        damaged = hold_to_ledger(places, hashes.values())
        known, fresh = _sort_out(files, hashes, mapping, ledger, damaged)
        same = _same_before(delivery.name, hashes, ledger)
        if not fresh and same:
            return LandingReport(mapping.client, known=tuple(known))
        record = same or _record(delivery.name, hashes, ledger)
        landed = _stage_and_settle(fresh, mapping, changes, record, key, memory_limit, threads)
    keep_fingerprint(places.ledger, key)
    return LandingReport(mapping.client, tuple(landed), tuple(known))


def _counted_by_one_clock(mapping: Mapping, hashes: dict[Path, str], ledger: Ledger) -> None:
    """Days and months of one lake are those of one zone; files of this delivery are landed anew.

    Raises:
        InputError: files of other deliveries landed while the client's zone was another.
    """
    brought = set(hashes.values())
    zone = mapping.timezone
    others = [e for e in ledger.entries() if e.counted_in(zone) != zone and e.sha256 not in brought]
    if others:
        names = ", ".join(dict.fromkeys(e.delivery for e in others))
        raise InputError(
            "mapping",
            column="timezone",
            expected=f"{others[0].counted_in(zone)}, in which {len(others)} files of {names} have landed",
            found=f"{mapping.timezone}; to change it, withdraw these deliveries and land them again",
        )


def _sort_out(
    files: list[tuple[Path, FileMapping]],
    hashes: dict[Path, str],
    mapping: Mapping,
    ledger: Ledger,
    damaged: set[str],
) -> tuple[list[Entry], list[_Fresh]]:
    """Files that have landed under these rules and stand, and those that have not; one twice counts once."""
    entries = {entry.sha256: entry for entry in ledger.entries()}
    known: dict[str, Entry] = {}
    fresh: dict[str, _Fresh] = {}
    for path, how in files:
        sha256 = hashes[path]
        if sha256 in known:
            continue
        entry = entries.get(sha256)
        if entry is None or entry.part in damaged:
            fresh.setdefault(sha256, (path, how, sha256))
        elif entry.rules_sha256 == rules_hash(mapping, how):
            known[sha256] = entry
        else:
            fresh.setdefault(sha256, (path, how, sha256))
    return list(known.values()), list(fresh.values())


def _same_before(name: str, hashes: dict[Path, str], ledger: Ledger) -> Delivery | None:
    """The delivery of that name that has brought all these files already, if there is one."""
    brought = set(hashes.values())
    standing = [d for d in ledger.deliveries() if d.name == name and d.status == "landed"]
    return next((d for d in reversed(standing) if {f.sha256 for f in d.files} >= brought), None)


def _record(name: str, hashes: dict[Path, str], ledger: Ledger) -> Delivery:
    """The delivery's entry in the ledger: its place in the order, its files, and which were known."""
    before = ledger.deliveries()
    owners = {f.sha256: d.name for d in before if d.status == "landed" for f in d.files if not f.known_from}
    files = tuple(
        DeliveredFile(file=path.name, sha256=sha256, known_from=owners.get(sha256))
        for path, sha256 in hashes.items()
    )
    sequence = max((d.sequence for d in before), default=0) + 1
    return Delivery(sequence=sequence, name=name, delivered_on=day_of(name), files=files)


def _stage_and_settle(
    fresh: list[_Fresh],
    mapping: Mapping,
    changes: Changes,
    record: Delivery,
    key: str,
    memory_limit: str,
    threads: int,
) -> list[Entry]:
    """Stage every file and judge all of them; a file too bad is set aside and the rest judged again."""
    aside: set[str] = set()
    while True:
        with Settlement(changes, record, memory_limit, threads, mapping.timezone) as settlement:
            stager = Stager(mapping, changes.places, key)
            for match, files in groupby(fresh, key=lambda file: file[1].match):
                _stage_kind(match, list(files), stager, settlement, aside)
            _hold_vehicles(fresh, settlement)
            with step("keys and references") as log:
                landed = settlement.settle()
                log.say(_settled(landed))
            bad = {e.sha256 for e in landed if e.rejected > mapping.tolerated_share * e.read}
            more = bad - settlement.aside
        if not more:
            return landed
        aside |= more
        LOGGER.warning("%s of the files contradict themselves; set aside whole", len(more))
        _start_again(changes)


def _stage_kind(
    match: str, files: list[_Fresh], stager: Stager, settlement: Settlement, aside: set[str]
) -> None:
    """Stage the files of one kind, and say in one line what they held."""
    mapping = stager.mapping
    name = f"landing {files[0][0].name}" if len(files) == 1 else f"landing {len(files)} {Path(match).name}"
    staged: list[StagedFile] = []
    with step(name, slow=sum(path.stat().st_size for path, _, _ in files) > SLOW_BYTES) as log:
        for path, how, sha256 in files:
            settlement.prepare(how)
            made = stager.stage(path, how, sha256, settlement.monthly)
            settlement.add(made, aside=sha256 in aside or made.too_bad(mapping))
            staged.append(made)
        log.rows(sum(made.read for made in staged), _outcome(staged))
    for path, _, sha256 in files:
        if sha256 in settlement.aside:
            share = f"{mapping.tolerated_share:.1%}"
            LOGGER.warning("%s: SET ASIDE WHOLE: more than %s of its rows are bad", path.name, share)
    _say_remarks(staged)


def _say_remarks(staged: list[StagedFile]) -> None:
    """What else there is to know of the files, once for all of which it is true."""
    remarks = dict.fromkeys(remark for made in staged for remark in made.remarks)
    for remark in remarks:
        names = [made.path.name for made in staged if remark in made.remarks]
        shown = names[0] if len(names) == 1 else f"{len(names)} files, as {names[0]}"
        LOGGER.info("  %s: %s", shown, remark)


def _hold_vehicles(fresh: list[_Fresh], settlement: Settlement) -> None:
    """Any source may have no rows but the vehicles: nothing can be counted or priced without one.

    Raises:
        InputError: a file of vehicles has no rows, and no other brings any.
    """
    empty = [
        path.name
        for path, how, sha256 in fresh
        if VEHICLES in {s.source for s in how.sources} and not settlement.staged[part_of(sha256)].read
    ]
    if not empty or any(staged.rows.get(VEHICLES) for staged in settlement.staged.values()):
        return
    if any(entry.sources.get(VEHICLES) for entry in settlement.entries.values()):
        return
    found = "no rows in it, and no vehicles from before"
    raise InputError(empty[0], expected="vehicles", found=found)


def _start_again(changes: Changes) -> None:
    changes.moves.clear()
    changes.deletes.clear()
    for path in changes.places.staging.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    stage_empty_sources(changes)


def delivery_files(delivery: Path, mapping: Mapping) -> list[tuple[Path, FileMapping]]:
    """Files of a delivery in a fixed order, each with how it is read.

    Raises:
        InputError: no such folder, nothing in it, or a file that the mapping does not know.
    """
    _hold_names(delivery)
    if not delivery.is_dir():
        raise InputError(str(delivery), expected="a delivery folder", found="no such folder")
    _hold_within(delivery)
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
    # Files that define things come before the many rows that refer to them.
    order = [f.match for f in mapping.files]
    return sorted(chosen, key=lambda c: (c[1].is_monthly, order.index(c[1].match), c[0]))


def _hold_names(delivery: Path) -> None:
    """Names that are no text in UTF-8, or break a line, can be neither compared nor told."""
    for path in delivery.rglob("*"):
        name = path.relative_to(delivery).as_posix()
        if not name.isprintable():
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
            raise InputError(shown, expected="a file name of printable letters in UTF-8", found="another")


def _hold_within(delivery: Path) -> None:
    """A link may lead to any file of the machine, and a pipe or a device is none."""
    root = delivery.resolve()
    for path in delivery.rglob("*"):
        if path.name.startswith(NOT_DATA):
            continue
        name = path.relative_to(delivery).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise InputError(name, expected="a file of the delivery", found="a link that leads out of it")
        if not (path.is_file() or path.is_dir()):
            raise InputError(name, expected="a file", found="a broken link, a pipe or a device")


def _outcome(staged: list[StagedFile]) -> str:
    refused = sum(made.refused for made in staged)
    sources = dict.fromkeys(source for made in staged for source in made.rows)
    parts = [f"{refused:,} rejected"] if refused else []
    parts += [f"{source} {sum(made.rows.get(source, 0) for made in staged):,}" for source in sources]
    return ", ".join(parts)


def _settled(landed: list[Entry]) -> str:
    counts = {
        "accepted": sum(e.accepted for e in landed),
        "rejected": sum(e.rejected for e in landed),
        "duplicates": sum(e.duplicates for e in landed),
        "waiting": sum(e.pending for e in landed),
    }
    return ", ".join(f"{n:,} {word}" for word, n in counts.items() if n or word == "accepted")
