"""The simulated portfolio: believable, repeatable, and its truth out of the pipeline's sight."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from simulator import Simulation, simulate
from simulator.frauds import CLAIM_FRAUDS, ORDER_FRAUDS
from simulator.levels import Portfolio, levels


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    out = tmp_path_factory.mktemp("sim") / "brand"
    return simulate(vehicles=2_500, years=3, seed=7, out=out, later_months=1)


def hashes(folder: Path) -> dict[str, str]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def orders(made: Simulation) -> pl.DataFrame:
    text = (made.delivery / "维修工单.csv").read_bytes().decode("gb18030")
    return pl.read_csv(text.encode(), infer_schema=False)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    found = [
        hashes(simulate(vehicles=200, years=1, seed=seed, out=tmp_path / name, defects=0.02).delivery)
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    ]
    assert found[0] == found[1]
    assert all(found[0][name] != found[2][name] for name in found[0] if name != "parts.csv")


def test_files_look_like_what_clients_send(made: Simulation) -> None:
    header = (made.delivery / "维修工单.csv").read_bytes().decode("gb18030").splitlines()[0]
    assert header.startswith("工单号,车架号,开单日期")
    assert orders(made)["开单日期"].str.contains("/").mean() == pytest.approx(0.3, abs=0.02)
    assert orders(made)["总金额"].str.contains(",").any()
    months = sorted(p.name for p in (made.delivery / "telematics").iterdir())
    assert (len(months), months[0], months[-1]) == (36, "trips_2023-01.parquet", "trips_2025-12.parquet")


@pytest.mark.parametrize(
    "name", ["kilometres", "trip", "frequency", "severity", "loss ratio", "repair", "parts"]
)
def test_levels_lie_in_their_bands(name: str, book: Portfolio) -> None:
    # A few thousand cars are few for the rare levels; the page of levels takes ten thousand.
    rare = ("13 years", "total losses", "recovery")
    told = [x for x in levels(book) if name in x.name and not any(r in x.name for r in rare)]
    assert told
    assert [(x.name, x.low, x.found, x.high) for x in told if not x.holds] == []


@pytest.fixture(scope="module")
def book(made: Simulation) -> Portfolio:
    return Portfolio(made)


def test_hidden_risk_shapes_driving_and_claims_alike(made: Simulation) -> None:
    cars = pl.read_parquet(made.truth / "drivers.parquet").with_columns(
        careless=pl.col("risk") > pl.col("risk").median()
    )
    trips = pl.scan_parquet(made.delivery / "telematics" / "*.parquet").group_by("vin").agg(
        brakes=pl.col("harsh_brakes").sum() / pl.col("km").sum()
    )  # fmt: skip
    truth = pl.read_parquet(made.truth / "expected_costs.parquet").group_by("vin").agg(
        frequency=pl.col("expected_count").sum() / pl.col("exposure_years").sum()
    )  # fmt: skip
    joined = cars.join(trips.collect(), on="vin").join(truth, on="vin")
    by = joined.group_by("careless").agg(pl.col("brakes", "frequency").mean()).sort("careless")
    assert by["brakes"][1] > 1.5 * by["brakes"][0]
    assert by["frequency"][1] > 1.5 * by["frequency"][0]


def test_trips_of_a_vehicle_do_not_overlap_and_add_up_to_its_odometer(made: Simulation) -> None:
    trips = pl.scan_parquet(made.delivery / "telematics" / "*.parquet")
    before = pl.col("end_utc").shift(1).over("vin", order_by="start_utc")
    assert trips.select((pl.col("start_utc") < before).sum()).collect().item() == 0
    vin = orders(made)["车架号"].value_counts(sort=True)["车架号"][0]
    frauds = pl.read_parquet(made.truth / "frauds.parquet")["id"]
    visits = orders(made).filter((pl.col("车架号") == vin) & ~pl.col("工单号").is_in(frauds.implode()))
    day = pl.col("开单日期").str.replace_all("/", "-").str.to_date("%Y-%m-%d")
    first, last = (
        visits.with_columns(day=day)
        .sort("day")
        .select("day", pl.col("里程").cast(pl.Int64))
        .rows()[:: len(visits) - 1]
    )
    driven = trips.filter(
        (pl.col("vin") == vin) & pl.col("start_utc").dt.date().is_between(first[0], last[0], closed="left")
    )
    assert driven.select(pl.col("km").sum()).collect().item() == pytest.approx(last[1] - first[1], rel=0.15)


def test_reserves_are_released_when_a_claim_is_paid(made: Simulation) -> None:
    movements = pl.read_ndjson(made.delivery / "claim_movements.jsonl")
    causes = pl.read_parquet(made.truth / "claims.parquet").rename({"claim_no": "claimNo", "amount": "cost"})
    paid = movements.filter(pl.col("type") == "PAY").group_by("claimNo").agg(pl.col("amount").sum())
    settled = paid.join(causes, on="claimNo").filter((pl.col("amount") - pl.col("cost")).abs() < 0.005)
    assert settled.height > 100
    reserve = movements.filter(pl.col("type") == "RES").group_by("claimNo").agg(pl.col("amount").sum())
    left = reserve.join(settled, on="claimNo", how="semi")
    assert left["amount"].abs().max() < 0.005
    assert (movements.filter(pl.col("type") == "REC")["amount"] <= 0).all()


def test_a_collision_leaves_an_impact_in_its_trip_unless_it_is_invented(made: Simulation) -> None:
    claims = pl.read_ndjson(made.delivery / "claims.jsonl", infer_schema_length=None)
    labels = pl.read_parquet(made.truth / "frauds.parquet")
    impacts = pl.scan_parquet(made.delivery / "telematics" / "*.parquet").filter("impact").collect()
    at = (pl.col("end_utc") + pl.duration(hours=8)).dt.strftime("%Y-%m-%d %H:%M:%S")
    known = claims.join(impacts.select("vin", lossTime=at), on=["vin", "lossTime"], how="semi")["claimNo"]
    collisions = claims.filter(pl.col("peril") == "collision")
    honest = collisions.filter(~pl.col("claimNo").is_in(labels["id"].implode()))
    invented = labels.filter(pl.col("kind") == "no_impact_event")["id"]
    assert honest["claimNo"].is_in(known.implode()).mean() > 0.99
    assert not invented.is_in(known.implode()).any()


def test_frauds_of_every_kind_are_planted_and_labelled(made: Simulation) -> None:
    kinds = set(pl.read_parquet(made.truth / "frauds.parquet")["kind"])
    assert kinds == {*CLAIM_FRAUDS, *ORDER_FRAUDS, "no_impact_event"}


def test_a_later_month_brings_only_what_is_new(made: Simulation) -> None:
    (later,) = made.later
    assert later.name == "brand_2026-01"
    day = pl.read_ndjson(later / "claims.jsonl")["reportDate"].str.to_date()
    assert (day.dt.strftime("%Y-%m") == "2026-01").all()
    assert [p.name for p in (later / "telematics").iterdir()] == ["trips_2026-01.parquet"]
    assert not (later / "vehicles.csv").exists()


def test_the_truth_lies_outside_the_delivery(made: Simulation) -> None:
    assert made.delivery not in made.truth.parents
    assert not any("truth" in p.name for p in made.delivery.rglob("*"))


def test_a_replaced_odometer_starts_at_nought_and_the_order_says_so(made: Simulation) -> None:
    replaced = orders(made).filter(pl.col("换表") == "是")
    frauds = pl.read_parquet(made.truth / "frauds.parquet")["id"]
    honest = replaced.filter(~pl.col("工单号").is_in(frauds.implode()))
    assert honest.height > 5
    assert set(honest["里程"]) == {"0"}
