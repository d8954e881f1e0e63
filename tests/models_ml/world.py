"""A small world whose law is known: claims rise, are reported late, grow dearer, and cost what they cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from models_ml.actuarial.triangles import Triangle
from models_ml.cover_forecast import Rating
from models_ml.restatement import CoverExperience

MIDDLE = dt.date(2026, 7, 2)
YEARS = (2023, 2024, 2025)
QUARTERS = 4 * len(YEARS)
FACTORS = ("use", "powertrain")
AGES = ("0", "1", "2", "3+")


@dataclass(frozen=True)
class World:
    """Cars used privately or as taxis, which claim twice as often; a year's contracts begin on its first day.

    Attributes:
        vehicles: as many contracts a year.
        frequency: claims a year of a private car in the middle of 2023.
        trends: yearly change of it, by powertrain.
        severity_trend: yearly change of the mean claim, which is 1,000 in the middle of 2023.
        late: share of claims that become known a quarter after that of the loss.
        taxi: frequency of a taxi over that of a private car.
    """

    vehicles: int = 4_000
    frequency: float = 0.3
    trends: dict[str, float] = field(default_factory=lambda: {"ice": 0.0, "bev": 0.0})
    severity_trend: float = 0.0
    late: float = 0.0
    taxi: float = 2.0

    def rate(self, powertrain: str, use: str, years: float) -> float:
        """Claims a year so many years after the middle of 2023."""
        return self.frequency * (1 + self.trends[powertrain]) ** years * (self.taxi if use == "taxi" else 1)

    def known(self, cover: str = "damage", seed: int = 1) -> CoverExperience:
        """What is known of a cover at the end of 2025."""
        rng = np.random.default_rng(seed)
        contracts = self._contracts(cover, rng)
        claims = self._claims(contracts, rng)
        seen = claims.filter(pl.col("reported") < QUARTERS)
        sums = seen.group_by("contract_id").agg(
            claim_count=pl.len().cast(pl.Int64), gross_amount=pl.col("amount").sum()
        )
        contracts = contracts.join(sums, on="contract_id", how="left").with_columns(
            pl.col("claim_count", "gross_amount").fill_null(0)
        )
        dated = seen.select("contract_id", "loss_date", "amount")
        one = _triangle(cover, claims, pl.len().cast(pl.Float64))
        return CoverExperience(cover, contracts, dated, one, _triangle(cover, claims, pl.col("amount").sum()))

    def _contracts(self, cover: str, rng: np.random.Generator) -> pl.DataFrame:
        rows = self.vehicles * len(YEARS)
        use = rng.choice(["private", "taxi"], rows, p=[0.8, 0.2])
        powertrain = rng.choice(list(self.trends), rows)
        year = np.repeat(YEARS, self.vehicles)
        return pl.DataFrame(
            {
                "cover": cover,
                "contract_id": [f"{cover}-{at:06d}" for at in range(rows)],
                "vehicle_id": [f"v{at % self.vehicles:05d}" for at in range(rows)],
                "effective_date": [dt.date(y, 1, 1) for y in year],
                "last_day": [dt.date(y, 12, 31) for y in year],
                "exposure_years": 1.0,
                "recovery_amount": 0.0,
                "use": use,
                "powertrain": powertrain,
                "vehicle_age": rng.choice(AGES, rows),
                "cell_id": np.char.add(use, powertrain),
            }
        )

    def _claims(self, contracts: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        year = contracts["effective_date"].dt.year().to_numpy()
        rate = [
            self.rate(p, u, y - YEARS[0])
            for p, u, y in zip(contracts["powertrain"], contracts["use"], year, strict=True)
        ]
        count = rng.poisson(rate)
        of = np.repeat(np.arange(contracts.height), count)
        day = rng.integers(0, 365, len(of))
        dear = 1_000 * (1 + self.severity_trend) ** (year[of] - YEARS[0] + day / 365 - 0.5)
        claims = contracts.select("contract_id", "effective_date")[of].with_columns(
            day=pl.Series(day),
            amount=pl.Series(np.round(rng.gamma(2, dear / 2), 2)),
            reported_late=pl.Series(rng.random(len(of)) < self.late),
        )
        loss = pl.col("effective_date") + pl.duration(days="day")
        return claims.with_columns(loss_date=loss, quarter=_number_of_quarter(loss)).with_columns(
            reported=pl.col("quarter") + pl.col("reported_late").cast(pl.Int64)
        )


def rating(**changes: object) -> Rating:
    """How the covers of this world are forecast."""
    settings = {
        "factors": list(FACTORS),
        "orders": {"vehicle_age": AGES},
        "middle": MIDDLE,
        "segment": "powertrain",
    }
    return Rating(**{**settings, **changes})  # type: ignore[arg-type]


def _number_of_quarter(day: pl.Expr) -> pl.Expr:
    return 4 * (day.dt.year().cast(pl.Int64) - YEARS[0]) + (day.dt.month().cast(pl.Int64) - 1) // 3


def _triangle(cover: str, claims: pl.DataFrame, what: pl.Expr) -> Triangle:
    """What losses of each quarter had come to at the end of each quarter since, up to the last."""
    values = np.zeros((QUARTERS, QUARTERS))
    summed = claims.with_columns(age=pl.col("reported") - pl.col("quarter"))
    for row, age, value in summed.group_by("quarter", "age").agg(what).iter_rows():
        values[row, age:] += value
    values[np.add.outer(np.arange(QUARTERS), np.arange(QUARTERS)) >= QUARTERS] = np.nan
    origins = tuple(dt.date(YEARS[0] + q // 4, 3 * (q % 4) + 1, 1) for q in range(QUARTERS))
    return Triangle(cover, origins, values)
