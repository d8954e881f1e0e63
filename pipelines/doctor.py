"""Whether an installation still holds what it wrote: lake, ledger, serving copies, rate tables, models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipelines.dead_runs import PROCESS, is_gone
from pipelines.errors import RatewrightError
from pipelines.landing.integrity import faults_of_bytes, faults_of_rows
from pipelines.landing.ledger import Ledger
from pipelines.landing.places import Places
from pipelines.settings import Settings


def examine(here: Settings, client: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """What was looked at, and what is wrong with it, a line each; nothing is changed.

    Args:
        here: the installation.
        client: one client; all of them unless given.
    """
    rooms = (here.root / name for name in ("ledger", "rates", "models"))
    clients = sorted({folder.name for room in rooms for folder in room.glob("*/")})
    for name in clients:
        if client in (None, name):
            for what, look in _parts(here, name).items():
                yield f"{what} of {name}", _told(look)
    yield "runs", _told(partial(_dead_runs, here))


def _parts(here: Settings, client: str) -> dict[str, Callable[[], list[str]]]:
    places = Places.under(here.root, client)
    return {
        "rows of the lake": lambda: [str(f) for f in faults_of_rows(places, Ledger(places.ledger).entries())],
        "files of the lake": partial(faults_of_bytes, places),
        "serving copy": partial(_serving, here.serving(client)),
        "rate tables": partial(_versions, here, client),
        "models": partial(_models, here, client),
    }


def _told(look: Callable[[], list[str]]) -> list[str]:
    try:
        return look()
    except RatewrightError as error:
        return [str(error)]
    except OSError as error:
        return [f"{error.filename}: {error.strerror}"]


def _serving(path: Path) -> list[str]:
    from pipelines.warehouse.serving import TABLES, read

    if not path.exists():
        return []
    return [] if read(path, TABLES).height else [f"{path} has no marts: run again"]


def _versions(here: Settings, client: str) -> list[str]:
    from pipelines.pricing.errors import PublicationError
    from pipelines.pricing.workflow import Desk

    desk = Desk(here, client)
    found = []
    for standing in desk.standings().values():
        try:
            desk.files(standing)
        except PublicationError as error:
            found.append(str(error))
    return found


def _models(here: Settings, client: str) -> list[str]:
    from pipelines.pricing.errors import PublicationError
    from pipelines.pricing.forecasting.store import load_model, names_of

    found = []
    for name in names_of(here.models, client):
        try:
            load_model(here.models, client, name)
        except PublicationError as error:
            found.append(str(error))
    return found


def _dead_runs(here: Settings) -> list[str]:
    import dagster as dg

    if not (here.dagster_home / "dagster.yaml").exists():
        return []
    with dg.DagsterInstance.from_config(str(here.dagster_home)) as instance:
        running = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    gone = [run.run_id[:8] for run in running if is_gone(run.tags.get(PROCESS, ""))]
    return [f"run {name} is over, its process was killed: the next run fails it" for name in gone]
