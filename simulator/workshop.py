"""Workshop visits: services come with kilometres, repairs with kilometres and age, costs with the model."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from simulator import catalogue as cat

Generator = np.random.Generator
Array = np.ndarray[Any, Any]
LABOUR_CNY_PER_HOUR = 180
SERVICE_HOURS, REPAIR_HOURS, WEAR_PER_YEAR = 1.2, 2.4, 0.03
SERVICE_PARTS, REPAIR_PARTS, REPAIR_LOG_SD = 340.0, 2_050.0, 0.9
TAIL_SHARE, TAIL_FACTOR = 0.005, 16.0  # one repair in 200 is an engine
REPLACED_SHARE = 0.002
SERVICE, REPAIR = "保养", "维修"


def odometer_at_start(vehicles: pl.DataFrame, start: dt.date) -> Array:
    """Kilometres before the history begins."""
    years = (np.datetime64(start) - vehicles["first_registration"].to_numpy()).astype(float) / 365.25
    before: Array = np.round(np.maximum(years, 0) * vehicles["annual_km"].to_numpy()).astype(np.int64)
    return before


def draw_orders(
    rng: Generator, vehicles: pl.DataFrame, km: Array, months: list[dt.date], contracts: pl.DataFrame
) -> pl.DataFrame:
    """One row per workshop order: vehicle, day, odometer, kind of visit, payer and amounts.

    Args:
        rng: source of chance.
        vehicles: with their drivers.
        km: kilometres by vehicle and month.
        months: first day of each month.
        contracts: a plan pays for services while it is in force, up to its limit.
    """
    before = odometer_at_start(vehicles, months[0])
    total = before[:, None] + np.cumsum(km, axis=1)
    opening = np.concatenate([before[:, None], total[:, :-1]], axis=1)
    interval = vehicles["powertrain"].replace_strict(cat.SERVICE_INTERVAL_KM, return_dtype=pl.Float64)
    apart = (interval.to_numpy() * np.exp(rng.normal(0, 0.08, vehicles.height)))[:, None]
    due = (np.floor(total / apart) - np.floor(opening / apart)).astype(np.int64)
    services = _visits(rng, np.minimum(due, 2), SERVICE)
    rate = vehicles["powertrain"].replace_strict(cat.REPAIRS_PER_10_000_KM, return_dtype=pl.Float64)
    registered = vehicles["first_registration"].to_numpy().astype("datetime64[M]")
    age = (np.array(months, dtype="datetime64[M]")[None, :] - registered[:, None]).astype(float) / 12
    ages = pl.DataFrame({"age": age.ravel()}).select(cat.age_factor(pl.col("age"))).to_series()
    repairs = rng.poisson(km / 10_000 * rate.to_numpy()[:, None] * ages.to_numpy().reshape(age.shape))
    visits = pl.concat([services, _visits(rng, repairs, REPAIR)])
    orders = _dated(rng, visits, vehicles, opening, km, months)
    return _lines(rng, _with_payer(orders, contracts)).sort("opened", "vin", "kind", "odometer")


def expected_services(vehicles: pl.DataFrame, day: dt.date, start: dt.date) -> pl.DataFrame:
    """Services a year that a car's kilometres make due, and what one costs on a day (CNY), by vehicle."""
    interval = pl.col("powertrain").replace_strict(cat.SERVICE_INTERVAL_KM, return_dtype=pl.Float64)
    age = ((pl.lit(day) - pl.col("first_registration")).dt.total_days() / 365.25).clip(0, 12)
    inflation = (1 + cat.PARTS_INFLATION) ** ((day - start).days / 365.25)
    parts = SERVICE_PARTS * (1 + WEAR_PER_YEAR * age) * pl.col("cost_factor") * inflation
    return vehicles.select(
        "vehicle",
        services=pl.col("annual_km") / interval,
        service=SERVICE_HOURS * LABOUR_CNY_PER_HOUR + parts,
    )


def _visits(rng: Generator, counts: Array, kind: str) -> pl.DataFrame:
    vehicle, month = np.nonzero(counts)
    times = counts[vehicle, month]
    vehicle, month = np.repeat(vehicle, times), np.repeat(month, times)
    return pl.DataFrame(
        {
            "vehicle": vehicle,
            "month": month,
            "moment": rng.random(len(vehicle)),
            "kind": [kind] * len(vehicle),
        }
    )


