"""Trips of one month: when, how far, with which events. Far more rows than of anything else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

Generator = np.random.Generator
Array = np.ndarray[Any, Any]

MEAN_TRIP_KM = 11.4  # mean of a trip; 71 % of trips take less than half an hour
_LOG_SD = 0.95
_UTC_AHEAD_S = 8 * 3600  # local time of the cars
_PAUSE_S = 60
# Share of a day's trips by local hour: two rush hours, quiet nights.
_HOURS = np.array([1, 0.5, 0.4, 0.4, 0.6, 2, 5, 9, 9, 6, 5, 5, 5.5, 5, 5, 5.5, 7, 9, 8, 6, 5, 4, 3, 2])
_CLOCK = np.concatenate([[0.0], np.cumsum(_HOURS) / _HOURS.sum()])
_CELLS = 3_000
_NIGHT = (23, 4)


def draw_trips(rng: Generator, vehicles: pl.DataFrame, km: Array, month: dt.date) -> pl.DataFrame:
    """Trips of all vehicles in a month (UTC), by vehicle and time; no two of a vehicle overlap.

    Args:
        rng: source of chance.
        vehicles: with `vehicle` and the traits of the driver.
        km: kilometres of each vehicle in the month; its trips add up to them.
        month: its first day.
    """
    counts = np.maximum(rng.poisson(km / MEAN_TRIP_KM), km > 0).astype(np.int64)
    vehicle = np.repeat(np.arange(len(km), dtype=np.int32), counts)
    starts_at = np.concatenate([[0], np.cumsum(counts)])[:-1]
    distance = _distances(rng, km, counts, starts_at)
    seconds = _durations(rng, distance)
    start = _start_times(rng, vehicle, seconds, month)
    inside = start + seconds < _length(month)
    vehicle, distance, seconds, start = vehicle[inside], distance[inside], seconds[inside], start[inside]
    return _with_events(rng, vehicles, vehicle, distance, seconds, start, month)


def _distances(rng: Generator, km: Array, counts: Array, starts_at: Array) -> Array:
    raw = np.exp(rng.standard_normal(int(counts.sum()), dtype=np.float32) * np.float32(_LOG_SD))
    some = counts > 0
    sums = np.add.reduceat(raw, starts_at[some]) if some.any() else np.zeros(0)
    scale = np.zeros(len(km), dtype=np.float32)
    scale[some] = km[some] / sums
    shared: Array = np.maximum(np.round(raw * np.repeat(scale, counts), 2), 0.05)
    return shared


def _durations(rng: Generator, distance: Array) -> Array:
    """Seconds; the longer the trip, the faster its roads."""
    speed = np.clip(15 + 0.75 * distance, 15, 95)
    speed *= np.exp(rng.standard_normal(len(distance), dtype=np.float32) * np.float32(0.22))
    return np.maximum(distance / np.clip(speed, 8, 130) * 3600, 60).astype(np.int64)


def _length(month: dt.date) -> int:
    following = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return (following - month).days * 86_400


def _start_times(rng: Generator, vehicle: Array, seconds: Array, month: dt.date) -> Array:
    """Seconds since the month began (UTC), rising within a vehicle, with a pause between trips."""
    length = _length(month)
    moment = rng.random(len(vehicle)) * (length // 86_400)
    day = np.floor(moment)
    local = np.interp(moment - day, _CLOCK, np.arange(25) * 3600.0)
    start = day * 86_400 + (local - _UTC_AHEAD_S) % 86_400
    order = np.argsort(vehicle * np.float64(length) + start, kind="stable")
    start = np.floor(start[order]).astype(np.int64)
    # A trip begins when it was meant to, or a pause after the one before it has ended.
    before = np.cumsum(seconds + _PAUSE_S) - (seconds + _PAUSE_S)
    apart = vehicle.astype(np.int64) * 10**12
    shifted: Array = np.maximum.accumulate(start - before + apart) - apart + before
    return shifted


def _with_events(
    rng: Generator,
    vehicles: pl.DataFrame,
    vehicle: Array,
    distance: Array,
    seconds: Array,
    start: Array,
    month: dt.date,
) -> pl.DataFrame:
    count = len(vehicle)
    traits = {n: vehicles[n].to_numpy().astype(np.float32) for n in
              ("braking", "turning", "speeding", "unbelted", "following")}  # fmt: skip
    epoch = np.datetime64(month, "us")
    hour = (start + _UTC_AHEAD_S) // 3600 % 24
    at_night = (hour >= _NIGHT[0]) | (hour < _NIGHT[1])
    short = seconds.astype(np.float32)

    def lasting(trait: str, share_of_trips: float) -> Array:
        """Seconds of the trip; on a share of the trips, as long as the trait says on average."""
        mean = traits[trait][vehicle] / share_of_trips
        happens = rng.random(count, dtype=np.float32) < share_of_trips
        part = np.minimum(mean * rng.random(count, dtype=np.float32) * 2, 1)
        return np.where(happens, part * short, 0).astype(np.int32)

    return pl.DataFrame(
        {
            "vehicle": vehicle,
            "start": epoch + start.astype("timedelta64[s]"),
            "end": epoch + (start + seconds).astype("timedelta64[s]"),
            "km": distance.astype(np.float64).round(2),
            "night_km": np.where(at_night, distance, 0).astype(np.float64).round(2),
            "harsh_brakes": rng.poisson(traits["braking"][vehicle] * distance).astype(np.int32),
            "harsh_turns": rng.poisson(traits["turning"][vehicle] * distance).astype(np.int32),
            "speeding_s": lasting("speeding", 0.4),
            "unbelted_s": lasting("unbelted", 0.1),
            "close_following_s": lasting("following", 0.5),
            "impact": np.zeros(count, dtype=bool),
            "start_cell": rng.integers(0, _CELLS, count, dtype=np.int32),
            "end_cell": rng.integers(0, _CELLS, count, dtype=np.int32),
        }
    )


def pick_trips(trips: pl.DataFrame, vehicle: Array, moment: Array) -> Array:
    """Index of each vehicle's first trip at or after a moment; -1 where there is none."""
    key = trips["vehicle"].to_numpy().astype(np.int64) * 10**13 + trips["start"].dt.timestamp("ms").to_numpy()
    wanted = vehicle.astype(np.int64) * 10**13 + moment
    at = np.searchsorted(key, wanted)
    safe = np.minimum(at, len(key) - 1)
    there = (at < len(key)) & (trips["vehicle"].to_numpy()[safe] == vehicle)
    return np.where(there, safe, -1)
