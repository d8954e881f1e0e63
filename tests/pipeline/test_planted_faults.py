"""Every mart is held to what was delivered: a row dropped, doubled or shifted by a day fails a test of it.

The data tests are those that `dbt build` runs: compiled once, and run on a copy of the warehouse in which
one fault is planted at a time and taken back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from pipelines.warehouse.project import ensure_manifest
from tests.pipeline.conftest import Installation

pytestmark = pytest.mark.pipeline

MARTS = sorted(
    node["name"]
    for node in json.loads(ensure_manifest().read_text(encoding="utf-8"))["nodes"].values()
    if node["resource_type"] == "model" and node["fqn"][1] == "marts"
)
# A row that carries something, so that losing it changes a figure.
CARRIES = {
    "actual_against_plan": "planned_amount",
    "claim_features": "1",
    "claim_cycle_by_month": "reported_count",
    "claim_movements": "amount",
    "claim_triangles": "incurred_increment",
    "contracts_by_month": "begun_count",
    "cost_against_stack": "actual_amount",
    "large_losses": "incurred_amount",
    "loss_ratio_by_month": "earned_amount",
    "premium_by_month": "earned_amount",
    "rating_cell_levels": "1",
    "rating_cells": "exposure_years",
    "renewals": "1",
    "report_lag_by_quarter": "reported_count",
    "risk_share_settlement": "planned_amount",
}
DAY_OF = {
    "claim_cycle_by_month": "month_start",
    "claim_features": "loss_date",
    "claim_movements": "transaction_date",
    "claim_triangles": "accident_quarter",
    "contracts_by_month": "month_start",
    "large_losses": "loss_date",
    "loss_ratio_by_month": "month_start",
    "premium_by_month": "month_start",
    "renewals": "renewal_date",
    "report_lag_by_quarter": "accident_quarter",
}
# Empty where everything delivered is carried by a contract, as in this portfolio: a row too many is planted.
MAY_BE_EMPTY = {"claims_outside_exposure"}
PERIODS = ("month_start", "calendar_year", "effective_date")
# They hold no day and no exposure: nothing in them can be shifted.
WITHOUT_DAYS = {
    "claims_outside_exposure", "cost_against_stack", "rating_cell_levels", "risk_share_settlement",
}  # fmt: skip


@dataclass(frozen=True)
class Warehouse:
    """A copy to spoil, and the tests that look at each mart."""

    con: duckdb.DuckDBPyConnection
    tests: dict[str, dict[str, str]]

    def failing(self, mart: str) -> list[str]:
        found = self.tests[mart].items()
        return [n for n, sql in found if self.con.execute(f"select 1 from ({sql}) limit 1").fetchall()]

    def row(self, mart: str, order: str = "asc", other_than: int | None = None) -> int:
        """One of the rows that carry something, by what is in it: where it lies differs between builds.

        With a row to differ from: one of another period, where the mart has periods.
        """
        carries = CARRIES.get(mart, "exposure_days")
        period = next((name for name in PERIODS if name in self._columns(mart)), None)
        differs = ""
        if other_than is not None and period:
            own = f"(select {period} from marts.{mart} where rowid = {other_than})"
            differs = f"and {period} is distinct from {own} "
        ((row,),) = self.con.execute(
            f"select mart.rowid from marts.{mart} as mart where {carries} <> 0 {differs}"
            f"order by md5(cast(mart as varchar)) {order} limit 1"
        ).fetchall()
        return row

    def _columns(self, mart: str) -> set[str]:
        return {name for name, *_ in self.con.execute(f"describe marts.{mart}").fetchall()}


@pytest.fixture(scope="module")
def warehouse(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root = tmp_path_factory.mktemp("spoiled")
    done = installation.dbt("compile", "--select", "test_type:data", target=root / "target")
    assert done.returncode == 0, done.stdout
    nodes = json.loads((root / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    tests: dict[str, dict[str, str]] = {mart: {} for mart in MARTS}
    for node in nodes.values():
        if node["resource_type"] == "test":
            for needed in node["depends_on"]["nodes"]:
                if (name := needed.rpartition(".")[2]) in tests:
                    tests[name][node["name"]] = node["compiled_code"]
    copy = root / installation.warehouse.name
    shutil.copy(installation.warehouse, copy)
    with duckdb.connect(copy, config={"threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        yield Warehouse(con, tests)


@pytest.fixture
def spoiled(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The warehouse within a transaction that is taken back."""
    warehouse.con.begin()
    yield warehouse
    warehouse.con.rollback()


