"""What became of a file's rows, counted from the lake and from what is held, and told in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY
from pipelines.landing.judging.versions import WHOLE_ROW
from pipelines.landing.places import LANDED_FILE, LANDED_ROW, Changes, folder_of, months_of
from pipelines.quoting import read_parquet_sql, scan_parquet_files, sql_text


@dataclass(frozen=True)
class Tally:
    """Rows of the client's file by what became of them after keys and references were judged."""

    contradictions: int
    pending: int
    duplicates: int
    live: dict[str, int]
    superseded: dict[str, int]
    repeated: int = 0
    not_taken_up: int = 0


def tally(
    con: duckdb.DuckDBPyConnection, changes: Changes, part: str, sources: Sequence[str], folds: Sequence[str]
) -> Tally:
    """Count one file's rows. A row that feeds several sources counts once, by the worst that befell it."""
    live = {source: part_files(changes, "lake", source, part) for source in sources}
    counts = {source: _height(files) for source, files in live.items()}
    unused = _not_taken_up(con, live.get("contracts", []))
    held = _held_rows(con, changes, part, sources, folds)
    if not held:
        return Tally(0, 0, 0, counts, {}, 0, unused)
    con.execute(
        """
        create or replace temp table told as
        select landed_row,
            bool_or(row_status = 'contradiction') as contradicts,
            bool_or(row_status = 'pending') as waits,
            bool_and(row_status = 'duplicate') and not bool_and(folding) as copies
        from held_rows group by landed_row
        """
    )
    for source, files in live.items():
        if files and source not in folds:
            # A row of which one part is new is no copy.
            stands = f"{LANDED_ROW} in (select {LANDED_ROW} from {read_parquet_sql(files)})"
            con.execute(f"delete from told where copies and {stands}")
    ((contradictions, pending, copies),) = con.execute(
        "select count(*) filter (where contradicts), count(*) filter (where waits and not contradicts), "
        "count(*) filter (where copies and not waits and not contradicts) from told"
    ).fetchall()
    superseded = con.execute(
        "select source, count(*) from held_rows where row_status = 'superseded' "
        "group by source order by source"
    ).fetchall()
    repeated = _repeated(con, changes, part, sources, folds) if copies else 0
    return Tally(contradictions, pending, copies, counts, dict(superseded), repeated, unused)


def _not_taken_up(con: duckdb.DuckDBPyConnection, contracts: Sequence[Path]) -> int:
    """Contracts of these files that cover no day: cancelled before they began or from their first day."""
    if not contracts:
        return 0
    query = f"select count(*) from {read_parquet_sql(contracts)} where cancelled_on <= effective_date"
    ((count,),) = con.execute(query).fetchall()
    return int(count)


def _repeated(
    con: duckdb.DuckDBPyConnection, changes: Changes, part: str, sources: Sequence[str], folds: Sequence[str]
) -> int:
    """Copies whose like stands in the same file; those of an earlier file are no fault of this one."""
    pieces = []
    for source in sources:
        held = part_files(changes, "held", source, part)
        if not held or source in folds:
            continue
        keys = ", ".join(CONTRACTS[source].primary_key())
        every = read_parquet_sql([*part_files(changes, "lake", source, part), *held])
        pieces.append(
            f"select {LANDED_ROW} from (select {LANDED_ROW}, row_number() over "
            f"(partition by {keys} order by {LANDED_ROW}) as nth from {every} "
            f"where ({keys}) in (select ({keys}) from {read_parquet_sql(held)})) where nth > 1"
        )
    if not pieces:
        return 0
    query = (
        f"select count(*) from told where copies and not waits and not contradicts "
        f"and {LANDED_ROW} in ({' union all '.join(pieces)})"
    )
    ((count,),) = con.execute(query).fetchall()
    return int(count)


def _held_rows(
    con: duckdb.DuckDBPyConnection, changes: Changes, part: str, sources: Sequence[str], folds: Sequence[str]
) -> bool:
    """`held_rows`: source, landed_row, row_status, and whether the source folds, of all held of a part."""
    pieces = [
        f"select '{source}' as source, {LANDED_ROW}, row_status, {source in folds} as folding "
        f"from {read_parquet_sql(files)}"
        for source in sources
        if (files := part_files(changes, "held", source, part))
    ]
    if pieces:
        con.execute("create or replace temp table held_rows as " + " union all ".join(pieces))
    return bool(pieces)


def stage_key_faults(
    con: duckdb.DuckDBPyConnection, changes: Changes, part: str, sources: Sequence[str]
) -> None:
    """Tell in quarantine which rows contradict another, or are a copy of one, and of which."""
    pieces = []
    for source in sources:
        files = part_files(changes, "held", source, part)
        if not files:
            continue
        keys = CONTRACTS[source].primary_key()
        value = " || ', ' || ".join(f"cast({k} as varchar)" for k in keys)
        columns = ", ".join(f"{c} := {c}" for c in CONTRACTS[source].column_names())
        pieces.append(
            f"""
            select {LANDED_FILE} as file, {LANDED_ROW} as "row",
                case row_status when 'contradiction' then 'rejected' else row_status end as status,
                '{source}' as source, '{", ".join(keys)}' as "column", {value} as value,
                case row_status when 'contradiction' then 'key' else row_status end as rule,
                case row_status
                    when 'contradiction' then case row_note when '{WHOLE_ROW}'
                        then 'the row is refused as a whole: what it says in another source is contradicted'
                        else 'one delivery gives this key two contents: also in '
                        || coalesce(row_note, 'a row beside it') end
                    else 'the same content stands in ' || coalesce(row_note, 'a row beside it')
                end as reason,
                cast(to_json(struct_pack({columns})) as varchar) as record
            from {read_parquet_sql(files)} where row_status in ('contradiction', 'duplicate')
            """
        )
    target = f"{part}.keys.parquet"
    if not pieces:
        changes.remove("quarantine", target)
        return
    staged = changes.places.staging / "keys" / target
    staged.parent.mkdir(parents=True, exist_ok=True)
    ((written,),) = con.execute(
        f'copy (select * from ({" union all ".join(pieces)}) order by "row", source, value) '
        f"to {sql_text(staged)} (format parquet, compression zstd)"
    ).fetchall()
    if written:
        changes.put("quarantine", target, staged)
    else:
        staged.unlink()
        changes.remove("quarantine", target)


def stage_faults(changes: Changes, part: str, chunks: Sequence[Path]) -> None:
    """Bring the refused rows of a file together in one quarantine file."""
    target = f"{part}.parquet"
    if not chunks:
        changes.remove("quarantine", target)
        return
    staged = changes.places.staging / "quarantine" / target
    staged.parent.mkdir(parents=True, exist_ok=True)
    scan_parquet_files(chunks).sink_parquet(staged, compression="zstd", maintain_order=True)
    changes.put("quarantine", target, staged)


def part_files(changes: Changes, place: str, source: str, part: str) -> list[Path]:
    """Files of a part of a source as they will be, over all months."""
    folders = [folder_of(source)]
    if source in MONTHLY:
        folders = [folder_of(source, month) for month in months_of(changes, place, source)]
    return [p for folder in folders for p in changes.files(place, folder, parts=[part])]


def _height(files: Sequence[Path]) -> int:
    if not files:
        return 0
    height: int = scan_parquet_files(files).select(pl.len()).collect().item()
    return height
