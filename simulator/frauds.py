"""Frauds of every kind that public sources name, planted at a set rate; each is labelled in the truth.

A claim without an impact in the trips is drawn with the claims (`losses`), before the trips are marked.
A planter takes a frame and the rows it may use, and returns the frame with some of them changed or added;
changed and added rows carry the kind in `fraud`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from simulator import catalogue as cat

Generator = np.random.Generator
Array = np.ndarray[Any, Any]
Planter = Callable[[Generator, pl.DataFrame, pl.Series], pl.DataFrame]
APPROVAL_LIMIT = 2_000.0


def plant_in_claims(rng: Generator, claims: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Claims with frauds; `rate` is the share of claims that each kind touches."""
    for kind, planter in CLAIM_FRAUDS.items():
        claims = _plant(rng, claims, kind, planter, rate)
    return claims


def plant_in_orders(rng: Generator, orders: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Workshop orders with frauds; `rate` is the share of orders that each kind touches."""
    for kind, planter in ORDER_FRAUDS.items():
        orders = _plant(rng, orders, kind, planter, rate)
    return orders.with_columns(
        total=(pl.col("labour") + pl.col("parts") + pl.col("sublet")).round(2),
    )


def _plant(rng: Generator, rows: pl.DataFrame, kind: str, planter: Planter, rate: float) -> pl.DataFrame:
    free = rows["fraud"].is_null() & _eligible(rows, kind)
    places = np.flatnonzero(free.to_numpy())
    count = min(len(places), max(1, round(rate * rows.height))) if rate > 0 else 0
    if not count:
        return rows
    chosen = pl.Series(np.isin(np.arange(rows.height), rng.choice(places, count, replace=False)))
    return planter(rng, rows, chosen)


def _eligible(rows: pl.DataFrame, kind: str) -> pl.Series:
    conditions = {
        "same_third_party_again": pl.col("cover") == 1,
        "already_damaged": pl.col("cover") == 0,
        "just_above_deductible": pl.col("cover") <= 1,
        "repeated": pl.col("cover") == 0,
        "odometer_rollback": pl.col("odometer") > 30_000,
        "same_part_again": pl.col("kind") == "维修",
        "part_does_not_fit": pl.col("kind") == "维修",
        "replaced_instead_of_repaired": pl.col("kind") == "维修",
        "just_before_cover_ends": (pl.col("kind") == "维修") & pl.col("in_plan"),
        "billed_twice": pl.col("payer") == "客户",
        "visits_above_limit": pl.col("payer") == "套餐",
        "split_invoice": (pl.col("total") > APPROVAL_LIMIT) & (pl.col("payer") == "保修"),
    }
    return rows.with_columns(_ok=conditions.get(kind, pl.lit(True)).fill_null(False))["_ok"]


def _changed(kind: str, **changes: Callable[[Generator, pl.DataFrame], pl.Expr]) -> Planter:
    """A planter that changes columns of the chosen rows."""

    def plant(rng: Generator, rows: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
        new = {name: pl.when(chosen).then(make(rng, rows)).otherwise(name) for name, make in changes.items()}
        return rows.with_columns(**new).with_columns(
            fraud=pl.when(chosen).then(pl.lit(kind)).otherwise("fraud")
        )

    return plant


def _added(kind: str, **changes: Callable[[Generator, pl.DataFrame], pl.Expr]) -> Planter:
    """A planter that adds a changed copy of the chosen rows."""

    def plant(rng: Generator, rows: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
        copies = rows.filter(chosen)
        new = {name: make(rng, copies).cast(rows.schema[name]).alias(name) for name, make in changes.items()}
        return pl.concat([rows, copies.with_columns(*new.values(), fraud=pl.lit(kind))])

    return plant


def _days(low: int, high: int) -> Callable[[Generator, pl.DataFrame], pl.Expr]:
    def draw(rng: Generator, rows: pl.DataFrame) -> pl.Expr:
        return pl.duration(days=pl.lit(pl.Series(rng.integers(low, high, rows.height))))

    return draw


def _value(value: object) -> Callable[[Generator, pl.DataFrame], pl.Expr]:
    return lambda _rng, _rows: pl.lit(value)


def _times(column: str, factor: float) -> Callable[[Generator, pl.DataFrame], pl.Expr]:
    return lambda _rng, _rows: (pl.col(column) * factor).round(2)


def _moved_to(rng: Generator, claims: pl.DataFrame, first: str, low: int, high: int) -> pl.DataFrame:
    day = pl.col(first) + _days(low, high)(rng, claims)
    shift = (day - pl.col("loss_date")).dt.total_days()
    return claims.select(at=pl.col("loss_local") + pl.duration(days=shift), day=day)


def _soon_after_inception(rng: Generator, claims: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """The loss lies in the first days of the contract and costs more than most."""
    moved = _moved_to(rng, claims, "valid_from", 1, 15)
    return claims.with_columns(
        loss_local=pl.when(chosen).then(moved["at"]).otherwise("loss_local"),
        loss_date=pl.when(chosen).then(moved["day"]).otherwise("loss_date"),
        amount=pl.when(chosen).then((pl.col("amount") * 2.5).round(2)).otherwise("amount"),
        fraud=pl.when(chosen).then(pl.lit("soon_after_inception")).otherwise("fraud"),
    )


def _repeated(rng: Generator, claims: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """The same damage claimed again some weeks later, while the contract is in force."""
    again = claims.filter(chosen)
    last = pl.col("valid_from").dt.offset_by("1y").dt.offset_by("-1d")
    day = again.select(pl.min_horizontal(pl.col("loss_date") + _days(10, 60)(rng, again), last)).to_series()
    shift = (pl.lit(day) - pl.col("loss_date")).dt.total_days()
    again = again.with_columns(
        loss_local=pl.col("loss_local") + pl.duration(days=shift), loss_date=day, fraud=pl.lit("repeated")
    )
    return pl.concat([claims, again])


def _at_night(rng: Generator, claims: pl.DataFrame) -> pl.Expr:
    seconds = pl.lit(pl.Series(rng.integers(3_600, 3 * 3_600, claims.height)))
    return pl.col("loss_local").dt.truncate("1d") + pl.duration(seconds=seconds)


def _of_a_ring(rng: Generator, claims: pl.DataFrame) -> pl.Expr:
    return pl.lit(pl.Series(9 * 10**7 + rng.integers(0, max(2, claims.height // 4_000), claims.height)))


CLAIM_FRAUDS: dict[str, Planter] = {
    "soon_after_inception": _soon_after_inception,
    "repeated": _repeated,
    "late_report": _changed("late_report", report_delay=lambda rng, rows: pl.lit(
        pl.Series(rng.integers(45, 120, rows.height)))),
    "night_without_witness": _changed(
        "night_without_witness", loss_local=_at_night, camera=_value(False), witness=_value(False),
        peril=_value("parked"),
    ),
    "same_third_party_again": _changed("same_third_party_again", third_party=_of_a_ring),
    "already_damaged": _changed(
        "already_damaged", damaged_before=_value(True), amount=_times("amount", 1.6)
    ),
    "just_above_deductible": _changed(
        "just_above_deductible", amount=lambda rng, rows: pl.lit(
            pl.Series(np.round(cat.DEDUCTIBLE * rng.uniform(1.005, 1.06, rows.height), 2)))
    ),
    "not_driving": _changed(
        "not_driving", peril=_value("collision"),
        loss_local=lambda rng, rows: pl.col("loss_local").dt.truncate("1d")
        + pl.duration(seconds=pl.lit(pl.Series(rng.integers(0, 86_400, rows.height)))),
    ),
}  # fmt: skip

ORDER_FRAUDS: dict[str, Planter] = {
    "odometer_rollback": _changed(
        "odometer_rollback", odometer=lambda _rng, _rows: (pl.col("odometer") * 0.55).cast(pl.Int64)
    ),
    "trip_contradicts_odometer": _changed(
        "trip_contradicts_odometer", odometer=lambda _rng, _rows: pl.col("odometer") + 9_000
    ),
    "impossible_kilometres": _added(
        "impossible_kilometres", opened=lambda _rng, _rows: pl.col("opened") + pl.duration(days=1),
        odometer=lambda _rng, _rows: pl.col("odometer") + 6_000,
    ),
    "same_part_again": _added(
        "same_part_again", opened=lambda rng, rows: pl.col("opened") + _days(15, 60)(rng, rows)
    ),
    "part_does_not_fit": _changed(
        "part_does_not_fit", model_number=lambda _rng, _rows: (pl.col("model_number") + 7) % 20
    ),
    "labour_far_above_peers": _changed(
        "labour_far_above_peers", hours=_times("hours", 4), labour=_times("labour", 4)
    ),
    "replaced_instead_of_repaired": _changed(
        "replaced_instead_of_repaired", parts=_times("parts", 5), labour=_times("labour", 0.3),
        hours=_times("hours", 0.3),
    ),
    "just_before_cover_ends": _changed(
        "just_before_cover_ends", payer=_value("套餐"), parts=_times("parts", 3),
        opened=lambda rng, rows: pl.max_horizontal(
            "valid_from", pl.col("last_day") - _days(0, 10)(rng, rows)),
    ),
    "billed_twice": _added("billed_twice", payer=_value("保险")),
    "invoice_reused": _changed("invoice_reused", invoice=lambda _rng, _rows: pl.col("invoice") // 10 + 1),
    "visits_above_limit": _added(
        "visits_above_limit", opened=lambda rng, rows: pl.min_horizontal(
            pl.col("last_day"), pl.col("opened") + _days(5, 40)(rng, rows)),
    ),
    "split_invoice": _added(
        "split_invoice", parts=_times("parts", 0.45), labour=_times("labour", 0.45),
        hours=_times("hours", 0.45),
    ),
    "shop_outlier": _changed(
        "shop_outlier", shop=lambda rng, rows: pl.lit(pl.Series(rng.choice([113, 127], rows.height))),
        parts=_times("parts", 1.8), labour=_times("labour", 1.5), hours=_times("hours", 1.5),
    ),
}  # fmt: skip
