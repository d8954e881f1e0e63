"""Columns that many contracts share."""

from __future__ import annotations

from typing import Any, Final

import dataframely as dy

ID_LENGTH: Final = 128
MOST_KM_A_DAY: Final = 1_500
"""Two drivers taking turns on a motorway all day and night; nothing on the road does more."""
MOST_KM_AN_HOUR: Final = 250
INSTANT_UNIT: Final = "us"


def identifier(**options: Any) -> dy.String:
    """A name of something, never empty text."""
    return dy.String(min_length=1, max_length=ID_LENGTH, **options)


def money(**options: Any) -> dy.Decimal:
    """An amount in the client's currency, to the cent."""
    return dy.Decimal(18, 2, **options)


def instant(**options: Any) -> dy.Datetime:
    """A moment in UTC, to the microsecond."""
    return dy.Datetime(time_unit=INSTANT_UNIT, **options)
