"""Three simulated years and the one after them, landed and built: what the forecast is judged on.

VEHICLES=N [SEED=1] SCRATCH=DIR .venv/bin/python -m benchmarks.simulated_year

A brand without frauds, whose expected cost is known. The warehouse `learn.duckdb` knows the first three
years, as they stood on their last day; `judge.duckdb` knows the fourth as well. A folder that holds them
already is taken as it is.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import dataclass
from pathlib import Path

YEARS, LATER_MONTHS = 3, 12
RATING_YEAR = 2026
ASKED = {"VEHICLES": "5000", "SEED": "1"}
LAST_DAY = dt.date(RATING_YEAR, 12, 31)


@dataclass(frozen=True)
class SimulatedYear:
    """Where the two warehouses and the truth lie."""

    learn: Path
    judge: Path
    truth: Path


def prepare(vehicles: int, seed: int, root: Path) -> SimulatedYear:
    """Simulate, land and build under `root`; what stands there already is not made again."""
    made = SimulatedYear(root / "learn.duckdb", root / "judge.duckdb", root / "brand_truth")
    if (root / "DONE").exists():
        return made
    from benchmarks.build import build, land
    from pipelines.landing.mapping import load_mapping
    from pipelines.landing.parameters import write_parameters
    from simulator import simulate

    def say(text: str) -> None:
        print(f"{text} ...", file=sys.stderr, flush=True)

    say(f"simulating {vehicles:,} vehicles, four years")
    brand = simulate(
        vehicles, YEARS, seed=seed, out=root / "brand", fraud_rate=0.0, later_months=LATER_MONTHS
    )
    say("landing and building three years")
    lake = land(brand.delivery, root / "data")
    build(lake, made.learn)
    say("landing and building the fourth")
    for delivery in brand.later:
        land(delivery, root / "data")
    from benchmarks.build import MAPPING

    write_parameters(lake, load_mapping(MAPPING), RATING_YEAR, LAST_DAY)
    build(lake, made.judge)
    (root / "DONE").write_text("")
    return made


def main() -> None:
    """Prepare what VEHICLES, SEED and SCRATCH ask for."""
    vehicles, seed = (int(os.environ.get(name, default)) for name, default in ASKED.items())
    print(prepare(vehicles, seed, Path(os.environ["SCRATCH"])))


if __name__ == "__main__":
    main()
