"""What customers hold: the tiers that the plan prices, and other sets of covers as they were sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from models_ml.rating import RateTable, Rounding, TierPlan
from models_ml.rating.rounding import CENT
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.progress import LOGGER

UNNAMED = "unspecified"
MOST = 40
"""Packages beyond these, those with least exposure, are not priced as a whole."""


@dataclass(frozen=True)
class Package:
    """A set of covers that is sold at one price.

    Attributes:
        name: tier of the tariff.
        product: what it is a tier of.
        planned: whether the plan has a cost stack for it; else its price is the sum of its covers'.
    """

    name: str
    product: str
    planned: bool


def packages(
    contracts: pl.DataFrame, products: Mapping[str, str], plan: RatingPlan, rates: RateTable
) -> tuple[dict[Package, TierPlan], pl.DataFrame]:
    """What the contracts hold; the plan's own tiers, then the others, most exposure first.

    Args:
        contracts: `contract_id`, `tier`, `cover`, `exposure_years`, a row per cover held.
        products: product by contract's tier.
        plan: of the rating year.
        rates: of the covers. Where the tier is one of their factors, a tier that was sold with different
            covers is no package: its relativity is that of all its contracts.

    Returns:
        How every package is priced whose covers all have rates, and `contract_id` with its `package`.
    """
    planned = {
        Package(tier.tier, product, planned=True): tier
        for product in dict.fromkeys(products.values())
        for tier in plan.tiers(product)
    }
    held = _held(contracts, {package.name for package in planned})
    if "tier" in rates.factors:
        held = held.filter(pl.col("package") == pl.col("tier"))
    by_size = held.group_by("package", maintain_order=True).agg(
        pl.col("exposure_years").sum(), pl.col("covers", "tier").first()
    )
    others = {
        Package(name, products.get(tier, UNNAMED), planned=False): _sum_of(name, covers)
        for name, covers, tier in by_size.filter(pl.col("covers").is_not_null())
        .sort("exposure_years", descending=True, maintain_order=True)
        .head(MOST)
        .select("package", "covers", "tier")
        .iter_rows()
    }
    priced = {p: tier for p, tier in (planned | others).items() if _can_be_priced(tier, set(rates.covers))}
    return priced, held.select("contract_id", "package")


def _held(contracts: pl.DataFrame, planned: set[str]) -> pl.DataFrame:
    """One row per contract: its package, and the covers of one that the plan does not know."""
    mine = contracts.group_by("contract_id", maintain_order=True).agg(
        pl.col("tier", "exposure_years").first(), covers=pl.col("cover").unique().sort()
    )
    sets = pl.col("covers").list.join(" + ")
    alone = sets.n_unique().over("tier") == 1
    named = pl.col("tier") != UNNAMED
    label = (
        pl.when(pl.col("tier").is_in(planned) | (named & alone))
        .then("tier")
        .when(named)
        .then(pl.format("{}: {}", "tier", sets))
        .otherwise(sets)
    )
    unknown = pl.when(~pl.col("tier").is_in(planned)).then("covers")
    return mine.with_columns(package=label, covers=unknown)


def _sum_of(name: str, covers: list[str]) -> TierPlan:
    """A package that costs what its covers cost apart."""
    return TierPlan(name, tuple(covers), (), rounding=Rounding(CENT))


def _can_be_priced(tier: TierPlan, priced: set[str]) -> bool:
    lacking = sorted(set(tier.covers) - priced)
    if lacking:
        LOGGER.warning("%s is not priced as a whole: no rates for %s", tier.tier, ", ".join(lacking))
    return not lacking
