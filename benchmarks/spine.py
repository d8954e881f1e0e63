"""Run the job on real public portfolios and print what it found: one line of JSON, kept in results/.

RATEWRIGHT_BENCH_DATA=DIR .venv/bin/python -m benchmarks.spine
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import PoissonRegressor

from models_ml.cover_forecast import as_cells
from models_ml.encoding import LevelEncoder
from models_ml.evaluation import poisson_loss
from models_ml.frequency_severity import FrequencySeverityModel
from pipelines.pricing.forecasting.experience import Experience, load_experience, split
from pipelines.settings import PROJECT_ROOT, Settings

RESULTS = Path(__file__).with_name("results")
RATING_YEARS = {"pg17": 2018, "ethiopia_motor": 2017, "fremotor1": 2005, "cincinnati_fleet": 2024}
PLAIN_ALPHA = 1e-4


def ratewright(data: Path, *words: str) -> dict[str, Any]:
    """Run a command, and return its exit code, output, seconds and peak memory in MB."""
    began = time.perf_counter()
    with (data.parent / "peak").open("w+") as peak:
        command = [
            "/usr/bin/time",
            "-f",
            "%M",
            "-o",
            peak.name,
            sys.executable,
            "-m",
            "pipelines.cli",
            *words,
        ]
        environment = {**os.environ, "RATEWRIGHT_DATA_DIR": str(data), "COLUMNS": "250", "NO_COLOR": "1"}
        done = subprocess.run(
            command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
        )
        memory = Path(peak.name).read_text().split()[-1]
    return {
        "exit": done.returncode,
        "text": done.stdout + done.stderr,
        "seconds": round(time.perf_counter() - began, 1),
        "peak_mb": int(memory) // 1024,
    }


def run_client(data: Path, bench: Path, client: str) -> dict[str, Any]:
    """Run the job on one client's delivery."""
    print(f"running {client} ...", file=sys.stderr, flush=True)
    mapping = PROJECT_ROOT / "data" / "mappings" / f"{client}.yml"
    words = ["--delivery", str(bench / client), "--mapping", str(mapping)]
    run = ratewright(data, "run", *words, "--rating-year", str(RATING_YEARS[client]))
    if run["exit"]:
        print(run["text"][-2_000:], file=sys.stderr)
    return run


