"""What a run is about: one delivery, one client, one rating year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg

from pipelines.errors import InputError
from pipelines.landing.mapping import Mapping, load_mapping
from pipelines.settings import PROJECT_ROOT, Settings, settings

MAPPINGS = PROJECT_ROOT / "data" / "mappings"
SIMULATED = MAPPINGS / "simulated.yml"


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


class Repricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The delivery and rating year of a run. Left empty: the simulated portfolio, next year."""

    delivery: str = ""
    mapping: str = ""
    rating_year: int = 0
    valuation_date: str = ""

    def plan(self) -> Plan:
        """Resolve defaults and paths.

        Raises:
            InputError: a path, year or date that cannot be used.
        """
        here = settings()
        simulated = not self.delivery
        delivery = here.landing / "simulated" if simulated else Path(self.delivery)
        mapping = Path(self.mapping) if self.mapping else SIMULATED
        if bool(self.delivery) != bool(self.mapping):
            raise InputError("run", expected="a delivery together with its mapping", found="one of the two")
        plan = Plan(
            delivery=delivery.resolve(),
            mapping_path=mapping.resolve(),
            rating_year=self.rating_year,
            valuation_date=_day(self.valuation_date),
            settings=here,
        )
        if plan.rating_year:
            return plan
        basis = plan.mapping.valuation_date or dt.date.today()
        return Plan(delivery.resolve(), mapping.resolve(), basis.year + 1, plan.valuation_date, here)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError("valuation date", expected="a day like 2025-12-31", found=f"'{text}'") from None
