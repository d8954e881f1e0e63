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
    # A package apart is insurance of our own: its price carries the loads of its covers.
    apart = {p.name: plan.loading(next(iter(tariff.tiers[p.name].shares))) for p in mine if not p.planned}
    products = {p.product for p in mine if p.planned}
    commission = {tier.tier: float(tier.commission) for name in products for tier in plan.tiers(name)}
    commission |= {tier: 1 - load.cost_share - load.margin_ratio for tier, load in apart.items()}
    costs, premiums = scenario_book(tariff, book, segment, commission)
    share = pl.col("tier").replace_strict(
        {tier: load.cost_share for tier, load in apart.items()}, default=1.0
    )
    costs = costs.with_columns(cost=pl.col("cost") * share)
    responses = {cover: plan.response(cover) for cover in tariff.rates.covers}
    partner = plan.partner_share(products.pop()) if len(products) == 1 and not apart else 0.0
    told = _scenarios(plan, costs, set(premiums["segment"]), mine, visits)
    return scenario_outcomes(costs, premiums, responses, told, partner)


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
            if subject not in ("*", tier) or tier not in granted:
                continue
            now = limit_on_count(visits, granted[tier]).share
            then = limit_on_count(visits, max(granted[tier] + int(more), 0)).share
            shares |= {(tier, cover): then / now for cover in services if (tier, cover) in known and now > 0}
    return shares
