"""Versions that a pack is made of: with a planned tier, with history, and with whatever may be lacking."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl

from models_ml.base_levels import share_base_levels
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import CoverLoading, RateTable, build_rate_table
from pipelines.pricing.renewing.book import Book, price_book
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.renewing.tariff import tariff_of
from pipelines.pricing.versions.columns import published, stamped
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.workflow.record import Action, Drafted, Entry, Record
from tests.models_ml.test_frequency_severity import portfolio
from tests.pipelines.pricing.versions.examples import customers, parts, rating_plan

NASTY = '<b>"R&D" & co</b>'


@cache
def planned(overall_change: float | None = None) -> VersionParts:
    """The small portfolio, sold as the plan's tier Basic: own damage bought in, maintenance done in house."""
    data = portfolio(2_000)
    models = {
        cover: FrequencySeverityModel(["use", "age"]).fit(data.with_columns(cover=pl.lit(cover)))
        for cover in ("own_damage", "maintenance")
    }
    base_levels = share_base_levels(models)
    plan = rating_plan()
    loadings: dict[str, CoverLoading] = {cover: plan.loading(cover) for cover in models}
    orders = pl.DataFrame({"factor": ["age"] * 3, "level": ["0", "1", "2"], "level_order": [0, 1, 2]})
    built = build_rate_table(models, loadings, orders)
    table = RateTable(built.rates.with_columns(pl.col(pl.Float64).round(4)))
    basic = next(tier for tier in plan.tiers("integrated_plan") if tier.tier == "Basic")
    held = {Package("Basic", "integrated_plan", planned=True): replace(basic, covers=tuple(models))}
    mine = customers(data).with_columns(
        tier=pl.lit("Basic"), driving_score=pl.lit("80-89"), current_price=pl.col("current_price") * 5
    )
    tariff, book = price_book(tariff_of(table, held, plan), mine, list(held), plan, 1.0, overall_change)
    made = parts()
    facts = {"model_sha256": "p", "overall_change": overall_change, "base_levels": base_levels}
    manifest = made.manifest.model_copy(update=facts)
    return replace(made, manifest=manifest, rates=stamped(manifest, published(tariff)), book=book)


def with_rates(made: VersionParts, rates: pl.DataFrame, **manifest: Any) -> VersionParts:
    """The version with other numbers, and other facts of its manifest."""
    return replace(made, rates=rates, manifest=made.manifest.model_copy(update=manifest))


def with_rules(made: VersionParts, **rules: str) -> VersionParts:
    """The version with a rule `retention` in its plan."""
    tables = dict(made.plan.tables)
    own = tables["repricing_rules"]
    rows = [
        {**dict.fromkeys(own.columns), "rule": "retention", "parameter": name, "value": value}
        for name, value in rules.items()
    ]
    tables["repricing_rules"] = pl.concat([own, pl.DataFrame(rows, schema=own.schema)])
    return replace(made, plan=RatingPlan(tables))


def nobody(made: VersionParts) -> VersionParts:
    """The version where nobody comes up for renewal."""
    book = made.book
    return replace(
        made, book=Book(book.customers.head(0), None, pl.DataFrame(), book.packages, book.bases, book.visits)
    )


def without_prices(made: VersionParts) -> VersionParts:
    """The version where no current price was delivered."""
    plain = made.book.customers.with_columns(current_price=pl.lit(None, dtype=pl.Decimal(18, 2)))
    _, book = price_book(made.tariff, plain, made.book.packages, made.plan, made.book.visits)
    return replace(made, book=book)


class History:
    """Records of a version, one after the other."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.records: list[Record] = []

    def add(
        self, action: Action, who: str = "Ann", reason: str = "", version: str = "", **more: Any
    ) -> History:
        """One more record, a day later; a draft or edit says what it is."""
        if action in (Action.DRAFT, Action.EDIT):
            year = {"rating_year": 2026, "manifest_sha256": "0"}
            days = {"effective_from": dt.date(2026, 1, 1), "effective_to": dt.date(2026, 12, 31)}
            more = {"drafted": Drafted(**year, **days, parent=more.pop("parent", None)), **more}
        at = dt.datetime(2025, 11, 1 + len(self.records), 9, 30, tzinfo=dt.UTC)
        entry = Entry(
            at=at, who=who, login=who, action=action, version=version or self.version, reason=reason, **more
        )
        self.records.append(Record.after(self.records[-1] if self.records else None, entry))
        return self
