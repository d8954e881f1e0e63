"""What the vehicle sends: trips, far more of them than of anything else."""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import MOST_KM_A_DAY, MOST_KM_AN_HOUR, identifier, instant


def _count(**options: Any) -> dy.Int64:
    return dy.Int64(nullable=True, min=0, **options)


class Trips(dy.Schema):
    """One row per trip. Instants are UTC; `night_km` is driven between 23 and 4 o'clock local time."""

    vehicle_id = identifier(primary_key=True)
    started_at = instant("trip", primary_key=True)
    ended_at = instant("trip", after="started_at")
    distance_km = dy.Float64(min=0, max=MOST_KM_A_DAY)
    night_km = dy.Float64(nullable=True, min=0)
    harsh_brakes = _count()
    harsh_turns = _count()
    speeding_s = _count()
    unbelted_s = _count()
    close_following_s = _count()
    impact_event = dy.Bool(nullable=True)
    start_cell = dy.String(nullable=True)
    end_cell = dy.String(nullable=True)

    @dy.rule()
    def ends_on_or_after_it_starts(cls) -> pl.Expr:
        """ended_at is before started_at"""
        return cls.ended_at.col >= cls.started_at.col

    @dy.rule()
    def night_is_part_of_the_trip(cls) -> pl.Expr:
        """night_km is more than distance_km"""
        # Two sums of the same readings may differ in the last metre.
        return (cls.night_km.col <= cls.distance_km.col + 0.01).fill_null(True)

    @dy.rule()
    def speed_is_possible(cls) -> pl.Expr:
        """distance_km over the time of the trip is faster than any car drives"""
        hours = (cls.ended_at.col - cls.started_at.col).dt.total_seconds() / 3600
        return cls.distance_km.col <= hours * MOST_KM_AN_HOUR + 1

    @dy.rule()
    def events_fit_into_the_trip(cls) -> pl.Expr:
        """speeding_s, unbelted_s or close_following_s is longer than the trip"""
        seconds = (cls.ended_at.col - cls.started_at.col).dt.total_seconds()
        longest = pl.max_horizontal(cls.speeding_s.col, cls.unbelted_s.col, cls.close_following_s.col)
        return (longest <= seconds.clip(0) + 1).fill_null(True)
