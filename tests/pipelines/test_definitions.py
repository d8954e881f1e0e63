"""The asset graph: a change of structure shows in review as a change of the snapshot.

Write it anew with: UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/pipelines/test_definitions.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg

from pipelines.definitions import defs
from pipelines.jobs import yearly_schedules
from pipelines.landing.contracts import CONTRACTS
from pipelines.settings import Settings

SNAPSHOT = Path(__file__).with_name("asset_graph.json")


def graph() -> dict[str, dict[str, object]]:
    assets = defs.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "group": assets.get(key).group_name,
            "needs": sorted(parent.to_user_string() for parent in assets.get(key).parent_keys),
        }
        for key in sorted(assets.get_all_asset_keys(), key=lambda k: k.to_user_string())
    }


def test_the_asset_graph_is_the_one_that_was_reviewed() -> None:
    found = json.dumps(graph(), indent=1) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


def test_every_asset_has_an_owner_a_group_and_a_description() -> None:
    assets = defs.resolve_asset_graph()
    for key in assets.get_all_asset_keys():
        node = assets.get(key)
        assert node.group_name != "default", key
        assert node.owners, key
        assert node.description, key


def test_the_gate_blocks_every_landed_source() -> None:
    gates = [s for d in defs.asset_checks or [] for s in d.check_specs if s.name == "delivery_gate"]
    assert {s.asset_key.path[-1] for s in gates} == {*CONTRACTS, "run_parameters"}
    assert all(spec.blocking for spec in gates)


def test_what_runs_by_itself_is_off_until_somebody_turns_it_on() -> None:
    (schedule,) = yearly_schedules(Settings(yearly_clients="simulated"))
    (sensor,) = (found for found in defs.sensors or [] if found.name != "dead_runs")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED


def test_nothing_is_scheduled_until_somebody_says_for_whom() -> None:
    assert not defs.schedules