def brief(run: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a run."""
    return {k: run[k] for k in ("exit", "seconds", "peak_mb")}


def judge_pg17(settings: Settings, bench: Path) -> dict[str, Any]:
    """Reconcile pg17 to its file, and its hold-out to a plain Poisson regression on the same factors."""
    from pipelines.warehouse.serving import read

    serving = settings.serving("pg17")
    claims = pl.read_parquet(bench / "pg17" / "claims.parquet")["claim_amount"]
    in_file = claims.round(2).cast(pl.Decimal(18, 2)).sum()
    query = """
        select (select incurred_amount from marts.cost_by_model_age_mileage where row_type = 'total')
            + coalesce((select sum(incurred_amount) from marts.claims_outside_exposure), 0)
        """
    experience = load_experience(serving, dt.date(RATING_YEARS["pg17"], 1, 1))
    landed = {
        s: pl.scan_parquet(settings.lake("pg17") / s / "*.parquet").select(pl.len()).collect().item()
        for s in ("contracts", "claims")
    }
    learned = experience.contracts.filter(pl.col("period") == "learn")
    cells = as_cells(learned, experience.factors)
    model = FrequencySeverityModel(experience.factors, experience.orders).fit(cells)
    predicted = model.predict_burning_cost(cells) @ cells["exposure_years"].to_numpy()
    actual = cells["gross_amount"].sum() + cells["recovery_amount"].sum()
    return {
        **landed,
        "incurred_file": str(in_file),
        "incurred_mart": str(read(serving, query).item()),
        "predicted_over_actual": round(float(predicted / actual), 6),
        **hold_out(experience, settings.seed),
    }


def hold_out(experience: Experience, seed: int) -> dict[str, float]:
    """Frequency deviance on the hold-out: constant, ours, plain scikit-learn."""
    learn, unseen, _ = split(experience.contracts, seed)
    ours = FrequencySeverityModel(experience.factors, experience.orders).fit(
        as_cells(learn, experience.factors)
    )
    encoder = LevelEncoder(experience.factors).fit(learn)
    weight = learn["exposure_years"].to_numpy()
    plain = PoissonRegressor(alpha=PLAIN_ALPHA, solver="newton-cholesky")
    plain.fit(encoder.transform(learn), learn["claim_count"].to_numpy() / weight, sample_weight=weight)
    exposure = unseen["exposure_years"].to_numpy()
    claims = unseen["claim_count"].to_numpy().astype(float)
    constant = np.full(unseen.height, learn["claim_count"].sum() / weight.sum())
    rates = {
        "deviance_constant": constant,
        "deviance_ours": ours.predict_frequency(unseen),
        "deviance_plain": plain.predict(encoder.transform(unseen)),
    }
    return {name: round(poisson_loss(claims, rate * exposure), 4) for name, rate in rates.items()}


def spoiled_gate(data: Path, bench: Path, root: Path) -> dict[str, Any]:
    """Gate pg17 as it is, and a copy with 5 % of amounts zero and half the policies gone."""
    mapping = str(PROJECT_ROOT / "data" / "mappings" / "pg17.yml")
    spoiled = root / "spoiled"
    spoiled.mkdir()
    policies = pl.read_parquet(bench / "pg17" / "policies.parquet")
    policies.gather_every(2).write_parquet(spoiled / "policies.parquet")
    claims = pl.read_parquet(bench / "pg17" / "claims.parquet").with_row_index("n")
    zeroed = pl.when(pl.col("n") % 20 == 0).then(0.0).otherwise("claim_amount").alias("claim_amount")
    claims.with_columns(zeroed).drop("n").write_parquet(spoiled / "claims.parquet")
    good = ratewright(data, "gate", "--delivery", str(bench / "pg17"), "--mapping", mapping)
    bad = ratewright(data, "gate", "--delivery", str(spoiled), "--mapping", mapping)
    named = [line for line in bad["text"].splitlines() if line.startswith("- **")]
    return {"good": brief(good), "bad": brief(bad), "named": named}


def evaluation(settings: Settings, client: str) -> dict[str, Any]:
    """Judgements of the latest published version."""
    folder = settings.published / "rate_tables" / str(RATING_YEARS[client])
    version = (folder / f"{client}.latest").read_text().strip()
    covers: dict[str, Any] = json.loads((folder / version / "evaluation.json").read_text())["covers"]
    judged = {cover: made["judgement"] for cover, made in covers.items()}
    kept = ["rows", "claim_count", "deviance_constant", "deviance_model", "deviance_charged", "gini_model",
            "gini_cost_model", "gini_charged", "gini_amount_model", "gini_amount_charged",
            "actual_over_expected_claims", "actual_over_expected_amount"]  # fmt: skip
    return {c: {k: j[k] if j[k] is None else round(j[k], 4) for k in kept} for c, j in judged.items()}


def main() -> None:
    """Run everything and print one line of JSON."""
    folder = os.environ.get("RATEWRIGHT_BENCH_DATA")
    if not folder:
        print("skipped: RATEWRIGHT_BENCH_DATA is not set, so there is no real data to run on")
        return
    bench = Path(folder)
    found: dict[str, Any] = {}
    with TemporaryDirectory(prefix="ratewright-spine-") as scratch:
        root = Path(scratch)
        data = root / "data"
        settings = Settings(data_dir=data)
        for client in RATING_YEARS:
            run = run_client(data, bench, client)
            found[client] = brief(run)
            if client != "cincinnati_fleet":
                found[client]["judged"] = evaluation(settings, client)
            else:
                found[client]["warned"] = [x for x in run["text"].splitlines() if x.startswith("gate:")]
        found["pg17"] |= judge_pg17(settings, bench)
        again = run_client(data, bench, "pg17")
        found["pg17"]["again"] = brief(again) | {
            "landed_nothing": "nothing new" in again["text"],
            "same_bytes": "stands already" in again["text"],
        }
        found["gate"] = spoiled_gate(data, bench, root)
        shutil.rmtree(data)
    line = json.dumps(found)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "spine.json").write_text(json.dumps(found, indent=1) + "\n")
    print(line)


if __name__ == "__main__":
    main()
