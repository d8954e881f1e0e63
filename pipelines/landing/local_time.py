"""From a moment in UTC to the client's clock: offsets with the moments from which they hold.

A moment is kept in UTC; its day and month are those of the client's zone. What `reading.clock` says row by
row, this says for millions of trips, in polars and in SQL: a zone has one offset, or one per change of its
clocks, so local time is a sum with few cases, exact on the day of a change and thirty times faster.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

_DAY: Final = dt.timedelta(days=1)
_SECOND: Final = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class Offset:
    """Seconds by which local time is ahead of UTC from a moment in UTC on."""

    from_at: dt.datetime
    seconds: int


UTC: Final = Offset(dt.datetime(1, 1, 1), 0)  # noqa: DTZ001 - UTC without a zone, as the lake keeps it
"""What holds at all times where the clock is UTC."""


def offsets(zone: str, first: dt.datetime, last: dt.datetime) -> list[Offset]:
    """The offsets of a zone between two moments in UTC, the first of them from `first` on.

    Raises:
        ZoneInfoNotFoundError: no such zone.
    """
    clock = ZoneInfo(zone)
    # Clocks change on a whole second: halving from a moment with a fraction would end a fraction late.
    first, last = first.replace(microsecond=0), last.replace(microsecond=0) + _SECOND
    found = [Offset(first, _seconds(clock, first))]
    at = first
    while at < last:
        step = min(at + _DAY, last)
        if _seconds(clock, step) != found[-1].seconds:
            found.append(_change(clock, at, step))
        at = step
    return found


def _change(clock: ZoneInfo, before: dt.datetime, after: dt.datetime) -> Offset:
    """The first second at which the clock stands as it does at `after`."""
    old = _seconds(clock, before)
    while after - before > _SECOND:
        middle = before + dt.timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _seconds(clock, middle) == old else (before, middle)
    return Offset(after, _seconds(clock, after))


def _seconds(clock: ZoneInfo, moment: dt.datetime) -> int:
    ahead = moment.replace(tzinfo=dt.UTC).astimezone(clock).utcoffset()
    return int((ahead or dt.timedelta()).total_seconds())


def local(moment: pl.Expr, known: Sequence[Offset]) -> pl.Expr:
    """The client's clock at moments in UTC that lie within the offsets."""
    if len(known) == 1:
        return moment if not known[0].seconds else moment + pl.duration(seconds=known[0].seconds)
    # A sum of the changes so far: nested cases of twenty years take polars a minute to plan.
    changes = [
        (moment >= pl.lit(after.from_at)).cast(pl.Int64) * (after.seconds - before.seconds)
        for before, after in pairwise(known)
    ]
    return moment + pl.duration(seconds=pl.lit(known[0].seconds) + pl.sum_horizontal(changes))


def local_sql(moment: str, known: Sequence[Offset]) -> str:
    """The same as an SQL expression of DuckDB."""
    if len(known) == 1:
        return f"({moment} + to_seconds({known[0].seconds}))" if known[0].seconds else moment
    later = reversed(known[1:])
    cases = " ".join(f"when {moment} >= timestamp '{o.from_at}' then {o.seconds}" for o in later)
    return f"({moment} + to_seconds(case {cases} else {known[0].seconds} end))"


def of_month(zone: str, month: str) -> list[Offset]:
    """Offsets that hold in a local month, like 2025-03."""
    first = dt.datetime.fromisoformat(f"{month}-01")
    return offsets(zone, first - 2 * _DAY, first + 33 * _DAY)
