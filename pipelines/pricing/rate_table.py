"""From a forecast to a published version: load, expand, write every format, publish."""

from __future__ import annotations

import hashlib
import io

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import RateTable, build_rate_table, expand
from pipelines.landing.ledger import Ledger
from pipelines.landing.parameters import valuation_date
from pipelines.pricing.experience import Experience, load_experience, load_loadings
from pipelines.pricing.handover import EVALUATION, REPORT, Handover
from pipelines.pricing.manifest import (
    DeliveredFile,
    Manifest,
    code_revision,
    file_hashes,
    json_hash,
    library_versions,
)
from pipelines.pricing.publication import Version, publish
from pipelines.pricing.workbook import workbook_bytes
from pipelines.repricing import Plan
from pipelines.warehouse.project import DBT_PROJECT

SHOWN = ("make", "model", "vehicle_age", "annual_mileage")
PLACES = 4


def publish_rate_table(plan: Plan, forecast: Handover) -> tuple[RateTable, Version, bool] | None:
    """Build the table of every cover that has a forecast and publish it.

    Returns:
        Table, version and whether the version is new; None where nothing could be forecast.
    """
    if not forecast.models:
        return None
    start, _ = plan.mapping.rating_year(plan.rating_year)
    experience = load_experience(plan.settings.serving(plan.client), start)
    loadings = load_loadings(plan.settings.serving(plan.client), list(forecast.models), start)
    built = build_rate_table(forecast.models, loadings, experience.level_orders)
    table = RateTable(_rounded(built.rates))
    premiums = _rounded(_expanded(table, experience, forecast.models))
    manifest = _manifest(plan, table)
    version, created = publish(plan.settings.published, manifest, _files(manifest, table, premiums, forecast))
    return table, version, created


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """Doubles to four places: the last bits of a sum depend on the order of adding."""
    return frame.with_columns(pl.col(pl.Float64).round(PLACES))


def _expanded(
    table: RateTable, experience: Experience, models: dict[str, FrequencySeverityModel]
) -> pl.DataFrame:
    shown = tuple(f for f in SHOWN if f in table.factors) or tuple(table.factors[:2])
    learned = experience.contracts.filter(pl.col("period") == "learn")
    first = learned.filter(pl.col("cover") == learned["cover"][0])
    orders = experience.level_orders.filter(pl.col("level_order").is_not_null())
    expanded = expand(table, first, shown, next(iter(models.values())).base_levels_)
    # Bands sort by their order, names by themselves.
    keys = [
        pl.col(f).replace_strict(own["level"], own["level_order"], default=None, return_dtype=pl.Int64)
        if (own := orders.filter(pl.col("factor") == f)).height
        else pl.col(f)
        for f in shown
    ]
    return expanded.sort(keys, nulls_last=True)


def _manifest(plan: Plan, table: RateTable) -> Manifest:
    start, end = plan.mapping.rating_year(plan.rating_year)
    here = plan.settings
    ledger = Ledger(here.ledger(plan.client))
    return Manifest(
        client=plan.client,
        title=plan.mapping.title,
        currency=plan.mapping.currency,
        rating_year=plan.rating_year,
        effective_from=start,
        effective_to=end,
        valuation_date=valuation_date(here.lake(plan.client)),
        deliveries=tuple(DeliveredFile.of(e) for e in ledger.entries() if not e.set_aside),
        mapping_sha256=hashlib.sha256(plan.mapping_path.read_bytes()).hexdigest(),
        seeds=file_hashes(DBT_PROJECT / "seeds", "*.csv"),
        model_sha256=json_hash(table.rates.select(pl.all().cast(pl.String)).to_dicts()),
        code_revision=code_revision(),
        libraries=library_versions(),
    )


def _files(
    manifest: Manifest, table: RateTable, premiums: pl.DataFrame, forecast: Handover
) -> dict[str, bytes]:
    named = table.rates.select(
        pl.lit(manifest.client).alias("client"),
        pl.lit(manifest.rating_year, dtype=pl.Int64).alias("rating_year"),
        pl.all(),
    )
    return {
        "rate_table.parquet": _parquet(named),
        "rate_table.csv": named.write_csv().encode(),
        "premiums.parquet": _parquet(premiums),
        "premiums.csv": premiums.write_csv().encode(),
        "rate_table.xlsx": workbook_bytes(manifest, table, premiums, forecast.judgements),
        REPORT: forecast.report,
        EVALUATION: forecast.evaluation,
    }


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
