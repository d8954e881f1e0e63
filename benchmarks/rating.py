"""Speed of the rating engine, and whether a traced price is the vectorised one: one line of JSON.

[CONTRACTS=1000000] [VEHICLES=N [SEED=1] [SCRATCH=DIR]] .venv/bin/python -m benchmarks.rating

Rates generated contracts of a tariff of the integrated plan's size (seven covers, seven factors, three tiers)
and traces ten thousand of them. With VEHICLES, a brand of that size is simulated for four years (in SCRATCH,
to keep it), and the table of the first three is judged on the fourth and in a market of two insurers
(`benchmarks.market`). What was found is kept in results/.
"""

from __future__ import annotations

import json
import os
import sys
import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from models_ml.rating import (
    CostLine,
    CoverLoading,
    Limit,
    RateTable,
    Rounding,
    Tariff,
    TierPlan,
    Tracer,
    build_tariff,
    price_of,
    rate_contracts,
)

COVERS = (
    "glass", "maintenance", "own_damage", "roadside",
    "third_party_injury", "third_party_property", "wear_parts",
)  # fmt: skip
LEVELS = {"make": 12, "model": 60, "powertrain": 4, "vehicle_age": 11, "annual_mileage": 6, "region": 31}
SCORES = {"95-100": 0.88, "90-94": 0.92, "80-89": 0.98, "70-79": 1.05, "60-69": 1.12, "*": 1.0}
TIERS = {"Basic": 4, "Standard": 6, "Premium": 7}
TRACED = 10_000
RESULTS = Path(__file__).with_name("results")


def generated_tariff(seed: int) -> Tariff:
    """Rates drawn at random, as many as a real table has."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for cover in COVERS:
        base = Decimal(int(rng.integers(20_000, 300_000))) / 100
        rows.append((cover, "base", "base", None, base, Decimal(int(rng.integers(0, 5_000))) / 100, 1.0))
        for factor, number in LEVELS.items():
            drawn = np.round(rng.lognormal(0, 0.25, number + 1), 4)
            names = [*(f"{factor} {n}" for n in range(number)), "*"]
            rows += [
                (cover, factor, n, None, None, None, float(r)) for n, r in zip(names, drawn, strict=True)
            ]
    schema = {
        "cover": pl.String, "factor": pl.String, "level": pl.String, "level_order": pl.Int64,
        "base_rate": pl.Decimal(18, 2), "fixed_amount": pl.Decimal(18, 2), "relativity": pl.Float64,
    }  # fmt: skip
    rates = RateTable(pl.DataFrame(rows, schema=schema, orient="row"))
    plans = [
        TierPlan(
            tier,
            COVERS[:covers],
            (
                CostLine("insurance", 1, Decimal(8_000), Decimal("0.125")),
                CostLine("operations", 1, Decimal(300)),
            ),
            {"maintenance": Limit("4", 0.9)},
            target_margin=Decimal("0.042"),
            minimum=Decimal(1_000),
            maximum=Decimal(60_000),
            rounding=Rounding(Decimal(10)),
        )
        for tier, covers in TIERS.items()
    ]
    loadings = dict.fromkeys(COVERS, CoverLoading(0.06, 0.12, 0.042))
    return build_tariff(rates, loadings, plans, {"maintenance": "services"}, {"driving_score": SCORES})


def generated_contracts(rows: int, seed: int) -> pl.DataFrame:
    """Contracts with levels of the table, one in a hundred not listed."""
    rng = np.random.default_rng(seed)
    names = {factor: [f"{factor} {n}" for n in range(number)] for factor, number in LEVELS.items()}
    names["driving_score"] = list(SCORES)
    columns = {}
    for factor, own in names.items():
        levels = pl.Series([*own, "not listed"])
        drawn = np.where(rng.random(rows) < 0.01, len(own), rng.integers(0, len(own), rows))
        columns[factor] = levels.gather(drawn)
    return pl.DataFrame({"tier": pl.Series(list(TIERS)).gather(rng.integers(0, 3, rows)), **columns})


def main() -> None:
    """Rate, trace, judge, print."""
    number = int(os.environ.get("CONTRACTS", "1000000"))
    tariff, book = generated_tariff(1), generated_contracts(number, 2)
    print(f"rating {number:,} contracts ...", file=sys.stderr)
    began = time.perf_counter()
    prices = rate_contracts(tariff, book)["price"]
    seconds = time.perf_counter() - began
    traced = min(TRACED, number)
    print(f"tracing {traced:,} of them ...", file=sys.stderr)
    sample = np.random.default_rng(3).choice(number, traced, replace=False)
    tracer = Tracer(tariff)
    shown = [price_of(tracer.trace(contract)) for contract in book[sample].iter_rows(named=True)]
    found: dict[str, object] = {
        "contracts": number,
        "rate_s": round(seconds, 2),
        "trace_mismatches": sum(a != b for a, b in zip(shown, prices.gather(sample), strict=True)),
    }
    name = "rating.json"
    if "VEHICLES" in os.environ:
        vehicles, seed = int(os.environ["VEHICLES"]), int(os.environ.get("SEED", "1"))
        found |= {"vehicles": vehicles, "seed": seed, **_judged(vehicles, seed)}
        name = f"rating-{vehicles}-seed-{seed}.json"
    (RESULTS / name).write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


def _judged(vehicles: int, seed: int) -> dict[str, object]:
    from benchmarks.market import judged
    from benchmarks.simulated_year import prepare

    with TemporaryDirectory(prefix="ratewright-rating-") as scratch:
        return judged(prepare(vehicles, seed, Path(os.environ.get("SCRATCH", scratch))))


if __name__ == "__main__":
    main()
