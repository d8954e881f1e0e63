"""What pricing reads from the serving database, as frames for the modelling library."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models_ml.actuarial.development import Triangle, triangles_by_cover
from models_ml.actuarial.loss_date import LossDate, mean_loss_date
from models_ml.cells import DRIVEN
from models_ml.cover_forecast import Rating
from models_ml.restatement import Assumptions, CoverExperience, claims_of_contracts
from pipelines.warehouse.serving import read

HOLD_OUT = 0.2
UNKNOWN = "unknown"
FACTOR_ORDER = ("make", "model", "powertrain", "vehicle_age", "annual_mileage")
USE, POWERTRAIN = "annual_mileage", "powertrain"
KILOMETRES = "kilometres"


@dataclass(frozen=True)
class Experience:
    """Experience of one client for one rating year.

    `contracts` begun before the rating year are learned from, those begun in it are judged on; they carry
    one text column per factor. A factor that has one level only says nothing and is left out. `claims`
    are those that cost something and that exposure carries; `counts` and `amounts` are triangles by cover.
    `assumptions` has a row per cover, and one for all others.
    """

    contracts: pl.DataFrame
    factors: list[str]
    level_orders: pl.DataFrame
    claims: pl.DataFrame
    counts: dict[str, Triangle]
    amounts: dict[str, Triangle]
    assumptions: pl.DataFrame

    @property
    def covers(self) -> list[str]:
        return self.contracts["cover"].unique().sort().to_list()

    @property
    def orders(self) -> dict[str, list[str]]:
        """Levels in order, of the factors that have one."""
        ordered = self.level_orders.drop_nulls("level_order").sort("factor", "level_order")
        parts = ordered.partition_by("factor", as_dict=True, maintain_order=True)
        return {str(key[0]): part["level"].to_list() for key, part in parts.items()}

    def of(self, cover: str, contracts: pl.DataFrame) -> CoverExperience:
        """What is known of a cover, with these of its contracts."""
        mine = self.claims.filter(pl.col("cover") == cover).join(contracts, on="contract_id", how="semi")
        dated = mine.height == contracts["claim_count"].sum()
        return CoverExperience(
            cover=cover,
            contracts=contracts,
            claims=mine.select("contract_id", "loss_date", "amount")
            if dated
            else claims_of_contracts(contracts),
            counts=self.counts.get(cover) if dated else None,
            amounts=self.amounts.get(cover) if dated else None,
        )

    def rating(self, cover: str, middle: dt.date) -> tuple[Rating, Assumptions]:
        """How a cover is forecast, and what is assumed of it."""
        row = self._assumed(cover)
        follows_use = row["exposure_base"] == KILOMETRES and USE in self.factors
        rating = Rating(
            factors=self.factors,
            orders=self.orders,
            middle=middle,
            use_factor=USE if follows_use else None,
            segment=POWERTRAIN if POWERTRAIN in self.factors else None,
        )
        numbers = ("frequency_trend", "severity_trend", "trend_sd", "large_loss_quantile")
        return rating, Assumptions(*(float(row[name]) for name in numbers))

    def loss_date(self, cover: str, first: dt.date, last: dt.date, valued: dt.date) -> LossDate:
        """Mean day of loss of the contracts with a cover that the table of a rating year will price."""
        known = (pl.col("cover") == cover) & (pl.col("period") == "learn")
        return mean_loss_date(self.contracts.filter(known), first, last, valued)

    def large_loss_quantile(self, cover: str) -> float:
        """Share of a cover's claims above which they are cut."""
        return float(self._assumed(cover)["large_loss_quantile"])

    def _assumed(self, cover: str) -> dict[str, Any]:
        """The row of a cover; that of all others where it has none of its own."""
        own = self.assumptions.filter(pl.col("cover").is_in([cover, "*"])).sort("cover", descending=True)
        return own.row(0, named=True)


def load_levels(serving: Path) -> tuple[pl.DataFrame, list[str]]:
    """One row per rating cell with a text column per factor, and the factors in the order they are shown."""
    return _wide(_levels(serving), serving)


