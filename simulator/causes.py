"""The hidden causes: who drives what, how far and how well, and what comes of it.

Claims come from a driver's hidden risk and kilometres, their cost from the model, the powertrain and the
year; visits to the workshop from kilometres. Marginal figures follow from these, they are not drawn.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from simulator import catalogue as cat

RISK_SHAPE = 2.5
MEAN_KM, KM_LOG_SD = 10_500, 0.5
REFERENCE_KM = 12_000
CAREFUL_KM = 0.25
RENEWAL = 0.80
Generator = np.random.Generator
VIN_LETTERS = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789"))


def draw_vehicles(rng: Generator, count: int, start: dt.date, years: int) -> pl.DataFrame:
    """Vehicles with their drivers: hidden `risk` (mean 1), `annual_km`, `use`, `driver_age`.

    Careful people drive more, so frequency by kilometres flattens over the portfolio though it is
    linear for each driver (Boucher, Cote and Guillen 2017).
    """
    catalogue = cat.models()
    is_nev = catalogue["powertrain"].is_in(["EV", "PHEV"]).to_numpy()
    weights = np.where(is_nev, 0.8, 1.2)
    chosen = catalogue[rng.choice(catalogue.height, count, p=weights / weights.sum())]
    risk = rng.gamma(RISK_SHAPE, 1 / RISK_SHAPE, count)
    use = rng.choice(list(cat.USES), count, p=list(cat.USES.values()))
    km = MEAN_KM * np.exp(rng.normal(0, KM_LOG_SD, count) - KM_LOG_SD**2 / 2)
    km *= np.maximum(risk, 0.2) ** -CAREFUL_KM * _by(use, cat.USE_KM)
    age_at_start = rng.integers(0, 5, count)
    service_day = rng.integers(0, 365, count)
    first = np.datetime64(start) - age_at_start * 365 - service_day
    letters = rng.integers(0, len(VIN_LETTERS), (count, 11))
    prefixes = pl.Series(["".join(row) for row in VIN_LETTERS[letters]])
    serial = pl.Series(np.arange(1, count + 1)).cast(pl.String).str.zfill(6)
    return chosen.with_columns(
        vin=pl.concat_str([pl.lit(prefixes), pl.lit(serial)]),
        first_registration=pl.Series(first).cast(pl.Date),
        province=pl.Series(rng.choice(cat.PROVINCES, count)),
        use=pl.Series(use),
        driver_age=pl.Series(np.clip(rng.normal(38, 11, count), 18, 80).astype(int)),
        annual_km=pl.Series(np.round(np.clip(km, 1_500, 120_000)).astype(int)),
        risk=pl.Series(risk),
        tier=pl.Series(rng.choice(list(cat.TIER_SHARES), count, p=list(cat.TIER_SHARES.values()))),
        begins=pl.Series(np.datetime64(start) + rng.integers(0, 365, count)).cast(pl.Date),
        years_kept=pl.Series(np.minimum(rng.geometric(1 - RENEWAL, count), years)),
    )


def draw_contracts(rng: Generator, vehicles: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Yearly contracts until the driver leaves or `end` comes; one in fifty is cancelled."""
    terms = vehicles.with_columns(term=pl.int_ranges(0, pl.col("years_kept"))).explode("term")
    terms = terms.with_columns(
        valid_from=pl.col("begins").dt.offset_by(pl.format("{}y", "term")),
    ).with_columns(valid_to=pl.col("valid_from").dt.offset_by("1y").dt.offset_by("-1d"))
    terms = terms.filter(pl.col("valid_from") < end).with_row_index("number", offset=1)
    cancelled = pl.Series(rng.random(terms.height) < 0.02)
    day = pl.Series(rng.integers(30, 330, terms.height))
    price = pl.col("tier").replace_strict(cat.TIERS, return_dtype=pl.Float64)
    return terms.with_columns(
        contract_no=pl.format("P{}", pl.col("number").cast(pl.String).str.zfill(7)),
        premium=(price * (1 + 0.02 * pl.col("term"))).round(0),
        channel=pl.Series(rng.choice(cat.CHANNELS, terms.height)),
        cancelled_on=pl.when(cancelled).then(pl.col("valid_from") + pl.duration(days=pl.lit(day))),
    )


