"""Whether a simulated portfolio stands where published figures stand: each level with its band.

Read from what was written: the delivery's files and the truth beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from simulator import catalogue as cat
from simulator.portfolio import Simulation

USD = 7.2  # CNY, 2025
_PLUG_IN = ["EV", "PHEV"]


@dataclass(frozen=True)
class Level:
    """One figure of the portfolio beside what is published."""

    name: str
    published: str
    low: float
    high: float
    found: float

    @property
    def holds(self) -> bool:
        return self.low <= self.found <= self.high


class Portfolio:
    """A simulation's files and truth, joined as far as the levels need it."""

    def __init__(self, made: Simulation) -> None:
        self.made = made
        self.cars = pl.read_parquet(made.truth / "drivers.parquet")
        self.expected = pl.read_parquet(made.truth / "expected_costs.parquet").join(self.cars, on="vin")
        self.trips = pl.scan_parquet(made.delivery / "telematics" / "*.parquet")
        self.claims = pl.read_ndjson(made.delivery / "claims.jsonl", infer_schema_length=None)
        self.movements = pl.read_ndjson(made.delivery / "claim_movements.jsonl")
        self.orders = _chinese(made.delivery / "维修工单.csv").with_columns(
            total=pl.col("总金额").str.replace_all(",", "").cast(pl.Float64),
            day=pl.col("开单日期").str.replace_all("/", "-").str.to_date("%Y-%m-%d"),
            odometer=pl.col("里程").cast(pl.Int64),
        )
        age = (pl.date(pl.col("year"), 7, 1) - pl.col("first_registration")).dt.total_days() / 365.25
        self.expected = self.expected.with_columns(age=age.clip(0))

    def frequency_by(self, *groups: str | pl.Expr) -> pl.DataFrame:
        """Expected claims a year without roadside: total claims over the exposure of own damage."""
        insured = self.expected.filter(pl.col("cover") != "roadside")
        exposure = pl.col("exposure_years").filter(pl.col("cover") == "own_damage").sum()
        return insured.group_by(*groups).agg(
            frequency=pl.col("expected_count").sum() / exposure,
            severity=pl.col("expected_cost").sum() / pl.col("expected_count").sum(),
            exposure_years=exposure,
        )

    def driven_km(self) -> pl.DataFrame:
        """Kilometres a year of every vehicle, from its trips."""
        months = len(list((self.made.delivery / "telematics").glob("*.parquet")))
        total = self.trips.group_by("vin").agg(km=pl.col("km").sum() * 12 / months).collect()
        return total.join(self.cars, on="vin")

    def repairs(self) -> pl.DataFrame:
        """Workshop orders that are repairs."""
        return self.orders.filter(pl.col("业务类型") == "维修")

    def repairs_per_km(self, *groups: pl.Expr) -> pl.DataFrame:
        """Repairs over kilometres by what `groups` make of `age` (at mid-year) and the car."""
        years = self.orders["day"].dt.year().unique().to_frame("year")
        age = (pl.date(pl.col("year"), 7, 1) - pl.col("first_registration")).dt.total_days() / 365.25
        grid = self.cars.join(years, how="cross").with_columns(age=age).filter(pl.col("age") >= 0.5)
        counted = self.repairs().group_by(vin="车架号", year=pl.col("day").dt.year()).agg(repairs=pl.len())
        whole = grid.join(counted, on=["vin", "year"], how="left")
        return whole.group_by(*groups).agg(
            rate=pl.col("repairs").fill_null(0).sum() / pl.col("annual_km").sum()
        )


def _chinese(path: Path) -> pl.DataFrame:
    return pl.read_csv(path.read_bytes().decode("gb18030").encode(), infer_schema=False)


def levels(book: Portfolio) -> list[Level]:
    """Every level with its band; sources are named in the page that shows them."""
    return [*_driving(book), *_claims(book), *_plans(book), *_by_age_and_km(book), *_workshop(book)]


def _driving(book: Portfolio) -> list[Level]:
    km = book.driven_km()
    private = km.filter(pl.col("use") == "private")["km"]
    seconds = (pl.col("end_utc") - pl.col("start_utc")).dt.total_seconds()
    told = book.trips.select(mean=pl.col("km").mean(), short=(seconds < 1_800).mean()).collect()
    return [
        Level("kilometres a year, private cars", "10,089", 9_080, 11_100, _mean(private)),
        Level("mean trip, km", "11.4", 10.8, 12.0, told["mean"].item()),
        Level("trips under half an hour", "71 %", 0.67, 0.75, told["short"].item()),
    ]


