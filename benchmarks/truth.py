"""The marts beside the truth of a simulated brand: is each cell's burning cost where chance puts it, and does
the driving score order drivers by their true risk? One line of JSON.

VEHICLES=N .venv/bin/python -m benchmarks.truth

Truth is known for the insured covers. A cell's cost is compound Poisson: its mean is known, its variance is
the mean times the size-biased severity of its models and covers (Klugman, Panjer and Willmot, Loss Models,
chapter 9), its quantiles are those of a gamma with these moments.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from scipy.stats import gamma, spearmanr

from pipelines.settings import PROJECT_ROOT
from simulator import catalogue as cat

MAPPING = PROJECT_ROOT / "data" / "mappings" / "simulated.yml"
LEAST_YEARS = 50
LEVEL = 0.95
RECOVERED_PART = 0.55  # of a recovered claim, on average
RECOVERED = ("own_damage", "third_party_property")
THIN = ("third_party_injury", "roadside")  # too few claims to know each model's severity


@dataclass(frozen=True)
class Judged:
    """What the comparison found."""

    cells: int
    inside: int
    exposure_gap_days: int
    drivers: int
    spearman: float

    @property
    def share_inside(self) -> float:
        """Share of cells whose burning cost lies in its interval."""
        return self.inside / self.cells if self.cells else float("nan")


def judge(warehouse: Path, truth: Path) -> Judged:
    """Compare the marts of a warehouse with the truth folder of its simulation."""
    with duckdb.connect(warehouse, read_only=True) as con:
        found = con.sql(_EXPERIENCE).pl()
        scores = con.sql(_SCORES).pl()
    expected = pl.read_parquet(truth / "expected_costs.parquet")
    drivers = pl.read_parquet(truth / "drivers.parquet")
    cells, gap = _cells(found, expected, _size_biased(truth, drivers, expected))
    judged = cells.filter(pl.col("exposure_years") > LEAST_YEARS)
    order = scores.join(expected.select("contract_no", "vin").unique(), on="contract_no").join(
        drivers.select("vin", "risk"), on="vin"
    )
    return Judged(
        cells=judged.height,
        inside=int(judged["inside"].sum()),
        exposure_gap_days=gap,
        drivers=order.height,
        spearman=float(spearmanr(100 - order["score"], order["risk"]).statistic),
    )


_EXPERIENCE = """
    select
        experience.contract_id as contract_no, experience.cover, terms.vehicle_age, terms.mileage,
        terms.model,
        experience.exposure_days,
        cast(experience.gross_amount + experience.recovery_amount as double) as cost
    from marts.contract_experience as experience
    inner join (
        select
            cell_id,
            max(case when factor = 'model' then level end) as model,
            max(case when factor = 'vehicle_age' then level end) as vehicle_age,
            max(case when factor = 'annual_mileage' then level end) as mileage
        from marts.rating_cell_levels
        group by cell_id
    ) as terms on experience.cell_id = terms.cell_id
    where experience.cover <> 'maintenance'
"""
_SCORES = """
    select
        max(contract_id) as contract_no,
        sum(driving_score * driven_km) / sum(driven_km) as score
    from marts.vehicle_months
    where driving_score is not null
    group by vehicle_id
    having count(*) >= 12 and sum(driven_km) > 0
"""


def _size_biased(truth: Path, drivers: pl.DataFrame, expected: pl.DataFrame) -> pl.DataFrame:
    """Size-biased severity, E[X^2] / E[X], by cover and model, by cover alone where claims are few."""
    claims = _claims_with_models(truth, drivers, expected)
    ratio = (pl.col("amount") ** 2).sum() / pl.col("amount").sum()
    by_cover = claims.group_by("cover").agg(ratio.alias("of_cover"))
    by_model = claims.group_by("cover", "model").agg(ratio.alias("of_model"), pl.len().alias("claims"))
    grid = claims.select("cover").unique().join(drivers.select("model").unique(), how="cross")
    own = (pl.col("claims") >= 30) & ~pl.col("cover").is_in(THIN)
    return (
        grid.join(by_cover, on="cover")
        .join(by_model, on=["cover", "model"], how="left")
        .select("cover", "model", size=pl.when(own).then("of_model").otherwise("of_cover"))
    )


def _claims_with_models(truth: Path, drivers: pl.DataFrame, expected: pl.DataFrame) -> pl.DataFrame:
    claims = pl.read_parquet(truth / "claims.parquet")
    contracts = expected.select("contract_no", "vin").unique()
    return claims.join(contracts, on="contract_no").join(drivers.select("vin", "model"), on="vin")


def _cells(found: pl.DataFrame, expected: pl.DataFrame, size: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Cells of model, age and mileage over the insured covers, and days by which exposures differ."""
    kept = pl.when(pl.col("cover").is_in(RECOVERED)).then(1 - cat.RECOVERED_SHARE * RECOVERED_PART)
    truth = expected.group_by("contract_no", "cover").agg(pl.col("days", "expected_cost").sum())
    joined = found.join(truth, on=["contract_no", "cover"], how="left").with_columns(
        mean=pl.col("expected_cost") * kept.otherwise(1.0),
        short_model=pl.col("model").str.split(" ").list.slice(1).list.join(" "),
    )
    gap = int((joined["exposure_days"] - joined["days"]).abs().sum())
    joined = joined.join(
        size, left_on=["cover", "short_model"], right_on=["cover", "model"], how="left"
    ).with_columns(variance=pl.col("mean") * pl.col("size"))
    days = pl.col("exposure_days").filter(pl.col("cover") == "own_damage").sum()
    cells = joined.group_by("model", "vehicle_age", "mileage").agg(
        pl.col("cost", "mean", "variance").sum(), exposure_years=days / 365.25
    )
    shape = (cells["mean"] ** 2 / cells["variance"]).to_numpy()
    scale = (cells["variance"] / cells["mean"]).to_numpy()
    low, high = (gamma.ppf(q, shape, scale=scale) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    cost = cells["cost"].to_numpy()
    return cells.with_columns(inside=pl.Series((cost >= low) & (cost <= high))), gap


def main() -> None:
    """Simulate, land, build, judge, and print one line of JSON; exit code 1 if a bar is missed."""
    from benchmarks.build import build, land
    from simulator import simulate

    vehicles = int(os.environ.get("VEHICLES", "20000"))
    with TemporaryDirectory(prefix="ratewright-truth-", dir=os.environ.get("SCRATCH")) as scratch:
        root = Path(scratch)
        print(f"simulating {vehicles:,} vehicles ...", file=sys.stderr, flush=True)
        made = simulate(vehicles=vehicles, years=3, seed=1, out=root / "brand", fraud_rate=0)
        print("landing and building ...", file=sys.stderr, flush=True)
        lake = land(made.delivery, root / "data")
        warehouse = root / "truth.duckdb"
        build(lake, warehouse)
        judged = judge(warehouse, made.truth)
    print(
        json.dumps(
            {
                "vehicles": vehicles,
                "cells": judged.cells,
                "inside_95": round(judged.share_inside, 4),
                "exposure_gap_days": judged.exposure_gap_days,
                "drivers": judged.drivers,
                "spearman": round(judged.spearman, 4),
            }
        )
    )
    holds = judged.share_inside >= 0.93 and judged.spearman > 0.6 and judged.exposure_gap_days == 0
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
