"""What the warehouse must know beside the rows: the run's parameters, and which files hold which month."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl

from pipelines.errors import InputError
from pipelines.files import parquet_bytes, write_atomically
from pipelines.landing.contracts import MONTHLY
from pipelines.landing.local_time import offsets
from pipelines.landing.mapping import Mapping
from pipelines.quoting import parquet_under, read_parquet_sql, scan_parquet_files

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
        f"select max({day}) as day from {read_parquet_sql(parquet_under(lake / source))}"
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


def year_of_last_run(lake: Path) -> int | None:
    """The rating year that a client's warehouse stands for, that of its last run; None without one."""
    paths = sorted((lake / "run_parameters").glob("*.parquet"))
    return int(scan_parquet_files(paths).select("rating_year").collect().item()) if paths else None


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
    _write(frame, lake, "run_parameters")
    write_offsets(lake, mapping.timezone, day)
    return frame


def valuation_date(lake: Path) -> dt.date:
    """The day at which the experience in a lake is valued."""
    day: dt.date = scan_parquet_files(parquet_under(lake / "run_parameters")).collect()["valuation_date"][0]
    return day


def write_offsets(lake: Path, timezone: str, day: dt.date) -> pl.DataFrame:
    """Write from which moment the client's clock was how far ahead of UTC, and return it.

    The rows reach from before the first to after the last month of the monthly sources, or hold the one
    offset of `day`; the last one has no end.
    """
    months = [d.name.removeprefix("month=") for s in MONTHLY for d in (lake / s).glob("month=*")]
    first, last = (
        (dt.datetime.fromisoformat(f"{m}-01") for m in (min(months), max(months)))
        if months
        else (dt.datetime.combine(day, dt.time()),) * 2
    )
    known = offsets(timezone, first - dt.timedelta(days=62), last + dt.timedelta(days=62))
    frame = pl.DataFrame(
        {"from_at": [o.from_at for o in known], "offset_seconds": [o.seconds for o in known]},
        schema={"from_at": pl.Datetime("us"), "offset_seconds": pl.Int64},
    )
    _write(frame, lake, "utc_offsets")
    return frame


def write_lake_parts(lake: Path) -> pl.DataFrame:
    """Write which files hold each month of the monthly sources, and return it.

    The warehouse compares it with what it last built from, and builds the months anew that differ. Rewriting
    a file gives it another fingerprint, whatever its name.
    """
    rows = [
        (source, dt.date.fromisoformat(f"{folder.name.removeprefix('month=')}-01"), _fingerprint(folder))
        for source in sorted(MONTHLY)
        for folder in sorted((lake / source).glob("month=*"))
    ]
    schema = {"source": pl.String, "month_start": pl.Date, "fingerprint": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    _write(frame, lake, "lake_parts")
    return frame


def _fingerprint(folder: Path) -> str:
    found = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.glob("*.parquet"))]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _write(frame: pl.DataFrame, lake: Path, source: str) -> None:
    write_atomically(lake / source / f"{source}.parquet", parquet_bytes(frame))
