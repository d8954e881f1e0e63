"""A publication that is killed, whenever, leaves a whole version in force, and the next try finishes it.

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

from pipelines.pricing.workflow import Action, State, in_force
from pipelines.settings import Settings
from tests.faults.processes import KILLS, SERVER
from tests.faults.publishing import publish
from tests.pipelines.pricing.versions.examples import FILES, desk, manifest, put_in_force

SIZE = 2_000_000


def run(root: Path, new: str, old: str, kill_after: float | None = None) -> tuple[float, bool]:
    """Publish in another process, which may be killed; return how long it took and whether it was killed."""
    ready = SERVER.Event()
    process = SERVER.Process(target=publish, args=(root, new, old, ready))
    process.start()
    assert ready.wait(60)
    began = time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    killed = process.exitcode == -signal.SIGKILL
    assert process.exitcode == 0 or (killed and kill_after is not None)
    return time.monotonic() - began, killed


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """An old version in force and a new one approved, each of a size that takes a moment to write."""
    root = tmp_path_factory.mktemp("prepared")
    content = {name: os.urandom(SIZE) for name in FILES}
    old, new = (desk(root).draft(manifest(model=m), content)[0].version for m in ("m1", "m2"))
    put_in_force(root, old)
    desk(root).act(Action.SUBMIT, new)
    desk(root, "Bob").act(Action.APPROVE, new, "well")
    return root, old, new


def check_what_can_be_seen(root: Path, old: str, new: str) -> str:
    """Whole versions only, one of them in force, and a pointer to a whole one; return what is in force."""
    mine, standing = in_force(Settings(data_dir=root), 2026)
    assert standing.version in (old, new)
    assert len(mine.files(standing)) == len(FILES) + 1
    year = root / "published" / "rate_tables" / "2026"
    seen = {p.name for p in year.glob("[!.]*")}
    assert seen - {"acme.latest"} in ({old}, {old, new})
    for name in seen - {"acme.latest"}:
        sizes = {p.name: p.stat().st_size for p in (year / name).iterdir()}
        assert sizes.pop("manifest.json")
        assert sizes == dict.fromkeys(FILES, SIZE)
    pointed = (year / "acme.latest").read_text().strip()
    assert pointed in ((old,) if standing.version == old else (old, new))
    return standing.version


def check_it_can_be_finished(root: Path, old: str, new: str) -> None:
    assert desk(root).publish(new, (old,)).state is State.IN_FORCE
    assert check_what_can_be_seen(root, old, new) == new
    year = root / "published" / "rate_tables" / "2026"
    assert (year / "acme.latest").read_text() == f"{new}\n"
    left = [p.name for p in root.rglob(".*") if p.name != ".lock"]
    assert left == []
    assert [r.version for r in desk(root).log.records() if r.action is Action.PUBLISH] == [old, new]


def test_every_moment_of_a_publication_may_be_its_last(
    prepared: tuple[Path, str, str], tmp_path: Path
) -> None:
    source, old, new = prepared
    usual = []
    for number in range(2):
        shutil.copytree(source, tmp_path / f"usual_{number}")
        usual.append(run(tmp_path / f"usual_{number}", new, old)[0])
        assert check_what_can_be_seen(tmp_path / f"usual_{number}", old, new) == new
    moments = random.Random(20_260_101)
    killed = 0
    for number in range(KILLS):
        root = tmp_path / f"killed_{number}"
        shutil.copytree(source, root)
        killed += run(root, new, old, kill_after=moments.uniform(0, min(usual)))[1]
        check_what_can_be_seen(root, old, new)
        check_it_can_be_finished(root, old, new)
        shutil.rmtree(root)
    assert killed


STEPS = {"copied": 1, "recorded": 2, "counted": 3, "pointed": 4}


@pytest.mark.parametrize(("step", "number"), STEPS.items())
def test_a_publication_that_dies_at_a_step_has_not_done_it(
    prepared: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    source, old, new = prepared
    root = tmp_path / "stopped"
    shutil.copytree(source, root)
    count = 0

    def dying(real: Callable[..., Path]) -> Callable[..., Path]:
        def move(self: Path, target: Path) -> Path:
            nonlocal count
            count += 1
            if count == number:
                raise KeyboardInterrupt
            return real(self, target)

        return move

    with monkeypatch.context() as patch:
        for name in ("rename", "replace"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        with pytest.raises(KeyboardInterrupt):
            desk(root, "Bob").publish(new, (old,))
    assert check_what_can_be_seen(root, old, new) == (new if step in ("counted", "pointed") else old)
    assert (root / "published" / "rate_tables" / "2026" / new).exists() == (step != "copied")
    assert (root / "published" / "rate_tables" / "2026" / "acme.latest").read_text() == f"{old}\n"
    check_it_can_be_finished(root, old, new)
