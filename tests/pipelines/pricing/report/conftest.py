"""Two forecasts made by the real functions: one with everything, one that lacks whatever can be lacking."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.triangles import Triangle
from pipelines.pricing.forecasting.experience import Experience
from pipelines.pricing.forecasting.forecast import Forecast, fit_forecast
from pipelines.pricing.report import ReportHead

MIDDLE = dt.date(2025, 7, 2)
TRICKY = "<script>alert('$x$')</script>"
FIRST = dt.date(2023, 1, 1)
QUARTERS = 8


@pytest.fixture(scope="session")
def head() -> ReportHead:
    return ReportHead(
        client="north",
        title="North & South",
        currency="CNY",
        rating_year=2025,
        effective_from=dt.date(2025, 1, 1),
        effective_to=dt.date(2025, 12, 31),
        valuation_date=dt.date(2024, 12, 31),
        rated_by="north-0123456789",
        champion="north-0123456789",
        challenger="north-9876543210 did not pass",
    )


@pytest.fixture(scope="session")
def full() -> Forecast:
    return fit_forecast(whole_experience(), MIDDLE, seed=20)


def whole_experience() -> Experience:
    """Damage has everything, glass has claims without days, theft was never claimed."""
    damage, claims = _cover("damage", 0.25, 2, ("model", "vehicle_age", "driving_score"))
    glass, _ = _cover("glass", 0.15, 3, ("model", "vehicle_age", "driving_score"))
    theft = glass.with_columns(
        cover=pl.lit("theft_of_parts"), claim_count=pl.lit(0, pl.Int64), gross_amount=pl.lit(0.0)
    )
    contracts = pl.concat([damage, glass, theft])
    counts, amounts = _triangles(claims)
    factors = ["model", "vehicle_age", "driving_score"]
    return Experience(
        contracts, factors, _orders(), claims, {"damage": counts}, {"damage": amounts}, _assumptions()
    )


@pytest.fixture(scope="session")
def sparse() -> Forecast:
    """One year, forty vehicles, one factor of two names, no premium and no day of a loss."""
    contracts, _ = _cover("damage", 0.4, 5, ("model",), vehicles=40)
    contracts = contracts.filter(pl.col("effective_date").dt.year() == 2023).with_columns(
        annual_premium=pl.lit(None, pl.Float64)
    )
    none = pl.DataFrame(
        schema={"contract_id": pl.String, "cover": pl.String, "loss_date": pl.Date, "amount": pl.Float64}
    )
    experience = Experience(
        contracts, ["model"], _orders().filter(pl.col("factor") == "none"), none, {}, {}, _assumptions()
    )
    return fit_forecast(experience, MIDDLE, seed=20)


def _cover(
    cover: str, frequency: float, seed: int, factors: tuple[str, ...], vehicles: int = 1_500
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Contracts of two years of every vehicle, and their claims with days."""
    rng = np.random.default_rng(seed)
    rows = 2 * vehicles
    levels = {
        "model": rng.choice([TRICKY, "小车 A", "Tour"], rows, p=[0.5, 0.3, 0.2]),
        "vehicle_age": rng.choice(["0", "1", "2-4", "5+"], rows),
        "driving_score": rng.choice(["under 80", "80-94", "95-100"], rows),
    }
    bad = np.where(levels["driving_score"] == "under 80", 3.0, 1.0)
    start = [dt.date(2023 + at // vehicles, 1, 1) for at in range(rows)]
    count = rng.poisson(frequency * bad)
    contracts = pl.DataFrame(
        {
            "cover": cover,
            "contract_id": [f"{cover}-{at:04d}" for at in range(rows)],
            "vehicle_id": [f"v{at % vehicles:04d}" for at in range(rows)],
            "effective_date": start,
            "last_day": [dt.date(day.year, 12, 31) for day in start],
            "period": "learn",
            "exposure_years": 1.0,
            "claim_count": count,
            "annual_premium": rng.uniform(300, 900, rows),
            "driven_km": rng.uniform(5_000, 20_000, rows),
            "recovery_amount": 0.0,
            **{name: levels[name] for name in factors},
        }
    )
    claims = contracts.select(
        "cover", "contract_id", "effective_date", day=pl.lit(0).repeat_by("claim_count")
    ).explode("day", empty_as_null=False)
    claims = claims.with_columns(
        loss_date=pl.col("effective_date") + pl.duration(days=pl.Series(rng.integers(0, 365, claims.height))),
        amount=pl.Series(np.round(rng.gamma(2, 1_000, claims.height), 2)),
    ).select("cover", "contract_id", "loss_date", "amount")
    gross = claims.group_by("contract_id").agg(gross_amount=pl.col("amount").sum())
    cells = contracts.select(factors).unique(maintain_order=True).with_row_index("cell_id")
    joined = contracts.join(gross, on="contract_id", how="left", maintain_order="left").join(
        cells.with_columns(pl.col("cell_id").cast(pl.String)), on=factors, maintain_order="left"
    )
    return joined.with_columns(pl.col("gross_amount").fill_null(0.0)), claims


def _triangles(claims: pl.DataFrame) -> tuple[Triangle, Triangle]:
    """Counts of which a fifth are known a quarter late, and amounts in step with them."""
    origins = tuple(dt.date(2023 + q // 4, 3 * (q % 4) + 1, 1) for q in range(QUARTERS))
    summed = claims.group_by(quarter=pl.col("loss_date").dt.truncate("1q")).agg(
        count=pl.len().cast(pl.Float64), amount=pl.col("amount").sum()
    )
    known = pl.DataFrame({"quarter": origins}).join(summed, on="quarter", how="left", maintain_order="left")

    def triangle(column: str) -> Triangle:
        total = known[column].fill_null(0.0).to_numpy()
        values = np.tile(total[:, None], (1, QUARTERS))
        values[:, 0] = np.round(0.8 * total)
        values[np.add.outer(np.arange(QUARTERS), np.arange(QUARTERS)) >= QUARTERS] = np.nan
        return Triangle("damage", origins, values)

    return triangle("count"), triangle("amount")


def _orders() -> pl.DataFrame:
    ages, scores = ["0", "1", "2-4", "5+"], ["under 80", "80-94", "95-100"]
    return pl.DataFrame(
        {
            "factor": ["vehicle_age"] * 4 + ["driving_score"] * 3,
            "level": [*ages, *scores],
            "level_order": [0, 1, 2, 3, 0, 1, 2],
        }
    )


def _assumptions() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "cover": ["*"],
            "exposure_base": ["vehicle_years"],
            "frequency_trend": [0.0],
            "severity_trend": [0.025],
            "trend_sd": [0.02],
            "large_loss_quantile": [0.99],
        }
    )
