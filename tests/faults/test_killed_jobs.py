"""The whole job, killed at any moment and run again, publishes the bytes of one that was left alone.

Each kill costs a run, so this is done by `make prove-kills` alone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from simulator import simulate
from tests.conftest import PROJECT
from tests.faults.processes import KILLS
from tests.pipeline.conftest import MAPPING, Installation

LEAST_KILLS = 10
pytestmark = pytest.mark.skipif(
    KILLS < LEAST_KILLS, reason="a run of half a minute for every kill: make prove-kills"
)
KEPT = ("published", "forecasts", "models", "lake", "ledger", "held")


def tree(data: Path) -> dict[str, bytes]:
    """What a job leaves, but for the log of who did what when, and locks."""
    files = (p for name in KEPT for p in (data / name).rglob("*") if p.is_file())
    return {
        p.relative_to(data).as_posix(): p.read_bytes()
        for p in files
        if p.suffix != ".lock" and p.name not in (".landing.lock", "rates.head")
    }


def start(made: Installation) -> subprocess.Popen[bytes]:
    words = ["--delivery", str(made.delivery), "--mapping", str(MAPPING), "--rating-year", "2026"]
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "run", *words],
        cwd=PROJECT,
        env=made.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_every_moment_of_the_job_may_be_its_last(tmp_path: Path) -> None:
    delivery = tmp_path / "brand"
    simulate(vehicles=60, years=2, seed=3, out=delivery)
    undisturbed = Installation(tmp_path / "undisturbed", delivery)
    assert undisturbed.run().returncode == 0
    again = Installation(tmp_path / "again", delivery)
    began = time.monotonic()
    assert again.run().returncode == 0
    usual = time.monotonic() - began
    expected = tree(undisturbed.data)
    assert tree(again.data) == expected
    chance = random.Random(20_260_101)
    for _ in range(KILLS):
        mine = Installation(tmp_path / "killed", delivery)
        process = start(mine)
        time.sleep(chance.uniform(2.0, usual))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done = mine.run()
        assert done.returncode == 0, done.stderr
        assert tree(mine.data) == expected
        with dg.DagsterInstance.from_config(str(mine.data / "dagster")) as instance:
            assert all(run.is_finished for run in instance.get_runs())
        shutil.rmtree(mine.data)
