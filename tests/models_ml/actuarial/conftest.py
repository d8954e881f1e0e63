"""Triangles that are published, and triangles of which the end is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models_ml.actuarial.triangles import Triangle, triangle_of_movements

Array = np.ndarray[Any, Any]


def quarters(count: int) -> list[dt.date]:
    """First days of so many quarters."""
    return [dt.date(2000 + number // 4, 3 * (number % 4) + 1, 1) for number in range(count)]


def of_values(values: Array, cover: str = "glass") -> Triangle:
    """A triangle of an n x n array, whatever lies in its future."""
    size = len(values)
    known = np.add.outer(np.arange(size), np.arange(size)) < size
    return Triangle(cover, tuple(quarters(size)), np.where(known, np.asarray(values, dtype=float), np.nan))


def sample(name: str) -> tuple[Triangle, Any]:
    """A triangle that chainladder ships, as ours and as theirs."""
    import chainladder as cl

    theirs = cl.load_sample(name)
    return of_values(theirs.values[0, 0]), theirs


@dataclass(frozen=True)
class Known:
    """Three years of a cover as known at their end, and what they came to."""

    counts: Triangle
    amounts: Triangle
    exposure: Array
    severities: Array
    final_count: Array
    final_amount: Array


def simulated(seed: int, mean_count: float, delay: float, log_sd: float, size: int = 12) -> Known:
    """Poisson claims with season and growth, reported late, reserved roughly, settled, some recovered.

    `delay` is the mean delay of a report, in quarters; settlement takes as long again, and half a quarter.
    """
    rng = np.random.default_rng(seed)
    exposure = np.linspace(800, 1_200, size)
    season = 1 + 0.08 * np.cos(np.arange(size) * np.pi / 2)
    number = rng.poisson(mean_count * exposure / 1_000 * season)
    origin = np.repeat(np.arange(size), number)
    claims = len(origin)
    reported = origin + rng.random(claims) + rng.exponential(delay, claims)
    settled = reported + rng.gamma(2, (delay + 0.5) / 2, claims)
    amount = 3_000 * np.exp(rng.standard_normal(claims) * log_sd - log_sd**2 / 2)
    reserve = amount * np.exp(rng.standard_normal(claims) * 0.25)
    recovered = rng.random(claims) < 0.1
    moves = [
        (origin, reported, reserve),
        (origin, settled, amount - reserve),
        (origin[recovered], settled[recovered] + 0.5, -0.5 * amount[recovered]),
    ]

    def cut(pieces: list[tuple[Array, Array, Array]]) -> Triangle:
        at, when, added = (np.concatenate(column) for column in zip(*pieces, strict=True))
        days = pl.Series(quarters(size))
        frame = pl.DataFrame(
            {"origin": days[at], "development": np.floor(when).astype(int) - at + 1, "amount": added}
        )
        return triangle_of_movements("simulated", frame, days[0], days[-1])

    net = amount * np.where(recovered, 0.5, 1.0)
    return Known(
        counts=cut([(origin, reported, np.ones(claims))]),
        amounts=cut(moves),
        exposure=exposure,
        severities=amount[reported < size],
        final_count=number.astype(float),
        final_amount=np.bincount(origin, net, minlength=size),
    )
