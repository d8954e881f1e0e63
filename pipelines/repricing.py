"""What a run is about: one client, one delivery, one rating year; said when it is started, resolved once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg
from filelock import FileLock
from pydantic import Field, PrivateAttr

from pipelines.client_lock import take
from pipelines.dead_runs import PROCESS, this_process
from pipelines.errors import InputError, nearest
from pipelines.landing.mapping import Mapping, load_mapping
from pipelines.settings import PROJECT_ROOT, Settings, settings

MAPPINGS = PROJECT_ROOT / "data" / "mappings"
SIMULATED_CLIENT = "simulated"
SIMULATED = MAPPINGS / f"{SIMULATED_CLIENT}.yml"
YEARS = range(1990, 2100)


@dataclass(frozen=True)
class Plan:
    """The resolved parameters of a run."""

    delivery: Path
    mapping_path: Path
    rating_year: int
    valuation_date: dt.date | None
    settings: Settings

    @cached_property
    def mapping(self) -> Mapping:
        return load_mapping(self.mapping_path)

    @property
    def client(self) -> str:
        return self.mapping.client

    @property
    def is_simulated(self) -> bool:
        """Whether the delivery is the simulated portfolio of this installation."""
        return self.delivery == simulated_delivery(self.settings)


class Repricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Client, delivery and rating year of a run; none of them is guessed, and no clock is read."""

    client: str = Field(
        description=f"Name of a mapping in data/mappings. `{SIMULATED_CLIENT}` is the simulated portfolio, "
        "which is made where it does not lie there yet."
    )
    rating_year: int = Field(description="Year in which the rating year begins, such as 2026.")
    delivery: str = Field(
        default="",
        description=f"Folder with the client's files; only `{SIMULATED_CLIENT}` can do without.",
    )
    mapping: str = Field(default="", description="Path of the mapping; empty: data/mappings/<client>.yml.")
    valuation_date: str = Field(
        default="",
        description="Day up to which experience counts, such as 2025-12-31; empty: the mapping's, else the "
        "latest day that anything is known of.",
    )
    _resolved: Plan | None = PrivateAttr(default=None)
    _lock: FileLock | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Resolve the parameters once, before the first step, and hold the client until the last has ended.

        Raises:
            InputError: see `resolve`.
            RunError: another process holds the client.
        """
        self._resolved = self.resolve()
        run = context.run
        if run is not None and context.instance is not None:
            context.instance.add_run_tags(run.run_id, {PROCESS: this_process()})
        what = f"run for {self.rating_year}" + (f", {run.run_id[:8]} in Dagster" if run else "")
        self._lock = take(self._resolved.settings.root, self.client, what)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's
        """Let go of the client."""
        if self._lock is not None:
            self._lock.release()

    def plan(self) -> Plan:
        """The parameters of this run.

        Raises:
            InputError: see `resolve`.
        """
        if self._resolved is None:
            self._resolved = self.resolve()
        return self._resolved

    def resolve(self) -> Plan:
        """Check the parameters and find what they name.

        Raises:
            InputError: one is missing, or names nothing; says in one line what to give.
        """
        here = settings()
        if not self.client.strip():
            raise InputError(
                "run",
                expected="client (a mapping in data/mappings, such as acme with its delivery; or "
                f"{SIMULATED_CLIENT}) and rating_year",
                found="no client",
            )
        if self.rating_year not in YEARS:
            found = f"{self.rating_year}" if self.rating_year else "none"
            raise InputError("run", expected="rating_year, a year such as 2026", found=found)
        mapping_path = Path(self.mapping).resolve() if self.mapping else mapping_of(self.client)
        if not self.delivery and self.client != SIMULATED_CLIENT:
            raise InputError("run", expected=f"the delivery of {self.client}, a folder", found="none")
        plan = Plan(
            delivery=Path(self.delivery).resolve() if self.delivery else simulated_delivery(here),
            mapping_path=mapping_path,
            rating_year=self.rating_year,
            valuation_date=day_of(self.valuation_date),
            settings=here,
        )
        if plan.client != self.client:
            raise InputError(
                str(plan.mapping_path),
                expected=f"the mapping of {self.client}",
                found=f"that of {plan.client}",
            )
        return plan


def simulated_delivery(here: Settings) -> Path:
    """Where an installation keeps its simulated portfolio."""
    return (here.landing / SIMULATED_CLIENT).resolve()


def mapping_of(client: str) -> Path:
    """The mapping of a client.

    Raises:
        InputError: there is none of that name.
    """
    path = MAPPINGS / f"{client}.yml"
    if not path.is_file():
        known = sorted(p.stem for p in MAPPINGS.glob("*.yml"))
        raise InputError(
            "client", expected="the name of a mapping in data/mappings", found=nearest(client, known)
        )
    return path


def next_rating_year(mapping: Mapping, valued: dt.date | None, today: dt.date) -> int:
    """The rating year that follows what is known: the year after the valuation, else after today.

    Whoever starts a run asks this once, and says the year from then on.
    """
    return (valued or mapping.valuation_date or today).year + 1


def day_of(text: str) -> dt.date | None:
    """A day as it was written; None where nothing was.

    Raises:
        InputError: it is none.
    """
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError("valuation date", expected="a day like 2025-12-31", found=f"'{text}'") from None