def _wide(levels: pl.DataFrame, serving: Path) -> tuple[pl.DataFrame, list[str]]:
    names = levels["factor"].unique().sort().to_list()
    factors = [f for f in FACTOR_ORDER if f in names]
    factors += [f for f in names if f not in FACTOR_ORDER]
    if not factors:
        return read(serving, "select distinct cell_id from marts.rating_cell_levels"), []
    return levels.pivot("factor", index="cell_id", values="level").select("cell_id", *factors), factors


def _levels(serving: Path) -> pl.DataFrame:
    """Levels of every cell, of the factors that tell anything apart."""
    return read(
        serving,
        """
        select levels.* from marts.rating_cell_levels as levels
        where factor in (
            select factor from marts.rating_cell_levels group by factor having count(distinct level) > 1
        )
        order by cell_id, factor
        """,
    )


def load_experience(serving: Path, day: dt.date) -> Experience:
    """Read contracts, claims and triangles, with the factors of each contract beside it.

    Args:
        serving: the serving database.
        day: first day of the rating year, whose assumptions hold.
    """
    levels = _levels(serving)
    wide, factors = _wide(levels, serving)
    money = pl.col("gross_amount", "recovery_amount").cast(pl.Float64)
    contracts = read(
        serving,
        "select * from marts.contract_experience where period <> 'later' order by cover, contract_id",
    )
    triangles = read(serving, "select * from marts.claim_triangles")
    return Experience(
        contracts=_with_distance(contracts.with_columns(money)).join(
            wide, on="cell_id", maintain_order="left"
        ),
        factors=factors,
        level_orders=levels.select("factor", "level", "level_order").unique(maintain_order=True),
        claims=read(
            serving,
            """
            select contract_id, cover, loss_date, cast(incurred_amount as double) as amount
            from marts.claim_features
            where outside_reason is null and incurred_amount > 0
            order by cover, contract_id, claim_id
            """,
        ),
        counts=dict(triangles_by_cover(triangles, "reported_count")),
        amounts=dict(triangles_by_cover(triangles, "incurred_amount")),
        assumptions=_in_force(serving, "forecast_assumptions", day),
    )


def _with_distance(contracts: pl.DataFrame) -> pl.DataFrame:
    """Add the kilometres driven in force; where nobody knows them, as the others of the cover."""
    known = pl.col("exposure_years").filter(pl.col("annual_km").is_not_null())
    mean = ((pl.col("annual_km") * pl.col("exposure_years")).sum() / known.sum()).over("cover")
    km = pl.coalesce("annual_km", mean.fill_nan(None), pl.lit(0.0))
    return contracts.with_columns((km * pl.col("exposure_years")).alias(DRIVEN))


def split(contracts: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """Experience to fit on and to judge on, and what the latter is.

    The rating year itself where it was delivered; else every contract of a fifth of the vehicles.
    """
    judge = contracts.filter(pl.col("period") == "judge")
    learn = contracts.filter(pl.col("period") == "learn")
    if judge.height:
        return learn, judge, "contracts that began in the rating year"
    # Vehicles are numbered by their first contract: their hashes differ between installations.
    vehicles = learn.group_by("vehicle_id").agg(pl.col("contract_id").min()).sort("contract_id")
    held = vehicles.select("vehicle_id").sample(fraction=HOLD_OUT, seed=seed, with_replacement=False)
    return (
        learn.join(held, on="vehicle_id", how="anti", maintain_order="left"),
        learn.join(held, on="vehicle_id", how="semi", maintain_order="left"),
        "hold-out of one vehicle in five, not fitted on",
    )


def _in_force(serving: Path, seed: str, day: dt.date) -> pl.DataFrame:
    """The rows of a table of the rating plan that hold on a day."""
    return read(
        serving,
        f"select * from rating_plan.{seed} where $day between effective_from and effective_to",
        day=day,
    )
