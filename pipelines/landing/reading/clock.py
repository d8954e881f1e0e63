"""Moments and days: the one place where a local time becomes UTC, and UTC a day on the client's calendar.

Moments are kept in UTC without a zone; days, months and hours are the client's. A local time that a
clock change repeats has two moments: the earlier is taken unless the later is asked for. One that a
clock change skips has none.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

MOMENT = pl.Datetime("us")
Pass = Literal["earliest", "latest"]


def to_utc(local: pl.Expr, zone: str, which: Pass = "earliest") -> pl.Expr:
    """Local times of a zone as moments in UTC; null where a clock change skips the local time.

    Args:
        local: datetimes without a zone.
        zone: an IANA name, e.g. Europe/Berlin.
        which: the pass that is meant where the clock goes through the same hour twice.
    """
    if zone == "UTC":
        return local.cast(MOMENT)
    zoned = local.cast(MOMENT).dt.replace_time_zone(zone, ambiguous=which, non_existent="null")
    return in_utc(zoned)


def in_utc(zoned: pl.Expr) -> pl.Expr:
    """Datetimes that carry a zone as moments in UTC without one."""
    return zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(MOMENT)


def is_skipped(local: pl.Expr, zone: str) -> pl.Expr:
    """Whether a local time is one that the clocks of the zone never showed."""
    return local.is_not_null() & to_utc(local, zone).is_null()


def local_time(moment: pl.Expr, zone: str) -> pl.Expr:
    """Moments in UTC (without a zone) as the time on the zone's clocks, without a zone."""
    if zone == "UTC":
        return moment
    return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)


def local_day(moment: pl.Expr, zone: str) -> pl.Expr:
    """Moments in UTC (without a zone) as days of the zone's calendar."""
    return local_time(moment, zone).dt.date()


def day_begins(day: dt.date, zone: str) -> dt.datetime:
    """The moment in UTC, without a zone, at which a day begins in a zone."""
    if day.year <= 1 or day >= dt.date.max:
        return dt.datetime.combine(day, dt.time())
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
    return midnight.astimezone(dt.UTC).replace(tzinfo=None)
