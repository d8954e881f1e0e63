"""What a version consists of, and its files: written from its parts, and its parts read back from them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import LevelRules, PlanRules, RateTable, Tariff, at_cost
from pipelines.csv_tables import csv_bytes, without_marks
from pipelines.errors import InputError
from pipelines.files import parquet_bytes
from pipelines.pricing.errors import EarlierVersionError
from pipelines.pricing.forecasting.handover import EVALUATION, REPORT
from pipelines.pricing.pack import pack_html
from pipelines.pricing.renewing.book import Book
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.versions.columns import SCHEMA, table_of
from pipelines.pricing.versions.levels import LEVELS, levels_bytes, levels_from
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.versions.publication import MANIFEST
from pipelines.pricing.workbook import RATE_TABLE_SHEET, workbook_bytes

RATES, PREMIUMS, PLAN = "rate_table", "premiums", "rating_plan.json"
PACK = "pricing_pack.html"


@dataclass(frozen=True)
class VersionParts:
    """Everything a version's files are written from.

    Attributes:
        manifest: what it is and what it was made from.
        rates: the tariff in the columns it is published in.
        premiums: a row per combination of the factors shown: `exposure_years`, a premium per cover,
            `total`, and the price of every package.
        book: customers who come up for renewal and what may turn out otherwise.
        plan: the rating plan it was made with.
        judgements: of the forecast, by cover.
        report, evaluation: pages about the forecast.
        levels: how raw values find the levels of the table.
        last_year: rates and premiums of the version in force the year before.
    """

    manifest: Manifest
    rates: pl.DataFrame
    premiums: pl.DataFrame
    book: Book
    plan: RatingPlan
    judgements: Mapping[str, Judgement]
    report: bytes
    evaluation: bytes
    levels: LevelRules
    last_year: tuple[pl.DataFrame, pl.DataFrame] | None = None

    @cached_property
    def table(self) -> RateTable:
        """Rates of the covers."""
        return table_of(self.rates)

    @cached_property
    def rules(self) -> PlanRules:
        """What any value that is charged is held to."""
        return self.plan.rules_of(self.manifest.edit_limit, self.manifest.base_levels)

    @cached_property
    def tariff(self) -> Tariff:
        """All of it, as it rates."""
        return Tariff(self.rates)

    @cached_property
    def cost(self) -> Tariff:
        """What covers are expected to cost, whatever is charged."""
        return at_cost(self.tariff)


def write_parts(parts: VersionParts) -> dict[str, bytes]:
    """Content of every file of a version but its manifest; the same parts give the same bytes."""
    return {
        f"{RATES}.parquet": parquet_bytes(parts.rates),
        f"{RATES}.csv": csv_bytes(parts.rates),
        f"{PREMIUMS}.parquet": parquet_bytes(parts.premiums),
        f"{PREMIUMS}.csv": csv_bytes(parts.premiums),
        f"{RATES}.xlsx": workbook_bytes(parts),
        **parts.book.files(),
        LEVELS: levels_bytes(parts.levels),
        PLAN: parts.plan.to_json(),
        REPORT: parts.report,
        EVALUATION: parts.evaluation,
        PACK: pack_html(parts),
    }


def read_parts(files: Mapping[str, bytes]) -> VersionParts:
    """The parts of a version whose files are verified; without those of the year before."""
    rates, premiums = read_numbers(files)
    covers = json.loads(files[EVALUATION])["covers"]
    return VersionParts(
        manifest=Manifest.model_validate_json(files[MANIFEST]),
        rates=rates,
        premiums=premiums,
        book=Book.from_files(files),
        plan=RatingPlan.from_json(files[PLAN]),
        judgements={cover: Judgement.from_dict(made["judgement"]) for cover, made in covers.items()},
        report=files[REPORT],
        evaluation=files[EVALUATION],
        levels=levels_from(files),
    )


def read_numbers(files: Mapping[str, bytes]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rates and expanded premiums of a version.

    Raises:
        EarlierVersionError: an earlier version of Ratewright wrote them.
    """
    rates = pl.read_parquet(io.BytesIO(files[f"{RATES}.parquet"]))
    if rates.schema != SCHEMA:
        raise EarlierVersionError("the columns of today")
    return rates, pl.read_parquet(io.BytesIO(files[f"{PREMIUMS}.parquet"]))


def load_rates(path: Path) -> pl.DataFrame:
    """A rate table as it was handed out, from its CSV, Parquet or Excel file; all three give the same.

    Raises:
        InputError: the file is none of these.
    """
    if path.suffix == ".parquet":
        return pl.read_parquet(path, glob=False)
    if path.suffix == ".csv":
        return without_marks(pl.read_csv(path, schema_overrides=SCHEMA, glob=False))
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
    days = [name for name, kind in SCHEMA.items() if kind == pl.Date]
    return text.with_columns(pl.col(whole).cast(pl.Float64), pl.col(days).str.to_date()).cast(SCHEMA)
