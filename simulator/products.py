"""What sales, credit and customer care write down: offers, instalments, surveys, complaints."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from simulator import catalogue as cat

Generator = np.random.Generator
APPROACHED_DAYS = 30
INSTALMENTS = 12


def draw_offers(rng: Generator, contracts: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """An offer a month before each contract, taken; and as many again that were not."""
    taken = contracts.select(
        "vin", "tier", "channel", "premium",
        offered=pl.col("valid_from") - pl.duration(days=APPROACHED_DAYS),
        decided=pl.col("valid_from"), outcome=pl.lit("成交"),
    )  # fmt: skip
    lost = taken.filter(pl.Series(rng.random(taken.height) < 0.9))
    lost = lost.with_columns(
        offered=pl.col("offered") + pl.duration(days=pl.lit(pl.Series(rng.integers(40, 300, lost.height)))),
        outcome=pl.Series(rng.choice(["拒绝", "过期"], lost.height, p=[0.7, 0.3])),
    ).with_columns(decided=pl.col("offered") + pl.duration(days=14))
    both = pl.concat([taken, lost]).sort("offered", "vin", "outcome").filter(pl.col("decided") <= end)
    return both.with_row_index("n", offset=1).with_columns(
        offer_no=pl.format("O{}", pl.col("n").cast(pl.String).str.zfill(8))
    )


def draw_instalments(rng: Generator, contracts: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Twelve instalments of each contract so paid, the last with what rounding leaves of the premium.

    A few are late, one in fifty is not paid at all.
    """
    due = contracts.filter(pl.col("payment") != "annual").with_columns(
        number=pl.int_ranges(1, INSTALMENTS + 1)
    )
    due = due.explode("number").with_columns(
        due_on=pl.col("valid_from").dt.offset_by(pl.format("{}mo", pl.col("number") - 1)),
    )
    even = (pl.col("premium") / INSTALMENTS).round(2)
    rest = (pl.col("premium") - even * (INSTALMENTS - 1)).round(2)
    due = due.with_columns(amount=pl.when(pl.col("number") == INSTALMENTS).then(rest).otherwise(even))
    due = due.filter((pl.col("due_on") <= end) & (pl.col("due_on") <= pl.col("last_day")))
    late = np.where(rng.random(due.height) < 0.1, rng.integers(1, 40, due.height), 0)
    paid_on = pl.col("due_on") + pl.duration(days=pl.lit(pl.Series(late)))
    paid = pl.lit(pl.Series(rng.random(due.height) >= 0.02)) & (paid_on <= end)
    return due.select(
        "contract_no", "number", "due_on", "amount",
        paid_on=pl.when(paid).then(paid_on), paid_amount=pl.when(paid).then("amount"),
    ).sort("due_on", "contract_no")  # fmt: skip


def draw_surveys(rng: Generator, orders: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """One visit in five is followed by an answer: 0 to 10."""
    asked = orders.filter(pl.Series(rng.random(orders.height) < 0.2))
    score = np.clip(np.round(rng.normal(8.2, 1.8, asked.height)), 0, 10).astype(int)
    answered = pl.col("opened") + pl.duration(days=pl.lit(pl.Series(rng.integers(1, 15, asked.height))))
    return (
        asked.select("vin", answered=answered, score=pl.lit(pl.Series(score)))
        .filter(pl.col("answered") <= end)
        .sort("answered", "vin")
    )


def draw_complaints(rng: Generator, orders: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """One visit in fifty is complained about; most are answered within a day."""
    angry = orders.filter(pl.Series(rng.random(orders.height) < 0.02))
    size = angry.height
    opened = pl.col("opened").cast(pl.Datetime("us")) + pl.duration(
        seconds=pl.lit(pl.Series(rng.integers(8 * 3_600, 18 * 3_600, size)))
    )
    hours = pl.Series(np.round(rng.gamma(2, 7, size), 2) + 0.1)
    topics = ["waiting time", "price", "quality of work", "claim handling"]
    return (
        angry.select(
            "vin", opened=opened, topic=pl.lit(pl.Series(rng.choice(topics, size))),
            upheld=pl.lit(pl.Series(rng.random(size) < 0.4)),
        )
        .with_columns(answered=pl.col("opened") + pl.duration(seconds=pl.lit((hours * 3_600).cast(pl.Int64))))
        .filter(pl.col("answered") <= pl.lit(end).cast(pl.Datetime("us")))
        .sort("opened", "vin")
    )  # fmt: skip


def listed_parts() -> pl.DataFrame:
    """The parts list that goes with the catalogue."""
    return cat.parts().select("part_number", "name", "list_price", "model", "life_km", "life_months")
