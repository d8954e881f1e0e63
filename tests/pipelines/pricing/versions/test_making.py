"""What becomes of a table that a run has built: a draft, or the first price of a client that says so."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from pipelines.pricing.versions import making
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.making import draft_rate_table
from pipelines.pricing.workflow import Action, State
from pipelines.repricing import Plan
from pipelines.settings import Settings
from tests.conftest import MAPPING
from tests.pipelines.pricing.versions.examples import desk, parts, tree


class Run:
    """Runs of one client, each of which has built some table."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, **mapping: Any) -> None:
        path = root / "acme.yml"
        path.write_text(yaml.safe_dump({**MAPPING, **mapping}))
        self.plan = Plan(root, path, 2026, None, Settings(data_dir=root, user="Ann"))
        self.built = parts()
        monkeypatch.setattr(making, "_parts", lambda *_: self.built)

    def __call__(self, built: VersionParts | None = None) -> tuple[State, bool]:
        self.built = built or parts()
        forecast: Any = SimpleNamespace(models={"damage": None})
        drafted = draft_rate_table(self.plan, forecast)
        assert drafted is not None
        return drafted[1].state, drafted[2]


def test_a_run_makes_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, monkeypatch)
    assert run() == (State.DRAFT, True)
    assert not (tmp_path / "published").exists()


def test_the_first_table_goes_in_force_where_the_mapping_says_so_and_the_next_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch, first_rate_table="in_force")
    assert run() == (State.IN_FORCE, True)
    before = tree(tmp_path)
    assert run() == (State.IN_FORCE, False)
    assert tree(tmp_path) == before
    assert run(parts(loading=0.2)) == (State.DRAFT, True)


def test_a_first_table_that_people_took_in_hand_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch)
    run()
    (name,) = desk(tmp_path).standings()
    desk(tmp_path, "Bob").act(Action.REJECT, name, "too dear")
    eager = Run(tmp_path, monkeypatch, first_rate_table="in_force")
    assert eager() == (State.REJECTED, False)
    assert eager(parts(loading=0.2)) == (State.DRAFT, True)


def test_a_first_draft_that_a_killed_run_left_goes_in_force_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run(tmp_path, monkeypatch)()
    assert Run(tmp_path, monkeypatch, first_rate_table="in_force")() == (State.IN_FORCE, False)


def test_a_forecast_without_a_cover_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty: Any = SimpleNamespace(models={})
    assert draft_rate_table(Run(tmp_path, monkeypatch).plan, empty) is None
    assert not (tmp_path / "rates").exists()
