"""The rating plan in force for a rating year: its tables as they stand, read into rules.

A version keeps the tables it was made with, so that an edited version is priced by the same rules.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import cast

import polars as pl

from models_ml.rating import (
    CoverLoading,
    CoverResponse,
    PlanRules,
    RepricingRules,
    TierPlan,
    repricing_rules,
    score_factors,
    tier_plans,
)
from models_ml.rating.selection import Direction
from pipelines.warehouse.serving import read

ANY = "*"
TABLES = (
    "cover_lines", "cover_loadings", "cover_responses", "driving_score_discounts", "monotone_factors",
    "rating_bands", "repricing_rules", "risk_share", "scenarios", "tier_cost_assumptions", "tier_covers",
    "tier_limits", "tier_prices",
)  # fmt: skip
"""Tables of the plan that make a price of a cost."""
WHOLE = ("quantity", "limit_per_year")
EXACT = (
    "commission_ratio", "discount_ratio", "expense_ratio", "fixed_expense", "km_elasticity", "lower_bound",
    "margin_ratio", "maximum_price", "minimum_price", "parts_share", "partner_share", "price_factor",
    "risk_margin_ratio", "rounding_step", "target_margin_ratio", "unit_amount", "upper_bound", "value",
)  # fmt: skip


@dataclass(frozen=True)
class RatingPlan:
    """The plan's tables by name, rows in force only, every column text."""

    tables: Mapping[str, pl.DataFrame]

    def to_json(self) -> bytes:
        """The tables as sorted JSON, to be kept beside what was priced by them."""
        plain = {
            name: {"columns": table.columns, "rows": [list(row) for row in table.iter_rows()]}
            for name, table in self.tables.items()
        }
        return (json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> RatingPlan:
        """What `to_json` wrote."""
        tables = {
            name: pl.DataFrame(table["rows"], schema=dict.fromkeys(table["columns"], pl.String), orient="row")
            for name, table in json.loads(content).items()
        }
        return cls(tables)

    def table(self, name: str) -> pl.DataFrame:
        """A table with its numbers as numbers."""
        table = self.tables.get(name, pl.DataFrame())
        return table.with_columns(
            pl.col([c for c in WHOLE if c in table.columns]).cast(pl.Int64),
            pl.col([c for c in EXACT if c in table.columns]).cast(pl.Decimal(18, 4)),
        )

    @cached_property
    def rules(self) -> RepricingRules:
        return repricing_rules(self.table("repricing_rules"))

    @property
    def price_of_level(self) -> tuple[float, float] | None:
        """Share of the mean of its cover below, and above, which a level's price draws a warning."""
        table = self.table("repricing_rules")
        if table.is_empty():
            return None
        own = table.filter(pl.col("rule") == "price_of_a_level")
        found = dict(own.select("parameter", pl.col("value").cast(pl.Float64)).iter_rows())
        if not {"least_of_mean", "most_of_mean"} <= set(found):
            return None
        return found["least_of_mean"], found["most_of_mean"]

    @cached_property
    def score(self) -> dict[str, float]:
        """Factor on the price by driving-score band."""
        return score_factors(self.table("driving_score_discounts"), self.rules)

    @property
    def monotone(self) -> dict[str, Direction]:
        """Direction by factor."""
        rows = self._pairs("monotone_factors", "factor", "direction")
        return {factor: cast("Direction", direction) for factor, direction in rows.items()}

    def rules_of(self, limit: float, base_levels: Mapping[str, str]) -> PlanRules:
        """What any value that is charged is held to.

        Args:
            limit: share of the planned value by which a selected one may depart from it.
            base_levels: by factor.
        """
        return PlanRules(limit, self.monotone, base_levels)

    @property
    def cover_lines(self) -> dict[str, str]:
        """Line of the cost stack by cover; what is in none is insurance."""
        return self._pairs("cover_lines", "cover", "line")

    def loading(self, cover: str) -> CoverLoading:
        """Loading of a cover; `*` where it has no row of its own."""
        row = self._own_row("cover_loadings", cover)
        return CoverLoading(
            float(row["expense_ratio"]),
            float(row["commission_ratio"]),
            float(row["margin_ratio"]),
            row["fixed_expense"],
        )

    def response(self, cover: str) -> CoverResponse:
        """How a cover answers to scenarios; `*` where it has no row of its own."""
        row = self._own_row("cover_responses", cover)
        insured = cover not in self.cover_lines
        return CoverResponse(insured, float(row["parts_share"]), float(row["km_elasticity"]))

    def partner_share(self, product: str) -> float:
        """What insurers bear of the excess over plan on a product's insurance; nothing where not agreed."""
        shares = self.table("risk_share")
        if shares.is_empty():
            return 0.0
        own = shares.filter((pl.col("product") == product) & (pl.col("line") == "insurance"))
        return float(own["partner_share"][0]) if own.height else 0.0

    def tiers(self, product: str) -> list[TierPlan]:
        """Tiers of a product as planned; none where the plan does not price it.

        Limits are left to the experience: what a tier's customers cost was seen within them.

        Raises:
            RatingError: a tier cannot price.
        """
        names = ("tier_covers", "tier_cost_assumptions", "tier_prices", "tier_limits")
        covers, assumptions, prices, limits = (self._of_product(name, product) for name in names)
        return tier_plans(covers, assumptions, prices, limits, self.cover_lines)

    def service_visits(self, product: str) -> dict[str, int]:
        """Service visits a year that a tier grants."""
        limits = self._of_product("tier_limits", product)
        if limits.is_empty():
            return {}
        own = limits.filter(pl.col("limit_kind") == "service_visits")
        return dict(own.select("tier", "limit_per_year").iter_rows())

    def _of_product(self, name: str, product: str) -> pl.DataFrame:
        table = self.table(name)
        return table.filter(pl.col("product") == product) if table.height else table

    def _own_row(self, name: str, cover: str) -> dict[str, Decimal]:
        rows = {row["cover"]: row for row in self.table(name).iter_rows(named=True)}
        return rows.get(cover, rows[ANY])

    def _pairs(self, name: str, key: str, value: str) -> dict[str, str]:
        table = self.table(name)
        return dict(table.select(key, value).iter_rows()) if table.height else {}


def load_plan(serving: Path, day: dt.date) -> RatingPlan:
    """The plan as a client's warehouse has it.

    Args:
        serving: the serving database.
        day: first day of the rating year, whose rows hold.
    """
    dated = read(
        serving,
        "select distinct table_name from information_schema.columns "
        "where table_schema = 'rating_plan' and column_name = 'effective_from'",
    )["table_name"].to_list()
    tables = {}
    for name in TABLES:
        held = "where $day between effective_from and effective_to" if name in dated else ""
        params = {"day": day} if held else {}
        table = read(serving, f"select * from rating_plan.{name} {held} order by all", **params)
        tables[name] = table.select(pl.all().cast(pl.String))
    return RatingPlan(tables)
