"""What prices are made of: from the cost of every cover to what customers are charged, summed by tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from models_ml.rating import CostLine, Tariff, TierPlan, rate_contracts
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import RatingPlan

AT_COST = "at cost: "


@dataclass(frozen=True)
class Stack:
    """A year's amounts of the customers of one tier, or of all; nothing is rounded but the prices.

    Attributes:
        tier: its name.
        customers: how many.
        covers: cost by cover: what an insurer charges for those that are bought in by a planned tier, else
            the expected cost of claims and services.
        lines: further lines of the cost stack by name.
        balance: what selections, the bounds of the plan and a decided change add to the covers, or take off.
        loads: by name, what is kept of the price for them.
        tariff: price of the tariff; beside costs and loads, the factors on the price, bounds and rounding.
        indicated: with the customers' own record.
        charged: what is charged, after caps, floors and the price of new business.
        current: what these customers pay now.
    """

    tier: str
    customers: int
    covers: Mapping[str, float]
    lines: Mapping[str, float]
    balance: float
    loads: Mapping[str, float]
    tariff: float
    indicated: float
    charged: float
    current: float

    @property
    def cost(self) -> float:
        """All costs."""
        return sum(self.covers.values()) + sum(self.lines.values())

    @property
    def beyond(self) -> float:
        """What factors on the price, bounds and rounding make of cost and loads."""
        return self.tariff - self.cost - self.balance - sum(self.loads.values())


def stacks(
    tariff: Tariff,
    cost: Tariff,
    customers: pl.DataFrame,
    packages: tuple[Package, ...],
    plan: RatingPlan,
) -> list[Stack]:
    """A stack per tier that somebody holds, in the order of the packages.

    Args:
        tariff: as it is charged.
        cost: the same as expected to be paid, see `models_ml.rating.at_cost`.
        customers: of a book; those counted.
        packages: of the tariff.
        plan: with the tiers' cost stacks and the covers' loads.
    """
    if customers.is_empty():
        return []
    covers = tariff.rates.covers
    plain = customers.drop([*covers, "price"], strict=False)
    rated = rate_contracts(tariff, plain).with_columns(
        customers["price"].alias("charged"),
        *(rate_contracts(cost, plain)[cover].alias(AT_COST + cover) for cover in covers),
    )
    money = [*covers, *(AT_COST + c for c in covers), "price", "indicated_price", "charged", "current_price"]
    sums = rated.group_by("tier", maintain_order=True).agg(
        pl.col(money).cast(pl.Float64).sum(), customers=pl.len().cast(pl.Int64)
    )
    by_tier = {row["tier"]: row for row in sums.iter_rows(named=True)}
    sold = {p.product for p in packages if p.planned}
    planned = {(product, tier.tier): tier for product in sold for tier in plan.tiers(product)}
    return [
        _planned(tariff, p.name, planned[p.product, p.tier_of_plan], by_tier[p.name])
        if p.planned
        else _apart(tariff, p.name, by_tier[p.name], plan)
        for p in packages
        if p.name in by_tier
    ]


def whole(found: list[Stack]) -> Stack:
    """All stacks as one."""

    def summed(name: str) -> dict[str, float]:
        maps = [getattr(stack, name) for stack in found]
        return {key: sum(m.get(key, 0.0) for m in maps) for key in dict.fromkeys(k for m in maps for k in m)}

    def amount(name: str) -> float:
        return sum(float(getattr(stack, name)) for stack in found)

    return Stack(
        tier="all",
        customers=sum(stack.customers for stack in found),
        covers=summed("covers"),
        lines=summed("lines"),
        balance=amount("balance"),
        loads=summed("loads"),
        tariff=amount("tariff"),
        indicated=amount("indicated"),
        charged=amount("charged"),
        current=amount("current"),
    )


def own_lines(plan: TierPlan, rated: set[str]) -> list[CostLine]:
    """Lines of a tier's cost stack that no rated cover takes the place of."""
    return [line for line in plan.lines if line.line not in rated]


def _planned(tariff: Tariff, tier: str, plan: TierPlan, sums: Mapping[str, float]) -> Stack:
    rules = tariff.tiers[tier]
    customers = int(sums["customers"])
    covers = {cover: sums[AT_COST + cover] for cover in rules.shares}
    charged = sum(sums[cover] for cover in rules.shares)
    terms = tariff.table.filter((pl.col("tier") == tier) & (pl.col("factor") == "terms"))
    further = own_lines(plan, set(terms["level"]))
    lines = {line.line: float(line.amount) * customers for line in further}
    if sum((line.amount for line in further), Decimal(0)) * 100 != rules.lines:
        lines = {"further lines": rules.lines / 100 * customers}
    loaded = (charged + sum(lines.values())) / rules.cost_share
    shares = {"commission": plan.commission, "risk margin": plan.risk_margin, "margin": plan.target_margin}
    loads = {name: loaded * float(share) for name, share in shares.items() if share}
    balance = charged - sum(covers.values())
    return _stack(tier, customers, (covers, lines, loads), balance, sums)


def _apart(tariff: Tariff, tier: str, sums: Mapping[str, float], plan: RatingPlan) -> Stack:
    """A package that costs what its covers cost apart: each cover's price carries its own loads."""
    prices = {cover: sums[cover] for cover in tariff.tiers[tier].shares}
    covers, loads = {}, dict.fromkeys(("expense", "commission", "margin"), 0.0)
    balance = 0.0
    for cover, price in prices.items():
        load = plan.loading(cover)
        covers[cover] = sums[AT_COST + cover] * load.cost_share
        balance += price * load.cost_share - covers[cover]
        loads["expense"] += price * load.expense_ratio
        loads["commission"] += price * load.commission_ratio
        loads["margin"] += price * load.margin_ratio
    return _stack(tier, int(sums["customers"]), (covers, {}, loads), balance, sums)


def _stack(
    tier: str,
    customers: int,
    amounts: tuple[dict[str, float], ...],
    balance: float,
    sums: Mapping[str, float],
) -> Stack:
    covers, lines, loads = amounts
    return Stack(
        tier,
        customers,
        covers,
        lines,
        balance,
        {name: amount for name, amount in loads.items() if amount},
        sums["price"],
        sums["indicated_price"],
        sums["charged"],
        sums["current_price"],
    )
