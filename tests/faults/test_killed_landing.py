"""A landing that is killed, whenever, and run again ends where an undisturbed one ends.

`make prove-kills` kills at fifty moments; the test suite at a few.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.landing.land import land
from pipelines.landing.mapping import load_mapping
from pipelines.landing.places import Places
from pipelines.repricing import SIMULATED
from simulator import simulate
from tests.faults.processes import KILLS, SERVER


def _land(delivery: Path, root: Path) -> None:
    land(delivery, load_mapping(SIMULATED), Places.under(root), "key")


def run(delivery: Path, root: Path, kill_after: float | None = None) -> float:
    """Land in another process, which may be killed; return how long it took."""
    process = SERVER.Process(target=_land, args=(delivery, root))
    process.start()
    began = time.monotonic()
    if kill_after is not None:
        process.join(kill_after)
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
    process.join(120)
    if kill_after is None:
        assert process.exitcode == 0
    return time.monotonic() - began


def everything(root: Path) -> dict[str, bytes]:
    files = (p for p in root.rglob("*") if p.is_file() and p.name != ".landing.lock")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("kills") / "brand"
    made = simulate(vehicles=60, years=1, seed=3, out=out, defects=0.02, later_months=1)
    for path in (made.delivery / "telematics").iterdir():
        if path.stem < "trips_2023-11":
            path.unlink()
    return [made.delivery, *made.later]


@pytest.fixture(scope="module")
def undisturbed(
    deliveries: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, bytes], list[float]]:
    root = tmp_path_factory.mktemp("undisturbed")
    run(deliveries[0], tmp_path_factory.mktemp("warm"))
    seconds = [run(delivery, root) for delivery in deliveries]
    return root, everything(root), seconds


def test_every_moment_of_a_landing_may_be_its_last(
    deliveries: list[Path], tmp_path: Path, undisturbed: tuple[Path, dict[str, bytes], list[float]]
) -> None:
    _, expected, seconds = undisturbed
    moments = random.Random(20_260_101)
    killed = 0
    for number in range(KILLS):
        root = tmp_path / f"killed_{number}"
        for delivery, usual in zip(deliveries, seconds, strict=True):
            after = moments.uniform(0, usual)
            killed += run(delivery, root, kill_after=after) >= after
            run(delivery, root)
        assert everything(root).keys() == expected.keys()
        assert everything(root) == expected
        shutil.rmtree(root)
    assert killed


def _step_kills(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Die at the given step of a commit, as a killed process does: without another word."""
    real: Callable[..., Path] = Path.replace
    count = 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal count
        if ".staging" in self.parts:
            count += 1
            if count == number:
                raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.parametrize("number", [7])
def test_a_commit_that_stops_half_way_is_finished_by_the_next_landing(
    deliveries: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    undisturbed: tuple[Path, dict[str, bytes], list[float]],
) -> None:
    root = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        _step_kills(patch, number)
        with pytest.raises(KeyboardInterrupt):
            _land(deliveries[0], root)
    for delivery in deliveries:
        run(delivery, root)
    assert everything(root) == undisturbed[1]
