"""The job, when it runs, and what sets it off."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.repricing import MAPPINGS
from pipelines.settings import settings

annual_repricing = dg.define_asset_job(
    "annual_repricing",
    selection=dg.AssetSelection.all(),
    description="From a delivery to the rate table of a rating year, gates included.",
    executor_def=dg.in_process_executor,
)

yearly_repricing = dg.ScheduleDefinition(
    name="yearly_repricing",
    job=annual_repricing,
    cron_schedule="0 6 1 11 *",
    execution_timezone="Asia/Shanghai",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="On the first of November, in time for the coming rating year.",
)


@dg.sensor(
    job=annual_repricing,
    default_status=dg.DefaultSensorStatus.STOPPED,
    minimum_interval_seconds=60,
    description="A folder in data/landing/<client> with the file _READY, for a client with a mapping.",
)
def new_delivery(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run for every delivery that says it is complete; each runs once."""
    ready = sorted(settings().landing.glob("*/_READY"))
    if not ready:
        yield dg.SkipReason("no delivery in data/landing has a file _READY")
    for marker in ready:
        mapping = MAPPINGS / f"{marker.parent.name}.yml"
        if not mapping.exists():
            context.log.warning(f"{marker.parent.name} is ready but has no mapping {mapping.name}")
            continue
        config = {"delivery": str(marker.parent), "mapping": str(mapping)}
        yield dg.RunRequest(
            run_key=f"{marker.parent.name}-{marker.stat().st_mtime_ns}",
            run_config={"resources": {"repricing": {"config": config}}},
        )
