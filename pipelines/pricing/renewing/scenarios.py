"""The scenarios of the plan for the customers of a client."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models_ml.rating import Scenario, Tariff, limit_on_count, scenario_book, scenario_outcomes
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.progress import LOGGER

SEGMENT, EVERYBODY = "powertrain", "all"
MIX, VISITS = "mix", "service_visits"
SERVICES, BOUGHT_IN = "services", "insurer_price"


def outcomes(
    tariff: Tariff,
    customers: pl.DataFrame,
    held: Sequence[Package],
    plan: RatingPlan,
    visits: float,
) -> pl.DataFrame:
    """Margin and loss ratio of every package if a scenario of the plan came true; see `scenario_outcomes`.

    A scenario about what this client does not have, such as a powertrain, is left out.

    Args:
        tariff: what covers cost, see `at_cost`.
        customers: with the `price` that each is charged.
        held: the packages of the tariff.
        plan: with the scenarios.
        visits: service visits that a contract year is expected to have.
    """
    segment = SEGMENT if SEGMENT in customers.columns else EVERYBODY
    book = customers if segment == SEGMENT else customers.with_columns(pl.lit(EVERYBODY).alias(EVERYBODY))
    mine = [package for package in held if package.name in set(customers["tier"])]
    bought_in = {p.name: plan.partner_share(p.product) for p in mine if p.planned}
    costs, premiums = scenario_book(tariff, book, segment, _commission(plan, mine))
    costs, premiums = _loads_taken_off(costs, premiums, set(bought_in), plan)
    responses = {cover: plan.response(cover) for cover in tariff.rates.covers}
    told = _scenarios(plan, costs, set(premiums["segment"]), mine, visits)
    return scenario_outcomes(costs, premiums, responses, told, bought_in)


def _commission(plan: RatingPlan, held: Sequence[Package]) -> dict[str, float]:
    """Commission of the planned tiers, a share of the price."""
    products = {package.product for package in held if package.planned}
    of_tier = {(name, tier.tier): float(tier.commission) for name in products for tier in plan.tiers(name)}
    return {p.name: of_tier[p.product, p.tier_of_plan] for p in held if p.planned}


def _loads_taken_off(
    costs: pl.DataFrame, premiums: pl.DataFrame, planned: set[str], plan: RatingPlan
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Costs and premiums with the covers of packages apart at their cost.

    Such a package is insurance of our own: the price of each cover carries the cover's loads. Expense and
    commission are then other cost, in the share that the covers have together.
    """
    covers = costs["cover"].unique().to_list()
    loads = {cover: plan.loading(cover) for cover in covers}
    cost_share = pl.col("cover").replace_strict(
        {cover: load.cost_share for cover, load in loads.items()}, return_dtype=pl.Float64
    )
    other_share = pl.col("cover").replace_strict(
        {c: load.expense_ratio + load.commission_ratio for c, load in loads.items()},
        return_dtype=pl.Float64,
    )
    apart = ~pl.col("tier").is_in(list(planned))
    key = ["tier", "segment"]
    shares = costs.filter(apart).group_by(key).agg(
        _share=(pl.col("cost") * other_share).sum() / pl.col("cost").sum()
    )  # fmt: skip
    costs = costs.with_columns(cost=pl.col("cost") * pl.when(apart).then(cost_share).otherwise(1.0))
    premiums = premiums.join(shares, on=key, how="left", nulls_equal=True, maintain_order="left")
    other = pl.col("other_cost") + pl.col("premium") * pl.col("_share").fill_null(0.0)
    return costs, premiums.with_columns(other_cost=other).drop("_share")


def _scenarios(
    plan: RatingPlan, costs: pl.DataFrame, segments: set[str], held: Sequence[Package], visits: float
) -> list[Scenario]:
    table = plan.table("scenarios")
    if table.is_empty():
        return []
    found = []
    for (name,), rows in table.group_by("scenario", maintain_order=True):
        moves = [(p, s, float(v)) for p, s, v in rows.select("parameter", "subject", "value").iter_rows()]
        mix = {subject: value for parameter, subject, value in moves if parameter == MIX}
        limits = _limits([m for m in moves if m[0] == VISITS], plan, costs, held, visits)
        bought = any(package.planned for package in held)
        moved = {parameter for parameter, _, _ in moves}
        pointless = (VISITS in moved and not limits) or (moved == {BOUGHT_IN} and not bought)
        if set(mix) - segments or pointless:
            LOGGER.info("scenario '%s' is about what this portfolio does not have", name)
            continue
        plain = {parameter: value for parameter, _, value in moves if parameter not in (MIX, VISITS)}
        found.append(Scenario(str(name), **plain, mix=mix, limits=limits))
    return found


def _limits(
    moves: list[tuple[str, str, float]],
    plan: RatingPlan,
    costs: pl.DataFrame,
    held: Sequence[Package],
    visits: float,
) -> dict[tuple[str, str], float]:
    """Share of the planned cost of services that another number of visits leaves, by tier and cover."""
    services = [cover for cover, line in plan.cover_lines.items() if line == SERVICES]
    known = set(costs.select("tier", "cover").iter_rows())
    shares: dict[tuple[str, str], float] = {}
    for _, subject, more in moves:
        for package in held:
            tier, granted = package.name, plan.service_visits(package.product)
            limit = granted.get(package.tier_of_plan)
            if subject not in ("*", package.tier_of_plan) or limit is None:
                continue
            now = limit_on_count(visits, limit).share
            then = limit_on_count(visits, max(limit + int(more), 0)).share
            shares |= {(tier, cover): then / now for cover in services if (tier, cover) in known and now > 0}
    return shares
