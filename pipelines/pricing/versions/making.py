"""From a forecast to a draft: load, expand, write every format, keep."""

from __future__ import annotations

import datetime as dt
import hashlib

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import RateTable, build_rate_table, expand
from pipelines.landing.ledger import Ledger
from pipelines.landing.parameters import valuation_date
from pipelines.pricing.forecasting.experience import Experience, load_experience, load_loadings
from pipelines.pricing.forecasting.handover import Handover
from pipelines.pricing.versions.files import (
    VersionParts,
    named_rates,
    rates_hash,
    read_numbers,
    write_parts,
)
from pipelines.pricing.versions.manifest import (
    DeliveredFile,
    Manifest,
    code_revision,
    file_hashes,
    library_versions,
)
from pipelines.pricing.workflow import Desk, Standing, State
from pipelines.repricing import Plan
from pipelines.warehouse.project import DBT_PROJECT

SHOWN = ("make", "model", "vehicle_age", "annual_mileage")
PLACES = 4


def draft_rate_table(plan: Plan, forecast: Handover) -> tuple[RateTable, Standing, bool] | None:
    """Build the table of every cover that has a forecast and keep it as a draft.

    The first table of a client goes in force at once where its mapping says so; the log says so too.

    Returns:
        Table, standing and whether the version is new; None where nothing could be forecast.
    """
    if not forecast.models:
        return None
    desk = Desk(plan.settings, plan.client)
    parts = _parts(plan, forecast, desk)
    standing, created = desk.draft(parts.manifest, write_parts(parts), reason="run of the pipeline")
    if _goes_in_force_unseen(plan, desk):
        standing = desk.first_table(standing.version)
    return parts.table, standing, created


def _goes_in_force_unseen(plan: Plan, desk: Desk) -> bool:
    if plan.mapping.first_rate_table != "in_force":
        return False
    standings = list(desk.standings().values())
    return [s.state for s in standings] == [State.DRAFT]


def _parts(plan: Plan, forecast: Handover, desk: Desk) -> VersionParts:
    start, _ = plan.mapping.rating_year(plan.rating_year)
    experience = load_experience(plan.settings.serving(plan.client), start)
    loadings = load_loadings(plan.settings.serving(plan.client), list(forecast.models), start)
    built = build_rate_table(forecast.models, loadings, experience.level_orders)
    table = RateTable(_rounded(built.rates))
    base_levels = next(iter(forecast.models.values())).base_levels_
    before = _year_before(desk, start)
    manifest = _manifest(plan, forecast, table, base_levels, before)
    return VersionParts(
        manifest=manifest,
        rates=named_rates(manifest, table),
        premiums=_rounded(_expanded(table, experience, forecast.models)),
        judgements=forecast.judgements,
        report=forecast.report,
        evaluation=forecast.evaluation,
        last_year=read_numbers(desk.files(before)) if before else None,
    )


def _year_before(desk: Desk, start: dt.date) -> Standing | None:
    """The version in force on the eve of the rating year."""
    eve = start - dt.timedelta(days=1)
    held = [
        s
        for s in desk.standings().values()
        if s.state is State.IN_FORCE and s.effective_from <= eve <= s.effective_to
    ]
    return held[0] if held else None


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


def _manifest(
    plan: Plan, forecast: Handover, table: RateTable, base_levels: dict[str, str], before: Standing | None
) -> Manifest:
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
        model_sha256=rates_hash(table.rates),
        code_revision=code_revision(),
        libraries=library_versions(),
        model_version=forecast.model_version,
        base_levels=base_levels,
        edit_limit=here.edit_limit,
        compared_with=before.version if before else None,
    )
