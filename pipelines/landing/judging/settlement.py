"""Judging a landing as a whole: keys, references, flags, counts; everything staged, nothing committed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import duckdb
import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES
from pipelines.landing.judging.flags import flag_histories, flag_month
from pipelines.landing.judging.months import MonthlyStager
from pipelines.landing.judging.tallies import part_files, stage_faults, stage_key_faults, tally
from pipelines.landing.judging.versions import Outcome, Resolver, Scope
from pipelines.landing.judging.whole_rows import judge_whole_rows, sources_that_share_rows
from pipelines.landing.ledger import Delivery, Entry, Ledger, delivery_target, entry_target
from pipelines.landing.mapping import FileMapping
from pipelines.landing.places import EMPTY, PART_LENGTH, Changes, folder_of, months_of, part_of
from pipelines.landing.staging import STAGED, StagedFile
from pipelines.quoting import read_parquet_sql, scan_parquet_files

UNDATED = dt.date(1, 1, 1)


class Settlement(AbstractContextManager["Settlement"]):
    """One landing, or one withdrawal, being judged.

    `timezone` is the one in which the client counts its days; `withdrawn` are files that go, by hash;
    `handed_over` files that from now on stand for another delivery; `leaving` the deliveries that are taken
    back. `monthly` takes the rows of the monthly sources while files are staged.
    """

    def __init__(
        self,
        changes: Changes,
        record: Delivery,
        memory_limit: str,
        threads: int,
        timezone: str,
        withdrawn: Iterable[str] = (),
        handed_over: dict[str, Delivery] | None = None,
        leaving: Iterable[int] = (),
    ) -> None:
        self.changes = changes
        self.record = record
        self.timezone = timezone
        self.ledger = Ledger(changes.places.ledger)
        self.entries = {entry.part: entry for entry in self.ledger.entries()}
        self.staged: dict[str, StagedFile] = {}
        self.aside: set[str] = set()
        self.leaving = frozenset(leaving)
        self.withdrawn = {part_of(sha256) for sha256 in withdrawn}
        for sha256, heir in (handed_over or {}).items():
            entry = self.entries[part_of(sha256)]
            owner = {"delivery": heir.name, "sequence": heir.sequence}
            self.entries[entry.part] = entry.model_copy(update=owner)
        shared = [f.sha256 for f in record.files if f.known_from and record.status == "landed"]
        # A file that stays with another delivery is no longer judged in the one that leaves.
        stays = [d for d in self.ledger.deliveries() if d.sequence in self.leaving]
        shared += [f.sha256 for d in stays for f in d.files if f.known_from]
        moved = {part_of(sha256) for sha256 in [*shared, *(handed_over or {})]}
        self.moved = frozenset(moved - self.withdrawn)
        self.monthly: dict[str, MonthlyStager] = {}
        self.touched: dict[str, set[str]] = {}
        self._folded: dict[tuple[str, str], int] = {}
        self._resolved = False
        self.whole: list[str] = []
        spill = changes.places.staging / "spill"
        self.con = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "threads": threads,
                "temp_directory": str(spill),
                "preserve_insertion_order": False,
            }
        )
        self.resolver = Resolver(self.con, changes)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()

    def prepare(self, how: FileMapping) -> None:
        """Before a file of a monthly source: judge what its rows refer to, once."""
        for source in how.sources:
            if source.source in MONTHLY and source.source not in self.monthly:
                self._resolve_whole_sources()
                column, target = REFERENCES[source.source]
                key = CONTRACTS[target].primary_key()[0]
                known = self.con.sql(f"select {key} as {column} from keys_{target}").pl()[column]
                self.monthly[source.source] = MonthlyStager(
                    source.source, self.changes.places.staging, known, self.timezone
                )

    def add(self, staged: StagedFile, *, aside: bool) -> None:
        """Take a staged file, or set it aside whole."""
        self.staged[staged.part] = staged
        if aside:
            self.aside.add(staged.sha256)
            for paths in staged.chunks.values():
                for path in paths:
                    path.unlink()
            staged.chunks.clear()
            for stager in self.monthly.values():
                stager.drop(staged.part)

    def settle(self) -> list[Entry]:
        """Judge everything, stage every change, and return the entries of the files that landed."""
        self._resolve_whole_sources()
        for source in MONTHLY:
            self._resolve_months(source)
        flag_histories(self.con, self.changes, self.touched)
        landed = self._enter()
        self.put_delivery(self.record)
        return landed

    def put_delivery(self, record: Delivery) -> None:
        """Stage a delivery's entry in the ledger."""
        self._put_ledger(delivery_target(record), record.model_dump_json(indent=2))

    def _resolve_whole_sources(self) -> None:
        if self._resolved:
            return
        self._resolved = True
        self._rank()
        fed = {part: set(e.sources) for part, e in self.entries.items()}
        fed |= {part: set(staged.rows) for part, staged in self.staged.items()}
        self.whole = sources_that_share_rows(fed.values())
        fresh = {source: self._fresh(source) for source in self.whole}
        judge_whole_rows(self.con, self.changes, self.whole, fresh, fed, self._gone())
        for source in CONTRACTS:
            if source not in MONTHLY:
                self._resolve_source(source)

    def _fresh(self, source: str) -> list[Path]:
        return sorted((self.changes.places.staging / STAGED / source).glob("*.parquet"))

    def _rank(self) -> None:
        """`ranks` and `folds`: the places of every file in the order of deliveries.

        A file that several deliveries brought has a place in each of them.
        """
        rows: list[tuple[str, str, dt.date, int]] = []
        latest = UNDATED
        standing = {d.sequence: d for d in [*self.ledger.deliveries(), self.record]}
        for delivery in (standing[n] for n in sorted(standing)):
            # A delivery without a day stands for the latest day that was known when it came.
            day = delivery.delivered_on or latest
            latest = max(latest, day)
            if delivery.status == "landed" and delivery.sequence not in self.leaving:
                rows += [(part_of(f.sha256), f.file, day, delivery.sequence) for f in delivery.files]
        frame = pl.DataFrame(
            rows,
            schema={"part": pl.String, "file": pl.String, "delivered_on": pl.Date, "sequence": pl.Int64},
            orient="row",
        )
        folds = [(e.part, s) for e in self.entries.values() for s in e.folds]
        folds += [(s.part, name) for s in self.staged.values() for name in s.folds]
        folding = pl.DataFrame(folds, schema={"part": pl.String, "source": pl.String}, orient="row").unique()
        for name, table in [("ranks", frame), ("folds", folding)]:
            self.con.register("incoming", table)
            self.con.execute(f"create or replace temp table {name} as from incoming")
            self.con.unregister("incoming")

    def _gone(self) -> frozenset[str]:
        """Parts that leave: withdrawn, or landed again under other rules."""
        return frozenset(self.withdrawn | (set(self.staged) & set(self.entries)))

    def _resolve_source(self, source: str) -> None:
        fresh = self._fresh(source)
        whole = source in self.whole
        gone = frozenset(p for p in self._gone() if self._stands(source, p))
        moved = self._moved(source, others=bool(fresh))
        if fresh or gone or moved or whole or self._concerned(source):
            outcome = self.resolver.resolve(Scope(source, fresh=fresh, gone=gone, moved=moved, whole=whole))
            self._note(source, outcome)
        key = CONTRACTS[source].primary_key()[0]
        if source in {target for _, target in REFERENCES.values()}:
            files = read_parquet_sql(self.changes.files("lake", source))
            self.con.execute(f"create or replace temp table keys_{source} as select {key} from {files}")

    def _moved(self, folder: str, *, others: bool) -> frozenset[str]:
        """Parts whose place in the order changes, where there is another part to compare them with."""
        moved = frozenset(p for p in self.moved if self._stands(folder, p))
        if not moved:
            return moved
        roots = [self.changes.root(place) / folder for place in ("lake", "held")]
        parts = {p.name[:PART_LENGTH] for root in roots for p in root.glob("*.parquet") if p.name != EMPTY}
        return moved if others or len(parts) > 1 else frozenset()

    def _stands(self, source: str, part: str) -> bool:
        places = ((p, self.changes.root(p) / source) for p in ("lake", "held"))
        return any(any(folder.rglob(f"{part}*.parquet")) for _, folder in places)

    def _concerned(self, source: str) -> bool:
        """Whether what the source refers to has changed for some of its rows."""
        if source not in REFERENCES:
            return False
        target = REFERENCES[source][1]
        waiting = (self.changes.root("held") / source).exists()
        return (waiting and self._any(f"appeared_{target}")) or self._any(f"vanished_{target}")

    def _any(self, table: str) -> bool:
        there = self.con.execute("select 1 from duckdb_tables() where table_name = ?", [table]).fetchall()
        return bool(there) and bool(self.con.execute(f"select 1 from {table} limit 1").fetchall())

    def _note(self, source: str, outcome: Outcome) -> None:
        self.touched.setdefault(source, set()).update(outcome.parts)
        for part, count in outcome.folded.items():
            self._folded[part, source] = self._folded.get((part, source), 0) + count

    def _resolve_months(self, source: str) -> None:
        stager = self.monthly.get(source)
        if stager is not None:
            stager.finish()
            self._rank()
        staged = set(stager.months()) if stager else set()
        standing = set(months_of(self.changes, "lake", source)) | set(months_of(self.changes, "held", source))
        gone, concerned = self._gone(), self._concerned(source)
        for month in sorted(staged | standing):
            folder = folder_of(source, month)
            leaving = frozenset(p for p in gone if self._stands(folder, p))
            moved = self._moved(folder, others=month in staged)
            if month not in staged and not leaving and not moved and not concerned:
                continue
            before = [p for p in ("lake", "held") if any((self.changes.root(p) / folder).glob("*.parquet"))]
            if before or stager is None or stager.spans_overlap(month):
                self._resolve_month(source, month, stager, leaving, moved)
            else:
                self._take_month(source, month, stager)

    def _resolve_month(
        self,
        source: str,
        month: str,
        stager: MonthlyStager | None,
        leaving: frozenset[str],
        moved: frozenset[str],
    ) -> None:
        fresh = stager.chunks.get(month, []) if stager else []
        held = stager.held.get(month, []) if stager else []
        outcome = self.resolver.resolve(Scope(source, month, fresh, held, leaving, moved))
        self._note(source, outcome)
        if outcome.parts:
            flag_month(self.con, self.changes, source, month, self.timezone, None)

    def _take_month(self, source: str, month: str, stager: MonthlyStager) -> None:
        """Nothing of the month can stand twice: what was staged goes to the lake as it is."""
        folder = folder_of(source, month)
        for place, chunks in (("lake", stager.chunks), ("held", stager.held)):
            for path in chunks.get(month, []):
                self.changes.put(place, f"{folder}/{path.name}", path)
                self.touched.setdefault(source, set()).add(path.name[:PART_LENGTH])
        flag_month(self.con, self.changes, source, month, self.timezone, stager.spans(month))

    def _enter(self) -> list[Entry]:
        """Entries of the new files, and of older files whose rows changed their state."""
        changed: dict[str, set[str]] = {}
        for source, parts in self.touched.items():
            for part in parts:
                changed.setdefault(part, set()).add(source)
        landed = [self._entry(staged) for staged in self.staged.values()]
        for part, entry in self.entries.items():
            if part in self.withdrawn:
                self.changes.remove("ledger", entry_target(entry))
                for name in (f"{part}.parquet", f"{part}.keys.parquet"):
                    self.changes.remove("quarantine", name)
            elif part not in self.staged and (part in changed or part in self.moved):
                self._recount(entry)
        return landed

    def _entry(self, staged: StagedFile) -> Entry:
        aside = staged.sha256 in self.aside
        earlier = self.entries.get(staged.part)
        sources = [s for s in CONTRACTS if s in staged.rows]
        told = tally(self.con, self.changes, staged.part, sources, sorted(staged.folds))
        folded = {s: n for (part, s), n in self._folded.items() if part == staged.part}
        self._nothing_is_lost(staged, told.live, folded, aside=aside)
        rejected = staged.read if aside else staged.refused + told.contradictions
        entry = Entry(
            file=staged.path.name,
            delivery=earlier.delivery if earlier else self.record.name,
            sequence=earlier.sequence if earlier else self.record.sequence,
            sha256=staged.sha256,
            bytes=staged.path.stat().st_size,
            rules_sha256=staged.rules_sha256,
            status="set_aside" if aside else "landed",
            read=staged.read,
            accepted=staged.read - rejected - told.pending - told.duplicates,
            rejected=rejected,
            duplicates=told.duplicates,
            pending=told.pending,
            refused=staged.refused,
            sources={} if aside else told.live,
            superseded=told.superseded,
            folded=folded,
            folds=tuple(sorted(staged.folds)),
            timezone=self.timezone,
            repeated=0 if aside else told.repeated,
            not_taken_up=0 if aside else told.not_taken_up,
            remarks=tuple(staged.remarks),
        )
        stage_faults(self.changes, staged.part, staged.faults)
        stage_key_faults(self.con, self.changes, staged.part, sources)
        if aside:
            self._keep_original(staged)
        self._put_ledger(entry_target(entry), entry.model_dump_json(indent=2))
        return entry

    def _nothing_is_lost(
        self, staged: StagedFile, live: dict[str, int], folded: dict[str, int], *, aside: bool
    ) -> None:
        """Every staged row is in the lake, among the held, or was folded: counted, not assumed."""
        if aside:
            return
        for source, rows in staged.rows.items():
            held = part_files(self.changes, "held", source, staged.part)
            kept = scan_parquet_files(held).select(pl.len()).collect().item() if held else 0
            if rows != live.get(source, 0) + kept + folded.get(source, 0):
                raise AssertionError(
                    f"{staged.path.name}: {rows} rows of {source} staged, {live.get(source, 0)} in the lake, "
                    f"{kept} held, {folded.get(source, 0)} folded"
                )

    def _recount(self, entry: Entry) -> None:
        sources = [s for s in CONTRACTS if s in {*entry.sources, *entry.superseded}]
        told = tally(self.con, self.changes, entry.part, sources, entry.folds)
        rejected = entry.refused + told.contradictions
        updated = entry.model_copy(
            update={
                "accepted": entry.read - rejected - told.pending - told.duplicates,
                "rejected": rejected,
                "duplicates": told.duplicates,
                "pending": told.pending,
                "sources": told.live,
                "superseded": told.superseded,
                "repeated": told.repeated,
                "not_taken_up": told.not_taken_up,
            }
        )
        Entry.model_validate(updated.model_dump())
        stage_key_faults(self.con, self.changes, entry.part, sources)
        self._put_ledger(entry_target(entry), updated.model_dump_json(indent=2))

    def _keep_original(self, staged: StagedFile) -> None:
        target = f"files/{staged.part}-{staged.path.name}"
        kept = self.changes.places.staging / "quarantine" / target
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(staged.path.read_bytes())
        self.changes.put("quarantine", target, kept)

    def _put_ledger(self, target: str, text: str) -> None:
        staged: Path = self.changes.places.staging / "ledger" / target
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(text + "\n", encoding="utf-8")
        self.changes.put("ledger", target, staged)
