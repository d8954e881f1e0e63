"""Readers: a client's file becomes chunks of rows with their numbers, or one clear error.

Text files are read as text; nothing is guessed. A row the format itself cannot hold (a line with too
many fields, a line that is not JSON) is handed back as a malformed row and never stops the file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import InputError, nearest
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.blocks import text_blocks

ROW: Final = "_row"
CHUNK_ROWS: Final = 250_000
CHUNK_CELLS: Final = 7_000_000
EXCEL_ROWS: Final = 100_000
_LEAST_ROWS: Final = 50_000
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
class Chunk:
    """Some of a file's rows, as the client sent them.

    `rows` has the client's columns and `_row`, the 1-based number of the data row (a header is not
    counted). `malformed` has `_row`, `value` and `reason` for rows the format could not hold.
    """

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


def read_chunks(path: Path, how: FileMapping) -> Iterator[Chunk]:
    """Read one file chunk by chunk; memory depends on the chunk and not on the file.

    Raises:
        InputError: unknown type, empty, truncated, wrong encoding, or without a mapped column.
    """
    reader = _READERS[file_format(path)]
    if path.stat().st_size == 0:
        raise InputError(path.name, expected="rows", found="an empty file (0 bytes)")
    seen: set[str] = set()
    read = 0
    for chunk in reader(path, how):
        seen.update(chunk.rows.columns)
        missing = [name for name in how.inputs() if name not in chunk.rows.columns]
        # JSON objects leave out what they have no value for; any other format has one header.
        if missing and file_format(path) != "jsonl":
            raise _no_column(path, missing[0], seen)
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in missing]
        read += chunk.read
        if chunk.read:
            yield Chunk(chunk.rows.with_columns(absent), chunk.malformed)
    for name in how.inputs():
        if name not in seen:
            raise _no_column(path, name, seen)
    if not read:
        raise InputError(path.name, expected="rows", found="a header and nothing below it")


def _no_column(path: Path, column: str, seen: set[str]) -> InputError:
    return InputError(
        path.name,
        column=column,
        expected="the column that the mapping names",
        found=nearest(column, sorted(seen - {ROW})),
    )


def _no_malformed() -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64, "value": pl.String, "reason": pl.String})


def _read_csv(path: Path, how: FileMapping) -> Iterator[Chunk]:
    header, offset = "", 0
    for block in text_blocks(path, how.encoding, quoted=True):
        if not header:
            if not block.strip():
                raise InputError(path.name, expected="a header and rows", found="blank text")
            text = block
            header = block.lstrip("\r\n").partition("\n")[0] + "\n"
        else:
            text = header + block
        chunk = _numbered(_csv_chunk(path, text, how), offset)
        offset += chunk.read
        yield chunk


def _csv_chunk(path: Path, text: str, how: FileMapping) -> Chunk:
    try:
        return Chunk(_parse_csv(text.encode(), how), _no_malformed())
    except pl.exceptions.ComputeError:
        return _split_ragged(path, text, how)


def _numbered(chunk: Chunk, offset: int) -> Chunk:
    """Row numbers of the whole file for a chunk that counts from one."""
    rows = chunk.rows
    if ROW not in rows.columns:
        rows = rows.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    shift = pl.col(ROW) + offset
    return Chunk(rows.with_columns(shift), chunk.malformed.with_columns(shift))


def _parse_csv(source: bytes, how: FileMapping) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(source),
        separator=how.delimiter,
        infer_schema=False,
        null_values=list(how.null_values),
    )


def _split_ragged(path: Path, text: str, how: FileMapping) -> Chunk:
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
    return Chunk(frame.with_columns(numbers.alias(ROW)), malformed)


def _read_jsonl(path: Path, how: FileMapping) -> Iterator[Chunk]:
    offset, any_object = 0, False
    for block in text_blocks(path, how.encoding, quoted=False):
        lines = pl.DataFrame({"value": block.removesuffix("\n").split("\n")})
        lines = lines.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
        chunk = _numbered(_json_chunk(lines), offset)
        offset += lines.height
        any_object = any_object or not chunk.rows.is_empty()
        yield chunk
    if not any_object:
        raise InputError(path.name, expected="JSON Lines", found="no line that is a JSON object")


def _json_chunk(lines: pl.DataFrame) -> Chunk:
    import duckdb

    lines = lines.filter(pl.col("value").str.strip_chars() != "")
    with duckdb.connect() as con:
        con.register("lines", lines)
        good = con.sql("select _row from lines where json_valid(value) and json_type(value) = 'OBJECT'").pl()
    valid = lines.join(good, on=ROW, how="semi", maintain_order="left")
    malformed = lines.join(good, on=ROW, how="anti").select(
        ROW, "value", reason=pl.lit("line is not a JSON object")
    )
    if valid.is_empty():
        return Chunk(pl.DataFrame(schema={ROW: pl.Int64}), malformed)
    body = "\n".join(valid["value"].to_list()).encode()
    frame = pl.read_ndjson(io.BytesIO(body), infer_schema_length=None)
    return Chunk(frame.with_columns(valid[ROW]), malformed)


def _read_parquet(path: Path, _how: FileMapping) -> Iterator[Chunk]:
    import pyarrow as pa

    try:
        scan = pl.scan_parquet(path, row_index_name=ROW, row_index_offset=1)
        width = len(scan.collect_schema())
        size = min(CHUNK_ROWS, max(CHUNK_CELLS // width, _LEAST_ROWS))
        for rows in _parquet_rows(path, scan, size):
            yield Chunk(rows.with_columns(pl.col(ROW).cast(pl.Int64)), _no_malformed())
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            path.name, expected="a whole Parquet file", found=f"a damaged or cut one ({reason})"
        ) from None


def _parquet_rows(path: Path, scan: pl.LazyFrame, size: int) -> Iterator[pl.DataFrame]:
    """Rows in chunks: by row groups where these are small, else streamed through the large ones."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    heights = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    if max(heights, default=0) > 2 * size:
        yield from scan.collect_batches(chunk_size=size, maintain_order=True)
        return
    at = taken = 0
    for height in [*heights, size]:
        if taken and taken + height > size:
            yield scan.slice(at, taken).collect()
            at, taken = at + taken, 0
        taken += height


def _read_excel(path: Path, how: FileMapping) -> Iterator[Chunk]:
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheet = how.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            raise InputError(path.name, expected=f"a sheet '{sheet}'", found=nearest(sheet, book.sheet_names))
        rows = book.load_sheet(sheet, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(path.name, expected="an Excel workbook", found=reason) from None
    # A workbook can only be read whole; its sheets end at about a million rows.
    for offset in range(0, max(rows.height, 1), EXCEL_ROWS):
        yield _numbered(Chunk(rows.slice(offset, EXCEL_ROWS), _no_malformed()), offset)


_READERS: Final[dict[str, Callable[[Path, FileMapping], Iterator[Chunk]]]] = {
    "csv": _read_csv,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "excel": _read_excel,
}
