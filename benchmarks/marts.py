"""Build the warehouse of a simulated brand beside one hand-tuned DuckDB script: one line of JSON.

VEHICLES=N .venv/bin/python -m benchmarks.marts

`build_s` is dbt from an empty file to every mart, its start included, its tests not (`tests_s` is what they
add); `reference_s` is benchmarks/marts_reference.sql writing the same marts. `month_s` is dbt again after one
more month has landed. `equal_rows` is how many rows of all marts are the same in both, when that is all of
them, else 0.
Each step runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.settings import PROJECT_ROOT

RESULTS = Path(__file__).with_name("results")
REFERENCE = Path(__file__).with_name("marts_reference.sql")
SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
YEARS = 3
MEMORY = "2GB"
MODELS = ("build", "--exclude-resource-type", "unit_test", "test", "--exclude", "tag:control")
TESTS = ("build", "--resource-type", "test", "model", "--select", "tag:control", "test_type:data")


def step(name: str, *words: str) -> dict[str, Any]:
    """Run one step of this module in a process of its own; seconds and peak memory are its own."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.marts", name, *words]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {found}", file=sys.stderr, flush=True)
    return found


def simulate(out: str, vehicles: str) -> dict[str, Any]:
    """Write the history, and one month more."""
    from simulator import simulate as write

    made = write(vehicles=int(vehicles), years=YEARS, seed=1, out=Path(out), later_months=1)
    return {"trips": sum(n for name, n in made.files.items() if name.startswith("telematics/"))}


def land(delivery: str, data: str, day: str = "") -> dict[str, Any]:
    """Land a delivery; with a day, the warehouse is valued at it."""
    from benchmarks.build import MAPPING, RATING_YEAR
    from benchmarks.build import land as bring
    from pipelines.landing.mapping import load_mapping
    from pipelines.landing.parameters import write_parameters

    lake = bring(Path(delivery), Path(data))
    if day:
        write_parameters(lake, load_mapping(MAPPING), RATING_YEAR, dt.date.fromisoformat(day))
    return {}


def build(lake: str, warehouse: str, *words: str) -> dict[str, Any]:
    """Run dbt, whose project has been parsed before as in any installation."""
    from benchmarks.build import build as run

    if not Path(warehouse).exists():
        run(Path(lake), Path(warehouse), "parse")
    began = time.perf_counter()
    run(Path(lake), Path(warehouse), *words, memory_limit=MEMORY)
    seconds = time.perf_counter() - began
    results = json.loads((Path(warehouse).with_suffix(".target") / "run_results.json").read_text())
    slowest = sorted(results["results"], key=lambda r: -r["execution_time"])[:5]
    told = {r["unique_id"].rpartition(".")[2]: round(r["execution_time"], 1) for r in slowest}
    return {"seconds": seconds, "executing_s": results["elapsed_time"], "slowest": told}


def reference(lake: str, warehouse: str) -> dict[str, Any]:
    """Run the hand-tuned script."""
    import duckdb

    began = time.perf_counter()
    settings = {"threads": 2, "memory_limit": MEMORY, "preserve_insertion_order": False}
    with duckdb.connect(warehouse, config=settings) as con:
        con.execute("set TimeZone = 'UTC'")
        script = REFERENCE.read_text(encoding="utf-8").replace("{lake}", lake).replace("{seeds}", str(SEEDS))
        head, _, rest = script.partition("-- for each month\n")
        monthly, _, tail = rest.partition("-- end\n")
        con.execute(head)
        for month in _months(con, Path(lake)):
            con.execute(re.sub(r"\{(\w+)\}", lambda name, of=month: str(of[name[1]]), monthly))
        scores = _scores(con)
        con.execute(re.sub(r"\{(\w+)\}", lambda name: str(scores[name[1]]), tail))
    return {"seconds": time.perf_counter() - began}


def _scores(con: Any) -> dict[str, Any]:
    cursor = con.execute("select * from s")
    names = [column[0] for column in cursor.description]
    return dict(zip(names, (f"{value!r}" for value in cursor.fetchone()), strict=True))


