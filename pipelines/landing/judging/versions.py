"""Which row of a key is in the lake: a pure function of the rows that have landed, in whatever order.

Every row that met its contract is kept once, in the lake or among the held. For each key that a landing
touches, all its versions are looked at again:

- two contents of one key in one delivery contradict each other, and all of them are refused;
- a version whose reference is in no row yet waits;
- of the rest, the latest delivery's content wins, and its first row is in the lake; other rows of that
  content are copies, and rows of any other content were restated.

Because nothing depends on the order of landing, a delivery that comes late, comes twice, comes in other
files or is withdrawn leaves the same lake as if it had always, once, or never been there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.landing.contracts import CONTRACTS, REFERENCES, SORTED_BY
from pipelines.landing.places import (
    EMPTY,
    LANDED_FILE,
    LANDED_ROW,
    PART_LENGTH,
    Changes,
    folder_of,
)
from pipelines.quoting import read_parquet_sql, sql_text

LIVE: Final = "live"
WHOLE_ROW: Final = "(whole row)"
"""Note of a row that is refused for what it says in another source."""
HELD: Final = ("pending", "superseded", "duplicate", "contradiction")
# A file that several deliveries brought is judged in each of them; the best that is said of a row holds.
_BEST_FIRST: Final = (
    "list_position(['live', 'pending', 'duplicate', 'superseded', 'contradiction'], row_status)"
)
_LINEAGE: Final = (LANDED_FILE, LANDED_ROW)


@dataclass
class Scope:
    """What of a source is judged anew: all of it, or one month.

    `fresh` are staged rows, `fresh_held` those that carry a row_status already; `gone` are parts that leave,
    `moved` parts that stand for another delivery than before. `whole` says that rows of the source feed
    others as well (`whole_rows`), so that all of it is judged.
    """

    source: str
    month: str | None = None
    fresh: Sequence[Path] = ()
    fresh_held: Sequence[Path] = ()
    gone: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    whole: bool = False

    @property
    def folder(self) -> str:
        """Folder below the lake and below what is held."""
        return folder_of(self.source, self.month)

    @property
    def keys(self) -> list[str]:
        """Columns of the key."""
        return list(CONTRACTS[self.source].primary_key())

    @property
    def columns(self) -> list[str]:
        """Columns of the contract."""
        return list(CONTRACTS[self.source].column_names())


@dataclass
class Outcome:
    """What became of a scope: parts whose files changed, and rows per part that were folded."""

    parts: set[str] = field(default_factory=set)
    folded: dict[str, int] = field(default_factory=dict)


class Resolver:
    """Judges versions in DuckDB, out of core, and stages the files that change.

    Args:
        con: a connection with a memory limit and a folder to spill to.
        changes: what this landing is about to do.

    The connection has a table `ranks` (part, file, delivered_on, sequence) of every file that has landed
    and of every file of this landing, and a table `folds` (part, source).
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, changes: Changes) -> None:
        self.con = con
        self.changes = changes

    def resolve(self, scope: Scope) -> Outcome:
        """Judge every key that the scope's new, gone, or newly referable rows touch.

        Leaves tables `appeared_<source>` and `vanished_<source>` of what others may refer to.
        """
        self._views(scope)
        self._touched(scope)
        self._versions(scope)
        folded = self._fold(scope)
        self._judge(scope)
        self._difference(scope)
        parts = self._write(scope)
        return Outcome(parts, folded)

    def _views(self, scope: Scope) -> None:
        """`fresh`, `live` and `held`: rows with part and row_status, before this scope is judged."""
        empty = self.changes.path("lake", f"{scope.source}/{EMPTY}")
        live = [p for p in self.changes.files("lake", scope.folder) if p.name != EMPTY]
        held = self.changes.files("held", scope.folder)
        columns = ", ".join([*scope.columns, *_LINEAGE])
        for name, files, row_status in [("fresh", scope.fresh, "'live'"), ("live", live, "'live'")]:
            self.con.execute(
                f"create or replace temp view {name} as select {columns}, {_PART} as part, "
                f"{row_status} as row_status from {_scan([empty, *files])}"
            )
        waiting = list(scope.fresh_held)
        self.con.execute(
            f"create or replace temp view fresh_held as select {columns}, {_PART} as part, row_status from "
            + (_scan(waiting) if waiting else _nothing(empty))
        )
        self.con.execute(
            f"create or replace temp view held as select {columns}, {_PART} as part, row_status from "
            + (_scan(held) if held else _nothing(empty))
        )
        for name, parts in [("gone", scope.gone), ("changing", scope.gone | scope.moved)]:
            self.con.execute(
                f"create or replace temp table {name} as select cast(unnest(?) as varchar) as part",
                [sorted(parts)],
            )

    def _touched(self, scope: Scope) -> None:
        """`touched`: every key that has to be judged."""
        keys = ", ".join(scope.keys)
        pieces = [
            f"select {keys} from fresh",
            f"select {keys} from fresh_held",
            f"select {keys} from live semi join changing using (part)",
            f"select {keys} from held semi join changing using (part)",
        ]
        if scope.whole:
            pieces += [f"select {keys} from live", f"select {keys} from held"]
        if scope.source in REFERENCES:
            column, target = REFERENCES[scope.source]
            key = CONTRACTS[target].primary_key()[0]
            if self._has(f"appeared_{target}"):
                pieces.append(
                    f"select {keys} from held where row_status = 'pending' "
                    f"and {column} in (select {key} from appeared_{target})"
                )
            if self._has(f"vanished_{target}"):
                pieces.append(
                    f"select {keys} from live where {column} in (select {key} from vanished_{target})"
                )
        union = " union all ".join(pieces)
        self.con.execute(f"create or replace temp table touched as select distinct {keys} from ({union})")

    def _versions(self, scope: Scope) -> None:
        """`versions`: every row of a touched key that is still there, narrow."""
        keys = ", ".join(scope.keys)
        values = [c for c in scope.columns if c not in scope.keys]
        content = f"hash({', '.join(values)})" if values else "0"
        resolvable = "true"
        if scope.source in REFERENCES:
            column, target = REFERENCES[scope.source]
            key = CONTRACTS[target].primary_key()[0]
            resolvable = f"{column} is null or {column} in (select {key} from keys_{target})"
        if scope.whole:
            resolvable = f"({resolvable}) and {self._row_in('waiting')}"
        select = f"select {keys}, part, {LANDED_ROW}, {content} as content, {resolvable} as resolvable"
        using = f"semi join touched using ({keys}) anti join gone using (part)"
        self.con.execute(
            f"create or replace temp table versions as "
            f"{select}, row_status as before, true as is_new from fresh union all "
            f"{select}, row_status as before, true as is_new from fresh_held union all "
            f"{select}, row_status as before, false as is_new from live {using} union all "
            f"{select}, row_status as before, false as is_new from held {using}"
        )

    def _fold(self, scope: Scope) -> dict[str, int]:
        """Of rows that repeat a key on purpose, keep the last of each delivery."""
        self.con.execute("drop table if exists surplus")
        folds = self._rows("select part from folds where source = ?", [scope.source])
        if not folds:
            return {}
        keys = ", ".join(scope.keys)
        self.con.execute(
            f"""
            create or replace temp table surplus as
            select part, {LANDED_ROW}, is_new from (
                select versions.part, versions.{LANDED_ROW}, versions.is_new, falls, row_number() over (
                    partition by {keys}, ranks.sequence
                    order by falls, ranks.file desc, part desc, {LANDED_ROW} desc
                ) as nth
                from (select *, {self._falls(scope)} as falls from versions) as versions
                inner join ranks using (part)
                semi join (select part from folds where source = '{scope.source}') as folding using (part)
            ) group by part, {LANDED_ROW}, is_new having min(nth) > 1 and not bool_or(falls)
            """
        )
        self.con.execute(f"delete from versions using surplus where versions.part = surplus.part "
                         f"and versions.{LANDED_ROW} = surplus.{LANDED_ROW}")  # fmt: skip
        found = self._rows("select part, count(*) from surplus where is_new group by part")
        return {str(part): int(count) for part, count in found}

    def _row_in(self, table: str, *, no: bool = True) -> str:
        """Whether the row of a version is, or is not, in a table of whole rows."""
        return f"(part, {LANDED_ROW}) {'not ' if no else ''}in (select (part, {LANDED_ROW}) from {table})"

    def _falls(self, scope: Scope) -> str:
        """Whether the row of a version does not stand, for what it says in another source."""
        if not scope.whole:
            return "false"
        tables = ("fallen", "waiting", "restated")
        return "(" + " or ".join(self._row_in(table, no=False) for table in tables) + ")"

    def _judge(self, scope: Scope) -> None:
        """`judged`: the row_status of every version. Keys with one version need no comparison."""
        keys = ", ".join(scope.keys)
        same = " and ".join(f"multiple.{k} = versions.{k}" for k in scope.keys)
        self.con.execute(
            f"create or replace temp table multiple as select {keys} from versions "
            f"group by {keys} having count(*) > 1 or bool_or({self._falls(scope)})"
        )
        fallen = restated = "false"
        if scope.whole:
            fallen = (
                f"(versions.part, versions.{LANDED_ROW}, ranks.sequence) in "
                f"(select (part, {LANDED_ROW}, sequence) from fallen)"
            )
            restated = self._row_in("restated", no=False)
        rank = "(ranks.delivered_on, ranks.sequence)"
        self.con.execute(
            f"""
            create or replace temp table compared as
            with ranked as (
                select versions.*, {rank} as rank, ranks.file, {fallen} as falls,
                    {restated.replace("(part, landed_row) in", "(versions.part, versions.landed_row) in")}
                    as is_restated,
                    exists (select 1 from folds where folds.part = versions.part
                            and folds.source = '{scope.source}') as is_fold
                from versions
                semi join multiple using ({keys})
                inner join ranks using (part)
            ),
            told as (
                select *,
                    'row ' || {LANDED_ROW} || ' of ' || file as place,
                    not is_fold and min(content) filter (where not is_fold) over one_delivery
                    <> max(content) filter (where not is_fold) over one_delivery as clashes
                from ranked
                window one_delivery as (partition by {keys}, rank)
            ),
            refused as (select *, coalesce(clashes, false) or falls as contradicts from told),
            won as (
                select *, max(rank) filter (where resolvable and not contradicts and not is_restated)
                    over (partition by {keys}) as best
                from refused
            ),
            content_won as (
                select *, max(content) filter (
                        where rank = best and resolvable and not contradicts and not is_restated
                    ) over (partition by {keys}) as winner
                from won
            ),
            told_per_delivery as (
            select *,
                case
                    when contradicts then 'contradiction'
                    when not resolvable then 'pending'
                    when is_restated or content <> winner then 'superseded'
                    when row_number() over (
                        partition by {keys}, contradicts, resolvable, is_restated, content = winner
                        order by rank, file, part, {LANDED_ROW}
                    ) > 1 then 'duplicate'
                    else 'live'
                end as row_status,
                case
                    when falls and not coalesce(clashes, false) then '{WHOLE_ROW}'
                    when contradicts and place = min(place) over one_delivery
                        then max(place) over one_delivery
                    when contradicts then min(place) over one_delivery
                    when resolvable then min_by(place, (content <> winner, rank, file, part, {LANDED_ROW}))
                        filter (where resolvable and not contradicts and not is_restated)
                        over (partition by {keys})
                end as row_note
            from content_won
            window one_delivery as (partition by {keys}, rank)
            )
            select {keys}, part, {LANDED_ROW}, before, is_new,
                min_by(row_status, {_BEST_FIRST}) as row_status,
                min_by(coalesce(row_note, ''), {_BEST_FIRST}) as row_note
            from told_per_delivery
            group by {keys}, part, {LANDED_ROW}, before, is_new
            """
        )
        self.con.execute(
            f"""
            create or replace temp table judged as
            select {keys}, part, {LANDED_ROW}, before, row_status, row_note, is_new from compared
            union all
            select {keys}, part, {LANDED_ROW}, before,
                case when resolvable then 'live' else 'pending' end as row_status,
                cast(null as varchar) as row_note, is_new
            from versions where not exists (select 1 from multiple where {same})
            """
        )

    def _difference(self, scope: Scope) -> None:
        """`appeared_*` and `vanished_*`: keys that are in the lake now and were not, or the other way."""
        keys = ", ".join(scope.keys)
        self.con.execute(
            f"create or replace temp table was as select {keys} from live semi join touched using ({keys})"
        )
        self.con.execute(
            f"create or replace temp table appeared_{scope.source} as "
            f"select distinct {keys} from judged where row_status = 'live' except select {keys} from was"
        )
        self.con.execute(
            f"create or replace temp table vanished_{scope.source} as "
            f"select {keys} from was except select {keys} from judged where row_status = 'live'"
        )

    def _write(self, scope: Scope) -> set[str]:
        """Stage the lake's and the held file of every part that changes."""
        self.con.execute(
            "create or replace temp table moved as select * from judged where row_status <> before"
        )
        parts = {str(p) for (p,) in self._rows(
            "select distinct part from moved union select distinct part from fresh "
            "union select distinct part from fresh_held")}  # fmt: skip
        if self._has("surplus"):
            parts |= {str(p) for (p,) in self._rows("select distinct part from surplus")}
        for part in sorted(scope.gone):
            self._remove(scope, part)
        for part in sorted(parts - scope.gone | parts & self._fresh_parts()):
            self._write_part(scope, part)
        return parts | set(scope.gone)

    def _fresh_parts(self) -> set[str]:
        return {str(p) for (p,) in self._rows(
            "select distinct part from fresh union select distinct part from fresh_held")}  # fmt: skip

    def _remove(self, scope: Scope, part: str) -> None:
        for place in ("lake", "held"):
            root = self.changes.root(place) / scope.folder
            for path in root.glob(f"{part}*.parquet"):
                self.changes.remove(place, f"{scope.folder}/{path.name}")

    def _write_part(self, scope: Scope, part: str) -> None:
        columns = ", ".join([*scope.columns, *_LINEAGE])
        keys = ", ".join(scope.keys)
        sql = "select 1 from folds where source = ? and part = ?"
        folding = bool(self._rows(sql, [scope.source, part]))
        surplus = f"anti join surplus using (part, {LANDED_ROW})" if folding else ""
        self.con.execute(
            f"""
            create or replace temp view whole as
            select rows.* exclude (row_status), moved.row_note,
                coalesce(moved.row_status, rows.row_status) as row_status
            from (
                select * from fresh where part = '{part}'
                union all select * from fresh_held where part = '{part}'
                union all select * from live where part = '{part}' and part not in (select part from gone)
                union all select * from held where part = '{part}' and part not in (select part from gone)
            ) as rows
            {surplus}
            left join (select * from moved where part = '{part}') as moved
                using (part, {LANDED_ROW}, {keys})
            """
        )
        order = ", ".join(dict.fromkeys([*SORTED_BY.get(scope.source, ()), *scope.keys, LANDED_ROW]))
        self._remove(scope, part)
        for place, condition, extra in [
            ("lake", "row_status = 'live'", ""),
            ("held", "row_status <> 'live'", ", row_status, row_note"),
        ]:
            target = f"{scope.folder}/{part}.parquet"
            staged = self.changes.places.staging / "judged" / place / target
            staged.parent.mkdir(parents=True, exist_ok=True)
            ((written,),) = self._rows(
                f"copy (select {columns}{extra} from whole where {condition} order by {order}) "
                f"to {sql_text(staged)} (format parquet, compression zstd)"
            )
            if written:
                self.changes.put(place, target, staged)
            else:
                staged.unlink()

    def _has(self, table: str) -> bool:
        return bool(self._rows("select 1 from duckdb_tables() where table_name = ?", [table]))

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(parameters)).fetchall()


_PART = f"left(parse_filename(filename), {PART_LENGTH})"


def _scan(files: Sequence[Path]) -> str:
    return read_parquet_sql(files, filename=True)


def _nothing(empty: Path) -> str:
    return f"(select *, cast(null as varchar) as row_status from {_scan([empty])})"
