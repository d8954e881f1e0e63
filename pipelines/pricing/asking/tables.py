"""The tables of a version beside the rate table, in the format somebody asks for."""

from __future__ import annotations

import io
from collections.abc import Mapping

import polars as pl

from pipelines.csv_tables import csv_bytes
from pipelines.files import parquet_bytes
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.renewing.book import RENEWALS, SCENARIOS
from pipelines.pricing.versions.files import PREMIUMS

TABLES = {"premiums": f"{PREMIUMS}.parquet", "renewals": RENEWALS, "scenarios": SCENARIOS}
EXCEL_ROWS = 1_048_575


def table_bytes(files: Mapping[str, bytes], table: str, file_format: str) -> bytes:
    """A table of a version.

    Args:
        files: of the version, verified.
        table: one of `TABLES`.
        file_format: csv, parquet or xlsx.

    Raises:
        PublicationError: the version has nothing under that name, or it is too long for Excel.
    """
    frame = pl.read_parquet(io.BytesIO(files[TABLES[table]])) if TABLES[table] in files else pl.DataFrame()
    if frame.is_empty():
        raise PublicationError(f"the version has no {table}")
    if file_format == "parquet":
        return parquet_bytes(frame)
    if file_format == "csv":
        return csv_bytes(frame)
    return _workbook(frame, table)


def _workbook(frame: pl.DataFrame, table: str) -> bytes:
    from pipelines.pricing.workbook.book import Book

    if frame.height > EXCEL_ROWS:
        raise PublicationError(
            f"{table}: {frame.height:,} rows are more than a sheet holds; take --format csv or parquet"
        )
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    kinds = {name: "money" if frame.schema[name].is_decimal() else "plain" for name in numbers}
    text = frame.with_columns(pl.col(pl.Boolean).cast(pl.String))
    book = Book(table.capitalize())
    book.data_sheet(table.capitalize(), text, kinds, frozen_columns=1)
    return book.close()
