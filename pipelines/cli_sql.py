"""`ratewright sql`: read the serving database from the command line."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

console = Console(soft_wrap=True, highlight=False)
CELL_WIDTH = 40


class Shape(StrEnum):
    """Formats an answer can be printed in."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def sql(
    query: Annotated[str, typer.Argument(help="A query, or - to read one from standard input.")] = "",
    client: Annotated[str | None, typer.Option("--client", help="Client, if several have one.")] = None,
    shape: Annotated[Shape, typer.Option("--format", help="table, csv or json.")] = Shape.TABLE,
    out: Annotated[
        Path | None, typer.Option(help="Write to this .csv, .parquet or .xlsx file instead.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show in a table.")] = 50,
) -> None:
    """Query the marts of the last good run; without a query, list the tables.

    Reads a copy of its own: it waits for no run and disturbs none.

    Example: ratewright sql "select * from marts.cost_by_model where cover = 'all covers'" --out cost.xlsx
    """
    from pipelines.csv_tables import csv_bytes
    from pipelines.warehouse.query import answer, flat, serving_of, write_answer
    from pipelines.warehouse.serving import TABLES

    text = typer.get_text_stream("stdin").read() if query == "-" else query
    frame = answer(serving_of(client), text or TABLES)
    if out is not None:
        write_answer(frame, out)
        console.print(f"{frame.height:,} rows -> {out}", markup=False)
    elif shape is Shape.CSV:
        print(csv_bytes(flat(frame)).decode(), end="")
    elif shape is Shape.JSON:
        print(frame.write_ndjson(), end="")
    else:
        _print_table(frame, limit)


def _print_table(frame: pl.DataFrame, limit: int) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.head(limit).iter_rows():
        table.add_row(*(_cell(value) for value in row))
    console.print(table)
    shown = min(limit, frame.height)
    more = "" if shown == frame.height else f", {shown:,} shown (--limit, --out)"
    console.print(f"{frame.height:,} rows{more}")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    else:
        text = f"{value:,}" if isinstance(value, Decimal) else str(value)
    return (text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…").replace("[", "\\[")
