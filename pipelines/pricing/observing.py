"""What becomes of rate tables, told to Dagster: an observation of the asset for every change of state.

The log of the workflow decides; this only shows it. What could not be told, because there was no Dagster home
or it could not be opened, is told the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.files import write_atomically
from pipelines.pricing.workflow.desk import Desk
from pipelines.pricing.workflow.record import Record
from pipelines.pricing.workflow.rules import Standing, State, apply
from pipelines.progress import LOGGER
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

ASSET = "rate_table"
TOLD = ".told"
"""File beside the log with the number of records that Dagster knows."""


def tell_dagster(settings: Settings, desk: Desk) -> int:
    """Tell the installation's Dagster what it does not know yet; where it has none, nothing happens.

    Nothing that goes wrong here ends the command: the table is in force, or is not, all the same.

    Returns:
        How many changes were told.
    """
    home = settings.dagster_home
    if not (home / "dagster.yaml").is_file() or not _untold(desk):
        return 0
    count = 0
    # A command that has done its work does not fail because a display cannot be reached.
    try:
        import dagster as dg

        with dg.DagsterInstance.from_config(str(home)) as instance:
            for observation in untold(desk):
                instance.report_runless_asset_event(observation)
                count += 1
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        LOGGER.warning("Dagster shows this with the next command: it could not be told (%s)", reason[0][:200])
    return count


def untold(desk: Desk) -> Iterator[dg.AssetObservation]:
    """Changes that Dagster does not know, oldest first; a record counts as told once it was taken.

    Raises:
        WorkflowError: the log cannot be trusted.
    """
    known = _known(desk)
    register: dict[str, Standing] = {}
    for record in desk.log.records():
        before, register = register, apply(register, record)
        if record.number <= known:
            continue
        for standing in register.values():
            if before.get(standing.version) != standing:
                yield _observation(desk, standing, record, register)
        write_atomically(_place(desk), f"{record.number}\n".encode())


def _observation(
    desk: Desk, standing: Standing, record: Record, register: dict[str, Standing]
) -> dg.AssetObservation:
    import dagster as dg

    in_force = [s.version for s in register.values() if s.state is State.IN_FORCE]
    told: dict[str, str | int] = {
        "client": desk.client,
        "version": standing.version,
        "state": str(standing.state),
        "rating_year": standing.rating_year,
        "rates_until": str(standing.effective_to),
        "action": f"{record.action} {record.version}",
        "by": record.who,
        "at": record.at.isoformat(),
        "reason": record.reason or standing.last_reason,
        "in_force_now": ", ".join(in_force) or "none",
    }
    description = f"{standing.version} is {standing.state}"
    return dg.AssetObservation(asset_key=dg.AssetKey(ASSET), description=description, metadata=told)


def _untold(desk: Desk) -> bool:
    records = desk.log.records()
    return bool(records) and records[-1].number > _known(desk)


def _known(desk: Desk) -> int:
    place = _place(desk)
    text = place.read_text(encoding="ascii").strip() if place.is_file() else ""
    return int(text) if text.isdecimal() else 0


def _place(desk: Desk) -> Path:
    return desk.folder / TOLD
