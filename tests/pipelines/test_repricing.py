"""What a run is about is said when it is started, and is one thing to all its steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from pipelines import repricing
from pipelines.definitions import defs
from pipelines.errors import InputError
from pipelines.jobs import annual_repricing, asked, yearly_schedules
from pipelines.landing.mapping import load_mapping
from pipelines.repricing import SIMULATED, Plan, Repricing, next_rating_year
from pipelines.settings import Settings


@pytest.fixture(autouse=True)
def data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setattr("pipelines.repricing.settings", lambda: Settings(data_dir=folder))
    return folder


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"client": "", "rating_year": 0}, "client (a mapping in data/mappings"),
        ({"client": "  ", "rating_year": 2026}, "client (a mapping in data/mappings"),
        ({"client": "simulated", "rating_year": 0}, "rating_year, a year such as 2026; found none"),
        ({"client": "simulated", "rating_year": 26}, "rating_year, a year such as 2026; found 26"),
        ({"client": "simulatd", "rating_year": 2026}, "did you mean 'simulated'"),
        ({"client": "pg17", "rating_year": 2026}, "the delivery of pg17, a folder; found none"),
        (
            {"client": "pg17", "rating_year": 2026, "delivery": "x", "mapping": str(SIMULATED)},
            "mapping of pg17",
        ),
        ({"client": "simulated", "rating_year": 2026, "valuation_date": "31.12."}, "a day like 2025-12-31"),
    ],
)
def test_what_is_not_said_is_refused_in_one_line_that_says_what_to_give(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as refused:
        Repricing(**given).plan()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_simulated_portfolio_is_asked_for_by_name(data: Path) -> None:
    plan = Repricing(client="simulated", rating_year=2026).plan()
    assert (plan.client, plan.is_simulated) == ("simulated", True)
    assert plan.delivery == data.resolve() / "landing" / "simulated"
    own = Repricing(client="simulated", rating_year=2026, delivery=str(data / "brand")).plan()
    assert not own.is_simulated


def test_a_run_that_says_nothing_does_not_begin() -> None:
    @dg.asset
    def touched(repricing: Repricing) -> None:  # noqa: ARG001 - Dagster reads the name
        pytest.fail("a step ran")

    resources = {"repricing": Repricing.configure_at_launch()}
    with pytest.raises(dg.DagsterInvalidConfigError, match="Missing required config entry"):
        dg.materialize([touched], resources=resources)
    empty = annual_repricing.config
    assert isinstance(empty, dict)
    run = dg.materialize([touched], resources=resources, run_config=empty, raise_on_error=False)
    assert not run.success
    (ended,) = [event for event in run.all_events if event.is_run_failure]
    assert "such as acme with its delivery; or simulated) and rating_year; found no client" in str(ended)


def test_the_launchpad_shows_what_to_fill_in() -> None:
    shown = annual_repricing.config["resources"]["repricing"]["config"]  # type: ignore[index,call-overload]
    assert set(shown) == {"client", "rating_year", "delivery"}
    fields = Repricing.model_fields
    assert all(field.description for field in fields.values())
    assert not defs.schedules


class Clock(dt.date):
    """A calendar that moves on by a year whenever it is looked at."""

    looked = 0

    @classmethod
    def today(cls) -> Clock:
        cls.looked += 1
        return cls(2025 + cls.looked, 1, 1)


def test_every_step_of_a_run_has_one_plan_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repricing.dt, "date", Clock)
    found: list[Plan] = []

    @dg.asset
    def first(repricing: Repricing) -> None:
        found.append(repricing.plan())

    @dg.asset(deps=[first])
    def second(repricing: Repricing) -> None:
        found.append(repricing.plan())

    run = dg.materialize(
        [first, second],
        resources={"repricing": Repricing.configure_at_launch()},
        run_config=asked("simulated", 2026),
    )
    assert run.success
    assert found[0] is found[1]
    assert found[0].rating_year == 2026
    assert Clock.looked == 0


@bounded(max_examples=30, deadline=None)
@given(
    valued=st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)),
    today=st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)),
)
def test_the_next_rating_year_follows_what_is_known_and_the_clock_only_where_nothing_is(
    valued: dt.date | None, today: dt.date
) -> None:
    mapping = load_mapping(SIMULATED)
    assert next_rating_year(mapping, valued, today) == (valued.year + 1 if valued else 2026)
    undated = mapping.model_copy(update={"valuation_date": None})
    assert next_rating_year(undated, valued, today) == (valued or today).year + 1


def requests(here: Settings, moment: dt.datetime) -> Iterator[Any]:
    for schedule in yearly_schedules(here):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)
            yield from schedule.evaluate_tick(context).run_requests or []


def test_a_yearly_run_exists_for_the_clients_that_are_named_and_says_what_it_is_about(tmp_path: Path) -> None:
    november = dt.datetime(2027, 11, 1, 6, tzinfo=dt.UTC)
    assert list(requests(Settings(data_dir=tmp_path), november)) == []
    here = Settings(data_dir=tmp_path, yearly_clients="pg17, simulated")
    told = [r.run_config["resources"]["repricing"]["config"] for r in requests(here, november)]
    assert [(t["client"], t["rating_year"]) for t in told] == [("pg17", 2028), ("simulated", 2028)]
    assert told[0]["delivery"] == str(here.landing / "pg17")
