"""The hidden causes: who drives what, how far and how well.

A driver's hidden risk shapes driving events and claims alike. Careful people drive more, so frequency by
kilometres flattens over the portfolio though it is linear for each driver (Boucher, Cote and Guillen,
Exploring the effect of kilometres on claims, Risks 2017).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from simulator import catalogue as cat

RISK_SHAPE = 2.5
MEAN_KM, KM_LOG_SD = 9_750, 0.5
CAREFUL_KM = 0.25
RENEWAL = 0.78
JOIN_SHARES = (0.62, 0.22, 0.16)  # of the vehicles, by the year in which they take the plan
Generator = np.random.Generator
_VIN = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789"))


def draw_vehicles(rng: Generator, count: int, start: dt.date, years: int) -> pl.DataFrame:
    """Vehicles with their drivers: hidden `risk` (mean 1), its traits, `annual_km`, use, tier."""
    shares = np.array([*JOIN_SHARES, *[JOIN_SHARES[-1]] * years][:years])
    joined = rng.choice(years, count, p=shares / shares.sum())
    chosen = _draw_models(rng, joined)
    risk = rng.gamma(RISK_SHAPE, 1 / RISK_SHAPE, count)
    use = rng.choice(list(cat.USES), count, p=list(cat.USES.values()))
    km = MEAN_KM * np.exp(rng.normal(0, KM_LOG_SD, count) - KM_LOG_SD**2 / 2)
    km *= np.maximum(risk, 0.2) ** -CAREFUL_KM * _by(use, cat.USE_KM)
    months_old = np.floor(rng.gamma(2.2, 24, count)).astype(int) % 168
    registered = np.datetime64(start, "M") - months_old
    begins = np.datetime64(start) + joined * 365 + rng.integers(0, 365, count)
    vehicles = chosen.with_columns(
        vin=_vins(rng, count),
        first_registration=pl.Series(registered.astype("datetime64[D]") + rng.integers(0, 28, count)),
        province=pl.Series(rng.choice(list(cat.PROVINCES), count)),
        use=pl.Series(use),
        driver_age=pl.Series(np.clip(rng.normal(38, 11, count), 18, 80).astype(int)),
        annual_km=pl.Series(np.round(np.clip(km, 1_200, 110_000)).astype(int)),
        risk=pl.Series(risk),
        tier=pl.Series(rng.choice(list(cat.TIER_SHARES), count, p=list(cat.TIER_SHARES.values()))),
        begins=pl.Series(begins),
        years_kept=pl.Series(rng.geometric(1 - RENEWAL, count)),
        braking=_trait(rng, risk, 0.030),
        turning=_trait(rng, risk, 0.025),
        speeding=_trait(rng, risk, 0.020),
        unbelted=_trait(rng, risk, 0.010),
        following=_trait(rng, risk, 0.080),
        night=_trait(rng, risk, 0.05),
    )
    return vehicles.sort("vin").with_row_index("vehicle").with_columns(pl.col("vehicle").cast(pl.Int64))


def _trait(rng: Generator, risk: np.ndarray[Any, Any], mean: float) -> pl.Series:
    """How often a driver does something, mostly but not only because of the hidden risk."""
    values = mean * np.maximum(risk, 0.05) ** 0.8 * np.exp(rng.normal(0, 0.3, len(risk)) - 0.045)
    return pl.Series(np.clip(values, 0, 0.4))


def _draw_models(rng: Generator, joined: np.ndarray[Any, Any]) -> pl.DataFrame:
    """Models, more of them electric the later the vehicle joins."""
    catalogue = cat.models().with_row_index("model_number")
    is_nev = catalogue["powertrain"].is_in(["EV", "PHEV"]).to_numpy()
    nev_shares = np.array(cat.NEV_SHARE_BY_YEAR)[np.minimum(joined, len(cat.NEV_SHARE_BY_YEAR) - 1)]
    nev = rng.random(len(joined)) < nev_shares
    rows = np.where(
        nev,
        rng.choice(np.flatnonzero(is_nev), len(joined)),
        rng.choice(np.flatnonzero(~is_nev), len(joined)),
    )
    return catalogue[rows].with_columns(
        nev=pl.Series(nev), model_number=pl.col("model_number").cast(pl.Int64)
    )


def _vins(rng: Generator, count: int) -> pl.Series:
    letters = _VIN[rng.integers(0, len(_VIN), (count, 11))]
    prefixes = pl.Series(letters.astype("U1").view("U11").ravel())
    serial = pl.Series(np.arange(1, count + 1)).cast(pl.String).str.zfill(6)
    return pl.select(pl.concat_str(prefixes, serial)).to_series()


def draw_contracts(rng: Generator, vehicles: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Yearly contracts until the driver leaves or `end` comes; one in fifty is cancelled."""
    terms = vehicles.with_columns(term=pl.int_ranges(0, pl.col("years_kept").clip(1, 12))).explode("term")
    terms = terms.with_columns(
        valid_from=pl.col("begins").dt.offset_by(pl.format("{}y", "term")),
    ).with_columns(valid_to=pl.col("valid_from").dt.offset_by("1y").dt.offset_by("-1d"))
    terms = terms.filter(pl.col("valid_from") <= end).sort("valid_from", "vin").with_row_index("n", offset=1)
    cancelled = pl.Series(rng.random(terms.height) < 0.02)
    day = pl.Series(rng.integers(30, 330, terms.height))
    bought_in = pl.when("nev").then(cat.PREMIUM_OF_NEV).otherwise(cat.PREMIUM_OF_ICE)
    number = pl.format("P{}", pl.col("n").cast(pl.String).str.zfill(7))
    terms = terms.with_columns(
        contract_no=number,
        insurance=(bought_in * (0.75 + 0.25 * pl.col("cost_factor"))).round(0),
        channel=pl.Series(rng.choice(cat.CHANNELS, terms.height)),
        payment=pl.Series(rng.choice(["annual", "12 instalments"], terms.height, p=[0.7, 0.3])),
        cancelled_on=pl.when(cancelled).then(pl.col("valid_from") + pl.duration(days=pl.lit(day))),
    )
    return terms.with_columns(
        renewal_of=pl.col("contract_no").shift(1).over("vin", order_by="valid_from"),
        last_day=pl.min_horizontal("valid_to", pl.col("cancelled_on") - pl.duration(days=1)),
    )


def monthly_km(rng: Generator, vehicles: pl.DataFrame, months: list[dt.date]) -> np.ndarray[Any, Any]:
    """Kilometres by vehicle and month: the year's, the season's, and some chance."""
    season = np.array([cat.KM_SEASON[m.month - 1] for m in months], dtype=np.float32)
    noise = rng.standard_normal((vehicles.height, len(months)), dtype=np.float32) * np.float32(0.25)
    km: np.ndarray[Any, Any] = (
        vehicles["annual_km"].to_numpy().astype(np.float32)[:, None] / 12 * season * np.exp(noise - 0.031)
    )
    registered = vehicles["first_registration"].to_numpy().astype("datetime64[M]")
    there = registered[:, None] <= np.array(months, dtype="datetime64[M]")[None, :]
    return np.round(km * there, 2)


def _by(values: np.ndarray[Any, Any], table: dict[str, float]) -> np.ndarray[Any, Any]:
    return pl.Series(values).replace_strict(table, return_dtype=pl.Float64).to_numpy()
