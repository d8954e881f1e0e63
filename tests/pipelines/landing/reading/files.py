"""Small files of every format, and what the readers make of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.chunks import Chunk
from pipelines.landing.reading.readers import read_chunks


def mapping_of(*names: str, **options: object) -> FileMapping:
    """A mapping that reads the columns `names`."""
    columns = {"contract_id": {"template": "".join(f"{{{n}}}" for n in names)}, "cover": {"value": "x"}}
    source = {"source": "contract_covers", "columns": columns}
    return FileMapping.model_validate({"match": "*", "sources": [source], **options})


def whole(path: Path, how: FileMapping, remarks: list[str] | None = None) -> Chunk:
    """All chunks of a file as one."""
    chunks = list(read_chunks(path, how, remarks))
    return Chunk(
        pl.concat([c.rows for c in chunks], how="diagonal_relaxed"),
        pl.concat([c.malformed for c in chunks]),
        pl.concat([c.errors for c in chunks]),
    )


def record(fields: Sequence[str], delimiter: str = ",") -> str:
    """One CSV record as a careful writer would write it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(fields)
    return text.getvalue().removesuffix("\n")
