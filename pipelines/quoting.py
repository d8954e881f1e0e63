"""Paths and texts inside SQL: one place that quotes a literal, and one that takes a name as it is written.

A folder may be called `O'Brien`, `[2024]` or `50 % *`. DuckDB and polars read `*`, `?` and `[` in a path as
patterns, and SQL ends a literal at a quote; whoever puts a path into a query or a scan does it through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def sql_text(value: object) -> str:
    """A value as an SQL string literal.

    >>> sql_text("O'Brien")
    "'O''Brien'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """A name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal_glob(path: Path | str) -> str:
    """A path in which nothing is a pattern, for a reader that expands patterns.

    >>> literal_glob("/data/[2024]/a*b")
    '/data/[[]2024]/a[*]b'
    """
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


def read_parquet_sql(files: Iterable[Path], *, filename: bool = False) -> str:
    """A DuckDB table function over files named one by one, their columns matched by name."""
    names = ", ".join(sql_text(literal_glob(path)) for path in files)
    extra = ", filename = true" if filename else ""
    return f"read_parquet([{names}], union_by_name = true, hive_partitioning = false{extra})"


def parquet_under(folder: Path) -> list[Path]:
    """Every Parquet file below a folder, in a fixed order."""
    return sorted(folder.rglob("*.parquet"))


def scan_parquet_files(files: Path | Iterable[Path]) -> pl.LazyFrame:
    """A polars scan of files named one by one; no folder's name makes a pattern or a column."""
    import polars as pl

    names = [files] if isinstance(files, Path) else list(files)
    return pl.scan_parquet(names, glob=False, hive_partitioning=False)