def _dated(
    rng: Generator,
    visits: pl.DataFrame,
    vehicles: pl.DataFrame,
    opening: Array,
    km: Array,
    months: list[dt.date],
) -> pl.DataFrame:
    """Day and odometer: within a month, kilometres rise evenly, so the odometer never falls."""
    vehicle, month = visits["vehicle"].to_numpy(), visits["month"].to_numpy()
    firsts = np.array(months, dtype="datetime64[D]")
    lengths = np.diff(np.array([*months, _next(months[-1])], dtype="datetime64[D]")).astype(int)
    day = np.floor(visits["moment"].to_numpy() * lengths[month]).astype(int)
    odometer = np.round(opening[vehicle, month] + km[vehicle, month] * day / lengths[month])
    visits = visits.with_columns(
        opened=pl.Series(firsts[month] + day), odometer=pl.Series(odometer.astype(np.int64))
    )
    orders = visits.join(vehicles, on="vehicle", how="left", maintain_order="left")
    return _with_new_instruments(rng, orders).with_columns(
        age=(pl.col("opened") - pl.col("first_registration")).dt.total_days() / 365.25,
        shop=pl.Series(rng.integers(101, 101 + cat.SHOPS, orders.height)),
        days_open=pl.Series(rng.integers(0, 4, orders.height)),
    )


def _with_new_instruments(rng: Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """Once in a while an instrument is replaced and starts at nought; the order says so."""
    orders = orders.with_columns(replaced=pl.Series(rng.random(orders.height) < REPLACED_SHARE))
    at = pl.when("replaced").then("odometer").forward_fill().over("vehicle", order_by=["opened", "moment"])
    return orders.with_columns(odometer=pl.col("odometer") - at.fill_null(0))


def _next(month: dt.date) -> dt.date:
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def _with_payer(orders: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """A plan pays for services while it is in force and up to its limit; young cars have warranty."""
    terms = contracts.select("vin", "contract_no", "valid_from", "last_day").sort("valid_from")
    orders = orders.sort("opened").join_asof(
        terms, left_on="opened", right_on="valid_from", by="vin", strategy="backward", check_sortedness=False
    )
    in_force = (pl.col("opened") <= pl.col("last_day")).fill_null(False)
    limit = pl.col("tier").replace_strict(cat.INCLUDED_SERVICES, return_dtype=pl.Int64)
    nth = pl.int_range(pl.len()).over("contract_no", "kind", order_by=["opened", "moment"])
    covered = (pl.col("kind") == SERVICE) & in_force & (nth < limit)
    return orders.with_columns(
        in_plan=in_force,
        payer=pl.when(covered)
        .then(pl.lit("套餐"))
        .when((pl.col("kind") == REPAIR) & (pl.col("age") < 3))
        .then(pl.lit("保修"))
        .otherwise(pl.lit("客户")),
    )


def _lines(rng: Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """Hours, parts and amounts of each order."""
    count = orders.height
    service = pl.col("kind") == SERVICE
    inflation = (1 + cat.PARTS_INFLATION) ** (
        (pl.col("opened") - orders["opened"].min()).dt.total_days() / 365.25
    )
    tail = (rng.random(count) < TAIL_SHARE).astype(float) * (TAIL_FACTOR - 1) + 1
    spread = np.exp(rng.normal(0, REPAIR_LOG_SD, count) - REPAIR_LOG_SD**2 / 2) * tail
    even = np.exp(rng.normal(0, 0.2, count) - 0.02)
    hours = 0.7 + 0.6 * rng.random(count)
    wear = 1 + WEAR_PER_YEAR * pl.col("age").clip(0, 12)
    parts = (
        pl.when(service).then(SERVICE_PARTS * wear * pl.lit(pl.Series(even)))
        .otherwise(REPAIR_PARTS * pl.lit(pl.Series(spread)))
    )  # fmt: skip
    sublet = pl.Series((rng.random(count) < 0.12).astype(float) * np.round(rng.uniform(120, 480, count), 2))
    part = pl.when(service).then(pl.lit(pl.Series(rng.integers(1, 4, count))))
    return (
        orders.with_columns(
            hours=(
                pl.when(service).then(SERVICE_HOURS).otherwise(REPAIR_HOURS) * pl.lit(pl.Series(hours))
            ).round(1),
            parts=(parts * pl.col("cost_factor") * inflation).round(2),
            sublet=pl.when(service).then(0.0).otherwise(pl.lit(sublet)),
            operation=pl.Series(rng.integers(0, 37, count)),
            part=part.otherwise(pl.lit(pl.Series(rng.integers(0, 10, count)))),
            invoice=pl.Series(np.arange(1, count + 1)),
            fraud=pl.lit(None, pl.String),
        )
        .with_columns(labour=(pl.col("hours") * LABOUR_CNY_PER_HOUR).round(2))
        .with_columns(total=(pl.col("labour") + pl.col("parts") + pl.col("sublet")).round(2))
    )
