"""Formats: CSV in the client's encoding, JSON Lines, Excel, Parquet. Same rows, same bytes."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import polars as pl

from simulator.defects import MALFORMED

_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's property, fixed so that bytes repeat
_ROW_GROUP = 250_000


def write(rows: pl.DataFrame, path: Path, encoding: str = "utf-8") -> None:
    """Write rows in the format of the file's ending; rows marked malformed break it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    broken = (
        rows[MALFORMED] if MALFORMED in rows.columns else pl.Series([False]).new_from_index(0, rows.height)
    )
    rows = rows.drop(MALFORMED, strict=False)
    if path.suffix == ".parquet":
        rows.write_parquet(path, compression="zstd", row_group_size=_ROW_GROUP)
    elif path.suffix == ".xlsx":
        _write_workbook(rows, path)
    elif path.suffix == ".jsonl":
        path.write_bytes(_json_lines(rows, broken))
    else:
        path.write_bytes(_csv(rows, broken).encode(encoding))


def _csv(rows: pl.DataFrame, broken: pl.Series) -> str:
    text = rows.write_csv()
    if not broken.any():
        return text
    head, *lines = text.removesuffix("\n").split("\n")
    spoiled = pl.DataFrame({"line": lines, "broken": broken}).select(
        pl.when("broken").then(pl.col("line") + ",多余,值").otherwise("line")
    )
    return "\n".join([head, *spoiled.to_series().to_list()]) + "\n"


def _json_lines(rows: pl.DataFrame, broken: pl.Series) -> bytes:
    dates = [pl.col(n).dt.strftime("%Y-%m-%d") for n, t in rows.schema.items() if t == pl.Date]
    buffer = io.BytesIO()
    rows.with_columns(dates).write_ndjson(buffer)
    if not broken.any():
        return buffer.getvalue()
    lines = buffer.getvalue().decode().removesuffix("\n").split("\n")
    spoiled = pl.DataFrame({"line": lines, "broken": broken}).select(
        pl.when("broken").then(pl.col("line").str.slice(0, 20)).otherwise("line")
    )
    return ("\n".join(spoiled.to_series().to_list()) + "\n").encode()


def _write_workbook(rows: pl.DataFrame, path: Path) -> None:
    """A workbook with real Excel dates, written row by row so that it takes no memory."""
    import xlsxwriter

    options = {"default_date_format": "yyyy-mm-dd", "constant_memory": True}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"created": _EPOCH})
    sheet = book.add_worksheet("Contracts")
    sheet.set_column(0, rows.width - 1, 16)
    sheet.write_row(0, 0, rows.columns)
    for number, row in enumerate(rows.iter_rows(), start=1):
        sheet.write_row(number, 0, row)
    book.close()
