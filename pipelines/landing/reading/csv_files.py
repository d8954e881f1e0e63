"""CSV files: the header, then records block by block, each with the line it begins in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipelines.errors import InputError
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.blocks import text_blocks
from pipelines.landing.reading.chunks import ROW, Chunk, malformed
from pipelines.landing.reading.csv_records import LINE_BREAK, Dialect, Records, Shape, Splitter
from pipelines.landing.reading.error_cells import errors_in_text
from pipelines.landing.reading.names import settled

_HEADER_LINES = 100


def read_csv(path: Path, how: FileMapping, remarks: list[str]) -> Iterator[Chunk]:
    """Rows of a CSV file, and the lines that make none.

    Raises:
        InputError: no header, a column that is missing or stands twice, or text that is not in the encoding.
    """
    reader = _Reader(path, how, remarks)
    for block in text_blocks(path, how.encoding):
        chunk = reader.take(block)
        if chunk is not None:
            yield chunk
    chunk = reader.end()
    if chunk is not None:
        yield chunk


class _Reader:
    """One file being read: its header, its shape, and lines that wait for what follows them."""

    def __init__(self, path: Path, how: FileMapping, remarks: list[str]) -> None:
        self.path, self.how, self.remarks = path, how, remarks
        self.dialect = Dialect(how.delimiter)
        self.names: list[str] = []
        self.width: tuple[int, int] = (0, 0)
        self.splitter: Splitter | None = None
        self.waiting: list[str] = []
        self.at = 1

    def take(self, block: str) -> Chunk | None:
        """Rows of a block of whole lines, but for those whose record may go on after it."""
        if self.splitter is not None and not self.waiting:
            plain = _plain(block, self.at, self.names, self.splitter.shape, self.how)
            if plain is not None:
                self.at += plain.rows.height
                return plain
        return self._split([*self.waiting, *_lines(block)], last=False)

    def end(self) -> Chunk | None:
        """Rows of the lines that still wait, now that nothing follows them."""
        return self._split(self.waiting, last=True) if self.waiting or not self.names else None

    def _split(self, lines: list[str], *, last: bool) -> Chunk | None:
        if not self.names:
            lines = self._without_header(lines, last=last)
        self.waiting = lines
        first = next((text for text in lines if text.strip()), None) if self.names else None
        if first is None:
            return None
        if self.splitter is None:
            self.splitter = Splitter(self.dialect, self._shape(first))
        found = self.splitter.split(lines, self.at, last=last)
        self.at += len(lines) - len(found.rest)
        self.waiting = found.rest
        return self._chunk(found)

    def _without_header(self, lines: list[str], *, last: bool) -> list[str]:
        """The lines below the header, once it is whole."""
        start = next((n for n, text in enumerate(lines) if text.strip()), None)
        if start is None:
            if last:
                raise InputError(self.path.name, expected="a header and rows", found="blank text")
            return lines
        for end in range(start + 1, min(start + _HEADER_LINES, len(lines)) + 1):
            record = "\n".join(lines[start:end])
            if self.dialect.is_like("whole", record):
                return self._under(self.dialect.fields(record), lines, end)
            if not self.dialect.is_like("opens", record):
                break
        else:
            if not last and len(lines) - start < _HEADER_LINES:
                return lines
        raise InputError(
            self.path.name,
            expected="a header",
            found=f"line {self.at + start}, in which a quote does not close where a name ends",
        )

    def _under(self, header: list[str], lines: list[str], end: int) -> list[str]:
        names = [name.strip() for name in header]
        self.names = settled(self.path.name, self.how.inputs(), names, self.remarks)
        least = max((n for n, name in enumerate(names, start=1) if name), default=len(names))
        self.width = (len(names), least)
        self.at += end
        return lines[end:]

    def _shape(self, first: str) -> Shape:
        """What rows look like: the header says it, the first row whether rows end in one delimiter more."""
        width, least = self.width
        fields = self.dialect.fields(first)
        return Shape(width, least, surplus=len(fields) == width + 1 and not fields[-1].strip())

    def _chunk(self, found: Records) -> Chunk:
        lines = found.lines
        frame = pl.DataFrame(schema=dict.fromkeys(self.names, pl.String))
        if lines.len():
            frame = _parsed("\n".join(found.texts.to_list()), self.names, self.how)
            broken = [n for n in self.names if frame[n].str.contains(LINE_BREAK, literal=True).any()]
            frame = frame.with_columns(pl.col(broken).str.replace_all(LINE_BREAK, "\n", literal=True))
        if frame.height != lines.len():
            raise InputError(
                self.path.name,
                expected="one record for every line",
                found=f"{frame.height:,} records in {lines.len():,} lines from line {lines[0]}",
            )
        rows = frame.with_columns(lines.alias(ROW))
        return Chunk(rows, malformed(found.faults), errors_in_text(rows, self.how))


def _lines(block: str) -> list[str]:
    lines = block[:-1].split("\n")
    return [text.removesuffix("\r") for text in lines] if "\r" in block else lines


def _plain(block: str, at: int, names: list[str], shape: Shape, how: FileMapping) -> Chunk | None:
    """A block in which nothing is quoted and every line has the header's fields, read as it is; else None.

    The delimiters of a block are counted as a whole: the parser refuses a line with too many, so none can
    have too few.
    """
    count = block.count("\n")
    if (
        shape.width == 1
        or shape.least != shape.width
        or shape.surplus
        or '"' in block
        or "\r" in block.replace("\r\n", "")
        or block.count(how.delimiter) != count * (shape.width - 1)
    ):
        return None
    try:
        frame = _parsed(block, names, how)
    except pl.exceptions.ComputeError:
        return None
    if frame.height != count:
        return None
    lines = pl.int_range(at, at + count, eager=True, dtype=pl.Int64)
    rows = frame.with_columns(lines.alias(ROW))
    return Chunk(rows, malformed(), errors_in_text(rows, how))


def _parsed(text: str, names: list[str], how: FileMapping) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(text.encode()),
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=how.delimiter,
        null_values=list(how.null_values),
    )
