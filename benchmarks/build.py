"""Land a delivery and build its warehouse without Dagster, for benchmarks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pipelines.landing.land import land as bring
from pipelines.landing.mapping import load_mapping
from pipelines.landing.parameters import write_lake_parts, write_parameters
from pipelines.landing.places import Places
from pipelines.settings import PROJECT_ROOT
from pipelines.warehouse.project import DBT_PROJECT, dbt_executable

MAPPING = PROJECT_ROOT / "data" / "mappings" / "simulated.yml"
RATING_YEAR = 2026


def land(delivery: Path, data: Path) -> Path:
    """Land a simulated delivery under a data folder, and return its lake."""
    places = Places.under(data)
    bring(delivery, load_mapping(MAPPING), places, "benchmark")
    describe(places.lake)
    return places.lake


def describe(lake: Path) -> None:
    """Write what a run writes beside the sources."""
    write_parameters(lake, load_mapping(MAPPING), RATING_YEAR, None)
    write_lake_parts(lake)


def build(lake: Path, warehouse: Path, *words: str, memory_limit: str = "2GB") -> str:
    """Run dbt on a lake; `words` replace `build`. Returns what dbt said.

    Raises:
        SystemExit: dbt failed.
    """
    environment = {
        **os.environ,
        "RATEWRIGHT_LAKE": str(lake),
        "RATEWRIGHT_WAREHOUSE": str(warehouse),
        "RATEWRIGHT_MEMORY_LIMIT": memory_limit,
        "RATEWRIGHT_THREADS": "2",
        "DBT_TARGET_PATH": str(warehouse.with_suffix(".target")),
        "DBT_LOG_PATH": str(warehouse.with_suffix(".logs")),
        "DO_NOT_TRACK": "1",
    }
    command = [str(dbt_executable()), "--no-use-colors", *(words or ("build",))]
    command += ["--profiles-dir", str(DBT_PROJECT)]
    if not words:
        command += ["--exclude-resource-type", "unit_test"]
    done = subprocess.run(
        command, cwd=DBT_PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout
