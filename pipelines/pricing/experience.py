"""What pricing reads from the serving database, as frames for the modelling library."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from models_ml.rating import CoverLoading
from pipelines.warehouse.serving import read

HOLD_OUT = 0.2
UNKNOWN = "unknown"
FACTOR_ORDER = ("make", "model", "vehicle_age", "annual_mileage")


@dataclass(frozen=True)
class Experience:
    """Experience of one client for one rating year.

    `cells` are fitted on, `contracts` are judged on; both carry one text column per factor. A factor
    that has one level only says nothing and is left out.
    """

    cells: pl.DataFrame
    contracts: pl.DataFrame
    factors: list[str]
    level_orders: pl.DataFrame

    @property
    def covers(self) -> list[str]:
        return self.cells["cover"].unique().sort().to_list()


def load_experience(serving: Path) -> Experience:
    """Read cells, contracts and levels, and put the levels beside each other."""
    levels = read(
        serving,
        """
        select levels.* from marts.rating_cell_levels as levels
        where factor in (
            select factor from marts.rating_cell_levels group by factor having count(distinct level) > 1
        )
        order by cell_id, factor
        """,
    )
    names = levels["factor"].unique().sort().to_list()
    factors = [f for f in FACTOR_ORDER if f in names]
    factors += [f for f in names if f not in FACTOR_ORDER]
    wide = (
        levels.pivot("factor", index="cell_id", values="level").select("cell_id", *factors)
        if factors
        else read(serving, "select distinct cell_id from marts.rating_cell_levels")
    )
    money = pl.col("gross_amount", "recovery_amount").cast(pl.Float64)
    cells = read(serving, "select * from marts.rating_cells order by cover, cell_id")
    contracts = read(
        serving,
        "select * from marts.contract_experience where period <> 'later' order by cover, contract_id",
    )
    return Experience(
        cells=cells.with_columns(money).join(wide, on="cell_id", maintain_order="left"),
        contracts=contracts.with_columns(money).join(wide, on="cell_id", maintain_order="left"),
        factors=factors,
        level_orders=levels.select("factor", "level", "level_order").unique(maintain_order=True),
    )


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


def as_cells(contracts: pl.DataFrame, factors: list[str]) -> pl.DataFrame:
    """Contracts summed to rating cells."""
    return (
        contracts.group_by("cover", "cell_id", *factors, maintain_order=True)
        .agg(pl.col("exposure_years", "claim_count", "gross_amount", "recovery_amount").sum())
        .sort("cover", "cell_id")
    )


def load_loadings(serving: Path, covers: list[str], day: dt.date) -> dict[str, CoverLoading]:
    """Loadings of each cover in force on `day`; the row `*` serves covers without one."""
    table = read(
        serving,
        "select * from rating_plan.cover_loadings where $day between effective_from and effective_to",
        day=day,
    )
    rows = {row["cover"]: row for row in table.iter_rows(named=True)}
    return {cover: _loading(rows.get(cover, rows["*"])) for cover in covers}


def _loading(row: dict[str, Decimal]) -> CoverLoading:
    return CoverLoading(
        float(row["expense_ratio"]),
        float(row["commission_ratio"]),
        float(row["margin_ratio"]),
        row["fixed_expense"],
    )
