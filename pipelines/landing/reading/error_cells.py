"""Errors of spreadsheets where a value should be: in a workbook a kind of cell, in its CSV export a text.

A broken formula leaves `#REF!` in its cell. Nobody knows what the value would have been, so it is neither
empty nor a text, and its row is rejected. In a workbook a text that reads `#N/A` is a text; a CSV file cannot
tell the two apart, and there the text is taken for the error. So it is for the errors that workbooks have no
kind of cell for (`#SPILL!`). A client who writes such a word for a missing value lists it in `null_values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.chunks import ERRORS, ROW

MARK: Final = "\ue000"
"""Stands before an error in the cell of a workbook, which no client's text does."""
NEWER: Final = (
    "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!",
    "#TIMEOUT!", "#GETTING_DATA", "#UNREADABLE!",
)  # fmt: skip
"""Errors that a writer of workbooks may only know as texts."""
ERROR_WORDS: Final = (
    *NEWER,
    "#REF!",
    "#N/A",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#N/A N/A",
    "#N/A!",
    "#ERROR!",
    # Exports of LibreOffice, and of Excel in German, French, Spanish, Italian, Portuguese, Dutch.
    "Err:502", "Err:504", "Err:508", "Err:522", "Err:523",
    "#BEZUG!", "#NV", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!",
    "#N/D", "#N/D!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!",
    "#¡REF!", "#¡DIV/0!", "#¡VALOR!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!", "#¡DESBORDAMIENTO!",
    "#RIF!", "#VALORE!", "#NOME?", "#NULLO!", "#ESPANSIONE!", "#VALOR!", "#NÚM!", "#NULO!", "#DESPEJAR!",
    "#VERW!", "#DEEL/0!", "#WAARDE!", "#NAAM?", "#GETAL!", "#N/B", "#LEEG!", "#OVERLOOP!",
)  # fmt: skip
"""What Excel and its like write where a formula has no value."""


def errors_in_text(rows: pl.DataFrame, how: FileMapping, words: Sequence[str] = ERROR_WORDS) -> pl.DataFrame:
    """Mapped cells whose text is an error: `_row`, `column`, `value`."""
    names = [name for name in how.inputs() if name in rows.columns]
    errors = [error for error in words if error not in how.null_values]
    if not names or rows.is_empty():
        return pl.DataFrame(schema=ERRORS)
    # Almost every file has none: one look at first letters is cheaper than comparing every cell.
    starts = rows.select(pl.col(names).str.contains(r"^\s*(?:#|Err:)").any())
    value = {name: pl.col(name).str.strip_chars() for name in names if starts[name].item()}
    return _told(rows, {name: (text.is_in(errors), text) for name, text in value.items()})


def marked_errors(rows: pl.DataFrame, how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of a workbook whose marked errors are plain texts again, and the mapped cells that hold errors."""
    marked = [n for n in rows.columns if n != ROW and rows[n].str.starts_with(MARK).any()]
    text = {name: pl.col(name).str.strip_prefix(MARK) for name in marked}
    found = {
        name: (pl.col(name).str.starts_with(MARK) & ~text[name].is_in(list(how.null_values)), text[name])
        for name in marked
        if name in how.inputs()
    }
    errors = pl.concat([errors_in_text(rows, how, NEWER), _told(rows, found)])
    return rows.with_columns(text.values()), errors


def _told(rows: pl.DataFrame, found: dict[str, tuple[pl.Expr, pl.Expr]]) -> pl.DataFrame:
    pieces = [
        rows.filter(mask).select(ROW, column=pl.lit(name), value=text) for name, (mask, text) in found.items()
    ]
    return pl.concat([pl.DataFrame(schema=ERRORS), *pieces])
