"""Finding a version by its name, or by the year it is in force."""

from __future__ import annotations

from pipelines.errors import nearest
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.workflow.desk import Desk
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.rules import Standing, State, known
from pipelines.settings import Settings


def clients(settings: Settings) -> list[str]:
    """Clients that have a log, or a published table that should have one."""
    logged = {p.parent.name for p in settings.rates.glob("*/log.jsonl")}
    pointed = {p.stem for p in (settings.published / "rate_tables").glob("[0-9]*/*.latest")}
    return sorted(logged | pointed)


def registers(
    settings: Settings, client: str | None = None
) -> tuple[dict[str, dict[str, Standing]], list[WorkflowError]]:
    """Every client's versions, or one's; and why those of some cannot be told, which stops no other."""
    found: dict[str, dict[str, Standing]] = {}
    broken: list[WorkflowError] = []
    for name in clients(settings):
        if client in (None, name):
            try:
                found[name] = Desk(settings, name).standings()
            except WorkflowError as error:
                broken.append(error)
    return found, broken


def locate(settings: Settings, version: str) -> tuple[Desk, Standing]:
    """A version by its name, whatever its state.

    Raises:
        WorkflowError: there is none of that name.
    """
    known_clients = clients(settings)
    owner = version.rpartition("-")[0]
    if owner in known_clients:
        desk = Desk(settings, owner)
        return desk, known(desk.standings(), version)
    every = [name for versions in registers(settings)[0].values() for name in versions]
    raise WorkflowError(
        f"rate table '{version}': {nearest(version, every) if every else 'there is none yet'}"
    )


def in_force(settings: Settings, year: int, client: str | None = None) -> tuple[Desk, Standing]:
    """The version in force of a rating year; of several, the one that began last.

    Raises:
        PublicationError: there is none, or several clients have one and none was named.
        WorkflowError: there is none, but the log of a client cannot be trusted.
    """
    found: dict[str, tuple[Desk, Standing]] = {}
    published: list[str] = []
    waiting: list[Standing] = []
    by_client, broken = registers(settings, client)
    for name, versions in by_client.items():
        for standing in sorted(versions.values(), key=lambda s: s.effective_from):
            mine = standing.rating_year == year
            if standing.state is State.IN_FORCE:
                published.append(f"{standing.rating_year} {name}")
                if mine:
                    found[name] = Desk(settings, name), standing
            elif mine and standing.state in (State.DRAFT, State.IN_REVIEW, State.APPROVED):
                waiting.append(standing)
    if not found and broken:
        raise broken[0]
    if not found:
        wanted = f"{year} of {client}" if client else str(year)
        told = f"no rate table is published for {wanted}; published: {', '.join(published) or 'none'}"
        last = f"; {waiting[-1].version} is {waiting[-1].state}" if waiting else ""
        raise PublicationError(told + last)
    if len(found) > 1:
        raise PublicationError(f"{year} has tables of several clients ({', '.join(found)}): name one")
    return next(iter(found.values()))


def check_in_force(standing: Standing) -> None:
    """Refuse to hand out what nobody may quote from.

    Raises:
        PublicationError: the version is not in force.
    """
    if standing.state is not State.IN_FORCE:
        why = f" ({standing.last_reason})" if standing.last_reason else ""
        raise PublicationError(
            f"{standing.version} is {standing.state}{why}: nobody may quote from it; "
            "--version with --not-in-force hands it out all the same"
        )


def predecessor(desk: Desk, standing: Standing) -> Standing:
    """What a version is compared with: its parent, else what is in force, of several what began last.

    Raises:
        WorkflowError: there is neither.
    """
    standings = desk.standings()
    if standing.parent is not None:
        return standings[standing.parent]
    held = [s for s in standings.values() if s.state is State.IN_FORCE and s.version != standing.version]
    if not held:
        raise WorkflowError(f"{standing.version} has no parent and no other version is in force: name one")
    return max(held, key=lambda s: s.effective_from)
