"""Claims: expected by vehicle, month and cover, drawn from that, reported late, paid in steps."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from simulator import catalogue as cat
from simulator.driving import pick_trips

Generator = np.random.Generator
Array = np.ndarray[Any, Any]
REFERENCE_KM = 12_000 / 12
YOUNG_AGE, YOUNG_RISK = 26, 1.5
_DAY_MS = 86_400_000
_UTC_AHEAD_MS = 8 * 3_600_000
_PERILS = {
    "own_damage": ("collision", "scrape", "parked", "hail"),
    "third_party_property": ("collision", "scrape"),
    "third_party_injury": ("collision",),
    "glass": ("stone chip",),
    "roadside": ("12 V battery", "engine", "electrics", "tyre"),
}
_PERIL_SHARES = {
    "own_damage": (0.62, 0.22, 0.12, 0.04),
    "third_party_property": (0.7, 0.3),
    "third_party_injury": (1.0,),
    "glass": (1.0,),
    "roadside": (0.52, 0.26, 0.12, 0.10),  # battery 44 %, engine 23 %, electrics 11 %, tyres 9 % of all
}
LAST_RECOVERED, RECOVERED_OF_CLAIM = 1, (0.2, 0.9)
RECOVERED = cat.RECOVERED_SHARE * sum(RECOVERED_OF_CLAIM) / 2
"""Share of the cost of property claims that comes back."""
DRIVEN = ("collision", "scrape", "stone chip")


def month_in_force(contracts: pl.DataFrame, month: dt.date) -> pl.DataFrame:
    """Contracts in force in a month, with their first and last day of it."""
    last = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return (
        contracts.filter((pl.col("valid_from") <= last) & (pl.col("last_day") >= month))
        .with_columns(
            from_day=pl.max_horizontal("valid_from", pl.lit(month)),
            to_day=pl.min_horizontal("last_day", pl.lit(last)),
        )
        .with_columns(days=(pl.col("to_day") - pl.col("from_day")).dt.total_days() + 1)
    )


def expected_in_month(contracts: pl.DataFrame, km: Array, month: dt.date, start: dt.date) -> pl.DataFrame:
    """Truth: expected claims and severity of every contract and cover in a month.

    Linear in kilometres for a driver; the rest is risk, use, age of driver and car, powertrain, season,
    region and year.
    """
    here = month_in_force(contracts, month)
    length = ((month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - month).days
    here = here.with_columns(driven_km=pl.Series(km)[here["vehicle"]] * (here["days"] / length))
    years = (month - start).days / 365.25
    nev_trend = 1 + cat.NEV_SHIFT * years
    age = (pl.lit(month) - pl.col("first_registration")).dt.total_days() / 365.25
    driver = (
        pl.col("risk")
        * (pl.col("driven_km") / REFERENCE_KM)
        / 12
        * pl.col("use").replace_strict(cat.USE_RISK, return_dtype=pl.Float64)
        * pl.col("province").replace_strict(cat.PROVINCES, return_dtype=pl.Float64)
        * cat.SEASON[month.month - 1]
        * pl.when(pl.col("driver_age") < YOUNG_AGE).then(YOUNG_RISK).otherwise(1.0)
    )
    pieces = []
    for number, cover in enumerate(cat.COVERS):
        nev_frequency = pl.when("nev").then(cover.nev_frequency * nev_trend).otherwise(1.0)
        ageing = (cover.age_slope * (age.clip(0, 12) - 3)).exp()
        severity = (
            cover.severity
            * (1 + cat.PARTS_INFLATION) ** years
            * (pl.col("cost_factor") if cover.name != "third_party_injury" else pl.lit(1.0))
            * pl.when("nev").then(cover.nev_severity).otherwise(1.0)
        )
        held = pl.lit(True) if cover.name != "glass" else pl.col("tier") != cat.NO_GLASS
        pieces.append(
            here.filter(held).select(
                "contract_no",
                "vin",
                "vehicle",
                "valid_from",
                "from_day",
                "days",
                "list_price",
                "first_registration",
                cover=pl.lit(number, pl.Int8),
                expected_count=cover.frequency * driver * nev_frequency * ageing,
                attritional=severity,
            )
        )
    # The share of total losses is part of what a collision claim costs on average.
    value = pl.col("list_price") * float(np.mean(cat.TOTAL_LOSS_VALUE))
    whole = pl.when(pl.col("cover") == 0).then(cat.TOTAL_LOSS_SHARE).otherwise(0.0)
    mean = (1 - whole) * pl.col("attritional") + whole * value
    return pl.concat(pieces).with_columns(expected_severity=mean)


def draw_claims(
    rng: Generator, expected: pl.DataFrame, trips: pl.DataFrame, invented: float
) -> tuple[pl.DataFrame, Array]:
    """A month's claims from their truth, and the index of the trips in which they happened.

    A loss on the road happens at the end of a trip, which then carries an impact; a share `invented` of
    the collisions is a fraud, whose trip shows none.
    """
    counts = rng.poisson(expected["expected_count"].to_numpy())
    claims = expected[np.repeat(np.arange(expected.height), counts)]
    size = claims.height
    offset = np.floor(rng.random(size) * claims["days"].to_numpy()).astype(np.int64)
    day_ms = (claims["from_day"].dt.timestamp("ms").to_numpy()) + offset * _DAY_MS
    local_ms = day_ms + (rng.beta(3, 2.2, size) * _DAY_MS).astype(np.int64)
    peril = _perils(rng, claims["cover"].to_numpy())
    on_road = np.isin(peril, DRIVEN)
    picked = pick_trips(trips, claims["vehicle"].to_numpy(), local_ms - _UTC_AHEAD_MS)
    ends = trips["end"].dt.timestamp("ms").to_numpy()[np.maximum(picked, 0)]
    starts_local = trips["start"].dt.timestamp("ms").to_numpy()[np.maximum(picked, 0)] + _UTC_AHEAD_MS
    last_ms = claims["from_day"].dt.timestamp("ms").to_numpy() + claims["days"].to_numpy() * _DAY_MS
    within = on_road & (picked >= 0) & (ends + _UTC_AHEAD_MS < last_ms) & (starts_local >= day_ms)
    moment = np.where(within, ends + _UTC_AHEAD_MS, local_ms)
    peril = np.where(on_road & ~within, np.where(peril == "stone chip", peril, "parked"), peril)
    no_impact = within & (peril == "collision") & (rng.random(size) < invented)
    drawn = _with_amounts(rng, claims, moment, peril).with_columns(
        fraud=pl.when(pl.Series(no_impact)).then(pl.lit("no_impact_event"))
    )
    return drawn, np.unique(picked[within & (peril == "collision") & ~no_impact])


def _perils(rng: Generator, covers: Array) -> Array:
    chosen = np.empty(len(covers), dtype=object)
    for number, cover in enumerate(cat.COVERS):
        mine = covers == number
        chosen[mine] = rng.choice(_PERILS[cover.name], int(mine.sum()), p=_PERIL_SHARES[cover.name])
    return chosen.astype(str)


def _with_amounts(rng: Generator, claims: pl.DataFrame, moment: Array, peril: Array) -> pl.DataFrame:
    size = claims.height
    sd = np.array([c.log_sd for c in cat.COVERS])[claims["cover"].to_numpy()]
    amount = claims["attritional"].to_numpy() * np.exp(rng.standard_normal(size) * sd - sd**2 / 2)
    total = (claims["cover"].to_numpy() == 0) & (rng.random(size) < cat.TOTAL_LOSS_SHARE)
    low, high = cat.TOTAL_LOSS_VALUE
    amount = np.where(total, claims["list_price"].to_numpy() * rng.uniform(low, high, size), amount)
    moments = pl.Series(moment).cast(pl.Datetime("ms"))
    return claims.select("contract_no", "vin", "vehicle", "cover", "valid_from").with_columns(
        loss_local=moments.dt.truncate("1s"),
        loss_date=moments.cast(pl.Date),
        peril=pl.Series(peril),
        amount=pl.Series(np.round(np.maximum(amount, 20), 2)),
        total_loss=pl.Series(total),
        at_fault=pl.Series(rng.random(size) < 0.6),
        camera=pl.Series(rng.random(size) < 0.72),
        witness=pl.Series(rng.random(size) < 0.5),
        damaged_before=pl.Series(rng.random(size) < 0.03),
        third_party=pl.Series(rng.integers(0, 10**7, size)),
        place=pl.Series(rng.integers(0, 3_000, size)),
        report_delay=_delays(rng, claims["cover"].to_numpy()),
        fraud=pl.lit(None, pl.String),
    )


def _delays(rng: Generator, covers: Array) -> pl.Series:
    days = np.array([c.report_days for c in cat.COVERS])[covers]
    return pl.Series(np.floor(rng.exponential(days)).astype(np.int64))


def movements(rng: Generator, claims: pl.DataFrame) -> pl.DataFrame:
    """Reserve on the report, payments in steps that release it, and now and then a recovery."""
    size = claims.height
    settle = np.array([c.settle_days for c in cat.COVERS])[claims["cover"].to_numpy()]
    steps = np.where(settle > 100, 3, np.where(claims["amount"].to_numpy() > 15_000, 2, 1))
    first = np.ceil(rng.gamma(2.0, settle / 2)).astype(np.int64) + 2
    guess = np.round(claims["amount"].to_numpy() * np.exp(rng.standard_normal(size) * 0.25), -1)
    recovered = (rng.random(size) < cat.RECOVERED_SHARE) & (claims["cover"].to_numpy() <= LAST_RECOVERED)
    share = np.round(rng.uniform(*RECOVERED_OF_CLAIM, size), 2)
    base = claims.select("claim_no", "report_date", "amount", "cover").with_columns(
        reserve=pl.Series(np.maximum(guess, 10)), first=pl.Series(first), steps=pl.Series(steps)
    )
    pieces = [_step(base, "RES", pl.col("report_date"), pl.col("reserve"), 0)]
    for number in (1, 2, 3):
        here = base.filter(pl.col("steps") >= number)
        day = pl.col("report_date") + pl.duration(days=pl.col("first") * number)
        is_last = pl.col("steps") == number
        paid = (pl.col("amount") / pl.col("steps")).round(2)
        payment = pl.when(is_last).then(pl.col("amount") - paid * (number - 1)).otherwise(paid).round(2)
        freed = (pl.col("reserve") / pl.col("steps")).round(2)
        release = pl.when(is_last).then(pl.col("reserve") - freed * (number - 1)).otherwise(freed).round(2)
        pieces.append(_step(here, "PAY", day, payment, 2 * number))
        pieces.append(_step(here, "RES", day, -release, 2 * number + 1))
    with_recovery = base.with_columns(share=pl.Series(share)).filter(pl.Series(recovered))
    after = pl.col("report_date") + pl.duration(days=pl.col("first") * pl.col("steps") + 45)
    pieces.append(_step(with_recovery, "REC", after, -(pl.col("amount") * pl.col("share")).round(2), 9))
    return pl.concat(pieces).sort("date", "claim_no", "step")


def _step(claims: pl.DataFrame, kind: str, day: pl.Expr, amount: pl.Expr, step: int) -> pl.DataFrame:
    return claims.select("claim_no", date=day, type=pl.lit(kind), amount=amount, step=pl.lit(step))
