"""The whole job, as a user runs it: from messy files to a workbook, and the same again."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

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
        "select incurred_amount from marts.cost_by_model_age_mileage where row_type = 'total'"
    ).item()
    assert total == sent + lines["amount"].sum()


def test_the_manifest_traces_the_table_to_the_files_it_was_made_from(
    installation: Installation,
) -> None:
    (name,) = [n for n in installation.published() if n.endswith("manifest.json")]
    manifest = json.loads(installation.published()[name])
    assert {d["file"] for d in manifest["deliveries"]} == {p.name for p in installation.delivery.rglob("*.*")}
    assert set(manifest["seeds"]) == {
        "cover_loadings.csv", "flag_rules.csv", "rating_bands.csv", "tier_covers.csv",
    }  # fmt: skip
    assert set(manifest["files"]) == {
        "evaluation.json", "model_report.html", "premiums.csv", "premiums.parquet",
        "rate_table.csv", "rate_table.parquet", "rate_table.xlsx",
    }  # fmt: skip


def test_the_same_delivery_again_lands_nothing_and_publishes_the_same_bytes(
    installation: Installation,
) -> None:
    before = installation.published()
    done = installation.run()
    assert done.returncode == 0
    assert "nothing new: every file of the delivery has landed before" in done.stderr
    assert "stands already, same bytes" in done.stderr
    assert installation.published() == before


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
    assert "PASS=6 " in done.stdout


FAULTS = {
    "a row of the mart is dropped": (
        "delete from marts.cost_by_model_age_mileage where row_type = 'cell' "
        "and incurred_amount = (select max(incurred_amount) from marts.cost_by_model_age_mileage "
        "where row_type = 'cell')",
        "cells_sum_to_the_total",
    ),
    "a cent is lost": (
        "update marts.cost_by_model_age_mileage set incurred_amount = incurred_amount - 0.01 "
        "where row_type = 'total'",
        "total_cost_reconciles_to_staging",
    ),
    "a day of exposure is gained": (
        "update marts.cost_by_model_age_mileage set exposure_days = exposure_days + 1 "
        "where row_type = 'total'",
        "total_exposure_reconciles_to_staging",
    ),
    "a cell is doubled": (
        "insert into marts.rating_cells select * from marts.rating_cells limit 1",
        "unique_grain_rating_cells_cover__cell_id",
    ),
    "a contract loses a level": (
        "delete from marts.cost_by_factor_level where factor = 'make' and claim_count > 0",
        "every_factor_carries_the_whole_cost",
    ),
}


def test_every_planted_fault_fails_the_test_that_is_there_for_it(
    installation: Installation, tmp_path: Path
) -> None:
    spoiled = Installation(tmp_path / "data", installation.delivery)
    shutil.copytree(installation.data / "lake", spoiled.data / "lake")
    spoiled.warehouse.parent.mkdir()
    shutil.copy(installation.warehouse, spoiled.warehouse)
    with duckdb.connect(spoiled.warehouse) as con:
        # Views of the copy still read the lake of the original, which is the same.
        for statement, _ in FAULTS.values():
            con.execute(statement)
    names = [name for _, name in FAULTS.values()]
    done = spoiled.dbt("test", "--select", *names, target=tmp_path / "target")
    assert done.returncode == 1
    assert f"ERROR={len(FAULTS)} " in done.stdout, done.stdout
