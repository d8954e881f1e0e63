"""What a reader hands on: rows with the line they stand in, and lines that are no rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

ROW: Final = "_row"
ERRORS: Final = {ROW: pl.Int64, "column": pl.String, "value": pl.String}
MALFORMED: Final = {ROW: pl.Int64, "value": pl.String, "reason": pl.String}
SHOWN: Final = 10_000


@dataclass(frozen=True)
class Chunk:
    """Some of a file's rows, as the client sent them.

    `rows` has the client's columns and `_row`: the line of a text file, the row of a sheet (both from 1, the
    header counted), or the row of a Parquet file (from 1). `malformed` has `_row`, `value` and `reason` for
    lines the format could not hold. `errors` names the mapped cells (`_row`, `column`, `value`) that hold a
    spreadsheet's error; their rows stand in `rows`.
    """

    rows: pl.DataFrame
    malformed: pl.DataFrame
    errors: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ERRORS))

    @property
    def read(self) -> int:
        return self.rows.height + self.malformed.height


def malformed(faults: Iterable[tuple[int, str, str]] = ()) -> pl.DataFrame:
    """Lines that are no rows: number, text, and why."""
    frame = pl.DataFrame(list(faults), schema=MALFORMED, orient="row")
    return frame.with_columns(pl.col("value").str.head(SHOWN))
