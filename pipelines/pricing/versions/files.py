"""What a version consists of, and its files: written from its parts, and its parts read back from them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import RateTable, rate, select_relativities
from pipelines.errors import InputError
from pipelines.files import parquet_bytes
from pipelines.pricing.forecasting.handover import EVALUATION, REPORT
from pipelines.pricing.versions.manifest import Change, Manifest, json_hash
from pipelines.pricing.versions.publication import MANIFEST
from pipelines.pricing.workbook import RATE_TABLE_SHEET, workbook_bytes

RATES, PREMIUMS = "rate_table", "premiums"
SCHEMA = pl.Schema(
    {
        "client": pl.String(),
        "rating_year": pl.Int64(),
        "cover": pl.String(),
        "factor": pl.String(),
        "level": pl.String(),
        "level_order": pl.Int64(),
        "base_rate": pl.Decimal(18, 2),
        "fixed_amount": pl.Decimal(18, 2),
        "relativity": pl.Float64(),
        "indicated_relativity": pl.Float64(),
        "selection_reason": pl.String(),
        "frequency_relativity": pl.Float64(),
        "severity_relativity": pl.Float64(),
        "exposure_years": pl.Float64(),
        "claim_count": pl.Int64(),
        "burning_cost": pl.Float64(),
    }
)
"""Columns of a rate table in every format: those of `RateTable`, whose table it is, and what was selected.

`relativity` is the one that rates; `indicated_relativity` the model's, `selection_reason` why they differ.
"""
KEY = ["cover", "factor", "level"]


@dataclass(frozen=True)
class VersionParts:
    """Everything a version's files are written from.

    `premiums` has a row per combination of the factors shown: `exposure_years`, a premium per cover,
    `total`. `last_year` are the rates and premiums of the version in force the year before.
    """

    manifest: Manifest
    rates: pl.DataFrame
    premiums: pl.DataFrame
    judgements: Mapping[str, Judgement]
    report: bytes
    evaluation: bytes
    last_year: tuple[pl.DataFrame, pl.DataFrame] | None = None

    @property
    def table(self) -> RateTable:
        return RateTable(self.rates)


def named_rates(manifest: Manifest, table: RateTable) -> pl.DataFrame:
    """A fresh table in the columns it is published in: every relativity is the indicated one."""
    return table.rates.select(
        pl.lit(manifest.client).alias("client"),
        pl.lit(manifest.rating_year, dtype=pl.Int64).alias("rating_year"),
        pl.all(),
        pl.col("relativity").alias("indicated_relativity"),
        pl.lit(None, dtype=pl.String).alias("selection_reason"),
    ).select(list(SCHEMA))


def write_parts(parts: VersionParts) -> dict[str, bytes]:
    """Content of every file of a version but its manifest; the same parts give the same bytes."""
    return {
        f"{RATES}.parquet": parquet_bytes(parts.rates),
        f"{RATES}.csv": parts.rates.write_csv().encode(),
        f"{PREMIUMS}.parquet": parquet_bytes(parts.premiums),
        f"{PREMIUMS}.csv": parts.premiums.write_csv().encode(),
        f"{RATES}.xlsx": workbook_bytes(
            parts.manifest, parts.table, parts.premiums, parts.judgements, parts.last_year
        ),
        REPORT: parts.report,
        EVALUATION: parts.evaluation,
    }


def read_parts(files: Mapping[str, bytes]) -> VersionParts:
    """The parts of a version whose files are verified; without those of the year before."""
    rates, premiums = read_numbers(files)
    covers = json.loads(files[EVALUATION])["covers"]
    return VersionParts(
        manifest=Manifest.model_validate_json(files[MANIFEST]),
        rates=rates,
        premiums=premiums,
        judgements={cover: Judgement.from_dict(made["judgement"]) for cover, made in covers.items()},
        report=files[REPORT],
        evaluation=files[EVALUATION],
    )


def read_numbers(files: Mapping[str, bytes]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rates and expanded premiums of a version."""
    return (
        pl.read_parquet(io.BytesIO(files[f"{RATES}.parquet"])),
        pl.read_parquet(io.BytesIO(files[f"{PREMIUMS}.parquet"])),
    )


def edited_parts(parts: VersionParts, changes: tuple[Change, ...]) -> VersionParts:
    """An edited version: the changed relativities, and premiums anew from the table alone."""
    selections = pl.DataFrame(
        [c.model_dump(include={*KEY, "after", "reason"}) for c in changes],
        schema={**dict.fromkeys(KEY, pl.String), "after": pl.Float64, "reason": pl.String},
    ).rename({"after": "relativity"})
    drafted = RateTable(parts.rates.rename({"selection_reason": "reason"}))
    selected = select_relativities(drafted, selections).rates.rename({"reason": "selection_reason"})
    rates = selected.select(list(SCHEMA))
    update = {
        "parent": parts.manifest.version(),
        "changes": changes,
        "model_sha256": rates_hash(rates),
        "files": {},
    }
    manifest = parts.manifest.model_copy(update=update)
    table = RateTable(rates)
    shown = [c for c in parts.premiums.columns if c in table.factors]
    held = [pl.lit(level).alias(f) for f, level in manifest.base_levels.items() if f not in shown]
    cells = parts.premiums.select(*shown, "exposure_years").with_columns(held)
    premiums = rate(table, cells).select(parts.premiums.columns)
    return replace(parts, manifest=manifest, rates=rates, premiums=premiums)


def rates_hash(rates: pl.DataFrame) -> str:
    """Hash of every number of a table."""
    return json_hash(rates.select(pl.all().cast(pl.String)).to_dicts())


def load_rates(path: Path) -> pl.DataFrame:
    """A rate table as it was handed out, from its CSV, Parquet or Excel file; all three give the same.

    Raises:
        InputError: the file is none of these.
    """
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".csv":
        return pl.read_csv(path, schema_overrides=SCHEMA)
    if path.suffix == ".xlsx":
        return _from_workbook(path)
    raise InputError(
        str(path), expected="a file in .csv, .parquet or .xlsx", found=path.suffix or "no ending"
    )


def _from_workbook(path: Path) -> pl.DataFrame:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        head, *rows = book[RATE_TABLE_SHEET].iter_rows(values_only=True)
    finally:
        book.close()
    text = pl.DataFrame(
        [[None if v is None else str(v) for v in row] for row in rows],
        schema=dict.fromkeys((str(name) for name in head), pl.String),
        orient="row",
    )
    whole = [name for name, kind in SCHEMA.items() if kind == pl.Int64]
    return text.with_columns(pl.col(whole).cast(pl.Float64)).cast(SCHEMA)
