"""A customer's record is counted once, for every contract of the vehicle that comes up for renewal."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest

from models_ml.frequency_severity import FrequencySeverityModel
from pipelines.pricing.forecasting.experience import Experience
from pipelines.pricing.renewing.record import own_record
from tests.models_ml.test_frequency_severity import portfolio

DAY = dt.date(2025, 1, 1)
MONEY = pl.Decimal(18, 2)
CONTRACTS = [
    ("a1", "A", 1_000.0), ("a2", "A", 3_000.0), ("b1", "B", 1_000.0), ("c1", "C", None), ("c0", "C", 1_000.0),
]  # fmt: skip
CLAIMS = [
    ("a1", 500, True), ("a1", 700, None), ("a2", 900, False), ("b1", 400, True), ("c0", 100, True),
]  # fmt: skip


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    serving = tmp_path_factory.mktemp("serving") / "x.duckdb"
    with duckdb.connect(serving) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.claim_features (claim_id varchar, contract_id varchar, cover varchar, "
            "incurred_amount decimal(18, 2), at_fault boolean, outside_reason varchar)"
        )
        rows = [
            (str(n), contract, "damage", amount, fault) for n, (contract, amount, fault) in enumerate(CLAIMS)
        ]
        con.executemany("insert into marts.claim_features values (?, ?, ?, ?, ?, null)", rows)
    contracts = pl.DataFrame(
        {
            "contract_id": [c for c, _, _ in CONTRACTS],
            "vehicle_id": [v for _, v, _ in CONTRACTS],
            "annual_premium": pl.Series([p for _, _, p in CONTRACTS]).cast(MONEY),
            "cover": "damage",
            "period": "learn",
            "effective_date": [DAY] * 5,
            "exposure_years": 1.0,
            "use": "private",
            "age": "1",
        }
    )
    assumptions = pl.DataFrame({"cover": ["*"], "large_loss_quantile": [1.0]})
    experience = Experience(contracts, ["use", "age"], pl.DataFrame(), pl.DataFrame(), {}, {}, assumptions)
    model = FrequencySeverityModel(["use", "age"]).fit(portfolio(2_000))
    # Vehicle A has two products that come up for renewal, the others one.
    due = pl.DataFrame(
        {
            "contract_id": ["a1", "a2", "b1", "c1"],
            "vehicle_id": ["A", "A", "B", "C"],
            "customer_since": [DAY] * 4,
        }
    )
    found = own_record(serving, experience, {"damage": model}, ["damage"], due)
    return {row["contract_id"]: row for row in found.iter_rows(named=True)}


def test_a_claim_counts_once_whatever_products_the_vehicle_has(record: dict[str, dict[str, float]]) -> None:
    for contract in ("a1", "a2"):
        assert record[contract]["claims"] == 2
        assert record[contract]["cost"] == 1_200
        assert record[contract]["years"] == 2
        assert record[contract]["premium"] == 4_000


def test_claims_that_somebody_else_caused_do_not_count(record: dict[str, dict[str, float]]) -> None:
    assert record["b1"]["claims"] == 1
    assert record["b1"]["cost"] == 400


def test_cost_over_premium_is_not_told_where_a_premium_is_missing(
    record: dict[str, dict[str, float]],
) -> None:
    assert record["c1"]["premium"] == 0
    assert record["c1"]["years"] == 2


def test_all_together_are_expected_to_cost_what_they_cost(record: dict[str, dict[str, float]]) -> None:
    for seen, expected in (("claims", "expected_claims"), ("cost", "expected_cost")):
        total = sum(row[expected] for row in record.values())
        assert total == pytest.approx(sum(row[seen] for row in record.values()), abs=0.01)
