"""The rating plan as it stands in its tables, read into tiers and rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.limits import Limit, limit_on_count
from models_ml.rating.price import CostLine, TierPlan, bounded_factors
from models_ml.rating.rounding import Rounding
from models_ml.relativities import OTHER

VISITS, SERVICES = "service_visits", "services"


@dataclass(frozen=True)
class RepricingRules:
    """Bounds of the yearly repricing.

    Attributes:
        score: least and most factor by driving score.
        change: floor and cap of the change of a customer's price, fractions: -0.2 is a fifth off.
        credible_claims: expected claims at which a customer's own experience is half believed.
        own_factor: least and most factor by own experience.
        referral_claims, referral_loss_ratio: from how many claims, together with which cost over premium,
            a customer is referred to non-renewal.
        new_business_gate: whether a renewal may not be dearer than the equivalent new contract.
    """

    score: tuple[float, float]
    change: tuple[Decimal, Decimal]
    credible_claims: float
    own_factor: tuple[float, float]
    referral_claims: int
    referral_loss_ratio: float
    new_business_gate: bool

    def __post_init__(self) -> None:
        floor, cap = self.change
        if not -1 <= floor <= 0 <= cap:
            raise RatingError(f"change per customer: floor {floor} and cap {cap} do not enclose no change")
        least, most = self.own_factor
        if not 0 <= least <= 1 <= most:
            raise RatingError(f"own experience: factors {least} to {most} do not enclose 1")
        if self.credible_claims <= 0:
            raise RatingError(f"own experience: credible claims {self.credible_claims} is not above 0")


def in_force(table: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows of a table of the plan that hold on a day."""
    return table.filter(pl.lit(day).is_between("effective_from", "effective_to"))


def tier_plans(
    covers: pl.DataFrame,
    assumptions: pl.DataFrame,
    prices: pl.DataFrame,
    limits: pl.DataFrame,
    cover_lines: Mapping[str, str],
    visits: float | None = None,
) -> list[TierPlan]:
    """Tiers of one product.

    Args:
        covers: `tier`, `cover`, in force.
        assumptions: `tier`, `line`, `quantity`, `unit_amount`, `discount_ratio`, in force.
        prices: `tier`, loads, bounds and rounding as in the seed `tier_prices`, in force.
        limits: `tier`, `limit_kind`, `limit_per_year`, in force.
        cover_lines: line of the stack by cover.
        visits: expected service visits of a contract year without a limit; None leaves limits out.

    Raises:
        RatingError: a tier cannot price; the message names it.
    """
    return [
        _tier(row, covers, assumptions, limits, cover_lines, visits) for row in prices.iter_rows(named=True)
    ]


def repricing_rules(rules: pl.DataFrame) -> RepricingRules:
    """Rules from `rule`, `parameter`, `value`, in force.

    Raises:
        RatingError: a rule is missing, or its bounds cannot be.
    """
    found = {
        (rule, name): value for rule, name, value in rules.select("rule", "parameter", "value").iter_rows()
    }

    def value(rule: str, parameter: str) -> Decimal:
        if (rule, parameter) not in found:
            raise RatingError(f"the plan has no rule '{rule}', parameter '{parameter}'")
        return Decimal(found[rule, parameter])

    def factors(rule: str) -> tuple[float, float]:
        return float(value(rule, "least_factor")), float(value(rule, "most_factor"))

    return RepricingRules(
        score=factors("driving_score"),
        change=(value("change_per_customer", "floor"), value("change_per_customer", "cap")),
        credible_claims=float(value("own_experience", "credible_claims")),
        own_factor=factors("own_experience"),
        referral_claims=int(value("referral", "claims")),
        referral_loss_ratio=float(value("referral", "loss_ratio")),
        new_business_gate=bool(value("new_business_gate", "applies")),
    )


def score_factors(discounts: pl.DataFrame, rules: RepricingRules) -> dict[str, float]:
    """Factor on the price by driving-score band, within its bounds; an unknown score pays the full price.

    Args:
        discounts: `band`, `price_factor`, in force.
        rules: with the bounds.

    Raises:
        RatingError: a factor is negative.
    """
    own = {band: float(factor) for band, factor in discounts.select("band", "price_factor").iter_rows()}
    return bounded_factors({**own, OTHER: 1.0}, *rules.score)


def _tier(
    row: dict[str, object],
    covers: pl.DataFrame,
    assumptions: pl.DataFrame,
    limits: pl.DataFrame,
    cover_lines: Mapping[str, str],
    visits: float | None,
) -> TierPlan:
    tier = str(row["tier"])
    mine = pl.col("tier") == tier
    granted = tuple(covers.filter(mine)["cover"].to_list())
    stack = assumptions.filter(mine).select("line", "quantity", "unit_amount", "discount_ratio")
    most = dict(limits.filter(mine).select("limit_kind", "limit_per_year").iter_rows())
    limited: dict[str, Limit] = {}
    if visits is not None and VISITS in most:
        limit = limit_on_count(visits, most[VISITS])
        limited = {cover: limit for cover in granted if cover_lines.get(cover) == SERVICES}

    def number(name: str) -> Decimal:
        return Decimal(str(row[name]))

    return TierPlan(
        tier,
        granted,
        tuple(CostLine(line, n, unit, discount) for line, n, unit, discount in stack.iter_rows()),
        limited,
        number("commission_ratio"),
        number("risk_margin_ratio"),
        number("target_margin_ratio"),
        None if row["minimum_price"] is None else number("minimum_price"),
        None if row["maximum_price"] is None else number("maximum_price"),
        Rounding(number("rounding_step"), str(row["rounding_rule"])),  # type: ignore[arg-type]
    )
