"""CSV that people open in a spreadsheet: no text runs as a formula, and what is read is what was written.

A spreadsheet takes a cell that begins with one of a few characters for a formula, whoever wrote it, and
quotes do not stop it (CWE-1236). Such a text gets an apostrophe in front, and so does one that begins with
apostrophes before such a character, so that taking one away gives back the text.
"""

from __future__ import annotations

import io
from typing import Final

import polars as pl

# With full-width forms, which spreadsheets in Chinese and Japanese take for the same, and after blanks and
# characters that nobody sees, which some cut off.
_FORMULA: Final = r"^'*(?:[\s\p{C}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|[\t\r\n])"
_MARKED: Final = r"^'+(?:[\s\p{C}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|[\t\r\n])"


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """A frame as CSV in UTF-8; texts and names that a spreadsheet would run are marked by an apostrophe."""
    names = pl.Series(frame.columns, dtype=pl.String).to_frame("name").select(_marked(pl.col("name")))
    return frame.with_columns(_marked(pl.col(pl.String))).rename(
        dict(zip(frame.columns, names.to_series(), strict=True))
    ).write_csv().encode()  # fmt: skip


def without_marks(frame: pl.DataFrame) -> pl.DataFrame:
    """What was read of such a CSV, as it was before it was written."""
    texts = pl.col(pl.String)
    return frame.with_columns(pl.when(texts.str.contains(_MARKED)).then(texts.str.slice(1)).otherwise(texts))


def read_csv_bytes(content: bytes, schema: pl.Schema | dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """A frame of such a CSV."""
    return without_marks(pl.read_csv(io.BytesIO(content), schema=schema))


def _marked(texts: pl.Expr) -> pl.Expr:
    return pl.when(texts.str.contains(_FORMULA)).then(pl.lit("'") + texts).otherwise(texts).name.keep()
