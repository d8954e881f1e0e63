"""Dagster shows where a rate table stands: every change is told, none twice, and no command fails for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.pricing.observing import tell_dagster
from pipelines.pricing.workflow import Action
from pipelines.settings import PROJECT_ROOT, Settings
from tests.commands import ratewright
from tests.pipelines.pricing.versions.examples import desk, draft_of, put_in_force


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_bytes((PROJECT_ROOT / "dagster.yaml").read_bytes())
    return folder


def observed(home: Path) -> list[tuple[str, str]]:
    """Version and state of every observation, oldest first."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        found = instance.fetch_observations(dg.AssetKey("rate_table"), limit=100).records
        told = [record.asset_observation.metadata for record in reversed(found) if record.asset_observation]
    return [(str(one["version"].value), str(one["state"].value)) for one in told]


def test_what_is_done_to_a_version_is_told_and_what_it_ends_as_well(tmp_path: Path, home: Path) -> None:
    first, second = draft_of(tmp_path), draft_of(tmp_path, model="m2")
    put_in_force(tmp_path, first)
    put_in_force(tmp_path, second, (first,))
    tell_dagster(Settings(data_dir=tmp_path), desk(tmp_path))
    told = observed(home)
    assert [state for name, state in told if name == first] == [
        "draft", "in review", "approved", "in force", "retired"
    ]  # fmt: skip
    assert told[-1] in {(first, "retired"), (second, "in force")}
    desk(tmp_path).act(Action.WITHDRAW, second, "wrong currency")
    assert tell_dagster(Settings(data_dir=tmp_path), desk(tmp_path)) == 1
    assert observed(home)[len(told) :] == [(second, "retired")]
    assert tell_dagster(Settings(data_dir=tmp_path), desk(tmp_path)) == 0


def test_the_commands_tell_it(tmp_path: Path, home: Path) -> None:
    name = draft_of(tmp_path)
    assert ratewright(tmp_path, "rates", "submit", name).returncode == 0
    assert observed(home) == [(name, "draft"), (name, "in review")]


def test_without_a_dagster_home_nothing_is_told_and_dagster_is_not_even_loaded(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    code = (
        "import sys; from pipelines.cli import main; "
        f"sys.argv = ['ratewright', 'rates', 'submit', '{name}']\n"
        "try: main()\nexcept SystemExit as left: assert not left.code, left.code\n"
        "assert 'dagster' not in sys.modules"
    )
    environment = {"RATEWRIGHT_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "dagster").exists()


def test_a_broken_dagster_home_fails_no_command_and_what_was_missed_is_told_later(
    tmp_path: Path, home: Path
) -> None:
    name = draft_of(tmp_path)
    (home / "dagster.yaml").write_text("run_queue: [")
    done = ratewright(tmp_path, "rates", "submit", name)
    assert done.returncode == 0
    assert f"{name} is in review." in done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    assert "could not be told" in done.stderr
    (home / "dagster.yaml").write_bytes((PROJECT_ROOT / "dagster.yaml").read_bytes())
    tell_dagster(Settings(data_dir=tmp_path), desk(tmp_path))
    assert observed(home) == [(name, "draft"), (name, "in review")]
