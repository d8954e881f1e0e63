"""Workshop visits: services come with kilometres, repairs with age and kilometres."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from simulator import catalogue as cat

Generator = np.random.Generator
LABOUR_CNY_PER_HOUR = 180
SERVICE_HOURS, REPAIR_HOURS = 1.5, 3.0
SERVICE_PARTS, REPAIR_PARTS = 380.0, 900.0
REPAIRS_PER_YEAR = 0.25


def draw_orders(rng: Generator, vehicles: pl.DataFrame, start: dt.date, end: dt.date) -> pl.DataFrame:
    """One row per workshop order: vehicle, day, odometer, kind of visit, payer and amounts."""
    years = (end - start).days / 365.25
    interval = pl.col("powertrain").replace_strict(cat.SERVICE_INTERVAL_KM, return_dtype=pl.Float64)
    expected = vehicles.select(
        services=pl.col("annual_km") * years / interval,
        repairs=REPAIRS_PER_YEAR * years * (pl.col("annual_km") / 12_000),
    )
    services = _visits(rng, vehicles, np.ceil(expected["services"].to_numpy()).astype(int), "保养")
    repairs = _visits(rng, vehicles, rng.poisson(expected["repairs"].to_numpy()), "维修")
    orders = pl.concat([services, repairs]).with_columns(
        opened=pl.lit(start) + pl.duration(days=pl.col("moment") * (end - start).days),
    )
    since_new = (pl.col("opened") - pl.col("first_registration")).dt.total_days() / 365.25
    orders = orders.with_columns(
        odometer=(since_new * pl.col("annual_km")).round().cast(pl.Int64),
        age=since_new,
    )
    return _costed(rng, _with_payer(orders)).sort("opened", "vin", "kind")


def _visits(
    rng: Generator,
    vehicles: pl.DataFrame,
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
    kind: str,
) -> pl.DataFrame:
    rows = vehicles[np.repeat(np.arange(vehicles.height), counts)]
    return rows.with_columns(moment=pl.Series(rng.random(rows.height)), kind=pl.lit(kind))


def _with_payer(orders: pl.DataFrame) -> pl.DataFrame:
    """A plan pays for services while it is in force and up to its limit; young cars have warranty."""
    contract_year = ((pl.col("opened") - pl.col("begins")).dt.total_days() / 365.25).floor().cast(pl.Int64)
    in_force = contract_year.is_between(0, pl.col("years_kept") - 1)
    limit = pl.col("tier").replace_strict(cat.INCLUDED_SERVICES, return_dtype=pl.Int64)
    nth = pl.col("opened").rank("ordinal").over("vin", "kind", contract_year.alias("contract_year"))
    covered = (pl.col("kind") == "保养") & in_force & (nth <= limit)
    return orders.sort("vin", "opened", "kind").with_columns(
        payer=pl.when(covered)
        .then(pl.lit("套餐"))
        .when((pl.col("kind") == "维修") & (pl.col("age") < 3))
        .then(pl.lit("保修"))
        .otherwise(pl.lit("客户"))
    )


def _costed(rng: Generator, orders: pl.DataFrame) -> pl.DataFrame:
    count = orders.height
    is_service = pl.col("kind") == "保养"
    inflation = (1 + cat.PARTS_INFLATION) ** (pl.col("opened").dt.year() - orders["opened"].dt.year().min())
    noise = pl.Series(np.exp(rng.normal(0, 0.35, count)))
    wear = 1 + 0.05 * pl.col("age").clip(0, 15)
    parts = pl.when(is_service).then(SERVICE_PARTS).otherwise(REPAIR_PARTS) * pl.col("cost_factor")
    hours = pl.when(is_service).then(SERVICE_HOURS).otherwise(REPAIR_HOURS)
    spread = pl.Series(0.7 + 0.6 * rng.random(count))
    return (
        orders.with_columns(
            hours=(hours * pl.lit(spread)).round(1),
            parts=(parts * wear * inflation * pl.lit(noise)).round(2),
            days_open=pl.Series(rng.integers(0, 4, count)),
            shop=pl.format("SH{}", pl.Series(rng.integers(101, 141, count))),
        )
        .with_columns(
            labour=(pl.col("hours") * LABOUR_CNY_PER_HOUR).round(2),
            sublet=pl.when((pl.col("kind") == "维修") & pl.lit(pl.Series(rng.random(count) < 0.15)))
            .then(260.0)
            .otherwise(0.0),
        )
        .with_columns(total=(pl.col("labour") + pl.col("parts") + pl.col("sublet")).round(2))
    )
