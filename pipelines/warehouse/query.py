"""Answers from the serving database, and files made of them."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import polars as pl

from pipelines.csv_tables import csv_bytes
from pipelines.errors import InputError, RunError
from pipelines.files import write_atomically
from pipelines.quoting import sql_name
from pipelines.settings import settings
from pipelines.warehouse.serving import read

_ENDINGS = (".csv", ".parquet", ".xlsx")
_MOST_SHEET_ROWS = 1_048_575


def serving_of(client: str | None) -> Path:
    """The serving database of a client, or of the only client that has one.

    Raises:
        RunError: no run has finished, or several clients have one and none was named.
    """
    found = {p.stem: p for p in sorted((settings().root / "serving").glob("[!.]*.duckdb"))}
    if client is None and len(found) > 1:
        raise RunError(f"several clients have marts ({', '.join(found)}): name one with --client")
    name = client or next(iter(found), None)
    if name not in found:
        known = ", ".join(found) or "none"
        raise RunError(f"no marts for {name or 'any client'}; there are: {known}. Start with: ratewright run")
    return found[name]


def answer(serving: Path, query: str) -> pl.DataFrame:
    """Run one query on a serving database, which cannot be changed by it and is all that it reaches.

    Raises:
        InputError: it is not one select, or DuckDB does not take it; the first line of what it says.
    """
    try:
        return read(serving, query)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise InputError("query", expected="one select on the marts", found=" ".join(lines[:2])) from None


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """An answer as CSV and sheets can hold it: lists, structures and other kinds of many values as text."""
    one = (pl.Binary, pl.Duration, pl.Object)
    many = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in one]
    if not many:
        return frame
    with duckdb.connect() as con:
        con.register("answered", frame)
        texts = ", ".join(f"cast({sql_name(n)} as varchar) as {sql_name(n)}" for n in many)
        told: pl.DataFrame = con.sql(f"select * replace ({texts}) from answered").pl()
        return told


def write_answer(frame: pl.DataFrame, out: Path) -> None:
    """Write a frame as CSV, Parquet or workbook, by the file's ending; text stays text in Excel.

    Raises:
        InputError: another ending, a folder that does not exist, or more rows than a sheet holds.
    """
    if out.suffix not in _ENDINGS:
        raise InputError(
            str(out), expected=f"a name ending in {', '.join(_ENDINGS)}", found=out.suffix or "none"
        )
    if not out.parent.exists():
        raise InputError(str(out), expected="a folder that exists", found=str(out.parent))
    if out.suffix == ".xlsx" and frame.height > _MOST_SHEET_ROWS:
        raise InputError(str(out), expected=f"at most {_MOST_SHEET_ROWS:,} rows", found=f"{frame.height:,}")
    buffer = io.BytesIO()
    if out.suffix == ".csv":
        buffer.write(csv_bytes(flat(frame)))
    elif out.suffix == ".parquet":
        frame.write_parquet(buffer, compression="zstd")
    else:
        _workbook(flat(frame), buffer)
    write_atomically(out, buffer.getvalue())


def _workbook(frame: pl.DataFrame, buffer: io.BytesIO) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        frame.write_excel(
            book, "answer", header_format={"bold": True}, freeze_panes=(1, 0), autofit=True, autofilter=True
        )
