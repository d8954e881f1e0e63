"""The forecast of three simulated years beside the known expected cost of the fourth: one line of JSON.

VEHICLES=N [SEED=1] [SCRATCH=DIR] .venv/bin/python -m benchmarks.fourth_year

Everything is fitted on what was known on the last day of the third year. A contract of the fourth is rated at
the levels the warehouse gives it (its own kilometres and driving), for each of its days in that year.
`development` holds the ultimates of each cover and quarter to what was known a year later.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl

from benchmarks.simulated_year import ASKED, RATING_YEAR, SimulatedYear, prepare
from models_ml.cover_evaluation import GROUPS
from models_ml.cover_forecast import CoverForecast, first_look, forecast_cover, trends_of_segments
from models_ml.evaluation import calibration_line, gini
from models_ml.forecast_intervals import claim_variation, coverage_of_groups, forecast_intervals
from models_ml.restatement import Restatement
from pipelines.pricing.forecasting.experience import Experience, load_experience, load_levels
from simulator import catalogue as cat

RESULTS = Path(__file__).with_name("results")
MIDDLE = dt.date(RATING_YEAR, 7, 2)
RECOVERED, RECOVERED_PART = ("own_damage", "third_party_property"), 0.55


def forecasts(experience: Experience) -> tuple[dict[str, CoverForecast], dict[str, float]]:
    """Every cover's forecast, and seconds to fit each."""
    looks, seconds = {}, {}
    for cover in experience.covers:
        began = time.perf_counter()
        rating, assumptions = experience.rating(cover, MIDDLE)
        contracts = experience.contracts.filter(pl.col("cover") == cover)
        looks[cover] = first_look(experience.of(cover, contracts), assumptions, rating)
        seconds[cover] = time.perf_counter() - began
    all_covers = trends_of_segments(list(looks.values()))
    made = {}
    for cover, look in looks.items():
        began = time.perf_counter()
        made[cover] = forecast_cover(look, all_covers)
        seconds[cover] = round(seconds[cover] + time.perf_counter() - began, 2)
    return made, seconds


def cell_fit(made: dict[str, CoverForecast], experience: Experience) -> dict[str, Any]:
    """What fitting the cells takes alone, in a process of its own."""
    with TemporaryDirectory(prefix="ratewright-cells-") as scratch:
        cells, how = Path(scratch) / "cells.parquet", Path(scratch) / "how.json"
        pl.concat([forecast.cells for forecast in made.values()]).write_parquet(cells)
        use = {cover: experience.rating(cover, MIDDLE)[0].use_factor for cover in made}
        how.write_text(
            json.dumps({"factors": experience.factors, "orders": experience.orders, "use_factor": use})
        )
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.cell_fit", str(cells), str(how)],
            capture_output=True,
            text=True,
            check=True,
        )
    return dict(json.loads(done.stdout))


def fourth_year(made: dict[str, CoverForecast], where: SimulatedYear) -> pl.DataFrame:
    """Contracts and covers of the fourth year with forecast, expected and actual cost."""
    truth = pl.read_parquet(where.truth / "expected_costs.parquet").filter(pl.col("year") == RATING_YEAR)
    kept = pl.when(pl.col("cover").is_in(RECOVERED)).then(1 - cat.RECOVERED_SHARE * RECOVERED_PART)
    truth = truth.with_columns(true_cost=pl.col("expected_cost") * kept.otherwise(1.0))
    levels, _ = load_levels(where.judge)
    with duckdb.connect(where.judge, read_only=True) as con:
        rated = con.sql("select contract_id, cover, cell_id from marts.contract_experience").pl()
        actual = con.sql(
            "select contract_id, cover, count(*) as claims, cast(sum(incurred_amount) as double) as cost "
            "from marts.claim_features where outside_reason is null "
            f"and year(loss_date) = {RATING_YEAR} group by all"
        ).pl()
    rows = (
        rated.join(levels, on="cell_id")
        .join(truth, left_on=["contract_id", "cover"], right_on=["contract_no", "cover"])
        .join(actual, on=["contract_id", "cover"], how="left")
        .with_columns(pl.col("claims", "cost").fill_null(0))
        .sort("cover", "contract_id")
    )
    parts = []
    for (cover,), part in rows.group_by("cover", maintain_order=True):
        model, years = made[str(cover)].model, part["exposure_years"].to_numpy()
        parts.append(
            part.with_columns(
                claims_forecast=pl.Series(model.predict_frequency(part) * years),
                cost_forecast=pl.Series(model.predict_burning_cost(part) * years),
            )
        )
    return pl.concat(parts)


