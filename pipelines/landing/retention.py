"""How long a client's own rows are kept: what was refused, where and why stays; the rows themselves go."""

from __future__ import annotations

import datetime as dt

import polars as pl

from pipelines.landing.deliveries import MALFORMED
from pipelines.landing.journal import landing_at
from pipelines.landing.places import Places
from pipelines.quoting import scan_parquet_files


def forget_records(places: Places, older_than: dt.timedelta) -> int:
    """Take the client's rows out of quarantine files that were written that long ago.

    A delivery that is landed again brings its rows back.

    Args:
        places: of the client.
        older_than: the least age of a file, by the clock of the file system.

    Returns:
        Rows that were forgotten.
    """
    latest = (dt.datetime.now(dt.UTC) - older_than).timestamp()
    forgotten = 0
    with landing_at(places) as changes:
        for path in sorted(places.quarantine.glob("*.parquet")):
            if path.stat().st_mtime > latest:
                continue
            rows = scan_parquet_files(path).collect()
            line = pl.col("rule") == MALFORMED
            kept = rows.filter(pl.col("record").is_not_null() | (line & pl.col("value").is_not_null()))
            if kept.is_empty():
                continue
            staged = places.staging / path.name
            rows.with_columns(
                record=pl.lit(None, pl.String), value=pl.when(~line).then(pl.col("value"))
            ).write_parquet(staged, compression="zstd")
            changes.put("quarantine", path.name, staged)
            forgotten += kept.select("file", "row").n_unique()
    return forgotten
