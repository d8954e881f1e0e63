"""Readers: a client's file becomes a frame with row numbers, or one clear error.

Text files are read as text; nothing is guessed. A row the format itself cannot hold (a line with too
many fields, a line that is not JSON) is handed back as a malformed row and never stops the file.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import InputError, nearest
from pipelines.landing.mapping import FileMapping

ROW: Final = "_row"
FORMATS: Final = {
    ".csv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}


@dataclass(frozen=True)
class RawFile:
    """A file as the client sent it.

    `rows` has the client's columns and `_row`, the 1-based number of the data row (a header is not
    counted). `malformed` has `_row`, `value` and `reason` for rows the format could not hold.
    """

    name: str
    sha256: str
    size: int
    rows: pl.DataFrame
    malformed: pl.DataFrame

    @property
    def read(self) -> int:
        return self.rows.height + self.malformed.height


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_format(path: Path) -> str:
    """Return csv, jsonl, parquet or excel by the file's ending.

    Raises:
        InputError: no reader knows the ending.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(FORMATS)
        raise InputError(path.name, expected=f"a file type among {known}", found=f"'{path.suffix}'") from None


def read_file(path: Path, how: FileMapping, sha256: str | None = None) -> RawFile:
    """Read one file whole.

    Raises:
        InputError: unknown type, empty, truncated, wrong encoding, or without a mapped column.
    """
    reader = _READERS[file_format(path)]
    if path.stat().st_size == 0:
        raise InputError(path.name, expected="rows", found="an empty file (0 bytes)")
    frame, malformed = reader(path, how)
    for column in how.inputs():
        if column not in frame.columns:
            raise InputError(
                path.name,
                column=column,
                expected="the column that the mapping names",
                found=nearest(column, frame.columns),
            )
    if frame.height + malformed.height == 0:
        raise InputError(path.name, expected="rows", found="a header and nothing below it")
    if ROW not in frame.columns:
        frame = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    return RawFile(path.name, sha256 or content_hash(path), path.stat().st_size, frame, malformed)


def _no_malformed() -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64, "value": pl.String, "reason": pl.String})


def _text(path: Path, how: FileMapping) -> str:
    encoding = "utf-8-sig" if how.encoding.lower().replace("_", "-") == "utf-8" else how.encoding
    try:
        return path.read_bytes().decode(encoding)
    except LookupError:
        raise InputError(path.name, expected="an encoding Python knows", found=f"'{how.encoding}'") from None
    except UnicodeDecodeError as error:
        raise InputError(
            path.name,
            expected=f"text in {how.encoding}",
            found=f"byte 0x{error.object[error.start]:02x} at offset {error.start:,} "
            "that is not; set the file's encoding in the mapping",
        ) from None


def _read_csv(path: Path, how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    text = _text(path, how)
    if not text.strip():
        raise InputError(path.name, expected="a header and rows", found="blank text")
    source = text.encode()
    try:
        return _parse_csv(source, how), _no_malformed()
    except pl.exceptions.ComputeError:
        return _split_ragged(path, text, how)


def _parse_csv(source: bytes, how: FileMapping) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(source),
        separator=how.delimiter,
        infer_schema=False,
        null_values=list(how.null_values),
    )


def _split_ragged(path: Path, text: str, how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Set aside the lines with more fields than the header, then read the rest.

    Only files that have such a line come here. A field with a line break in it cannot be told from
    two short lines any more, so quotes are honoured within a line.
    """
    lines = pl.DataFrame({"value": text.splitlines()}).filter(pl.col("value").str.len_bytes() > 0)
    unquoted = pl.col("value").str.replace_all(r'"(?:[^"]|"")*"', "")
    fields = unquoted.str.count_matches(how.delimiter, literal=True) + 1
    lines = lines.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64), n=fields)
    width = lines["n"][0]
    is_long = pl.col("n") > width
    good = lines.filter(~is_long)
    try:
        frame = _parse_csv("\n".join(good["value"].to_list()).encode(), how)
    except pl.exceptions.ComputeError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(path.name, expected="a readable CSV file", found=reason) from None
    numbers = good[ROW].slice(1)
    if frame.height != len(numbers):
        raise InputError(
            path.name,
            expected="one record a line",
            found="an unclosed quote or a line break in one",
        )
    malformed = lines.filter(is_long).select(
        ROW,
        "value",
        reason=pl.format("line has {} fields, the header has {}", "n", pl.lit(width)),
    )
    return frame.with_columns(numbers.alias(ROW)), malformed


def _read_jsonl(path: Path, how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    import duckdb

    lines = pl.DataFrame({"value": _text(path, how).splitlines()})
    lines = lines.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    lines = lines.filter(pl.col("value").str.strip_chars() != "")
    with duckdb.connect() as con:
        con.register("lines", lines)
        good = con.sql("select _row from lines where json_valid(value) and json_type(value) = 'OBJECT'").pl()
    valid = lines.join(good, on=ROW, how="semi", maintain_order="left")
    malformed = lines.join(good, on=ROW, how="anti").select(
        ROW, "value", reason=pl.lit("line is not a JSON object")
    )
    if valid.is_empty():
        raise InputError(path.name, expected="JSON Lines", found="no line that is a JSON object")
    body = "\n".join(valid["value"].to_list()).encode()
    frame = pl.read_ndjson(io.BytesIO(body), infer_schema_length=None)
    return frame.with_columns(valid[ROW]), malformed


def _read_parquet(path: Path, _how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    try:
        return pl.read_parquet(path), _no_malformed()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            path.name, expected="a whole Parquet file", found=f"a damaged or cut one ({reason})"
        ) from None


def _read_excel(path: Path, how: FileMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheet = how.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            raise InputError(path.name, expected=f"a sheet '{sheet}'", found=nearest(sheet, book.sheet_names))
        return book.load_sheet(sheet, dtypes="string").to_polars(), _no_malformed()
    except fastexcel.FastExcelError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(path.name, expected="an Excel workbook", found=reason) from None


_READERS: Final = {
    "csv": _read_csv,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "excel": _read_excel,
}
