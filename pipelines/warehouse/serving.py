"""The serving database: the marts of the last good run, swapped in with one rename.

Readers open it read-only and never wait for a run; a run never waits for them.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import polars as pl

from pipelines.errors import InputError, RunError
from pipelines.quoting import sql_text
from pipelines.warehouse.opening import fenced, opened

SERVED_SCHEMAS = ("marts", "rating_plan")
TABLES = """
    select schema_name || '.' || table_name as table_name, estimated_size as rows, column_count as columns
    from duckdb_tables() order by all
"""


def publish_serving_copy(warehouse: Path, serving: Path) -> dict[str, int]:
    """Copy marts and rating plan into a new file and rename it over the old one.

    Returns:
        Rows per table, by `schema.table`.
    """
    serving.parent.mkdir(parents=True, exist_ok=True)
    fresh = serving.with_name(f".{serving.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        counts = _copy(warehouse, fresh)
        fresh.replace(serving)
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)
    return counts


def _copy(warehouse: Path, fresh: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    with opened(warehouse):
        pass  # whoever holds it is named here; an attached file's error names nobody
    with duckdb.connect(fresh) as con:
        con.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'warehouse' and list_contains($schemas, table_schema) "
            "order by all",
            {"schemas": list(SERVED_SCHEMAS)},
        ).fetchall()
        for schema, table in tables:
            con.execute(f'create schema if not exists "{schema}"')
            con.execute(f'create table "{schema}"."{table}" as from warehouse."{schema}"."{table}"')
            ((rows,),) = con.execute(f'select count(*) from "{schema}"."{table}"').fetchall()
            counts[f"{schema}.{table}"] = rows
    return counts


def read(serving: Path, query: str, **params: object) -> pl.DataFrame:
    """Run a query on the serving database; it reaches nothing else, whoever wrote it.

    Raises:
        RunError: there has been no good run yet, or another process holds the file.
        InputError: it is not one select.
    """
    if not serving.exists():
        raise RunError(f"{serving} is not there yet: no run has finished for this client")
    with fenced(serving) as con:
        _hold_to_one_select(con, query)
        frame: pl.DataFrame = con.sql(query, params=params or None).pl()
        return frame


def _hold_to_one_select(con: duckdb.DuckDBPyConnection, query: str) -> None:
    kinds = [statement.type for statement in con.extract_statements(query)]
    if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN]):
        told = " and ".join(kind.name.lower() for kind in kinds[:3]) or "nothing"
        raise InputError("query", expected="one select on the marts", found=told)
