"""What the sections draw on: the parts of the version, and what is computed of them once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from models_ml.rating import BASE, plan_costs
from models_ml.rating.dislocation import winners_and_losers
from pipelines.pricing.pack.levels import FactorRates, factor_rates
from pipelines.pricing.pack.stack import Stack, stacks, whole
from pipelines.pricing.versions.columns import cover_rates

if TYPE_CHECKING:
    from pipelines.pricing.versions.files import VersionParts
    from pipelines.pricing.workflow.record import Record


@dataclass(frozen=True)
class Matter:
    """A version and what was done to it."""

    parts: VersionParts
    history: Sequence[Record] = ()

    @cached_property
    def version(self) -> str:
        return self.parts.manifest.version()

    @property
    def currency(self) -> str:
        return self.parts.manifest.currency

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        """What the evaluation file says; nothing where it says nothing."""
        found: dict[str, Any] = json.loads(self.parts.evaluation)
        return found

    @property
    def customers(self) -> pl.DataFrame:
        """Everybody who comes up for renewal."""
        return self.parts.book.customers

    @cached_property
    def known(self) -> pl.DataFrame:
        """Those whose current price is known, so that their change is."""
        return (
            self.customers.filter(pl.col("change").is_not_null()) if self.customers.height else self.customers
        )

    @cached_property
    def total(self) -> dict[str, Any] | None:
        """The book as a whole, see `winners_and_losers`; None where nobody's change is known."""
        return winners_and_losers(self.known).row(0, named=True) if self.known.height else None

    @cached_property
    def stacks(self) -> list[Stack]:
        """What the prices of everybody are made of, by tier."""
        return self._stacks(self.customers)

    @cached_property
    def known_stack(self) -> Stack | None:
        """The same of those whose current price is known, as a whole."""
        found = self._stacks(self.known)
        return whole(found) if found else None

    def _stacks(self, customers: pl.DataFrame) -> list[Stack]:
        parts = self.parts
        return stacks(parts.tariff, parts.cost, customers, parts.book.packages, parts.plan)

    @cached_property
    def bases(self) -> pl.DataFrame:
        """The rows of the base rates, by cover."""
        return cover_rates(self.parts.rates).filter(pl.col("factor") == BASE).sort("cover")

    @cached_property
    def observed_cost(self) -> float:
        """What the covers held by those with a known price have cost in a vehicle-year so far, their sum."""
        cost = {
            cover: amount or 0.0 for cover, amount in self.bases.select("cover", "burning_cost").iter_rows()
        }
        tiers = self.parts.tariff.tiers
        held = self.known.group_by("tier", maintain_order=True).len() if self.known.height else None
        if held is None:
            return 0.0
        return float(sum(n * sum(cost[c] for c in tiers[tier].shares) for tier, n in held.iter_rows()))

    @cached_property
    def factors(self) -> dict[str, list[FactorRates]]:
        """Factors by cover, those that matter most first."""
        last = self.parts.last_year
        return factor_rates(self.parts.rates, last[0] if last else None)

    @cached_property
    def plan_costs(self) -> pl.DataFrame:
        """Premium that the plan's order and bounds move among who renews, see `plan_costs`."""
        tiers = self.parts.tariff.tiers
        if self.customers.is_empty() or not tiers:
            return pl.DataFrame()
        covers = {tier: list(rules.shares) for tier, rules in tiers.items()}
        granted = self.customers.select(
            pl.col("tier").replace_strict(covers, default=[], return_dtype=pl.List(pl.String))
        ).to_series()
        return plan_costs(self.parts.table, self.customers, granted)

    @property
    def planned(self) -> list[str]:
        """Tiers that the plan has a cost stack for."""
        return [p.name for p in self.parts.book.packages if p.planned]
