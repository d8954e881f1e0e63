"""Versions to test with: a small portfolio, priced; and people at the desk of its client."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.base_levels import share_base_levels
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import CoverLoading, RateTable, TierPlan, build_rate_table, level_rules
from pipelines.pricing.renewing.book import price_book
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import TABLES, RatingPlan
from pipelines.pricing.renewing.tariff import tariff_of
from pipelines.pricing.versions.columns import published, stamped
from pipelines.pricing.versions.expanding import expanded_premiums
from pipelines.pricing.versions.files import VersionParts, write_parts
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.workflow import Action, Desk, Standing
from pipelines.settings import Settings
from pipelines.warehouse.project import DBT_PROJECT
from tests.models_ml.evaluation.test_judgement import judged
from tests.models_ml.test_frequency_severity import portfolio

AGES = pl.DataFrame(
    [("age", "0", 0.0, 5.0), ("age", "1", 5.0, 10.0), ("age", "2", 10.0, 99.0)],
    schema={"factor": pl.String, "level": pl.String, "lower_bound": pl.Float64, "upper_bound": pl.Float64},
    orient="row",
)
FORMULA = '=HYPERLINK("http://x","y")'
FILES = {"rate_table.xlsx": b"x", "rate_table.csv": b"c", "rate_table.parquet": b"p"}


def manifest(client: str = "acme", model: str = "m1", year: int = 2026, **more: Any) -> Manifest:
    values = {
        "client": client,
        "title": "Test",
        "currency": "CNY",
        "rating_year": year,
        "effective_from": dt.date(year, 1, 1),
        "effective_to": dt.date(year, 12, 31),
        "valuation_date": dt.date(year - 1, 12, 31),
        "deliveries": (),
        "mapping_sha256": "0",
        "seeds": {},
        "model_sha256": model,
        "code_revision": "unversioned",
        "libraries": {},
    }
    return Manifest(**{**values, **more})


def rating_plan() -> RatingPlan:
    """The plan as the repository has it: every rule holds on every day."""
    seeds = {name: DBT_PROJECT / "seeds" / f"{name}.csv" for name in TABLES}
    tables = {name: pl.read_csv(path, infer_schema=False) for name, path in seeds.items()}
    return RatingPlan(tables)


def customers(data: pl.DataFrame) -> pl.DataFrame:
    """Some of the portfolio's contracts come up for renewal; a few had accidents, one has no price yet."""
    mine = data.head(120).with_row_index("n")
    n = pl.col("n")
    return mine.select(
        contract_id=pl.format("c{}", n),
        vehicle_id=pl.format("v{}", n),
        tier=pl.when(n % 3 == 0).then(pl.lit("Both")).otherwise(pl.lit("Damage only")),
        channel=pl.lit("dealer"),
        renewal_date=pl.lit(dt.date(2026, 3, 1)),
        tenure_years=(n % 4).cast(pl.Int64),
        use="use",
        age="age",
        current_price=pl.when(n > 0).then((300 + 5 * n).cast(pl.Decimal(18, 2))),
        own_credibility=pl.lit(0.1),
        own_factor=pl.when(n % 10 == 0).then(1.2).otherwise(1.0),
        own_reason=pl.lit("seen"),
        referred=n == 7,
        referral_reason=pl.when(n == 7).then(pl.lit("referred: 5 claims")),
    )


@cache
def parts(loading: float = 0.1, level: str = "taxi", overall_change: float | None = None) -> VersionParts:
    """A priced portfolio of two covers and two packages; one of its levels may be named anything."""
    data = portfolio(2_000).with_columns(pl.col("use").replace("taxi", level))
    damage = FrequencySeverityModel(["use", "age"]).fit(data)
    # Glass is not sold to taxis: a level that one cover has and another has not.
    glass = FrequencySeverityModel(["use", "age"]).fit(data.filter(pl.col("use") == "private"))
    orders = pl.DataFrame({"factor": ["age"] * 3, "level": ["0", "1", "2"], "level_order": [0, 1, 2]})
    models = {"damage": damage, "glass": glass}
    base_levels = share_base_levels(models)
    loadings = dict.fromkeys(models, CoverLoading(loading, 0.1, 0.05))
    built = build_rate_table(models, loadings, orders)
    table = RateTable(built.rates.with_columns(pl.col(pl.Float64).round(4)))
    plan = rating_plan()
    sold = {
        Package("Both", "motor", planned=False): TierPlan("Both", ("damage", "glass"), ()),
        Package("Damage only", "motor", planned=False): TierPlan("Damage only", ("damage",), ()),
    }
    tariff = tariff_of(table, sold, plan)
    tariff, book = price_book(tariff, customers(data), list(sold), plan, 0.0, overall_change)
    cells = data.group_by("use").agg(pl.col("exposure_years").sum().round(4)).sort("use")
    covers = {cover: {"judgement": judged().to_dict()} for cover in models}
    made = manifest(model=f"{loading} {level}", base_levels=base_levels, overall_change=overall_change)
    return VersionParts(
        manifest=made,
        rates=stamped(made, published(tariff)),
        premiums=expanded_premiums(tariff, cells, ("use",), base_levels),
        book=book,
        plan=plan,
        judgements=dict.fromkeys(models, judged()),
        report=b"<html>",
        evaluation=json.dumps({"covers": covers}).encode(),
        levels=level_rules(published(tariff), AGES, {"use": {"T": level, "P": "private"}}),
    )


def desk(root: Path, user: str = "Ann", client: str = "acme") -> Desk:
    return Desk(Settings(data_dir=root, user=user), client)


def drafted(root: Path, made: VersionParts | None = None, user: str = "Ann") -> Standing:
    """A draft of the small portfolio."""
    made = made or parts()
    return desk(root, user).draft(made.manifest, write_parts(made))[0]


def draft_of(root: Path, user: str = "Ann", **what: Any) -> str:
    """A draft whose files say nothing; its name."""
    return desk(root, user).draft(manifest(**what), FILES)[0].version


def put_in_force(root: Path, version: str, replaces: tuple[str, ...] = ()) -> Standing:
    """Submit, approve by another and publish."""
    desk(root).act(Action.SUBMIT, version)
    desk(root, "Bob").act(Action.APPROVE, version, "well")
    return desk(root, "Bob").publish(version, replaces)


def of_year(made: VersionParts, year: int) -> VersionParts:
    """The same table for another rating year."""
    days = {"effective_from": dt.date(year, 1, 1), "effective_to": dt.date(year, 12, 31)}
    manifested = made.manifest.model_copy(update={"rating_year": year, **days})
    return replace(made, manifest=manifested, rates=stamped(manifested, made.rates))


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
