"""Draw a portfolio, write what a client would send, and put the truth where no pipeline looks."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from simulator import catalogue, causes, files, workshop

FRAUD_SHARE = 0.01
START = dt.date(2023, 1, 1)


@dataclass(frozen=True)
class Simulation:
    """What was written: rows per file of the delivery, and the folder with the truth."""

    files: dict[str, int]
    delivery: Path
    truth: Path


def simulate(vehicles: int, years: int, seed: int, out: Path, start: dt.date = START) -> Simulation:
    """Write a simulated delivery to `out` and its truth to `<out>_truth`; same seed, same bytes.

    Experience ends with the last day of the last year; contracts that began before may run past it.
    Both folders are replaced.
    """
    rng = np.random.default_rng(seed)
    end = start.replace(year=start.year + years) - dt.timedelta(days=1)
    cars = causes.draw_vehicles(rng, vehicles, start, years)
    contracts = causes.draw_contracts(rng, cars, end)
    truth = causes.expected_claims(contracts, end)
    claims = causes.draw_claims(rng, truth, FRAUD_SHARE)
    orders = workshop.draw_orders(rng, cars, start, end)

    codes = {cover.name: cover.code for cover in catalogue.COVERS}
    reported = files.claims_table(rng, claims, codes)
    movements = files.movements_table(rng, reported).filter(pl.col("date") <= end)
    known = pl.col("reportDate") <= end
    labels = pl.concat([reported.select("claimNo"), claims.select("fraud")], how="horizontal")
    listed, defects = _with_defects(rng, files.orders_table(rng, orders))

    for folder in (out, _truth_folder(out)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    lines = files.lines_table(orders)
    files.write_csv(listed, out / "维修工单.csv", "gb18030")
    files.write_csv(lines, out / "维修明细.csv", "gb18030")
    reported = reported.filter(known).drop("amount")
    files.write_jsonl(reported, out / "claims.jsonl")
    movements = movements.join(reported.select("claimNo"), on="claimNo", how="semi", maintain_order="left")
    files.write_jsonl(movements, out / "claim_movements.jsonl")
    files.write_contract_list(contracts, out / "contracts.xlsx")
    listing = cars.select(
        "vin",
        "make",
        "model",
        pl.col("first_registration").dt.year().alias("model_year"),
        "powertrain",
        "list_price",
        "first_registration",
        "province",
    )
    files.write_csv(listing, out / "vehicles.csv", "utf-8")

    _write_truth(_truth_folder(out), cars, truth, labels, defects)
    counts = {
        "vehicles.csv": listing.height,
        "contracts.xlsx": contracts.height,
        "claims.jsonl": reported.height,
        "claim_movements.jsonl": movements.height,
        "维修工单.csv": listed.height,
        "维修明细.csv": lines.height,
    }
    return Simulation(counts, out, _truth_folder(out))


def _truth_folder(out: Path) -> Path:
    return out.with_name(f"{out.name}_truth")


def _write_truth(
    folder: Path,
    cars: pl.DataFrame,
    truth: pl.DataFrame,
    labels: pl.DataFrame,
    defects: pl.DataFrame,
) -> None:
    cars.select("vin", "risk", "annual_km").write_parquet(folder / "drivers.parquet")
    truth.with_columns(expected_cost=pl.col("expected_count") * pl.col("expected_severity")).write_parquet(
        folder / "expected_claims.parquet"
    )
    labels.filter(pl.col("fraud") != "").write_parquet(folder / "frauds.parquet")
    defects.write_parquet(folder / "defects.parquet")


def _with_defects(rng: np.random.Generator, orders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spoil one order in 400, as dealer systems do, and repeat a few; list where and how."""
    kinds = ("impossible_date", "negative_odometer", "no_vehicle", "duplicate")
    count = max(len(kinds), orders.height // 400)
    chosen = np.sort(rng.choice(orders.height, min(count, orders.height), replace=False))
    kind = pl.Series("kind", np.array(kinds)[np.arange(len(chosen)) % len(kinds)])
    marks = pl.DataFrame({"at": chosen, "kind": kind}).with_columns(pl.col("at").cast(pl.UInt32))
    marked = orders.with_row_index("at").join(marks, on="at", how="left", maintain_order="left")
    spoiled = marked.with_columns(
        开单日期=pl.when(pl.col("kind") == "impossible_date")
        .then(pl.lit("2024-02-31"))
        .otherwise("开单日期"),
        里程=pl.when(pl.col("kind") == "negative_odometer").then(pl.lit("-1")).otherwise("里程"),
        车架号=pl.when(pl.col("kind") == "no_vehicle").then(pl.lit(None)).otherwise("车架号"),
    )
    twins = spoiled.filter(pl.col("kind") == "duplicate")
    whole = pl.concat([spoiled.with_columns(kind=pl.col("kind").replace("duplicate", None)), twins])
    whole = whole.drop("at").with_row_index("row", offset=1)
    defects = whole.filter(pl.col("kind").is_not_null()).select(
        pl.lit("维修工单.csv").alias("file"), pl.col("row").cast(pl.Int64), "kind"
    )
    return whole.drop("row", "kind"), defects
