"""Exposure by calendar quarter: which part of each contract lay in which quarter."""

from __future__ import annotations

import polars as pl

QUARTER = "quarter"


def quarter_of(day: str | pl.Expr) -> pl.Expr:
    """First day of the quarter of a day."""
    column = pl.col(day) if isinstance(day, str) else day
    return column.dt.truncate("1q")


def exposure_by_quarter(contracts: pl.DataFrame) -> pl.DataFrame:
    """Vehicle-years of every contract in every quarter it was in force.

    Days that another contract carries are taken off in proportion, for only their number is known.

    Args:
        contracts: `contract_id`, `effective_date`, `last_day` (included) and `exposure_years`.

    Returns:
        `contract_id`, `quarter` (its first day), `years`; they sum to `exposure_years` of the contract.

    Example:
        >>> import datetime as dt
        >>> one = pl.DataFrame({"contract_id": ["a"], "effective_date": [dt.date(2025, 3, 2)],
        ...     "last_day": [dt.date(2025, 4, 30)], "exposure_years": [0.6]})
        >>> exposure_by_quarter(one)["years"].round(6).to_list()
        [0.3, 0.3]
    """
    spread = contracts.select(
        "contract_id",
        "effective_date",
        "last_day",
        "exposure_years",
        pl.date_ranges(quarter_of("effective_date"), "last_day", interval="1q").alias(QUARTER),
    ).explode(QUARTER)
    first = pl.max_horizontal("effective_date", QUARTER)
    last = pl.min_horizontal("last_day", pl.col(QUARTER).dt.offset_by("3mo").dt.offset_by("-1d"))
    days = (last - first).dt.total_days() + 1
    length = (pl.col("last_day") - pl.col("effective_date")).dt.total_days() + 1
    return spread.select("contract_id", QUARTER, years=pl.col("exposure_years") * days / length)
