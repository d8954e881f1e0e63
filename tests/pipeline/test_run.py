"""The whole job, as a user runs it: from messy files to a workbook, and the same again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import dagster as dg
import matplotlib as mpl
import polars as pl
import pytest

from pipelines.pricing.assets import cost_forecast, rate_table
from pipelines.repricing import Repricing
from pipelines.settings import settings
from tests.conftest import PROJECT
from tests.pipeline.conftest import Installation

pytestmark = pytest.mark.pipeline


def rates(installation: Installation) -> pl.DataFrame:
    (name,) = [n for n in installation.published() if n.endswith("rate_table.parquet")]
    return pl.read_parquet(io.BytesIO(installation.published()[name]))


def test_the_rate_table_has_every_cover_by_model_and_age(installation: Installation) -> None:
    table = rates(installation)
    covers = set(table["cover"])
    assert {"own_damage", "third_party_property", "maintenance"} <= covers
    assert {"make", "model", "vehicle_age", "annual_mileage", "use", "driver_age"} <= set(table["factor"])
    base = table.filter(pl.col("factor") == "base")
    assert base["base_rate"].is_not_null().all()
    assert (base["base_rate"] > 0).all()


def test_the_total_is_what_the_insurer_and_the_dealer_sent_to_the_cent(
    installation: Installation,
) -> None:
    movements = pl.read_ndjson(installation.delivery / "claim_movements.jsonl")
    sent = movements.select(pl.col("amount").round(2).cast(pl.Decimal(18, 2)).sum()).item()
    lake = installation.data / "lake" / "simulated"
    orders = pl.read_parquet(lake / "repair_orders" / "*.parquet").filter(pl.col("payer") == "plan")
    lines = pl.read_parquet(lake / "repair_lines" / "*.parquet").join(
        orders, on="repair_order_id", how="semi"
    )
    total = installation.query(
        """
        select (select incurred_amount from marts.cost_by_model_age_mileage where row_type = 'total')
            + (select coalesce(sum(incurred_amount), 0) from marts.claims_outside_exposure) as total
        """
    ).item()
    assert total == sent + lines["amount"].sum()


def test_the_manifest_traces_the_table_to_the_files_it_was_made_from(
    installation: Installation,
) -> None:
    (name,) = [n for n in installation.published() if n.endswith("manifest.json")]
    manifest = json.loads(installation.published()[name])
    assert {d["file"] for d in manifest["deliveries"]} == {p.name for p in installation.delivery.rglob("*.*")}
    seeds = {p.name for p in (PROJECT / "dbt_project" / "seeds").glob("*.csv")}
    assert set(manifest["seeds"]) == seeds
    assert {"cover_loadings.csv", "driving_score.csv", "tier_cost_stack.csv"} <= seeds
    assert set(manifest["files"]) == {
        "evaluation.json", "model_report.html", "premiums.csv", "premiums.parquet",
        "pricing_pack.html",
        "rate_table.csv", "rate_table.parquet", "rate_table.xlsx", "rating_levels.csv", "rating_plan.json",
        "renewals.parquet",
        "repricing.json", "scenarios.parquet",
    }  # fmt: skip


def test_the_same_delivery_again_lands_nothing_and_publishes_the_same_bytes(
    installation: Installation,
) -> None:
    before = installation.published()
    done = installation.run()
    assert done.returncode == 0
    assert "nothing new: every file of the delivery has landed before" in done.stderr
    assert "stands already" in done.stderr
    assert installation.published() == before


def test_the_last_assets_again_in_another_process_state_end_well_in_the_same_bytes(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Dagster, where assets are materialised again one by one, and something was drawn before."""
    monkeypatch.setenv("RATEWRIGHT_DATA_DIR", str(installation.data))
    settings.cache_clear()
    about = {"client": "simulated", "rating_year": 2026, "delivery": str(installation.delivery)}
    before = installation.published()
    drafts = {p.name for p in (installation.data / "rates" / "simulated" / "versions").iterdir()}
    try:
        with mpl.rc_context({"font.size": 17, "axes.spines.right": False, "lines.linewidth": 4}):
            run = dg.materialize([cost_forecast, rate_table], resources={"repricing": Repricing(**about)})
    finally:
        settings.cache_clear()
    assert run.success
    (made,) = run.asset_materializations_for_node("rate_table")
    assert made.metadata["state_when_made"].value == "in force"
    assert installation.published() == before
    assert {p.name for p in (installation.data / "rates" / "simulated" / "versions").iterdir()} == drafts
    folder = installation.data / "published" / "rate_tables" / "2026" / str(made.metadata["version"].value)
    handed = installation.data / "forecasts" / "simulated" / "2026"
    # Every byte of the drawings; figures to the last digit that anybody reads.
    assert (handed / "model_report.html").read_bytes() == (folder / "model_report.html").read_bytes()
    again, before_that = (
        json.loads((place / "evaluation.json").read_text(), parse_float=lambda told: f"{float(told):.6g}")
        for place in (handed, folder)
    )
    assert again == before_that


def test_what_was_published_can_be_listed_pulled_and_read(installation: Installation, tmp_path: Path) -> None:
    assert "simulated" in installation.ratewright("rates", "list").stdout
    done = installation.ratewright(
        "rates", "pull", "--year", "2026", "--format", "csv", "--out", str(tmp_path)
    )
    assert done.returncode == 0
    (pulled,) = tmp_path.glob("*.csv")
    from_csv = pl.read_csv(pulled, schema_overrides={"level": pl.String})
    table = rates(installation)
    assert from_csv.height == table.height
    assert from_csv["base_rate"].to_list() == table["base_rate"].cast(pl.Float64).to_list()
    assert "simulated" in installation.ratewright("status").stdout


def test_marts_answer_queries_and_cannot_be_changed_by_them(
    installation: Installation, tmp_path: Path
) -> None:
    assert "marts.cost_by_model" in installation.ratewright("sql").stdout
    query = "select model, incurred_amount from marts.cost_by_model order by all"
    out = tmp_path / "cost.xlsx"
    assert installation.ratewright("sql", query, "--out", str(out)).returncode == 0
    in_sheet = pl.read_excel(out).height
    in_csv = len(installation.ratewright("sql", query, "--format", "csv").stdout.splitlines()) - 1
    assert in_sheet == in_csv == installation.query(query).height
    for wrong in ("select nope from marts.cost_by_model", "drop table marts.cost_by_model"):
        done = installation.ratewright("sql", wrong)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


def test_flags_give_reasons_a_handler_can_read(installation: Installation) -> None:
    done = installation.ratewright("flags", "list", "--top", "3")
    assert done.returncode == 0
    assert (
        "- Loss on day" in done.stdout
        or "claims on this vehicle" in done.stdout
        or "times the" in done.stdout
    )


def test_dbt_unit_tests_pass(installation: Installation, tmp_path: Path) -> None:
    done = installation.dbt("test", "--select", "test_type:unit", target=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "PASS=23 " in done.stdout
