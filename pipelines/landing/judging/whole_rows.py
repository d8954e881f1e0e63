"""A row of a client's file stands or falls as a whole, whatever number of sources it feeds.

What keys and references say of one source is said of the row: if one part of it contradicts another row,
waits for what it refers to, or was restated, so is and does the rest of it. Found once for all sources that
share rows, as a function of the rows that have landed, before any source is judged:

1. a row of which one part contradicts another row of its delivery is refused in that delivery;
2. of the others, those stand whose references are all in rows that stand (a row may give what it needs);
3. a row is restated by a later one of the same kind of file that has the same key in its leading source,
   the first that it feeds without `repeats`: all of it goes, also what the later row does not bring again.
   A key that several rows of one delivery share says nothing of that kind;
4. rows whose references have gone with the restated ones wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES
from pipelines.landing.places import EMPTY, LANDED_ROW, PART_LENGTH, Changes

FALLEN, WAITING, RESTATED = "fallen", "waiting", "restated"
_ROW = f"part, {LANDED_ROW}"


def sources_that_share_rows(sources_of_parts: Iterable[Iterable[str]]) -> list[str]:
    """Sources that have rows in common with another, and all that these refer to, in order."""
    shared: set[str] = set()
    for sources in sources_of_parts:
        fed = set(sources) - set(MONTHLY)
        if len(fed) > 1:
            shared |= fed
    waiting = list(shared)
    while waiting:
        target = REFERENCES.get(waiting.pop(), ("", ""))[1]
        if target and target not in shared:
            shared.add(target)
            waiting.append(target)
    return [source for source in CONTRACTS if source in shared]


def judge_whole_rows(
    con: duckdb.DuckDBPyConnection,
    changes: Changes,
    sources: Sequence[str],
    fresh: Mapping[str, Sequence[Path]],
    fed: Mapping[str, Iterable[str]],
    gone: Iterable[str],
) -> None:
    """Leave the tables `fallen` (part, row, sequence), `waiting` and `restated` (part, row).

    Args:
        con: the landing's connection, with `ranks` and `folds`.
        changes: what the landing is about to do.
        sources: those that share rows; without any, the tables are empty.
        fresh: staged rows by source.
        fed: the sources that each part feeds, also those that no row of it reached.
        gone: parts that leave.
    """
    con.execute(f"create or replace temp table {FALLEN} (part varchar, {LANDED_ROW} bigint, sequence bigint)")
    for table in (WAITING, RESTATED):
        con.execute(f"create or replace temp table {table} (part varchar, {LANDED_ROW} bigint)")
    if not sources:
        return
    _legs(con, changes, sources, fresh, gone)
    con.execute(
        f"""
        insert into {FALLEN}
        with told as (select legs.*, ranks.sequence from legs inner join ranks using (part) where not folding)
        select distinct {_ROW}, sequence from told semi join (
            select source, key, sequence from told group by all having min(content) <> max(content)
        ) as clash using (source, key, sequence)
        """
    )
    con.execute(
        f"""
        create or replace temp table candidates as
        select distinct {_ROW}, delivered_on, sequence
        from (select distinct {_ROW} from legs) inner join ranks using (part)
        anti join {FALLEN} using ({_ROW}, sequence)
        """
    )
    con.execute(f"create or replace temp table standing as select distinct {_ROW} from candidates")
    _wait(con)
    _lead(con, fed)
    _restate(con)
    con.execute(f"delete from standing using {RESTATED} as r where standing.part = r.part "
                f"and standing.{LANDED_ROW} = r.{LANDED_ROW}")  # fmt: skip
    _wait(con)


def _legs(
    con: duckdb.DuckDBPyConnection,
    changes: Changes,
    sources: Sequence[str],
    fresh: Mapping[str, Sequence[Path]],
    gone: Iterable[str],
) -> None:
    """`legs`: every part of every row, narrow: source, key, content, and what it refers to."""
    con.execute("create or replace temp table leaving as select cast(unnest(?) as varchar) as part",
                [sorted(gone)])  # fmt: skip
    pieces = []
    for source in sources:
        contract = CONTRACTS[source]
        keys = contract.primary_key()
        values = [c for c in contract.column_names() if c not in keys]
        key = f"concat_ws(chr(31), {', '.join(keys)})"
        content = f"hash({', '.join(values)})" if values else "cast(0 as ubigint)"
        column, target = REFERENCES.get(source, ("cast(null as varchar)", ""))
        select = (
            f"select '{source}' as source, left(parse_filename(filename), {PART_LENGTH}) as part, "
            f"{LANDED_ROW}, {key} as key, {content} as content, '{target}' as target, {column} as reference"
        )
        standing = [p for p in changes.files("lake", source) if p.name != EMPTY]
        standing += changes.files("held", source)
        if fresh.get(source):
            pieces.append(f"{select} from {_scan(fresh[source])}")
        if standing:
            pieces.append(f"select * from ({select} from {_scan(standing)}) anti join leaving using (part)")
    empty = "select '' as source, '' as part, 0 as landed_row, '' as key, "
    empty += "cast(0 as ubigint) as content, '' as target, '' as reference where false"
    con.execute(
        f"""
        create or replace temp table legs as
        select every.*, folds.part is not null as folding
        from ({" union all ".join([empty, *pieces])}) as every
        left join folds on every.part = folds.part and every.source = folds.source
        """
    )


def _wait(con: duckdb.DuckDBPyConnection) -> None:
    """Take rows out of `standing` until every reference of those left is in one of them."""
    while True:
        found = (
            con.execute(
                f"""
            create or replace temp table waits as
            select distinct {_ROW} from (
                select {_ROW}, target, reference from legs semi join standing using ({_ROW})
                where target <> '' and reference is not null
            ) anti join (
                select source as target, key as reference from legs semi join standing using ({_ROW})
            ) as given using (target, reference)
            """
            )
            .execute("select count(*) from waits")
            .fetchall()
        )
        if not found[0][0]:
            return
        con.execute(f"insert into {WAITING} select * from waits")
        con.execute(f"delete from standing using waits where standing.part = waits.part "
                    f"and standing.{LANDED_ROW} = waits.{LANDED_ROW}")  # fmt: skip


def _lead(con: duckdb.DuckDBPyConnection, fed: Mapping[str, Iterable[str]]) -> None:
    """`leads`: the leading source of every part that feeds several, and its kind: all that it feeds."""
    folded = set(con.execute("select part, source from folds").fetchall())
    rows = []
    for part, sources in fed.items():
        named = [source for source in CONTRACTS if source in set(sources)]
        own = [source for source in named if (part, source) not in folded]
        if len(named) > 1 and own:
            rows.append((part, own[0], ",".join(named)))
    con.execute("create or replace temp table leads (part varchar, source varchar, kind varchar)")
    if rows:
        con.executemany("insert into leads values (?, ?, ?)", rows)


def _restate(con: duckdb.DuckDBPyConnection) -> None:
    """`restated`: rows of which a later delivery has another one of the same leading key."""
    con.execute(
        f"""
        insert into {RESTATED}
        with wholes as (
            select {_ROW}, bit_xor(hash(source, key, content)) as whole
            from legs where not folding group by all
        ),
        told as (
            select leads.kind, legs.key, legs.part, legs.{LANDED_ROW}, wholes.whole,
                (candidates.delivered_on, candidates.sequence) as rank
            from legs
            inner join leads using (part, source)
            inner join wholes using ({_ROW})
            inner join candidates using ({_ROW})
            semi join standing using ({_ROW})
            where not folding
        ),
        own as (
            select kind, key from (
                select kind, key, rank, count(distinct whole) as wholes from told group by all
            ) group by all having max(wholes) = 1 and count(*) > 1
        ),
        last as (select kind, key, max_by(whole, rank) as whole from told group by all)
        select distinct told.part, told.{LANDED_ROW} from told
        semi join own using (kind, key)
        inner join last using (kind, key)
        where told.whole <> last.whole
        """
    )


def _scan(files: Sequence[Path]) -> str:
    names = ", ".join("'" + str(p).replace("'", "''") + "'" for p in files)
    return f"read_parquet([{names}], union_by_name = true, filename = true, hive_partitioning = false)"
