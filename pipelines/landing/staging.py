"""One file, chunk by chunk, from the client's bytes to staged rows that met their contract.

Nothing here looks at other files: keys and references are judged when every file has been staged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY
from pipelines.landing.contracts.declared import contracts_hash
from pipelines.landing.judging.months import MonthlyStager
from pipelines.landing.mapping import FileMapping, Mapping
from pipelines.landing.places import LANDED_FILE, LANDED_ROW, Places, part_of
from pipelines.landing.reading.pseudonyms import Pseudonyms
from pipelines.landing.reading.readers import ROW, Chunk, as_one_line, read_chunks
from pipelines.landing.reading.validate import Checked, Occurrences, check

STAGED: Final = "new"


@dataclass
class StagedFile:
    """A file whose rows are staged: counts, and the folder of its rows per source."""

    path: Path
    sha256: str
    rules_sha256: str
    read: int = 0
    refused: int = 0
    folds: frozenset[str] = frozenset()
    rows: dict[str, int] = field(default_factory=dict)
    chunks: dict[str, list[Path]] = field(default_factory=dict)
    faults: list[Path] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def part(self) -> str:
        return part_of(self.sha256)

    def too_bad(self, mapping: Mapping) -> bool:
        """Whether more rows broke their contract than the mapping tolerates."""
        return self.refused > mapping.tolerated_share * self.read


class Stager:
    """Stages the files of one landing."""

    def __init__(self, mapping: Mapping, places: Places, key: str) -> None:
        self.mapping = mapping
        self.places = places
        self.pseudonyms = Pseudonyms(key)

    def stage(
        self, path: Path, how: FileMapping, sha256: str, months: dict[str, MonthlyStager]
    ) -> StagedFile:
        """Stage one file.

        Args:
            path: the client's file.
            how: how it is read.
            sha256: its content hash.
            months: takes the rows of the monthly sources, by source.

        Raises:
            InputError: the file cannot be used as it is.
        """
        staged = StagedFile(path, sha256, rules_hash(self.mapping, how))
        occurrences = Occurrences()
        for number, chunk in enumerate(read_chunks(path, how, staged.remarks), start=1):
            with as_one_line(path, "values that can be held to a contract"):
                checked = check(chunk, how, self.pseudonyms, occurrences)
            staged.read += chunk.read
            staged.folds |= checked.folds
            for source, frame in checked.frames.items():
                staged.rows[source] = staged.rows.get(source, 0) + frame.height
                lined = _with_lineage(source, frame, path.name)
                if source in MONTHLY:
                    months[source].add(lined, staged.part, number)
                else:
                    self._write(staged, source, lined, number)
            if checked.reasons.height:
                staged.refused += checked.reasons[ROW].n_unique()
                self._write_faults(staged, checked, chunk, number)
        for fed in how.sources:
            if fed.source in months:
                months[fed.source].end(staged.part)
        return staged

    def _write(self, staged: StagedFile, source: str, frame: pl.DataFrame, number: int) -> None:
        target = self.places.staging / STAGED / source / f"{staged.part}-{number:05d}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(target, compression="lz4")
        staged.chunks.setdefault(source, []).append(target)

    def _write_faults(self, staged: StagedFile, checked: Checked, chunk: Chunk, number: int) -> None:
        """One row per fault, with the client's whole row as JSON so that it can be mended."""
        columns = [c for c in chunk.rows.columns if c != ROW]
        bad = checked.reasons.select(ROW).unique()
        records = chunk.rows.join(bad, on=ROW, how="semi").select(
            ROW, record=pl.struct(columns).struct.json_encode()
        )
        target = self.places.staging / "faults" / f"{staged.part}-{number:05d}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        checked.reasons.sort(ROW, "source", "rule").join(
            records, on=ROW, how="left", maintain_order="left"
        ).select(
            file=pl.lit(staged.path.name),
            row=ROW,
            status=pl.lit("rejected"),
            source="source",
            column="column",
            value="value",
            rule="rule",
            reason="reason",
            record="record",
        ).write_parquet(target, compression="lz4")
        staged.faults.append(target)


def _with_lineage(source: str, frame: pl.DataFrame, file: str) -> pl.DataFrame:
    columns = CONTRACTS[source].column_names()
    return frame.select(*columns, pl.lit(file).alias(LANDED_FILE), pl.col(ROW).alias(LANDED_ROW))


def rules_hash(mapping: Mapping, how: FileMapping) -> str:
    """Hash of what decides a file's fate beside its bytes: mapping entry, tolerance, zone, contracts."""
    parts = f"{how.fingerprint()} {mapping.tolerated_share} {mapping.timezone} {contracts_hash()}"
    return hashlib.sha256(parts.encode()).hexdigest()
