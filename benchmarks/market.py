"""A new rate table on the fourth simulated year, beside three obvious rules and in one market with each.

Every day in force of that year is priced by the table, as its forecast is made for the year, and costs are
the expected ones that the simulator knows: nothing here is luck of the year. The rules price the same covers,
at the level at which they would have met last year's cost, as it was known, at the table's target loss ratio:

- same price again: what the car paid last year;
- flat increase by trend: that, and the trend of the plan for one year;
- one price per model: cost per vehicle-year of the model and tier in three years, brought to the rating year
  by that trend; where nothing was seen, of the tier.

A rule is beaten where its prices lie farther from true cost (Tweedie deviance of power 1.5 by exposure), both
as it stands and brought to the table's level, and where of the two it is the one that the market leaves with
the higher loss ratio, both at one level.
"""

from __future__ import annotations

import datetime as dt
import sys

import numpy as np
import polars as pl

from benchmarks.fourth_year import forecasts, fourth_year
from benchmarks.simulated_year import RATING_YEAR, SimulatedYear
from models_ml.base_levels import share_base_levels
from models_ml.evaluation import tweedie_deviance
from models_ml.glm import Array
from models_ml.rating import CoverLoading, RateTable, build_rate_table, rate
from pipelines.pricing.forecasting.experience import load_experience
from pipelines.pricing.renewing.plan import load_plan
from pipelines.pricing.renewing.tariff import held_to_plan
from pipelines.warehouse.serving import read

TREND = 0.025
STEEPNESS = 10.0
"""Of the choice: who finds one price a tenth dearer than the other takes the cheaper in 73 cases of 100."""
GROUPS = ("tier", "vehicle_age", "powertrain")
DAY = dt.date(RATING_YEAR, 1, 1)


def judged(where: SimulatedYear) -> dict[str, object]:
    """Loss ratio of the new table, held to the rating plan, against target, and which rules it beats."""
    print("fitting three simulated years ...", file=sys.stderr)
    experience = load_experience(where.learn, DAY)
    made, _ = forecasts(experience)
    known = sorted(set(pl.read_parquet(where.truth / "expected_costs.parquet")["cover"]) & set(made))
    plan = load_plan(where.learn, DAY)
    loadings = {cover: plan.loading(cover) for cover in known}
    models = {c: made[c].model for c in known}
    base_levels = share_base_levels(models)
    built = build_rate_table(models, loadings, experience.level_orders)
    table = held_to_plan(built, plan, experience.contracts, base_levels)
    book = _book(fourth_year({c: made[c] for c in known}, where), table, loadings, where)
    rules = _rules(book, experience.contracts.filter(pl.col("cover").is_in(known)))
    verdicts = {name: _verdict(book, price) for name, price in rules.items()}
    return {
        "loss_ratio_error_points": _error(book),
        "error_points": {name: _by_level(book, name) for name in GROUPS},
        "rules_beaten": sum(bool(verdict["beaten"]) for verdict in verdicts.values()),
        "rules": verdicts,
    }


def two_insurers(ours: Array, theirs: Array, cost: Array, years: Array) -> tuple[float, float, float]:
    """Loss ratios of two insurers after every customer chose, and the share that chose the first.

    Args:
        ours, theirs: annual price of every customer, shape (customers,).
        cost: true expected cost of a vehicle-year.
        years: exposure.
    """
    middle = (ours + theirs) / 2
    first = 1 / (1 + np.exp(np.clip(STEEPNESS * (ours - theirs) / middle, -50, 50)))
    ratios = [
        float((chosen * years * cost).sum() / (chosen * years * price).sum())
        for chosen, price in ((first, ours), (1 - first, theirs))
    ]
    return ratios[0], ratios[1], float(np.average(first, weights=years))