def judged(rows: pl.DataFrame, made: dict[str, CoverForecast], experience: Experience) -> dict[str, Any]:
    """Order, level, calibration and intervals."""
    covers = {}
    for (cover,), part in rows.group_by("cover", maintain_order=True):
        years, true = part["exposure_years"].to_numpy(), part["true_cost"].to_numpy()
        ours = part["cost_forecast"].to_numpy()
        line = calibration_line(years, true / true.mean(), ours / ours.mean())
        covers[str(cover)] = {
            "gini_share": round(gini(years, true, ours / years) / gini(years, true, true / years), 4),
            "forecast_over_truth": round(float(ours.sum() / true.sum()), 4),
            "frequency_over_truth": round(
                float(part["claims_forecast"].sum()) / float(part["expected_count"].sum()), 4
            ),
            "slope": round(line.slope, 4),
        }
    ratio = pl.col("cost_forecast").sum() / pl.col("true_cost").sum()

    def by(name: str) -> dict[str, float]:
        table = rows.group_by(name).agg(ratio.round(4).alias("ratio")).sort(name)
        return dict(table.iter_rows())

    line = calibration_line(
        rows["exposure_years"],
        rows["true_cost"] / float(rows["true_cost"].to_numpy().mean()),
        rows["cost_forecast"] / float(rows["cost_forecast"].to_numpy().mean()),
    )
    return {
        "total": round(float(rows.select(ratio).item()), 4),
        "actual_over_truth": round(float(rows["cost"].sum() / rows["true_cost"].sum()), 4),
        "tiers": by("tier"),
        "powertrains": by("powertrain"),
        "slope": round(line.slope, 4),
        "covers": covers,
        "coverage": intervals(rows, made, experience),
    }


def intervals(rows: pl.DataFrame, made: dict[str, CoverForecast], experience: Experience) -> dict[str, Any]:
    """How many groups of model and age had their cost of the fourth year inside their interval."""
    rows = rows.with_columns(pl.concat_str(["cover", *GROUPS], separator=" | ").alias("group"))
    pieces = []
    for (cover,), part in rows.group_by("cover", maintain_order=True):
        forecast = made[str(cover)]
        known = experience.contracts.filter(pl.col("cover") == cover)
        pieces.append(
            forecast_intervals(
                forecast.model,
                part,
                part["group"],
                variation=claim_variation(forecast.model, known),
                trend_error=forecast.restatement.trend_error,
            )
        )
    table = pl.concat(pieces)
    actual = rows.group_by("group").agg(pl.col("exposure_years", "cost").sum())
    found = coverage_of_groups(table, actual)
    return {
        f"{100 * level:g}": {"groups": c.groups, "share": round(c.share, 4)} for level, c in found.items()
    }


def developed(made: dict[str, Restatement], where: SimulatedYear) -> dict[str, Any]:
    """Share of quarters whose ultimate is within one and two standard errors of what came to be known."""
    with duckdb.connect(where.judge, read_only=True) as con:
        later = con.sql(
            "select cover, accident_quarter as origin, cast(max_by(reported_count, development_quarter) "
            "as double) as counts, cast(max_by(incurred_amount, development_quarter) as double) as amounts "
            "from marts.claim_triangles where accident_quarter is not null group by all"
        ).pl()
    result: dict[str, Any] = {}
    for part in ("counts", "amounts"):
        pieces = [
            getattr(told.development, part).by_origin.select(
                pl.lit(cover).alias("cover"), "origin", "ultimate", "standard_error"
            )
            for cover, told in made.items()
            if getattr(told.development, part) is not None
        ]
        table = pl.concat(pieces).join(later, on=["cover", "origin"])
        distance = (pl.col("ultimate") - pl.col(part)).abs()
        shares = table.group_by("cover", maintain_order=True).agg(
            one=(distance <= pl.col("standard_error") + 0.005).mean().round(3),
            two=(distance <= 2 * pl.col("standard_error") + 0.005).mean().round(3),
        )
        result[part] = {row["cover"]: [row["one"], row["two"]] for row in shares.iter_rows(named=True)}
        whole = table.select(
            one=(distance <= pl.col("standard_error") + 0.005).mean().round(3),
            two=(distance <= 2 * pl.col("standard_error") + 0.005).mean().round(3),
        ).row(0)
        result[part]["all"] = list(whole)
    return result


def main() -> None:
    """Prepare, fit, judge, print and keep."""
    vehicles, seed = (int(os.environ.get(name, default)) for name, default in ASKED.items())
    with TemporaryDirectory(prefix="ratewright-forecast-") as scratch:
        root = Path(os.environ.get("SCRATCH") or scratch)
        where = prepare(vehicles, seed, root)
        print("fitting ...", file=sys.stderr, flush=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        experience = load_experience(where.learn, dt.date(RATING_YEAR, 1, 1))
        made, seconds = forecasts(experience)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = {
            "vehicles": vehicles,
            "seed": seed,
            **judged(fourth_year(made, where), made, experience),
            "development": developed({c: f.restatement for c, f in made.items()}, where),
            "cell_fit": cell_fit(made, experience),
            "forecast_seconds": seconds,
            "forecast_peak_gib": round(peak / 2**20, 3),
            "start_gib": round(before / 2**20, 3),
        }
    RESULTS.mkdir(exist_ok=True)
    line = json.dumps(result)
    (RESULTS / f"fourth-year-{vehicles}-seed-{seed}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(line)


if __name__ == "__main__":
    main()
