"""Columns that many contracts share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import dataframely as dy

ID_LENGTH: Final = 128
MOST_KM_A_DAY: Final = 1_500
"""Two drivers taking turns on a motorway all day and night; nothing on the road does more."""
MOST_KM_AN_HOUR: Final = 250
INSTANT_UNIT: Final = "us"


WindowKind = Literal["contract", "claim", "visit", "trip", "sale", "vehicle", "shop"]


@dataclass(frozen=True)
class Window:
    """First and last day that a day or moment of one kind may plausibly have."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


_LAST = dt.date(2049, 12, 31)
WINDOWS: Final[dict[WindowKind, Window]] = {
    # 1970-01-01 and 1900-01-00 are what systems write for no date at all.
    **{kind: Window(dt.date(1980, 1, 1), _LAST) for kind in get_args(WindowKind)},
    "trip": Window(dt.date(2000, 1, 1), _LAST),
    "vehicle": Window(dt.date(1971, 1, 1), _LAST),
    "shop": Window(dt.date(1901, 1, 1), _LAST),
}
"""What is plausible unless the client's mapping says otherwise."""


def day(window: WindowKind, *, open_end: bool = False, **options: Any) -> dy.Date:
    """A local day within its window; `open_end`: empty where the mapping says that there is no end."""
    return dy.Date(metadata={"window": window, "open_end": open_end}, **options)


def identifier(**options: Any) -> dy.String:
    """A name of something, never empty text."""
    return dy.String(min_length=1, max_length=ID_LENGTH, **options)


def money(**options: Any) -> dy.Decimal:
    """An amount in the client's currency, to the cent."""
    return dy.Decimal(18, 2, **options)


def instant(window: WindowKind, *, after: str | None = None, **options: Any) -> dy.Datetime:
    """A moment in UTC, to the microsecond, within its window; `after`: the moment it cannot precede."""
    return dy.Datetime(time_unit=INSTANT_UNIT, metadata={"window": window, "after": after}, **options)


def window_of(column: dy.Column) -> WindowKind | None:
    """The kind of window that a column is held to, None for one that holds no day."""
    kind: WindowKind | None = (column.metadata or {}).get("window")
    return kind


def takes_open_end(column: dy.Column) -> bool:
    """Whether a mapping may say that the column has no end."""
    return bool((column.metadata or {}).get("open_end"))


def comes_after(column: dy.Column) -> str | None:
    """The moment of the same row that the column cannot precede."""
    name: str | None = (column.metadata or {}).get("after")
    return name
