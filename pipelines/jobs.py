"""The job, when it runs, and what sets it off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.dead_runs import fail_dead_runs
from pipelines.errors import InputError
from pipelines.landing.mapping import load_mapping
from pipelines.repricing import mapping_of, next_rating_year
from pipelines.settings import Settings, settings

READY = "_READY"


def asked(client: str, rating_year: int, delivery: Path | str = "") -> dict[str, Any]:
    """The run configuration of a client, delivery and rating year."""
    told = {"client": client, "rating_year": rating_year, "delivery": str(delivery)}
    return {"resources": {"repricing": {"config": told}}}


annual_repricing = dg.define_asset_job(
    "annual_repricing",
    selection=dg.AssetSelection.all(),
    description="From a delivery to the rate table of a rating year, gates included. Say which client and "
    "year: nothing is run that was not asked for.",
    # What the launchpad shows to be filled in; as it stands it is refused.
    config=asked("", 0),
    executor_def=dg.in_process_executor,
)


def yearly_schedules(here: Settings) -> list[dg.ScheduleDefinition]:
    """The yearly repricing of the clients that the installation names; none where it names none."""
    clients = [name.strip() for name in here.yearly_clients.split(",") if name.strip()]
    return [_yearly(here, clients)] if clients else []


def _yearly(here: Settings, clients: list[str]) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="yearly_repricing",
        job=annual_repricing,
        cron_schedule="0 6 1 11 *",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"On the first of November, in time for the coming year: {', '.join(clients)}.",
    )
    def yearly_repricing(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        year = context.scheduled_execution_time.year + 1
        for client in clients:
            yield dg.RunRequest(
                run_key=f"{client}-{year}", run_config=asked(client, year, here.landing / client)
            )

    return yearly_repricing


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Fails runs whose process was killed, so that the next in the queue can start.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Fail runs that nobody is working on; it starts none."""
    failed = fail_dead_runs(context.instance)
    return dg.SkipReason(f"{len(failed)} runs were failed" if failed else "every run has its process")


@dg.sensor(
    job=annual_repricing,
    default_status=dg.DefaultSensorStatus.STOPPED,
    minimum_interval_seconds=60,
    description=f"A folder in data/landing/<client> with the file {READY}, for a client with a mapping.",
)
def new_delivery(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run for every delivery that says it is complete; each runs once.

    The rating year is the one after the mapping's valuation date, else after the day of the marker.
    """
    ready = sorted(settings().landing.glob(f"*/{READY}"))
    if not ready:
        yield dg.SkipReason(f"no delivery in data/landing has a file {READY}")
    for marker in ready:
        client, moment = marker.parent.name, marker.stat()
        try:
            mapping = load_mapping(mapping_of(client))
        except InputError as error:
            context.log.warning(f"{client} is ready and cannot be run: {error}")
            continue
        day = dt.datetime.fromtimestamp(moment.st_mtime, dt.UTC).date()
        yield dg.RunRequest(
            run_key=f"{client}-{moment.st_mtime_ns}",
            run_config=asked(client, next_rating_year(mapping, None, day), marker.parent),
        )
