"""Models as dbt compiles them, to be run on tables that a test writes itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.build import build


class Warehouse:
    """An empty DuckDB that runs compiled models on whatever tables it is given."""

    def __init__(self, compiled: Path) -> None:
        self._compiled = compiled
        self._con = duckdb.connect()
        self._con.execute("set TimeZone = 'UTC'")
        for schema in ("staging", "intermediate", "marts", "rating_plan"):
            self._con.execute(f"create schema {schema}")

    def put(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        """Write a table anew."""
        self._con.execute(f"create or replace table {table} ({columns})")
        if rows:
            self._con.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)

    def run(self, model: str, schema: str = "intermediate") -> None:
        """Build a model."""
        (path,) = self._compiled.rglob(f"{model}.sql")
        sql = re.sub(r'"[^"]+"\."(\w+)"\."(\w+)"', r"\1.\2", path.read_text(encoding="utf-8"))
        self._con.execute(f"create or replace table {schema}.{model} as {sql}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Answers of a query."""
        return self._con.execute(query).fetchall()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the compiled models."""
    root = tmp_path_factory.mktemp("compiled")
    build(root / "lake", root / "none.duckdb", "compile", "--no-introspect")
    return root / "none.target" / "compiled" / "ratewright" / "models"


@pytest.fixture
def warehouse(compiled: Path) -> Warehouse:
    return Warehouse(compiled)
