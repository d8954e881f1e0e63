"""What sets a run off: a delivery that says it is complete, once."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.jobs import new_delivery
from pipelines.landing.land import delivery_files
from pipelines.landing.mapping import load_mapping
from pipelines.repricing import MAPPINGS
from pipelines.settings import Settings
from simulator import simulate


def requests(data: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr("pipelines.jobs.settings", lambda: Settings(data_dir=data))
    with dg.DagsterInstance.ephemeral() as instance:
        return list(new_delivery(dg.build_sensor_context(instance=instance)))


def test_nothing_ready_is_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (skipped,) = requests(tmp_path, monkeypatch)
    assert isinstance(skipped, dg.SkipReason)


def test_a_delivery_that_says_it_is_complete_is_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = tmp_path / "landing" / "simulated"
    simulate(vehicles=5, years=1, seed=1, out=delivery)
    (delivery / "_READY").touch()
    (first,) = requests(tmp_path, monkeypatch)
    (again,) = requests(tmp_path, monkeypatch)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert first.run_key == again.run_key
    config = first.run_config["resources"]["repricing"]["config"]
    assert config == {"client": "simulated", "rating_year": 2026, "delivery": str(delivery)}
    # The marker itself is not taken for data.
    sent = [p for p in delivery.rglob("*.*") if p.name != "_READY"]
    assert len(delivery_files(delivery, load_mapping(MAPPINGS / "simulated.yml"))) == len(sent)


def test_a_delivery_without_a_mapping_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "landing" / "stranger").mkdir(parents=True)
    (tmp_path / "landing" / "stranger" / "_READY").touch()
    assert requests(tmp_path, monkeypatch) == []
