"""Readers: a client's file becomes chunks of rows with their numbers, or one clear error.

Text files are read as text; nothing is guessed. A row the format itself cannot hold (a line with too many or
too few fields, a line that is not JSON) is handed back as a malformed row and never stops the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import InputError, RatewrightError
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.chunks import ROW, Chunk
from pipelines.landing.reading.csv_files import read_csv
from pipelines.landing.reading.excel_files import read_excel
from pipelines.landing.reading.jsonl_files import read_jsonl
from pipelines.landing.reading.names import no_column
from pipelines.landing.reading.parquet_files import read_parquet

__all__ = ["ROW", "Chunk", "content_hash", "file_format", "read_chunks"]

FORMATS: Final = {
    ".csv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
NO_ROWS: Final = "it holds no rows"
_READERS: Final[dict[str, Callable[[Path, FileMapping, list[str]], Iterator[Chunk]]]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "excel": read_excel,
}


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


def read_chunks(path: Path, how: FileMapping, remarks: list[str] | None = None) -> Iterator[Chunk]:
    """Read one file chunk by chunk; memory depends on the chunk and not on the file.

    A file with a header and no rows, or JSON Lines without a line, gives no chunk.

    Args:
        path: the client's file.
        how: how it is read; columns that it names have its names, however the file spells them.
        remarks: takes what else there is to say: sheets left unread, columns that stand twice, no rows.

    Raises:
        InputError: unknown type, without a header, truncated, in the wrong encoding, without a mapped column
            or with one that stands twice; in the last resort, whatever the library says that read it.
    """
    kind = file_format(path)
    told = remarks if remarks is not None else []
    if path.stat().st_size == 0 and kind != "jsonl":
        raise InputError(path.name, expected="rows", found="an empty file (0 bytes)")
    seen: set[str] = set()
    read = any_row = 0
    objects = False
    for chunk in _guarded(path, kind, _READERS[kind](path, how, told)):
        seen.update(chunk.rows.columns)
        # JSON objects leave out what they have no value for; any other format has one header.
        absent = [name for name in how.inputs() if name not in chunk.rows.columns]
        nothing = [pl.lit(None, dtype=pl.String).alias(name) for name in absent]
        read += chunk.read
        any_row += chunk.rows.height
        # A small file may hold broken lines alone: they are quarantined. A page or a list is refused.
        objects |= chunk.rows.height > 0 or chunk.malformed["value"].str.contains(r"^\s*\{").any()
        if chunk.read:
            yield replace(chunk, rows=_composed(chunk.rows.with_columns(nothing), kind))
    if kind == "jsonl" and read and not objects:
        raise InputError(path.name, expected="JSON Lines", found="no line that is a sound JSON object")
    missing = [name for name in how.inputs() if any_row and name not in seen]
    if missing:
        raise no_column(path.name, missing[0], sorted(seen - {ROW}))
    if not read:
        told.append(NO_ROWS)


def _guarded(path: Path, kind: str, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks of a reader; what its library raises becomes one line that names the file."""
    while True:
        with as_one_line(path, f"a readable file ({kind})"):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


@contextmanager
def as_one_line(path: Path, expected: str) -> Iterator[None]:
    """The last resort: whatever a library raises over a client's file, a panic too, names the file.

    Raises:
        InputError: it raised something that is none of our own errors.
    """
    try:
        yield
    except (RatewrightError, OSError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(path.name, expected=expected, found=f"one that cannot be read: {told}") from error


def _composed(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Letters composed (NFC) in texts of binary formats; text files are composed as they are decoded."""
    if kind not in ("parquet", "excel"):
        return rows
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String]
    wide = [pl.col(name).str.len_bytes().sum() > pl.col(name).str.len_chars().sum() for name in texts]
    if not texts:
        return rows
    (flags,) = rows.select(wide).rows()
    named = [name for name, is_wide in zip(texts, flags, strict=True) if is_wide]
    return rows.with_columns(pl.col(named).str.normalize("NFC")) if named else rows
