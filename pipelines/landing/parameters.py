"""The parameters of a run, kept in the lake so that the warehouse can read them like any source."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import polars as pl

from pipelines.errors import InputError
from pipelines.files import write_atomically
from pipelines.landing.mapping import Mapping

_DATED = {
    "contracts": "effective_date",
    "claims": "coalesce(reported_date, loss_date)",
    "claim_transactions": "transaction_date",
    "repair_orders": "opened_on",
}


def latest_day(lake: Path) -> dt.date:
    """The latest day on which anything is known to have happened; expiry dates say nothing."""
    import duckdb

    parts = [
        f"select max({day}) as day from read_parquet('{lake / source}/*.parquet')"
        for source, day in _DATED.items()
    ]
    with duckdb.connect() as con:
        query = f"select max(day) from ({' union all '.join(parts)})"
        ((day,),) = con.execute(query).fetchall()
    if day is None:
        raise InputError(
            "valuation date",
            expected="valuation_date in the mapping or on the command line",
            found="a delivery without a single date",
        )
    latest: dt.date = day
    return latest


def write_parameters(
    lake: Path, mapping: Mapping, rating_year: int, valuation_date: dt.date | None
) -> pl.DataFrame:
    """Write the one row that says what this run is about, and return it.

    The valuation date is the one asked for, else the mapping's, else the latest day in the lake.
    """
    start, end = mapping.rating_year(rating_year)
    day = valuation_date or mapping.valuation_date or latest_day(lake)
    frame = pl.DataFrame(
        {
            "client": [mapping.client],
            "currency": [mapping.currency],
            "rating_year": pl.Series([rating_year], dtype=pl.Int64),
            "rating_year_start": [start],
            "rating_year_end": [end],
            "valuation_date": [day],
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    write_atomically(lake / "run_parameters" / "run_parameters.parquet", buffer.getvalue())
    return frame
