"""One run of the whole job on a small simulated portfolio, shared by the tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.warehouse.project import DBT_PROJECT, dbt_executable
from simulator import simulate
from tests.conftest import PROJECT

MAPPING = PROJECT / "data" / "mappings" / "simulated.yml"


@dataclass(frozen=True)
class Installation:
    """A data folder that the job has run in."""

    data: Path
    delivery: Path
    client: str = "simulated"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / f"{self.client}.duckdb"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "RATEWRIGHT_DATA_DIR": str(self.data),
            "RATEWRIGHT_LAKE": str(self.data / "lake" / self.client),
            "RATEWRIGHT_WAREHOUSE": str(self.warehouse),
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "DO_NOT_TRACK": "1",
        }

    def ratewright(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipelines.cli", *words]
        return subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        return self.ratewright(
            "run",
            "--delivery",
            str(self.delivery),
            "--mapping",
            str(MAPPING),
            "--rating-year",
            "2026",
        )

    def dbt(self, *words: str, target: Path) -> subprocess.CompletedProcess[str]:
        command = [
            str(dbt_executable()),
            "--no-use-colors",
            *words,
            "--profiles-dir",
            str(DBT_PROJECT),
        ]
        environment = {
            **self.environment(),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
        }
        return subprocess.run(
            command, cwd=DBT_PROJECT, env=environment, capture_output=True, text=True, check=False
        )

    def query(self, sql: str) -> pl.DataFrame:
        with duckdb.connect(self.data / "serving" / f"{self.client}.duckdb", read_only=True) as con:
            return con.sql(sql).pl()

    def published(self) -> dict[str, bytes]:
        root = self.data / "published"
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    root = tmp_path_factory.mktemp("installation")
    made = Installation(root / "data", root / "delivery")
    simulate(vehicles=400, years=3, seed=5, out=made.delivery)
    done = made.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return made