def expected_claims(contracts: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Truth: expected claims and cost of every contract and cover while in force before `end`."""
    last = pl.min_horizontal("valid_to", pl.col("cancelled_on") - pl.duration(days=1), pl.lit(end))
    years = ((last - pl.col("valid_from")).dt.total_days() + 1).clip(0) / 365.25
    nev = pl.col("powertrain").is_in(["EV", "PHEV"])
    use = pl.col("use").replace_strict(cat.USE_RISK, return_dtype=pl.Float64)
    young = pl.when(pl.col("driver_age") < 26).then(1.5).otherwise(1.0)
    # Linear in kilometres for a driver; kilometres of ride-hailing are city kilometres.
    driver = pl.col("risk") * (pl.col("annual_km") / REFERENCE_KM) * use.sqrt() * young
    pieces = []
    for cover in cat.COVERS:
        frequency = cover.frequency * driver * pl.when(nev).then(cover.nev_frequency).otherwise(1.0)
        inflation = (1 + cat.PARTS_INFLATION) ** pl.col("term")
        severity = cover.severity * pl.col("cost_factor") * inflation
        severity = severity * pl.when(nev).then(cover.nev_severity).otherwise(1.0)
        held = pl.lit(True) if cover.name != "glass" else pl.col("tier") != cat.NO_GLASS
        pieces.append(
            contracts.filter(held).select(
                "contract_no",
                "vin",
                "valid_from",
                last.alias("last_day"),
                cover=pl.lit(cover.name),
                years=years,
                expected_count=frequency * years,
                expected_severity=severity,
                log_sd=pl.lit(cover.log_sd),
            )
        )
    return pl.concat(pieces).filter(pl.col("years") > 0)


def draw_claims(rng: Generator, truth: pl.DataFrame, fraud_share: float) -> pl.DataFrame:
    """Claims from their truth, and planted frauds: `fraud` names the kind, else null."""
    counts = rng.poisson(truth["expected_count"].to_numpy())
    claims = truth[np.repeat(np.arange(truth.height), counts)]
    days = (claims["last_day"] - claims["valid_from"]).dt.total_days().to_numpy() + 1
    offset = np.floor(rng.random(claims.height) * days).astype(int)
    fraud = np.where(rng.random(claims.height) < fraud_share, "soon_after_inception", "")
    offset = np.where(fraud != "", np.minimum(offset, rng.integers(1, 20, claims.height)), offset)
    sd = claims["log_sd"].to_numpy()
    noise = np.exp(rng.normal(0, 1, claims.height) * sd - sd**2 / 2)
    amount = claims["expected_severity"].to_numpy() * noise * np.where(fraud != "", 4.0, 1.0)
    claims = claims.with_columns(
        loss_date=pl.col("valid_from") + pl.duration(days=pl.lit(pl.Series(offset))),
        amount=pl.Series(np.round(amount, 2)),
        fraud=pl.Series(fraud),
    )
    return _with_repeats(rng, claims, fraud_share).sort("loss_date", "contract_no", "cover")


def _with_repeats(rng: Generator, claims: pl.DataFrame, share: float) -> pl.DataFrame:
    """Frauds of the second kind: the same damage claimed again some weeks later."""
    again = claims.filter(pl.Series(rng.random(claims.height) < share) & (pl.col("cover") == "own_damage"))
    weeks = pl.Series(rng.integers(10, 60, again.height))
    again = again.with_columns(
        loss_date=pl.min_horizontal(pl.col("loss_date") + pl.duration(days=pl.lit(weeks)), "last_day"),
        fraud=pl.lit("repeated"),
    )
    return pl.concat([claims, again])


def _by(values: np.ndarray[Any, Any], table: dict[str, float]) -> np.ndarray[Any, Any]:
    return pl.Series(values).replace_strict(table, return_dtype=pl.Float64).to_numpy()