def _book(
    rows: pl.DataFrame, table: RateTable, loadings: dict[str, CoverLoading], where: SimulatedYear
) -> pl.DataFrame:
    """Contracts with days in the rating year: price, what it leaves for cost, true cost, last price."""
    parts = []
    for (cover,), part in rows.group_by("cover", maintain_order=True):
        name = str(cover)
        own = RateTable(table.rates.filter(pl.col("cover") == name))
        priced = rate(own, part).with_columns(pl.col("total").cast(pl.Float64).alias("price"))
        left = pl.col("price") * loadings[name].cost_share
        parts.append(
            priced.select("contract_id", *GROUPS, "model", "exposure_years", "true_cost", "price", left=left)
        )
    book = pl.concat(parts).group_by("contract_id", maintain_order=True).agg(
        pl.col(*GROUPS, "model", "exposure_years").first(), pl.col("price", "left", "true_cost").sum()
    )  # fmt: skip
    begun = read(
        where.judge,
        "select distinct contract_id, vehicle_id, effective_date, "
        "cast(annual_premium as double) as paid from marts.contract_experience",
    )
    before = begun.filter(pl.col("effective_date") < DAY).sort("effective_date", "contract_id")
    before = before.group_by("vehicle_id").agg(pl.col("paid").last())
    return (
        book.join(begun.select("contract_id", "vehicle_id"), on="contract_id", maintain_order="left")
        .join(before, on="vehicle_id", how="left", maintain_order="left")
        # A car that was not here last year pays what its tier paid.
        .with_columns(pl.col("paid").fill_null(pl.col("paid").mean().over("tier")))
        .with_columns(cost=pl.col("true_cost") / pl.col("exposure_years"))
    )


def _rules(book: pl.DataFrame, contracts: pl.DataFrame) -> dict[str, Array]:
    """Annual prices by rule, shape (contracts of the book,)."""
    learned = contracts.filter(pl.col("period") == "learn").with_columns(
        net=pl.col("gross_amount") + pl.col("recovery_amount"),
        age=RATING_YEAR - pl.col("effective_date").dt.year(),
    )
    target = float(book["left"].sum() / book["price"].sum())
    last = learned.filter(pl.col("age") == 1)
    paid = last.unique("contract_id").select(
        (pl.col("annual_premium").cast(pl.Float64) * pl.col("exposure_years")).sum()
    )
    same = book["paid"].to_numpy() * float(last["net"].sum()) / target / float(paid.item())
    trended = pl.col("net") * (1 + TREND) ** pl.col("age")

    def burning(*by: str) -> pl.DataFrame:
        covers = learned.group_by(*by, "cover").agg(cost=trended.sum() / pl.col("exposure_years").sum())
        return covers.group_by(*by).agg(pl.col("cost").sum() / target)

    per_model = (
        book.join(
            burning("model", "tier"), on=["model", "tier"], how="left", maintain_order="left", suffix="_m"
        )
        .join(burning("tier"), on="tier", how="left", maintain_order="left", suffix="_t")
        .select(pl.coalesce("cost_m", "cost_t"))
        .to_series()
    )
    return {
        "same price again": same,
        "flat increase by trend": same * (1 + TREND),
        "one price per model": per_model.to_numpy(),
    }


def _verdict(book: pl.DataFrame, theirs: Array) -> dict[str, float | bool]:
    """How a rule compares with the table."""
    ours, cost, years = (book[name].to_numpy() for name in ("price", "cost", "exposure_years"))
    target = float(book["left"].sum() / book["price"].sum())
    level = float((ours * years).sum() / (theirs * years).sum())

    def deviance(price: Array) -> float:
        return tweedie_deviance(cost, np.maximum(price * target, 1.0), years)

    table, rule, levelled = deviance(ours), deviance(theirs), deviance(theirs * level)
    our_ratio, their_ratio, share = two_insurers(ours, theirs * level, cost, years)
    return {
        "deviance_table": round(table, 3),
        "deviance_rule": round(rule, 3),
        "deviance_rule_levelled": round(levelled, 3),
        "market_loss_ratio_table": round(our_ratio, 4),
        "market_loss_ratio_rule": round(their_ratio, 4),
        "market_share_table": round(share, 4),
        "beaten": table < min(rule, levelled) and our_ratio < their_ratio,
    }


def _error(book: pl.DataFrame) -> float:
    """Loss ratio of the year less target, points."""
    earned = [
        float(book.select((pl.col(n) * pl.col("exposure_years")).sum()).item()) for n in ("price", "left")
    ]
    return round(100 * (float(book["true_cost"].sum()) - earned[1]) / earned[0], 2) + 0.0


def _by_level(book: pl.DataFrame, by: str) -> list[dict[str, object]]:
    """Points by which each level of a factor misses its target, furthest first; how much was in force."""
    found = [
        {
            "level": str(level[0]),
            "points": _error(part),
            "vehicle_years": round(float(part["exposure_years"].sum())),
        }
        for level, part in book.group_by(by, maintain_order=True)
    ]
    return sorted(found, key=lambda one: -abs(float(str(one["points"]))))