def _claims(book: Portfolio) -> list[Level]:
    by = {row["nev"]: row for row in book.frequency_by("nev").iter_rows(named=True)}
    loss = {}
    premiums = {True: cat.PREMIUM_OF_NEV, False: cat.PREMIUM_OF_ICE}
    factor = cat.models().select("model", "cost_factor")
    for nev, part in (
        book.expected.filter(pl.col("cover") != "roadside").join(factor, on="model").group_by("nev")
    ):
        insured = part.filter(pl.col("cover") == "own_damage")
        premium = _sum(insured["exposure_years"] * (0.75 + 0.25 * insured["cost_factor"]))
        loss[bool(nev[0])] = _sum(part["expected_cost"]) / (premium * premiums[bool(nev[0])])
    total = book.movements.filter(pl.col("type") == "REC")["claimNo"].n_unique()
    roadside = book.expected.filter((pl.col("cover") == "roadside") & pl.col("age").is_between(2, 5))
    calls = {
        str(kind): _sum(part["expected_count"]) / _sum(part["exposure_years"])
        for (kind,), part in roadside.group_by("powertrain")
    }
    glass = book.expected.filter((pl.col("cover") == "glass") & ~pl.col("nev")).join(factor, on="model")
    # What a claim costs beside the models it falls on: their mix changes from year to year.
    mix = (pl.col("expected_count") * pl.col("cost_factor")).sum()
    trend = glass.group_by("year").agg(s=pl.col("expected_cost").sum() / mix).sort("year")["s"]
    return [
        Level("claim frequency, combustion", "19 %", 0.165, 0.215, by[False]["frequency"]),
        Level("claim frequency, new energy", "30 %", 0.26, 0.345, by[True]["frequency"]),
        Level("severity, new energy over combustion", "1.40", 1.20, 1.60,
              by[True]["severity"] / by[False]["severity"]),
        Level("loss ratio, new energy", "85 %", 0.75, 0.95, loss[True]),
        Level("loss ratio, combustion", "62-75 %", 0.60, 0.77, loss[False]),
        Level("claims with a recovery", "8.9 %", 0.07, 0.11, total / book.claims.height),
        Level("breakdown calls, combustion, 2-4 years", "10.4 per 1,000", 0.0083, 0.0125, calls["Petrol"]),
        Level("breakdown calls, electric, 2-4 years", "4.2 per 1,000", 0.0033, 0.0051, calls["EV"]),
        Level("parts inflation a year", "2-3 %", 0.015, 0.035,
              (trend[-1] / trend[0]) ** (1 / (len(trend) - 1)) - 1),
    ]  # fmt: skip


def _plans(book: Portfolio) -> list[Level]:
    """What a brand's plans cost in claims and services, of what customers pay for them."""
    files = sorted(book.made.delivery.glob("contracts_*.xlsx"))
    sold = pl.concat([pl.read_excel(file, columns=["Contract no", "Premium"]) for file in files])
    insured = book.expected.filter(pl.col("cover") == "own_damage").group_by("contract_no")
    years = insured.agg(pl.col("exposure_years").sum())
    earned = sold.join(years, left_on="Contract no", right_on="contract_no")
    premium = _sum(earned["Premium"] * earned["exposure_years"])
    services = _sum(book.orders.filter(pl.col("付款方") == "套餐")["total"])
    ratio = (_sum(book.expected["expected_cost"]) + services) / premium
    return [Level("loss ratio of the plans, services in it", "62-85 %", 0.62, 0.85, ratio)]


def _by_age_and_km(book: Portfolio) -> list[Level]:
    by_age = book.frequency_by((pl.col("age") >= 10).alias("old"), (pl.col("age") < 5).alias("young"))
    old = by_age.filter("old")["frequency"].item()
    young = by_age.filter("young")["frequency"].item()
    private = book.expected.filter(pl.col("use") == "private")
    low, high = (private["annual_km"].quantile(q) for q in (0.3, 0.8))
    near = {}
    for name, km in (("low", low), ("high", high)):
        share = private.filter((pl.col("annual_km") / float(str(km))).is_between(0.9, 1.1))
        counted = share.filter(pl.col("cover") == "own_damage")
        near[name] = _sum(counted["expected_count"]) / _sum(counted["exposure_years"])
    growth = (near["high"] / near["low"]) / (float(str(high)) / float(str(low)))
    return [
        Level("frequency, cars of 10-15 years over 0-5", "12 % / 19 % = .63", 0.52, 0.76, old / young),
        Level("frequency by km over proportional (1 = linear)", "flattens", 0.55, 0.90, growth),
    ]


def _workshop(book: Portfolio) -> list[Level]:
    """Repairs per kilometre by age and powertrain; what they cost; total losses; prices of parts."""
    # At mid-year a car is within half a year of its age; those that change their band are left out.
    edge = pl.any_horizontal((pl.col("age") - start).abs() < 0.5 for start in (4, 8, 13))
    band = pl.when(pl.col("age") < 4).then(0).when(pl.col("age") < 8).then(4)
    banded = band.when(pl.col("age") < 13).then(8).otherwise(13)
    by_age = book.repairs_per_km(pl.when(~edge).then(banded).alias("band"))
    rate = dict(by_age.select("band", "rate").iter_rows())
    powered = book.repairs_per_km(pl.col("powertrain").is_in(_PLUG_IN).alias("plug_in"), pl.col("age") < 4)
    mid = powered.filter(~pl.col("age"))
    plug_in, combustion = (mid.filter(pl.col("plug_in") == x)["rate"].item() for x in (True, False))
    causes = pl.read_parquet(book.made.truth / "claims.parquet")
    damage = causes.filter(pl.col("cover") == "own_damage")
    parts = book.cars.join(cat.models().select("model", "parts_ratio"), on="model")["parts_ratio"]
    return [
        Level(
            "repairs per km, plug-in over combustion", ".031 / .061 = .51", 0.40, 0.65, plug_in / combustion
        ),
        Level("repairs per km, under 4 years over 4-7", "0.55", 0.48, 0.62, rate[0] / rate[4]),
        Level("repairs per km, 8-12 years over 4-7", "1.30", 1.17, 1.43, rate[8] / rate[4]),
        Level("repairs per km, 13 years and more over 4-7", "1.65", 1.40, 1.90, rate[13] / rate[4]),
        Level("mean repair, USD", "380-390", 340, 430, _mean(book.repairs()["total"]) / USD),
        Level("total losses of own-damage claims", "9 %", 0.075, 0.105, _mean(damage["total_loss"])),
        Level("full set of parts over the car's price, mean", "3.6-3.7", 3.3, 3.9, _mean(parts)),
    ]


def _sum(values: pl.Series) -> float:
    return float(str(values.cast(pl.Float64).sum()))


def _mean(values: pl.Series) -> float:
    return float(str(values.cast(pl.Float64).mean()))
