"""Parquet files, by row groups where these are small, else streamed through the large ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import InputError
from pipelines.landing.mapping import FileMapping, zones
from pipelines.landing.reading.chunks import ROW, Chunk, malformed
from pipelines.landing.reading.names import settled
from pipelines.quoting import scan_parquet_files

if TYPE_CHECKING:
    import pyarrow as pa

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
            schema = pq.read_schema(stream)
            found = schema.names
            stream.seek(0)
            metadata = pq.read_metadata(stream)
        names = settled(path.name, how.inputs(), found, remarks)
        if len(set(found)) < len(found):
            twice = next(name for name in found if found.count(name) > 1)
            raise InputError(
                path.name, column=twice, expected="columns with different names", found="it stands twice"
            )
        left = _left_out(path, schema, dict(zip(found, names, strict=True)), how)
        if left:
            remarks.append(f"columns that are no values, left out: {', '.join(left)}")
        heights = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        scan = scan_parquet_files(path).drop(left)
        size = min(CHUNK_ROWS, max(CHUNK_CELLS // len(found), _LEAST_ROWS)) if found else CHUNK_ROWS
        renamed = {
            own: name for own, name in zip(found, names, strict=True) if own != name and own not in left
        }
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


def _left_out(path: Path, schema: pa.Schema, names: dict[str, str], how: FileMapping) -> list[str]:
    """Columns of kinds that hold no single value, if the mapping does not ask for them.

    The schema is looked at before polars is: it ends the process, or panics, on kinds that it does not know.

    Raises:
        InputError: the mapping asks for one.
    """
    from pyarrow import types

    wanted = set(how.inputs())
    left = []
    for field in schema:
        kind = field.type
        value = types.is_dictionary(kind) and types.is_string(kind.value_type)
        value |= any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_boolean))
        value |= any(is_kind(kind) for is_kind in (types.is_integer, types.is_floating, types.is_date))
        value |= types.is_null(kind) or types.is_time(kind)
        value |= types.is_decimal128(kind) or types.is_timestamp(kind)
        if types.is_timestamp(kind) and not _is_zone(kind.tz):
            raise InputError(
                path.name, column=field.name, expected="moments of a zone", found=f"the zone '{kind.tz}'"
            )
        if value:
            continue
        if names[field.name] in wanted:
            raise InputError(
                path.name, column=field.name, expected="text, numbers, days or moments", found=f"{kind}"
            )
        left.append(field.name)
    return left


def _is_zone(name: str | None) -> bool:
    """Whether a column's zone is one: none, a fixed offset, or a name that the system knows."""
    if name is None or re.fullmatch(r"[+-][0-9]{2}:[0-9]{2}", name):
        return True
    return name in zones()


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
