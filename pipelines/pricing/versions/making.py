"""From a forecast to a draft: load, expand, write every format, keep."""

from __future__ import annotations

import datetime as dt
import hashlib

import polars as pl

from models_ml.base_levels import shared_base_levels
from models_ml.rating import RateTable, Tariff, build_rate_table
from pipelines.landing.ledger import Ledger
from pipelines.landing.parameters import valuation_date
from pipelines.pricing.forecasting.experience import Experience, load_experience
from pipelines.pricing.forecasting.handover import Handover
from pipelines.pricing.renewing.book import price_book
from pipelines.pricing.renewing.customers import load_customers
from pipelines.pricing.renewing.packages import packages
from pipelines.pricing.renewing.plan import RatingPlan, load_plan
from pipelines.pricing.renewing.scenarios import SERVICES
from pipelines.pricing.renewing.tariff import held_to_plan, tariff_of
from pipelines.pricing.versions.columns import published, rates_hash, stamped
from pipelines.pricing.versions.expanding import expanded_premiums
from pipelines.pricing.versions.files import VersionParts, read_numbers, write_parts
from pipelines.pricing.versions.levels import levels_of
from pipelines.pricing.versions.manifest import (
    DeliveredFile,
    Manifest,
    code_revision,
    file_hashes,
    library_versions,
)
from pipelines.pricing.workflow import Desk, Standing, State
from pipelines.repricing import Plan
from pipelines.warehouse.outside import in_words, read_outside
from pipelines.warehouse.project import DBT_PROJECT

SHOWN = ("make", "model", "vehicle_age", "annual_mileage", "driving_score")
PLACES = 4


def draft_rate_table(
    plan: Plan, forecast: Handover, overall_change: float | None = None
) -> tuple[VersionParts, Standing, bool] | None:
    """Price every cover that has a forecast, and every package of them, and keep it as a draft.

    The first table of a client goes in force at once where its mapping says so; the log says so too.

    Args:
        plan: of the run.
        forecast: that the last fit handed over.
        overall_change: of the premium of customers who come up for renewal, decided for the year; None
            leaves the base rates where cost puts them.

    Raises:
        PublicationError: the change cannot be met.

    Returns:
        Parts, standing and whether the version is new; None where nothing could be forecast.
    """
    if not forecast.models:
        return None
    desk = Desk(plan.settings, plan.client)
    parts = _parts(plan, forecast, desk, overall_change)
    standing, created = desk.draft(parts.manifest, write_parts(parts), reason="run of the pipeline")
    if _goes_in_force_unseen(plan, desk):
        standing = desk.first_table(standing.version)
    return parts, standing, created


def _goes_in_force_unseen(plan: Plan, desk: Desk) -> bool:
    if plan.mapping.first_rate_table != "in_force":
        return False
    standings = list(desk.standings().values())
    return [s.state for s in standings] == [State.DRAFT]


def _parts(plan: Plan, forecast: Handover, desk: Desk, overall_change: float | None) -> VersionParts:
    start, _ = plan.mapping.rating_year(plan.rating_year)
    serving = plan.settings.serving(plan.client)
    experience, rating_plan = load_experience(serving, start), load_plan(serving, start)
    loadings = {cover: rating_plan.loading(cover) for cover in forecast.models}
    built = build_rate_table(forecast.models, loadings, experience.level_orders, forecast.evidences)
    learned = experience.contracts.filter(pl.col("period") == "learn")
    base_levels = shared_base_levels(forecast.models)
    table = held_to_plan(RateTable(_rounded(built.rates)), rating_plan, learned, base_levels)
    held, packages_held = packages(learned, rating_plan, table)
    customers = load_customers(serving, experience, packages_held, forecast.models, rating_plan)
    tariff, book = price_book(
        tariff_of(table, held, rating_plan),
        customers,
        list(held),
        rating_plan,
        _service_visits(learned, rating_plan),
        overall_change,
    )
    before = _year_before(desk, start)
    rates = published(tariff)
    manifest = _manifest(plan, forecast, rates, base_levels, before, overall_change)
    return VersionParts(
        manifest=manifest,
        rates=stamped(manifest, rates),
        premiums=_expanded(tariff, experience, base_levels),
        book=book,
        plan=rating_plan,
        judgements=forecast.judgements,
        report=forecast.report,
        evaluation=forecast.evaluation,
        levels=levels_of(rates, rating_plan, plan.mapping),
        last_year=read_numbers(desk.files(before)) if before else None,
    )


def _service_visits(learned: pl.DataFrame, plan: RatingPlan) -> float:
    """Service visits of a contract year, as far as they were seen."""
    services = [cover for cover, line in plan.cover_lines.items() if line == SERVICES]
    seen = learned.filter(pl.col("cover").is_in(services))
    years = float(seen["exposure_years"].sum())
    return round(float(seen["claim_count"].sum()) / years, PLACES) if years else 0.0


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


def _expanded(tariff: Tariff, experience: Experience, base_levels: dict[str, str]) -> pl.DataFrame:
    """Premiums and prices of the cells that were seen, bands in their order."""
    shown = tuple(f for f in SHOWN if f in tariff.factors) or tuple(tariff.rates.factors[:2])
    learned = experience.contracts.filter(pl.col("period") == "learn")
    first = learned.filter(pl.col("cover") == learned["cover"][0])
    orders = experience.level_orders.filter(pl.col("level_order").is_not_null())
    # Bands sort by their order, names by themselves.
    keys = [
        pl.col(f).replace_strict(own["level"], own["level_order"], default=None, return_dtype=pl.Int64)
        if (own := orders.filter(pl.col("factor") == f)).height
        else pl.col(f)
        for f in shown
    ]
    cells = first.group_by(shown, maintain_order=True).agg(pl.col("exposure_years").sum())
    expanded = expanded_premiums(tariff, cells.sort(shown), shown, base_levels)
    return _rounded(expanded.sort(keys, nulls_last=True))


def _manifest(
    plan: Plan,
    forecast: Handover,
    rates: pl.DataFrame,
    base_levels: dict[str, str],
    before: Standing | None,
    overall_change: float | None,
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
        model_sha256=rates_hash(rates),
        code_revision=code_revision(),
        libraries=library_versions(),
        rated_by=forecast.rated_by,
        champion=forecast.champion,
        challenger=forecast.challenger,
        priced_to=forecast.priced_to,
        outside_exposure=tuple(in_words(read_outside(here.serving(plan.client)))),
        base_levels=base_levels,
        edit_limit=here.edit_limit,
        overall_change=overall_change,
        compared_with=before.version if before else None,
    )
