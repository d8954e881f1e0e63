"""Versions to test with: a small portfolio, priced; and people at the desk of its client."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import CoverLoading, RateTable, build_rate_table, expand
from pipelines.pricing.versions.files import VersionParts, named_rates, write_parts
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.workflow import Action, Desk, Standing
from pipelines.settings import Settings
from tests.models_ml.evaluation.test_judgement import judged
from tests.models_ml.test_frequency_severity import portfolio

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


@cache
def parts(loading: float = 0.1, level: str = "taxi") -> VersionParts:
    """A priced portfolio of two covers; one of its levels may be named anything."""
    data = portfolio(2_000).with_columns(pl.col("use").replace("taxi", level))
    damage = FrequencySeverityModel(["use", "age"]).fit(data)
    # Glass is not sold to taxis: a level that one cover has and another has not.
    glass = FrequencySeverityModel(["use", "age"]).fit(data.filter(pl.col("use") == "private"))
    orders = pl.DataFrame({"factor": ["age"] * 3, "level": ["0", "1", "2"], "level_order": [0, 1, 2]})
    models = {"damage": damage, "glass": glass}
    loadings = dict.fromkeys(models, CoverLoading(loading, 0.1, 0.05))
    built = build_rate_table(models, loadings, orders)
    table = RateTable(built.rates.with_columns(pl.col(pl.Float64).round(4)))
    expanded = expand(table, data, ("use",), damage.base_levels_)
    judgements = dict.fromkeys(models, judged())
    covers = {cover: {"judgement": judged().to_dict()} for cover in models}
    made = manifest(model=f"{loading} {level}", base_levels=damage.base_levels_)
    return VersionParts(
        manifest=made,
        rates=named_rates(made, table),
        premiums=expanded.with_columns(pl.col("exposure_years").round(4)),
        judgements=judgements,
        report=b"<html>",
        evaluation=json.dumps({"covers": covers}).encode(),
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
    rates = made.rates.with_columns(pl.lit(year, dtype=pl.Int64).alias("rating_year"))
    return replace(made, manifest=manifested, rates=rates)


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
