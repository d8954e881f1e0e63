"""A database that another process holds: named within seconds, and never waited for in silence."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.errors import RunError
from pipelines.warehouse import opening
from pipelines.warehouse.opening import hold_free, opened
from pipelines.warehouse.serving import publish_serving_copy, read
from tests.commands import ratewright
from tests.conftest import MAPPING

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A warehouse that a process of its own has open, and the number of the process."""
    path = tmp_path / "data" / "warehouse" / "acme.duckdb"
    path.parent.mkdir(parents=True)
    duckdb.connect(path).close()
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        yield path, holder.pid
        holder.stdin.close()


def test_file_and_process_are_named(held: tuple[Path, int]) -> None:
    path, pid = held
    for use in (
        lambda: hold_free(path, patience=0.2),
        lambda: opened(path, patience=0.2).__enter__(),
    ):
        with pytest.raises(RunError) as caught:
            use()
        told = str(caught.value)
        assert told.startswith(f"{path} is held by process {pid} (")
        assert "python" in told
        assert "\n" not in told


def test_readers_and_the_serving_copy_say_so_as_well(
    held: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE_SECONDS", 0.2)
    path, pid = held
    for use in (
        lambda: publish_serving_copy(path, tmp_path / "serving.duckdb"),
        lambda: read(path, "select 1"),
    ):
        with pytest.raises(RunError, match=f"is held by process {pid} "):
            use()


def test_a_run_ends_within_seconds_with_one_line_and_exit_1(
    held: tuple[Path, int], delivery: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "acme.yml"
    mapping.write_text(yaml.safe_dump(MAPPING))
    path, pid = held
    began = time.monotonic()
    done = ratewright(tmp_path / "data", "run", "--delivery", str(delivery), "--mapping", str(mapping),
                      "--rating-year", "2025")  # fmt: skip
    assert time.monotonic() - began < 15
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"{path} is held by process {pid} (" in line
    assert not (tmp_path / "data" / "lake").exists()


def test_a_process_that_lets_go_in_time_is_waited_for(held: tuple[Path, int]) -> None:
    path, _ = held
    hold = [sys.executable, "-c", HOLD.replace("sys.stdin.read()", "import time; time.sleep(1)")]
    other = path.with_name("other.duckdb")
    with subprocess.Popen([*hold, str(other)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        hold_free(other, patience=10)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(RunError, match=r"x\.duckdb cannot be opened: ") as caught:
        hold_free(tmp_path / "x.duckdb")
    assert "\n" not in str(caught.value)
