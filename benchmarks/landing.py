"""Land a simulated brand and print what it took, beside DuckDB copying the same trips: one line of JSON.

`copy_ratio` is the time to land the trips over the time to copy them (mean of one copy before and one
after); `land_s` and `everything_over_copy` count the thirteen other sources as well.

VEHICLES=N .venv/bin/python -m benchmarks.landing

Each step runs in a process of its own, so that its peak memory is its own. The delivery that is timed is
clean; a second one with defects says whether every defect is found and no clean row refused.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.settings import PROJECT_ROOT

RESULTS = Path(__file__).with_name("results")
MAPPING = PROJECT_ROOT / "data" / "mappings" / "simulated.yml"
DEFECTS_VEHICLES, DEFECT_RATE = 2_000, 0.01
YEARS = 3
_CASTS = """
    cast(vin as varchar) as vehicle_id, cast(start_utc as timestamp) as started_at,
    cast(end_utc as timestamp) as ended_at, cast(km as double) as distance_km,
    cast(night_km as double) as night_km, cast(harsh_brakes as bigint) as harsh_brakes,
    cast(harsh_turns as bigint) as harsh_turns, cast(speeding_s as bigint) as speeding_s,
    cast(unbelted_s as bigint) as unbelted_s, cast(close_following_s as bigint) as close_following_s,
    cast(impact as boolean) as impact_event, cast(from_cell as varchar) as start_cell,
    cast(to_cell as varchar) as end_cell
"""


def step(name: str, *words: str) -> dict[str, Any]:
    """Run one step of this module in a process of its own; seconds and peak memory are its own."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.landing", name, *words]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {found}", file=sys.stderr, flush=True)
    return found


def simulate(out: str, vehicles: str, rate: str) -> dict[str, Any]:
    """Write the deliveries: the history, and one month more."""
    from simulator import simulate as write

    began = time.perf_counter()
    made = write(
        vehicles=int(vehicles), years=YEARS, seed=1, out=Path(out), defects=float(rate), later_months=1
    )
    trips = sum(rows for name, rows in made.files.items() if name.startswith("telematics/"))
    return {"seconds": time.perf_counter() - began, "trips": trips}


def land(delivery: str, data: str) -> dict[str, Any]:
    """Land a delivery; the seconds of its trips and of everything."""
    from pipelines.landing.land import land as bring
    from pipelines.landing.mapping import load_mapping
    from pipelines.landing.places import Places

    began = time.perf_counter()
    report = bring(Path(delivery), load_mapping(MAPPING), Places.under(Path(data)), "benchmark")
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "accepted": sum(e.accepted for e in report.landed)}


def copy(delivery: str, out: str) -> dict[str, Any]:
    """What DuckDB needs to write the same trip files as zstd Parquet with the same casts."""
    import duckdb

    Path(out).mkdir(exist_ok=True)
    began = time.perf_counter()
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as con:
        for path in sorted(Path(delivery, "telematics").glob("*.parquet")):
            con.execute(
                f"copy (select {_CASTS} from read_parquet('{path}')) to '{Path(out, path.name)}' "
                "(format parquet, compression zstd)"
            )
    return {"seconds": time.perf_counter() - began}


def defects(truth: str, data: str) -> dict[str, Any]:
    """Which of the injected defects were found."""
    from benchmarks.defects import find_defects
    from pipelines.landing.places import Places

    found = find_defects(Path(truth), Places.under(Path(data)), Path(truth).name.removesuffix("_truth"))
    kinds = {row["kind"]: [row["injected"], row["found"]] for row in found.kinds.iter_rows(named=True)}
    return {
        "injected": found.injected,
        "caught": found.caught,
        "clean_rejected": found.clean_rejected.height,
        "kinds": kinds,
    }


_STEPS = {"simulate": simulate, "land": land, "copy": copy, "defects": defects}


def main() -> None:
    """Run every step and print one line of JSON."""
    vehicles = int(os.environ.get("VEHICLES", "5000"))
    with TemporaryDirectory(prefix="ratewright-landing-", dir=os.environ.get("SCRATCH")) as scratch:
        root = Path(scratch)
        brand = str(root / "brand")
        made = step("simulate", brand, str(vehicles), "0")
        # The trips are a delivery of their own here, so that both write the same files and nothing else.
        telematics = root / "trips"
        telematics.mkdir()
        Path(brand, "telematics").rename(telematics / "telematics")
        lists = step("land", brand, str(root / "data"))
        copied = [step("copy", str(telematics), str(root / "copy"))]
        trips = step("land", str(telematics), str(root / "data"))
        copied.append(step("copy", str(telematics), str(root / "copy")))
        shutil.rmtree(root / "copy")
        month = step("land", f"{brand}_{_after()}", str(root / "data"))
        few = str(min(vehicles, DEFECTS_VEHICLES))
        step("simulate", str(root / "spoiled"), few, str(DEFECT_RATE))
        step("land", str(root / "spoiled"), str(root / "spoiled_data"))
        told = step("defects", str(root / "spoiled_truth"), str(root / "spoiled_data"))
    copy_s = sum(c["seconds"] for c in copied) / len(copied)
    land_s = lists["seconds"] + trips["seconds"]
    found = {
        "vehicles": vehicles,
        "trips": made["trips"],
        "simulate_s": round(made["seconds"], 1),
        "land_s": round(land_s, 1),
        "duckdb_copy_s": round(copy_s, 1),
        "copy_ratio": round(trips["seconds"] / copy_s, 3),
        "peak_gib": max(lists["peak_gib"], trips["peak_gib"]),
        "defects_injected": told["injected"],
        "defects_caught": told["caught"],
        "clean_rejected": told["clean_rejected"],
        "simulate_peak_gib": made["peak_gib"],
        "land_trips_s": round(trips["seconds"], 1),
        "everything_over_copy": round(land_s / copy_s, 3),
        "peak_gib_lists": lists["peak_gib"],
        "peak_gib_trips": trips["peak_gib"],
        "copy_peak_gib": copied[0]["peak_gib"],
        "month_s": round(month["seconds"], 1),
        "month_share": round(month["seconds"] / land_s, 4),
        "defects_by_kind": told["kinds"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"landing-{vehicles}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


def _after() -> str:
    from simulator.portfolio import START

    return f"{START.year + YEARS}-{START.month:02d}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        import resource

        outcome = _STEPS[sys.argv[1]](*sys.argv[2:])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({**outcome, "peak_gib": round(peak, 3)}))
    else:
        main()
