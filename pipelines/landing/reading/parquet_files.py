"""Parquet files, by row groups where these are small, else streamed through the large ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.errors import InputError
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.chunks import ROW, Chunk, malformed
from pipelines.landing.reading.names import settled
from pipelines.quoting import scan_parquet_files

CHUNK_ROWS: Final = 250_000
CHUNK_CELLS: Final = 7_000_000
_LEAST_ROWS: Final = 50_000


def read_parquet(path: Path, how: FileMapping, remarks: list[str]) -> Iterator[Chunk]:
    """Rows of a Parquet file.

    Raises:
        InputError: a damaged file, or a column that is missing or stands twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as stream:
            found = pq.read_schema(stream).names
            stream.seek(0)
            metadata = pq.read_metadata(stream)
        names = settled(path.name, how.inputs(), found, remarks)
        if len(set(found)) < len(found):
            twice = next(name for name in found if found.count(name) > 1)
            raise InputError(
                path.name, column=twice, expected="columns with different names", found="it stands twice"
            )
        heights = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        scan = scan_parquet_files(path)
        size = min(CHUNK_ROWS, max(CHUNK_CELLS // len(found), _LEAST_ROWS)) if found else CHUNK_ROWS
        renamed = {own: name for own, name in zip(found, names, strict=True) if own != name}
        at = 1
        for rows in _parts(scan, heights, size):
            numbers = pl.int_range(at, at + rows.height, eager=True, dtype=pl.Int64)
            at += rows.height
            yield Chunk(rows.rename(renamed).with_columns(numbers.alias(ROW)), malformed())
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            path.name, expected="a whole Parquet file", found=f"a damaged or cut one ({reason})"
        ) from None


def _parts(scan: pl.LazyFrame, heights: list[int], size: int) -> Iterator[pl.DataFrame]:
    """Rows in chunks of about `size`, of whole row groups where these are small."""
    if max(heights, default=0) > 2 * size:
        yield from scan.collect_batches(chunk_size=size, maintain_order=True)
        return
    at = taken = 0
    for height in [*heights, size]:
        if taken and taken + height > size:
            yield scan.slice(at, taken).collect()
            at, taken = at + taken, 0
        taken += height
