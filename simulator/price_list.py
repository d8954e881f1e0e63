"""The brand's price list: what its plans cost when the list was made, with the loads of its plan.

A price depends on plan, model, use and kilometres, as brands sell it; what the list does not know (driver,
the age of the car, the years since it was made) is what a rate table made from experience puts right.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
import polars as pl

from simulator import catalogue as cat
from simulator import drivers, losses, workshop

REFERENCE_CARS, REFERENCE_SEED = 20_000, 20_230_101
KM_BANDS = (8_000, 15_000)
STEP = 10
KEYS = ("tier", "model", "use", "km_band")


def km_band(annual_km: pl.Expr) -> pl.Expr:
    """Band of the kilometres that a customer declares: 0 up to two."""
    return pl.sum_horizontal((annual_km >= bound).cast(pl.Int64) for bound in KM_BANDS)


def with_premiums(contracts: pl.DataFrame, start: dt.date) -> pl.DataFrame:
    """Contracts with what their customers pay: the list's price, a little more at every renewal.

    Args:
        contracts: with their cars.
        start: first day of the history; the list is older than that.
    """
    made = dt.date(start.year - cat.LIST_AGE_YEARS, start.month, 1)
    banded = contracts.with_columns(km_band=km_band(pl.col("annual_km")))
    priced = banded.join(price_list(made, start), on=KEYS, how="left", maintain_order="left")
    premium = (pl.col("price") * (1 + cat.YEARLY_RISE * pl.col("term"))).round(0)
    return priced.with_columns(premium=premium).drop("km_band", "price")


@lru_cache
def price_list(day: dt.date, start: dt.date) -> pl.DataFrame:
    """The list as it is made on a day: `tier`, `model`, `use`, `km_band`, `price` in whole tens of CNY.

    Expected cost is the truth the simulator draws from, over reference cars that no portfolio holds: by
    model, times a factor for use and kilometres; every draw has a stream of its own.

    Args:
        day: first of a month.
        start: first day of the history, at whose prices costs are known.
    """
    cars = reference(day, start)
    priced = [_of_tier(cars, tier) for tier in cat.TIERS]
    return pl.concat(priced).sort(KEYS)


def reference(day: dt.date, start: dt.date) -> pl.DataFrame:
    """Reference cars with their expected cost of a year from a day on: `glass`, `other`, `services` due and
    what a `service` costs."""
    cars = drivers.draw_vehicles(np.random.default_rng(REFERENCE_SEED), REFERENCE_CARS, day, 1)
    cars = cars.with_columns(km_band=km_band(pl.col("annual_km")))
    services = workshop.expected_services(cars, day, start)
    return cars.join(_insured(cars, day, start), on="vehicle").join(services, on="vehicle")


def insured_cost(tier: str) -> pl.Expr:
    """Expected claims of a tier, of a reference car and year."""
    return pl.col("other") if tier == cat.NO_GLASS else pl.col("other") + pl.col("glass")


def services_cost(tier: str) -> pl.Expr:
    """Expected cost of the services that a tier includes, of a reference car and year."""
    return pl.col("service") * pl.min_horizontal("services", pl.lit(cat.INCLUDED_SERVICES[tier]))


def _insured(cars: pl.DataFrame, day: dt.date, start: dt.date) -> pl.DataFrame:
    """Expected cost of claims of a year from a day on, by vehicle, with and without glass."""
    terms = cars.with_columns(
        contract_no=pl.lit(""),
        tier=pl.lit("Premium"),
        valid_from=pl.lit(day),
        last_day=pl.lit(day).dt.offset_by("1y").dt.offset_by("-1d"),
    )
    months = [
        dt.date(day.year + (day.month + n - 1) // 12, (day.month + n - 1) % 12 + 1, 1) for n in range(12)
    ]
    names = [cover.name for cover in cat.COVERS]
    glass = pl.col("cover") == names.index("glass")
    recovered = pl.when(pl.col("cover") <= losses.LAST_RECOVERED).then(losses.RECOVERED).otherwise(0.0)
    cost = pl.col("expected_count") * pl.col("expected_severity") * (1 - recovered)
    pieces = []
    for month in months:
        km = cars["annual_km"].to_numpy() / 12 * cat.KM_SEASON[month.month - 1]
        told = losses.expected_in_month(terms, km, month, start)
        pieces.append(
            told.group_by("vehicle").agg(glass=cost.filter(glass).sum(), other=cost.filter(~glass).sum())
        )
    return pl.concat(pieces).group_by("vehicle").agg(pl.col("glass", "other").sum())


def _of_tier(cars: pl.DataFrame, tier: str) -> pl.DataFrame:
    """Prices of one tier: bought-in insurance less what was negotiated, services, further lines, loads."""
    insurance = insured_cost(tier) * (1 - cat.NEGOTIATED) / (1 - cat.LOADS_OF_INSURER)
    costed = cars.with_columns(cost=insurance + services_cost(tier))
    costed = costed.with_columns(of_model=pl.col("cost").mean().over("model"))
    factors = costed.group_by("use", "km_band").agg(factor=pl.col("cost").sum() / pl.col("of_model").sum())
    models = costed.group_by("model").agg(pl.col("of_model").first())
    loaded = (pl.col("of_model") * pl.col("factor") + cat.FURTHER_LINES[tier]) / (1 - cat.TARGET_MARGIN)
    return models.join(factors, how="cross").select(
        pl.lit(tier).alias("tier"), "model", "use", "km_band", price=(loaded / STEP).round() * STEP
    )
