"""A run that is killed is over: the next one starts, and nobody finds it still running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.client_lock import held
from pipelines.dead_runs import fail_dead_runs, is_gone, this_process
from pipelines.errors import RunError
from tests.conftest import PROJECT

RUN = """
import sys, time
import dagster as dg
from pipelines.repricing import Repricing

@dg.asset
def slow(repricing: Repricing) -> None:
    print("at work", flush=True)
    time.sleep(60)

with dg.DagsterInstance.get() as instance:
    about = Repricing(client="simulated", rating_year=2026)
    dg.materialize([slow], resources={"repricing": about}, instance=instance)
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, with its first step at work."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    environment = {**os.environ, "RATEWRIGHT_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        yield process
        process.kill()


def test_a_killed_run_is_failed_and_frees_its_client(run: subprocess.Popen[str], tmp_path: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert fail_dead_runs(instance) == []
        (started,) = instance.get_runs()
        assert started.status is dg.DagsterRunStatus.STARTED
        held_by = rf"simulated is held by process {run.pid} \(run for 2026, {started.run_id[:8]} in Dagster"
        with (
            pytest.raises(RunError, match=held_by),
            held(tmp_path, "simulated", "ratewright run for 2027", patience=0),
        ):
            pass
        with held(tmp_path, "other", "another client", patience=0):
            pass
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert fail_dead_runs(instance) == [started.run_id]
        over = instance.get_run_by_id(started.run_id)
        assert over is not None
        assert over.status is dg.DagsterRunStatus.FAILURE
        assert fail_dead_runs(instance) == []
    with held(tmp_path, "simulated", "ratewright run for 2027", patience=0):
        pass


def test_a_process_is_known_by_more_than_its_number() -> None:
    mine = this_process()
    assert not is_gone(mine)
    host, boot, pid, started = mine.split(":")
    assert is_gone(f"{host}:{boot}:{pid}:{int(started) + 1}")
    assert is_gone(f"{host}:another-start-of-the-machine:{pid}:{started}")
    assert not is_gone(f"another-machine:{boot}:{pid}:1")
    for unknown in ("", "x", f"{host}::"):
        assert not is_gone(unknown)


def test_a_process_that_holds_a_client_holds_it_on(tmp_path: Path) -> None:
    with held(tmp_path, "acme", "ratewright run"):
        with held(tmp_path, "acme", "its run in Dagster", patience=0):
            pass
        note = (tmp_path / "locks" / "acme.json").read_text()
        assert "ratewright run" in note
        other = "from pipelines.client_lock import held; from pathlib import Path; import sys\n"
        other += "with held(Path(sys.argv[1]), 'acme', 'x', patience=0): pass"
        command = [sys.executable, "-c", other, str(tmp_path)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert f"acme is held by process {os.getpid()} (ratewright run, since " in done.stderr
