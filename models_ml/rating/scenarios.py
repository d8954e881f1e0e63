"""What next year would cost if an assumption were wrong: margin and loss ratio of every tier, prices as set.

Each scenario moves one thing and leaves prices where they are, as they are for a year once published. Costs
of a cover move by its response: parts inflation by the share of parts in its cost, kilometres by its
elasticity (claims grow about linearly within a driver, less across drivers: Boucher 2017), and so on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from models_ml.rating.errors import RatingError

BASE_CASE = "as planned"
COST_COLUMNS = ("tier", "segment", "cover", "cost")
PREMIUM_COLUMNS = ("tier", "segment", "contracts", "premium", "other_cost")


@dataclass(frozen=True)
class CoverResponse:
    """How the cost of a cover answers.

    Attributes:
        insured: bought in from an insurer, who shares what goes wrong; else done in house.
        parts_share: share of parts in its cost.
        km_elasticity: per cent of cost for each per cent of kilometres.
    """

    insured: bool
    parts_share: float
    km_elasticity: float

    def __post_init__(self) -> None:
        if not 0 <= self.parts_share <= 1:
            raise RatingError(f"share of parts {self.parts_share} is not from 0 to 1")
        if not self.km_elasticity >= 0:
            raise RatingError(f"elasticity to kilometres {self.km_elasticity} is not a number from 0")


@dataclass(frozen=True)
class Scenario:
    """One assumption that turns out otherwise; a fraction is relative to plan, 0.1 is a tenth more.

    Attributes:
        name: as shown.
        parts: change of the price of parts.
        kilometres: change of the distance driven.
        claims: change of claim frequency of the insured covers.
        insurer_price: change of what insurers charge; it is paid, not shared.
        mix: share of contracts by segment, such as powertrain, in every tier that has them; segments that
            are not named keep their proportions within the rest.
        limits: by tier and cover, share of the planned cost that another limit leaves; above 1 where it
            is higher.
    """

    name: str
    parts: float = 0.0
    kilometres: float = 0.0
    claims: float = 0.0
    insurer_price: float = 0.0
    mix: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("parts", "kilometres", "claims", "insurer_price"):
            if not getattr(self, name) >= -1:
                raise RatingError(
                    f"scenario '{self.name}': {name} {getattr(self, name)} is not a number from -1"
                )
        if any(not 0 <= share <= 1 for share in self.mix.values()) or sum(self.mix.values()) > 1:
            raise RatingError(f"scenario '{self.name}': shares {dict(self.mix)} do not make a mix")
        if any(not share >= 0 for share in self.limits.values()):
            raise RatingError(f"scenario '{self.name}': limits {dict(self.limits)} leave less than nothing")


def scenario_outcomes(
    costs: pl.DataFrame,
    premiums: pl.DataFrame,
    responses: Mapping[str, CoverResponse],
    scenarios: Sequence[Scenario],
    partner_share: float | Mapping[str, float] = 0.0,
) -> pl.DataFrame:
    """Margin and loss ratio of every tier, as planned and in every scenario.

    Args:
        costs: `tier`, `segment` (such as powertrain), `cover` and the planned `cost` of a year.
        premiums: `tier`, `segment`, `contracts`, `premium` of a year, and `other_cost` that no scenario
            moves (operations, commission). One currency throughout.
        responses: by cover.
        scenarios: what may happen.
        partner_share: what insurers bear of the excess over plan on insured covers, and keep of savings; by
            tier, if not all buy their insurance in: one that is not named insures itself, shares with
            nobody, and pays no insurer's price.

    Returns:
        A row per scenario and tier, and per scenario one for the tier `all`: `scenario`, `tier`,
        `contracts`, `premium`, `cost` (of the covers), `partner_cost` (borne by insurers, negative where
        they keep savings), `other_cost`, `margin`, `margin_ratio`, `loss_ratio` (cost less what insurers
        bear, over premium), `margin_change` and `loss_ratio_change` against plan. `as planned` is first.

    Raises:
        RatingError: a cover has no response, a column is missing, the share is not one, or a scenario
            names a segment, tier or cover that the book does not have.
    """
    tiers = premiums["tier"].unique().to_list()
    shares = partner_share if isinstance(partner_share, Mapping) else dict.fromkeys(tiers, partner_share)
    _check(costs, premiums, responses, scenarios, shares)
    costs = costs.sort(COST_COLUMNS[:3])
    plan = Scenario(BASE_CASE)
    rows = [_outcome(costs, premiums, responses, one, shares) for one in (plan, *scenarios)]
    table = pl.concat(rows)
    base = table.filter(pl.col("scenario") == BASE_CASE).select(
        "tier", _margin="margin_ratio", _loss="loss_ratio", _amount="margin"
    )
    return (
        table.join(base, on="tier", how="left", maintain_order="left")
        .with_columns(
            margin_change=pl.col("margin_ratio") - pl.col("_margin"),
            loss_ratio_change=pl.col("loss_ratio") - pl.col("_loss"),
        )
        .drop("_margin", "_loss", "_amount")
    )


def tornado(outcomes: pl.DataFrame, tier: str = "all") -> pl.DataFrame:
    """Scenarios of one tier, the one that moves the margin most first.

    Args:
        outcomes: of `scenario_outcomes`.
        tier: one of its tiers.

    Returns:
        `scenario`, `margin_ratio`, `margin_change`, `loss_ratio`, `loss_ratio_change`; not the plan.

    Raises:
        RatingError: there is no such tier.
    """
    own = outcomes.filter((pl.col("tier") == tier) & (pl.col("scenario") != BASE_CASE))
    if tier not in outcomes["tier"].to_list():
        raise RatingError(f"tier '{tier}' is none of the outcomes'")
    shown = own.select("scenario", "margin_ratio", "margin_change", "loss_ratio", "loss_ratio_change")
    return shown.sort(pl.col("margin_change").abs(), descending=True, maintain_order=True)


def _outcome(
    costs: pl.DataFrame,
    premiums: pl.DataFrame,
    responses: Mapping[str, CoverResponse],
    scenario: Scenario,
    shares: Mapping[str, float],
) -> pl.DataFrame:
    weighted = _mixed(premiums, scenario)
    weights = weighted.select("tier", "segment", "_weight")
    moved = {cover: _moved(response, scenario) for cover, response in responses.items()}
    insured = {cover: response.insured for cover, response in responses.items()}
    limits = pl.DataFrame(
        [(tier, cover, share) for (tier, cover), share in scenario.limits.items()],
        schema={"tier": pl.String, "cover": pl.String, "_limit": pl.Float64},
        orient="row",
    )
    share = pl.col("tier").replace_strict(shares, default=None, return_dtype=pl.Float64)
    bought = pl.col("_is") & share.is_not_null()
    cost = (
        costs.join(weights, on=["tier", "segment"], how="inner", maintain_order="left")
        .join(limits, on=["tier", "cover"], how="left", maintain_order="left")
        .with_columns(_planned=pl.col("cost") * pl.col("_weight"), _limit=pl.col("_limit").fill_null(1.0))
        .with_columns(_is=pl.col("cover").replace_strict(insured, return_dtype=pl.Boolean))
        .with_columns(
            _actual=pl.col("_planned")
            * pl.col("_limit")
            * pl.col("cover").replace_strict(moved, return_dtype=pl.Float64)
        )
        .with_columns(
            _partner=pl.when(bought).then(share * (pl.col("_actual") - pl.col("_planned"))).otherwise(0.0),
            _price=pl.when(bought).then(pl.col("_planned") * scenario.insurer_price).otherwise(0.0),
        )
        .group_by("tier", maintain_order=True)
        .agg(cost=(pl.col("_actual") + pl.col("_price")).sum(), partner_cost=pl.col("_partner").sum())
    )
    premium = weighted.group_by("tier", maintain_order=True).agg(
        (pl.col("contracts", "premium", "other_cost").cast(pl.Float64) * pl.col("_weight")).sum()
    )
    tiers = premium.join(cost, on="tier", how="left", maintain_order="left").fill_null(0.0).sort("tier")
    everything = tiers.select(pl.lit("all").alias("tier"), pl.exclude("tier").sum())
    margin = pl.col("premium") - pl.col("cost") + pl.col("partner_cost") - pl.col("other_cost")
    charged = pl.when(pl.col("premium") > 0).then("premium")
    return pl.concat([tiers, everything]).select(
        pl.lit(scenario.name).alias("scenario"),
        "tier",
        "contracts",
        "premium",
        "cost",
        "partner_cost",
        "other_cost",
        margin=margin,
        margin_ratio=margin / charged,
        loss_ratio=(pl.col("cost") - pl.col("partner_cost")) / charged,
    )


def _moved(response: CoverResponse, scenario: Scenario) -> float:
    """Actual over planned claims cost of a cover."""
    parts = 1 + response.parts_share * scenario.parts
    kilometres = float((1 + scenario.kilometres) ** response.km_elasticity)
    return parts * kilometres * (1 + scenario.claims if response.insured else 1.0)


def _mixed(premiums: pl.DataFrame, scenario: Scenario) -> pl.DataFrame:
    """Premiums with the `_weight` that gives every tier the mix of the scenario; its contracts stay."""
    contracts = pl.col("contracts").cast(pl.Float64)
    if not scenario.mix:
        return premiums.with_columns(_weight=pl.lit(1.0))
    named = pl.col("segment").is_in(list(scenario.mix))
    wanted = pl.col("segment").replace_strict(scenario.mix, default=None, return_dtype=pl.Float64)
    total, rest = contracts.sum().over("tier"), contracts.filter(~named).sum().over("tier")
    # A segment that a tier lacks leaves its share to the others; a tier left with nothing stays as it is.
    given = wanted.sum().over("tier")
    weight = (
        pl.when(named & (rest > 0))
        .then(wanted * total / contracts)
        .when(named & (given > 0))
        .then(wanted / given * total / contracts)
        .when(~named)
        .then((1 - given) * total / rest)
        .otherwise(1.0)
    )
    return premiums.with_columns(_weight=weight)


def _check(
    costs: pl.DataFrame,
    premiums: pl.DataFrame,
    responses: Mapping[str, CoverResponse],
    scenarios: Sequence[Scenario],
    shares: Mapping[str, float],
) -> None:
    for frame, names in ((costs, COST_COLUMNS), (premiums, PREMIUM_COLUMNS)):
        if lacking := [name for name in names if name not in frame.columns]:
            raise RatingError(f"the book lacks the column '{lacking[0]}'")
    for share in shares.values():
        if not 0 <= share <= 1:
            raise RatingError(f"partner share {share} is not from 0 to 1")
    covers, segments = set(costs["cover"]), set(premiums["segment"])
    if strange := sorted(covers - set(responses)):
        raise RatingError(f"cover '{strange[0]}' has no response")
    if (idle := premiums.filter(pl.col("contracts") <= 0)).height:
        raise RatingError(f"tier '{idle['tier'][0]}', segment '{idle['segment'][0]}' has no contracts")
    known = set(costs.select("tier", "cover").iter_rows())
    for scenario in scenarios:
        if strange := sorted(set(scenario.mix) - segments):
            raise RatingError(f"scenario '{scenario.name}': the book has no segment '{strange[0]}'")
        if lost := sorted(set(scenario.limits) - known):
            raise RatingError(f"scenario '{scenario.name}': tier '{lost[0][0]}' has no cover '{lost[0][1]}'")
