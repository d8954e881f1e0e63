"""The day around which the losses of the contracts lie that a rate table will price.

A table prices contracts that begin in its year, and their losses come while they are in force: for annual
contracts written evenly, around the last day of the year, not its middle (Werner and Modlin 2016, chapter 6).
Shorter terms, a season of writing and cancellations bring that day forward, longer terms put it back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from models_ml.actuarial.trend import DAYS_PER_YEAR
from models_ml.errors import BadColumnError

LEAST_CONTRACTS = 30
"""Fewer contracts than these do not show how a cover is written."""


@dataclass(frozen=True)
class LossDate:
    """Mean day of loss of the contracts to be priced.

    Attributes:
        day: to whose level cost is trended.
        begin: mean day on which they begin, weighted as their losses are.
        term_years: mean time they are in force.
        contracts: it was measured on; 0 where it is assumed.
        reason: how it came about, in words.
    """

    day: dt.date
    begin: dt.date
    term_years: float
    contracts: int
    reason: str


def assumed_loss_date(first: dt.date, last: dt.date, why: str) -> LossDate:
    """That of annual contracts written evenly from `first` to `last`: the day after the last."""
    begin = first + (last - first) / 2
    reason = f"assumed, annual contracts written evenly through the year: {why}"
    return LossDate(begin + dt.timedelta(days=round(DAYS_PER_YEAR / 2)), begin, 1.0, 0, reason)


def mean_loss_date(contracts: pl.DataFrame, first: dt.date, last: dt.date, valued: dt.date) -> LossDate:
    """Mean day of loss of contracts that begin from `first` to `last`, written as those before them were.

    The contracts of the latest twelve months say when in the year they begin and for how long; each is
    weighted by its time in force, over which losses are taken to come evenly. Of one that still runs the
    end is not known: it is taken to stay as large a share of its term as contracts whose term is over did.

    Args:
        contracts: of one cover, known before `first`: `effective_date`, `expiry_date` as written (null where
            the contract has no end, which counts as a year) and `last_day_in_force`, cancellations in it.
        first, last: first and last day of the rating year.
        valued: day up to which things are known.

    Raises:
        BadColumnError: a contract has no first day.
    """
    if contracts["effective_date"].null_count():
        raise BadColumnError("column 'effective_date': a contract has no first day")
    until = min(valued, first - dt.timedelta(days=1))
    since = _year_before(until + dt.timedelta(days=1))
    terms = _terms(contracts, valued)
    written = terms.filter(pl.col("effective_date").is_between(since, until))
    if written.height < LEAST_CONTRACTS:
        return assumed_loss_date(first, last, f"{written.height} contracts began in the year to {until}")
    moved = written.with_columns(begin=_in_rating_year(first)).with_columns(
        offset=(pl.col("begin") - pl.lit(first)).dt.total_days()
    )
    weight = pl.col("kept") / pl.col("kept").sum()
    offset, middle, kept = moved.select(
        (pl.col("offset") * weight).sum(),
        ((pl.col("offset") + pl.col("kept") / 2) * weight).sum().alias("middle"),
        pl.col("kept").mean().alias("mean_kept"),
    ).row(0)
    begin = first + dt.timedelta(days=round(offset))
    reason = (
        f"as the {written.height:,} contracts begun in the year to {until} were written: they begin around "
        f"{begin} and are in force {kept / DAYS_PER_YEAR:.2f} years"
    )
    day = first + dt.timedelta(days=round(middle))
    return LossDate(day, begin, float(kept) / DAYS_PER_YEAR, written.height, reason)


def _year_before(day: dt.date) -> dt.date:
    """The same day a year before; a leap day is preceded by the last of February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _terms(contracts: pl.DataFrame, valued: dt.date) -> pl.DataFrame:
    """Contracts with the days they are in force, `kept`, running ones as far as ended ones let expect."""
    year_on = pl.col("effective_date").dt.offset_by("1y").dt.offset_by("-1d")
    begun = pl.col("effective_date")
    terms = contracts.with_columns(expiry=pl.col("expiry_date").fill_null(year_on)).with_columns(
        term=((pl.col("expiry") - begun).dt.total_days() + 1).cast(pl.Float64),
        known=(
            (pl.min_horizontal("expiry", pl.col("last_day_in_force").fill_null(pl.col("expiry"))) - begun)
            .dt.total_days()
            + 1
        ).cast(pl.Float64),
    ).filter(pl.col("known") > 0)  # fmt: skip
    over = terms.filter(pl.col("expiry") <= pl.lit(valued))
    kept, written = over.select(pl.col("known", "term").sum()).row(0)
    share = float(kept / written) if over.height >= LEAST_CONTRACTS else 1.0
    running = (pl.col("expiry") > pl.lit(valued)) & (pl.col("known") >= pl.col("term"))
    return terms.with_columns(kept=pl.when(running).then(pl.col("term") * share).otherwise("known"))


def _in_rating_year(first: dt.date) -> pl.Expr:
    """The day on which a contract begun on `effective_date` would begin in the year from `first` on."""
    day = pl.col("effective_date")
    before = (day.dt.month() < first.month) | ((day.dt.month() == first.month) & (day.dt.day() < first.day))
    years = pl.lit(first.year) - day.dt.year() + before.cast(pl.Int32)
    return day.dt.offset_by(pl.format("{}y", years))