@pytest.mark.parametrize("mart", MARTS)
def test_a_sound_mart_passes(warehouse: Warehouse, mart: str) -> None:
    assert warehouse.failing(mart) == []


@pytest.mark.parametrize("mart", [m for m in MARTS if m not in MAY_BE_EMPTY])
def test_a_row_dropped_is_noticed(spoiled: Warehouse, mart: str) -> None:
    spoiled.con.execute(f"delete from marts.{mart} where rowid = {spoiled.row(mart)}")
    assert spoiled.failing(mart)


@pytest.mark.parametrize("mart", [m for m in MARTS if m not in MAY_BE_EMPTY])
def test_a_row_doubled_is_noticed(spoiled: Warehouse, mart: str) -> None:
    row = spoiled.row(mart)
    spoiled.con.execute(f"insert into marts.{mart} select * from marts.{mart} where rowid = {row}")
    assert spoiled.failing(mart)


@pytest.mark.parametrize(
    ("item", "count", "amount"), [("claim", 1, 0), ("contract", 1, 0), ("claim", 0, 0.01)]
)
def test_a_row_too_many_outside_exposure_is_noticed(
    spoiled: Warehouse, item: str, count: int, amount: float
) -> None:
    spoiled.con.execute(
        "insert into marts.claims_outside_exposure (item, cover, outside_reason, item_count, claim_count, "
        "paid_amount, reserve_amount, recovered_amount, incurred_amount, example_id) "
        f"values ('{item}', 'planted', 'no_contract', {count}, 0, 0, 0, 0, {amount}, 'planted')"
    )
    assert spoiled.failing("claims_outside_exposure")


@pytest.mark.parametrize("mart", [m for m in MARTS if m not in WITHOUT_DAYS])
def test_a_row_shifted_by_a_day_is_noticed(spoiled: Warehouse, mart: str) -> None:
    con, row = spoiled.con, spoiled.row(mart)
    if mart in DAY_OF:
        day = DAY_OF[mart]
        con.execute(f"update marts.{mart} set {day} = {day} + 1 where rowid = {row}")
    else:
        # A day of exposure that one row loses, another gains: the sum of all stays as it was.
        column, day = ("exposure_years", "1 / 365.25") if mart == "rating_cells" else ("exposure_days", "1")
        other = spoiled.row(mart, "desc", other_than=row)
        con.execute(f"update marts.{mart} set {column} = {column} - {day} where rowid = {row}")
        con.execute(f"update marts.{mart} set {column} = {column} + {day} where rowid = {other}")
    assert spoiled.failing(mart)


MONEY = [
    ("actual_against_plan", "actual_amount"),
    ("actual_against_plan", "planned_amount"),
    ("claim_features", "incurred_amount"),
    ("claim_movements", "amount"),
    ("claim_triangles", "incurred_increment"),
    ("claim_triangles", "incurred_amount"),
    ("contract_experience", "gross_amount"),
    ("cover_experience", "gross_amount"),
    ("cost_against_stack", "actual_amount"),
    ("cost_by_factor_level", "incurred_amount"),
    ("cost_by_model", "incurred_amount"),
    ("cost_by_vehicle_age", "incurred_amount"),
    ("cost_by_annual_mileage", "incurred_amount"),
    ("cost_by_model_age_mileage", "incurred_amount"),
    ("cost_by_vehicle_year", "incurred_amount"),
    ("cost_by_vehicle_year", "paid_amount"),
    ("cost_by_vehicle_year", "reserve_amount"),
    ("cost_by_vehicle_year", "recovered_amount"),
    ("large_losses", "incurred_amount"),
    ("loss_ratio_by_month", "earned_amount"),
    ("loss_ratio_by_month", "incurred_amount"),
    ("premium_by_month", "earned_amount"),
    ("premium_by_month", "refunded_amount"),
    ("premium_by_month", "unearned_amount"),
    ("premium_by_month", "written_amount"),
    ("rating_cells", "gross_amount"),
    ("risk_share_settlement", "own_amount"),
    ("usage_against_limits", "paid_amount"),
]


@pytest.mark.parametrize(("mart", "column"), MONEY)
def test_a_cent_too_many_is_noticed(spoiled: Warehouse, mart: str, column: str) -> None:
    row = spoiled.row(mart)
    spoiled.con.execute(f"update marts.{mart} set {column} = {column} + 0.01 where rowid = {row}")
    assert spoiled.failing(mart)
