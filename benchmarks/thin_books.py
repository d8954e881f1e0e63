"""Forecast thin books by the thousand: every cover ends with rates, or is left out with its reason.

SIZES=50 SEEDS=20 .venv/bin/python -m benchmarks.thin_books

A brand of 2,000 vehicles is simulated, landed and built once. From it, books of 50 to 2,000 vehicles are
drawn, with claims that are known at once or a quarter late, and each is forecast, judged, described and rated
without Dagster. One line of JSON; exit 1 where anything but a table or a named reason came out.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.settings import PROJECT_ROOT

YEAR = 2026
FEWEST, MOST = 50, 2_000
LATE = 0.2
"""Share of claims that become known a quarter after that of the loss."""


def build(folder: Path, seed: int) -> Path:
    """Simulate a brand and run the job on it; the serving database."""
    here = {**os.environ, "RATEWRIGHT_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "pipelines.cli"]
    size = ["--vehicles", str(MOST), "--years", "3", "--seed", str(seed), "--out", str(folder / "brand")]
    mapping = PROJECT_ROOT / "data" / "mappings" / "simulated.yml"
    words = ["--delivery", str(folder / "brand"), "--mapping", str(mapping), "--rating-year", str(YEAR)]
    for told in (["simulate", *size], ["run", *words]):
        subprocess.run([*command, *told], cwd=PROJECT_ROOT, env=here, check=True, capture_output=True)
    return folder / "data" / "serving" / "simulated.duckdb"


def drawn(whole: Any, vehicles: int, seed: int) -> Any:
    """The experience of some vehicles of a brand, with triangles of their claims."""
    from dataclasses import replace

    rng = np.random.default_rng([seed, vehicles])
    every = whole.contracts["vehicle_id"].unique().sort().to_numpy()
    mine = rng.choice(every, min(vehicles, len(every)), replace=False)
    contracts = whole.contracts.filter(pl.col("vehicle_id").is_in(mine.tolist()))
    held = contracts.select("contract_id", "cover")
    claims = whole.claims.join(held, on=["contract_id", "cover"], how="semi")
    late = pl.Series(rng.random(claims.height) < LATE)
    dated = claims.with_columns(late=late, origin=pl.col("loss_date").dt.truncate("1q"))
    counts = {cover: _triangle(str(cover), own, None) for (cover,), own in dated.group_by("cover")}
    amounts = {cover: _triangle(str(cover), own, "amount") for (cover,), own in dated.group_by("cover")}
    return replace(whole, contracts=contracts, claims=claims, counts=counts, amounts=amounts)


def _triangle(cover: str, claims: pl.DataFrame, amount: str | None) -> Any:
    from models_ml.actuarial.triangles import Triangle

    origins = pl.date_range(claims["origin"].min(), dt.date(YEAR - 1, 10, 1), "1q", eager=True).to_list()
    values = np.full((len(origins), len(origins)), np.nan)
    for row, origin in enumerate(origins):
        own = claims.filter(pl.col("origin") == origin)
        sizes = own[amount].to_numpy() if amount else np.ones(own.height)
        for age in range(len(origins) - row):
            known = ~own["late"].to_numpy() | (age >= 1)
            values[row, age] = float(sizes[known].sum())
    return Triangle(cover, tuple(origins), values)


def forecast_book(serving: str, vehicles: int, seed: int) -> dict[str, Any]:
    """Forecast one book to the end: rates and reasons by cover, or what came out instead."""
    from models_ml.rating import CoverLoading, build_rate_table, evidence
    from pipelines.pricing.forecasting.experience import load_experience
    from pipelines.pricing.forecasting.forecast import fit_forecast
    from pipelines.pricing.report import ReportHead, evaluation_json, report_html

    first, last = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)
    began = time.perf_counter()
    told: dict[str, Any] = {"vehicles": vehicles, "seed": seed}
    try:
        book = drawn(load_experience(Path(serving), first), vehicles, seed)
        priced = {c: book.loss_date(c, first, last, dt.date(YEAR - 1, 12, 31)) for c in book.covers}
        made = fit_forecast(book, first + (last - first) / 2, seed, priced)
        head = ReportHead("book", "a book", "CNY", YEAR, first, last, first, "m", "m", "none")
        page = report_html(head, made)
        evaluation_json(made)
        if made.models:
            loads = dict.fromkeys(made.models, CoverLoading(0.1, 0.1, 0.05))
            proofs = {cover: evidence(model) for cover, model in made.models.items()}
            rates = build_rate_table(made.models, loads, book.level_orders, proofs).rates
            told["rates"] = rates.height
            finite = rates.select(pl.all_horizontal(pl.col(pl.Float64).is_finite().all())).item()
            told["finite"] = bool(finite)
        if faults := [reason for reason in made.refused.values() if "a fault of Ratewright" in reason]:
            told["escape"] = faults[0]
        silent = set(book.covers) - set(made.models) - set(made.refused)
        told |= {
            "priced": len(made.models),
            "refused": len(made.refused),
            "silent": sorted(silent),
            "not_drawn": page.count(b"could not be drawn"),
        }
    except BaseException as error:
        told["escape"] = f"{type(error).__name__}: {str(error)[:300]}"
    return told | {"seconds": round(time.perf_counter() - began, 1)}


def is_well(told: dict[str, Any]) -> bool:
    """Whether a book ended in a table or in named reasons."""
    return "escape" not in told and not told["silent"] and told.get("finite", True)


def main() -> None:
    """Forecast SIZES books of each of SEEDS seeds."""
    sizes, seeds = int(os.environ.get("SIZES") or 50), int(os.environ.get("SEEDS") or 20)
    began = time.perf_counter()
    books = [
        (int(size), seed)
        for seed in range(1, seeds + 1)
        for size in np.unique(np.geomspace(FEWEST, MOST, sizes).round())
    ]
    found = []
    with tempfile.TemporaryDirectory(prefix="ratewright-thin-") as folder:
        serving = str(build(Path(folder), 1))
        with ProcessPoolExecutor(2, get_context("spawn"), logging.disable) as pool:
            jobs = [pool.submit(forecast_book, serving, *book) for book in books]
            for number, job in enumerate(jobs, start=1):
                found.append(job.result())
                if not is_well(found[-1]):
                    print(json.dumps(found[-1]), file=sys.stderr, flush=True)
                if number % 50 == 0:
                    print(f"{number:,} of {len(books):,} books", file=sys.stderr, flush=True)
    told = {
        "books": len(found),
        "covers_priced": sum(one.get("priced", 0) for one in found),
        "covers_refused": sum(one.get("refused", 0) for one in found),
        "parts_not_drawn": sum(one.get("not_drawn", 0) for one in found),
        "escapes": sum(not is_well(one) for one in found),
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(told))
    sys.exit(1 if told["escapes"] else 0)


if __name__ == "__main__":
    main()
