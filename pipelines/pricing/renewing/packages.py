"""What customers hold: the tiers that the plan prices, and other sets of covers as they were sold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from models_ml.rating import RateTable, RatingError, Rounding, TierPlan
from models_ml.rating.rounding import CENT
from pipelines.pricing.errors import PublicationError
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

    @property
    def tier_of_plan(self) -> str:
        """What the plan calls it."""
        return self.name.removeprefix(f"{self.product}: ")


def packages(
    contracts: pl.DataFrame, plan: RatingPlan, rates: RateTable
) -> tuple[dict[Package, TierPlan], pl.DataFrame]:
    """What the contracts hold; the plan's own tiers, then the others, most exposure first.

    A package is named by its tier; by product and tier where two products have a tier of that name.

    Args:
        contracts: `contract_id`, `product`, `tier`, `cover`, `exposure_years`, a row per cover held.
        plan: of the rating year.
        rates: of the covers. Where the tier is one of their factors, a tier that was sold with different
            covers, or in two products, is no package: its relativity is that of all its contracts.

    Returns:
        How every package is priced whose covers all have rates, and `contract_id` with its `package`.

    Raises:
        PublicationError: the plan's tiers cannot price.
    """
    mine = _with_names(contracts)
    tiers = _planned(mine, plan)
    held = _held(mine, [package.name for package in tiers])
    if "tier" in rates.factors:
        held = held.filter(pl.col("package") == pl.col("tier"))
    by_size = held.group_by("package", maintain_order=True).agg(
        pl.col("exposure_years").sum(), pl.col("covers", "product").first()
    )
    others = {
        Package(name, product, planned=False): _sum_of(name, covers)
        for name, covers, product in by_size.filter(pl.col("covers").is_not_null())
        .sort("exposure_years", descending=True, maintain_order=True)
        .head(MOST)
        .select("package", "covers", "product")
        .iter_rows()
    }
    priced = {p: tier for p, tier in (tiers | others).items() if _can_be_priced(tier, set(rates.covers))}
    return priced, held.select("contract_id", "package")


def _with_names(contracts: pl.DataFrame) -> pl.DataFrame:
    """One row per contract: its covers, and the name of its tier."""
    alone = pl.col("product").n_unique().over("tier") == 1
    name = pl.when(alone).then("tier").otherwise(pl.format("{}: {}", "product", "tier"))
    return contracts.group_by("contract_id", maintain_order=True).agg(
        pl.col("product", "tier", "exposure_years").first(), covers=pl.col("cover").unique().sort()
    ).with_columns(name=name)  # fmt: skip


def _planned(mine: pl.DataFrame, plan: RatingPlan) -> dict[Package, TierPlan]:
    """The plan's tiers of the products that were sold."""
    names = {(p, t): n for p, t, n in mine.select("product", "tier", "name").unique().iter_rows()}
    found: dict[Package, TierPlan] = {}
    for product in mine["product"].unique().sort():
        try:
            tiers = plan.tiers(product)
        except RatingError as error:
            raise PublicationError(f"the rating plan of {product} cannot price: {error}") from error
        for tier in tiers:
            name = names.get((product, tier.tier), tier.tier)
            if any(package.name == name for package in found):
                name = f"{product}: {tier.tier}"
            found[Package(name, product, planned=True)] = replace(tier, tier=name)
    return found


def _held(mine: pl.DataFrame, planned: list[str]) -> pl.DataFrame:
    """One row per contract: its package, and the covers of one that the plan does not know."""
    sets = pl.col("covers").list.join(" + ")
    alone = sets.n_unique().over("name") == 1
    named = pl.col("tier") != UNNAMED
    of_plan = pl.col("name").is_in(planned)
    label = (
        pl.when(of_plan | (named & alone))
        .then("name")
        .when(named)
        .then(pl.format("{}: {}", "name", sets))
        .otherwise(sets)
    )
    return mine.with_columns(package=label, covers=pl.when(~of_plan).then("covers"))


def _sum_of(name: str, covers: list[str]) -> TierPlan:
    """A package that costs what its covers cost apart."""
    return TierPlan(name, tuple(covers), (), rounding=Rounding(CENT))


def _can_be_priced(tier: TierPlan, priced: set[str]) -> bool:
    lacking = sorted(set(tier.covers) - priced)
    if lacking:
        LOGGER.warning("%s is not priced as a whole: no rates for %s", tier.tier, ", ".join(lacking))
    return not lacking
