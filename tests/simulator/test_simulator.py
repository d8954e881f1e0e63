"""The simulated portfolio: believable, repeatable, and its truth out of the pipeline's sight."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from simulator import Simulation, simulate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulate(vehicles=4_000, years=3, seed=7, out=tmp_path_factory.mktemp("sim") / "brand")


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    found = [
        hashes(simulate(vehicles=60, years=2, seed=seed, out=tmp_path / name).delivery)
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    ]
    assert found[0] == found[1]
    assert all(found[0][name] != found[2][name] for name in found[0])


def test_files_look_like_what_clients_send(made: Simulation) -> None:
    header = (made.delivery / "维修工单.csv").read_bytes().decode("gb18030").splitlines()[0]
    assert header.startswith("工单号,车架号,开单日期")
    orders = pl.read_csv((made.delivery / "维修工单.csv").read_bytes().decode("gb18030").encode())
    assert orders["开单日期"].str.contains("/").mean() == pytest.approx(0.3, abs=0.02)
    assert orders["总金额"].str.contains(",").any()


def test_frequency_and_kilometres_are_at_market_level(made: Simulation) -> None:
    truth = pl.read_parquet(made.truth / "expected_claims.parquet")
    cars = pl.read_csv(made.delivery / "vehicles.csv")
    claims = truth.filter(pl.col("cover") != "roadside").join(cars.select("vin", "powertrain"), on="vin")
    nev = pl.col("powertrain").is_in(["EV", "PHEV"])
    frequency = {
        name: part["expected_count"].sum() / part.filter(pl.col("cover") == "own_damage")["years"].sum()
        for name, part in [("ice", claims.filter(~nev)), ("nev", claims.filter(nev))]
    }
    assert frequency["ice"] == pytest.approx(0.19, abs=0.04)
    assert frequency["nev"] == pytest.approx(0.30, abs=0.05)
    assert pl.read_parquet(made.truth / "drivers.parquet")["annual_km"].mean() == pytest.approx(
        12_500, rel=0.15
    )


def test_reserves_are_released_when_a_claim_is_paid(made: Simulation) -> None:
    movements = pl.read_ndjson(made.delivery / "claim_movements.jsonl")
    paid = movements.filter(pl.col("type") == "PAY")["claimNo"]
    reserve = movements.filter(pl.col("type") == "RES").group_by("claimNo").agg(pl.col("amount").sum())
    settled = reserve.filter(pl.col("claimNo").is_in(paid.implode()))
    assert settled["amount"].abs().max() == 0
    assert (movements.filter(pl.col("type") == "REC")["amount"] <= 0).all()


def test_defects_stand_where_the_truth_says(made: Simulation) -> None:
    defects = pl.read_parquet(made.truth / "defects.parquet")
    orders = pl.read_csv(
        (made.delivery / "维修工单.csv").read_bytes().decode("gb18030").encode(), infer_schema=False
    )
    at = {kind: orders[(part["row"] - 1).to_list()] for (kind,), part in defects.group_by("kind")}
    assert (at["impossible_date"]["开单日期"] == "2024-02-31").all()
    assert (at["negative_odometer"]["里程"] == "-1").all()
    assert at["no_vehicle"]["车架号"].is_null().all()
    assert orders.is_duplicated().sum() == 2 * at["duplicate"].height


def test_the_truth_lies_outside_the_delivery(made: Simulation) -> None:
    assert made.delivery not in made.truth.parents
    assert not any("truth" in p.name for p in made.delivery.rglob("*"))
