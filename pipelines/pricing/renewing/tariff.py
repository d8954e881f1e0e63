"""The tariff of a client: the rates held to the plan, and what its packages make of them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.rating import (
    RateTable,
    Tariff,
    TierPlan,
    bound_relativities,
    build_tariff,
    on_balance,
    order_relativities,
)
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import RatingPlan

SCORE = "driving_score"


def held_to_plan(
    table: RateTable, plan: RatingPlan, exposure: pl.DataFrame, base_levels: Mapping[str, str]
) -> RateTable:
    """The rates with every factor in the order, and the driving score within the bounds, of the plan.

    Base levels stay at 1. Base rates are put back on balance: what relativities no longer bring, or bring
    too much, they take over. `planned_relativity` keeps what came out, whatever is selected afterwards.

    Args:
        table: as the forecast has it.
        plan: of the rating year.
        exposure: `cover`, `exposure_years` and a text column per rating factor.
        base_levels: by factor.
    """
    before = table
    for factor, direction in plan.monotone.items():
        if _banded(table, factor):
            why = f"the plan has it only {direction}"
            table = order_relativities(table, factor, direction, why, base_levels.get(factor))
    if SCORE in table.factors:
        least, most = plan.rules.score
        why = f"bounds of the plan: {least:g} to {most:g}"
        table = bound_relativities(table, SCORE, least, most, why, base_levels.get(SCORE))
    table = on_balance(table, before, exposure)
    return RateTable(table.rates.with_columns(planned_relativity="relativity"))


def tariff_of(table: RateTable, packages: Mapping[Package, TierPlan], plan: RatingPlan) -> Tariff:
    """Rates and packages as one table.

    The driving score is a factor on the price where it rates no cover, so that it never counts twice.

    Raises:
        RatingError: a package cannot price.
    """
    loadings = {cover: plan.loading(cover) for cover in table.covers}
    planned = [tier for package, tier in packages.items() if package.planned]
    others = [tier for package, tier in packages.items() if not package.planned]
    on_price = {} if SCORE in table.factors or not planned else {SCORE: plan.score}
    tariff = build_tariff(table, loadings, planned, plan.cover_lines, on_price)
    # The price of the others is that of their covers apart: no line of a cost stack takes their place.
    apart = build_tariff(table, loadings, others, {}).table.filter(pl.col("tier") != "*")
    return Tariff(pl.concat([tariff.table, apart], how="diagonal"))


def _banded(table: RateTable, factor: str) -> bool:
    own = table.rates.filter(pl.col("factor") == factor)
    return bool(own["level_order"].is_not_null().any())