def _months(con: Any, lake: Path) -> list[dict[str, Any]]:
    """What the monthly part is filled in with: the files that hold the month and its window."""
    from benchmarks.build import MAPPING
    from pipelines.landing.local_time import local_sql, offsets
    from pipelines.landing.mapping import load_mapping

    zone = load_mapping(MAPPING).timezone
    scores = _scores(con)
    months = []
    for folder in sorted((lake / "trips").glob("month=*")):
        first = dt.date.fromisoformat(folder.name.removeprefix("month=") + "-01")
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        window = last - dt.timedelta(days=29)
        folders = {folder, lake / "trips" / f"month={min(window, first):%Y-%m}"}
        files = [str(p / "*.parquet") for p in sorted(folders) if p.exists()]
        # The window may reach into the month before.
        began = dt.datetime.combine(min(window, first), dt.time())
        known = offsets(zone, began - dt.timedelta(days=2), began + dt.timedelta(days=64))
        local = local_sql("started_at", known)
        months.append({**scores, "local": local, "month": first, "window": window, "files": files})
    return months


def compare(ours: str, theirs: str) -> dict[str, Any]:
    """Rows that are the same in both, and the marts in which some are not."""
    import duckdb

    different: dict[str, int] = {}
    equal = 0
    with duckdb.connect() as con:
        con.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        tables = con.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'ours' and table_schema = 'marts' order by 1"
        ).fetchall()
        for (mart,) in tables:
            columns = con.execute(f"describe ours.marts.{mart}").fetchall()
            picked = ", ".join(
                f"round({name}, 9) + 0.0 as {name}" if dtype == "DOUBLE" else f"{name}::{dtype} as {name}"
                for name, dtype, *_ in columns
            )
            sides = [f"select {picked} from {side}.marts.{mart}" for side in ("ours", "theirs")]
            ((rows, gone, added),) = con.execute(
                f"select (select count(*) from ({sides[0]})), "
                f"(select count(*) from ({sides[0]} except all {sides[1]})), "
                f"(select count(*) from ({sides[1]} except all {sides[0]}))"
            ).fetchall()
            if gone or added:
                different[mart] = gone + added
            equal += rows
    return {"equal_rows": 0 if different else equal, "different": different, "marts": len(tables)}


_STEPS = {"simulate": simulate, "land": land, "build": build, "reference": reference, "compare": compare}


def main() -> None:
    """Run every step and print one line of JSON."""
    vehicles = int(os.environ.get("VEHICLES", "5000"))
    with TemporaryDirectory(prefix="ratewright-marts-", dir=os.environ.get("SCRATCH")) as scratch:
        root = Path(scratch)
        brand, data = str(root / "brand"), str(root / "data")
        made = step("simulate", brand, str(vehicles))
        step("land", brand, data)
        found = measure(vehicles, root, Path(brand), made["trips"])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"marts-{vehicles}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


def measure(vehicles: int, root: Path, brand: Path, trips: int) -> dict[str, Any]:
    """Time both on what has landed under `root/data`, and one month more."""
    data, lake = str(root / "data"), str(root / "data" / "lake")
    warehouse = str(root / "ours.duckdb")
    # The yardstick before and after: its mean is what the machine does now.
    references = [step("reference", lake, str(root / "theirs.duckdb"))]
    built = step("build", lake, warehouse, *MODELS)
    references.append(step("reference", lake, str(root / "again.duckdb")))
    told = step("compare", warehouse, str(root / "theirs.duckdb"))
    tested = step("build", lake, warehouse, *TESTS)
    month = dt.date(2023 + YEARS, 1, 31)
    step("land", f"{brand}_{month:%Y-%m}", data, str(month))
    more = step("build", lake, warehouse, *MODELS)
    reference_s = sum(r["seconds"] for r in references) / len(references)
    return {
        "vehicles": vehicles,
        "trips": trips,
        "build_s": round(built["seconds"], 1),
        "reference_s": round(reference_s, 1),
        "ratio": round(built["seconds"] / reference_s, 3),
        "month_s": round(more["seconds"], 1),
        "month_share": round(more["seconds"] / built["seconds"], 4),
        "peak_gib": max(built["peak_gib"], more["peak_gib"]),
        "equal_rows": told["equal_rows"],
        "different": told["different"],
        "marts": told["marts"],
        "build_executing_s": round(built["executing_s"], 1),
        "month_executing_s": round(more["executing_s"], 1),
        "tests_s": round(tested["seconds"], 1),
        "slowest": built["slowest"],
        "month_slowest": more["slowest"],
        "reference_peak_gib": references[0]["peak_gib"],
        "memory_limit": MEMORY,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        outcome = _STEPS[sys.argv[1]](*sys.argv[2:])
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 2**20
        print(json.dumps({**outcome, "peak_gib": round(peak, 3)}))
    else:
        main()
