"""A table is priced to the day around which the losses of the contracts lie that will begin in its year."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.actuarial.loss_date import LEAST_CONTRACTS, mean_loss_date

FIRST, LAST, VALUED = dt.date(2026, 1, 1), dt.date(2026, 12, 31), dt.date(2025, 12, 31)


def written(begins: list[int], term: int = 365, kept: int | None = None, year: int = 2025) -> pl.DataFrame:
    """Contracts that begin so many days into a year, and are in force for `kept` days of their term."""
    days = [dt.date(year, 1, 1) + dt.timedelta(days=day) for day in begins]
    return pl.DataFrame(
        {
            "effective_date": days,
            "expiry_date": [day + dt.timedelta(days=term - 1) for day in days],
            "last_day_in_force": [day + dt.timedelta(days=(kept or term) - 1) for day in days],
        }
    )


EVENLY = list(range(365))


@pytest.mark.parametrize(
    ("book", "day"),
    [
        (written(EVENLY), dt.date(2026, 12, 31)),
        (written([0] * 50), dt.date(2026, 7, 2)),
        (written([334] * 50), dt.date(2027, 6, 1)),
        (written(EVENLY, 182), dt.date(2026, 10, 1)),
        (written(EVENLY, 730), dt.date(2027, 7, 2)),
        (written(EVENLY, 365, 180), dt.date(2026, 9, 30)),
    ],
    ids=["annual, evenly", "all on 1 January", "all in December", "half a year", "two years", "cancelled"],
)
def test_the_day_follows_season_term_and_cancellation(book: pl.DataFrame, day: dt.date) -> None:
    found = mean_loss_date(book, FIRST, LAST, VALUED)
    assert abs((found.day - day).days) <= 2
    assert found.contracts == book.height


def test_a_contract_without_end_counts_as_a_year() -> None:
    book = written(EVENLY).with_columns(
        expiry_date=pl.lit(None, pl.Date), last_day_in_force=pl.lit(None, pl.Date)
    )
    assert abs((mean_loss_date(book, FIRST, LAST, VALUED).day - LAST).days) <= 2


def test_contracts_that_still_run_stay_as_long_as_those_that_are_over_did() -> None:
    """A year ago half of all left in the middle of their term; nobody of this year has had the time."""
    before = pl.concat([written(EVENLY[::2], year=2024), written(EVENLY[1::2], kept=182, year=2024)])
    found = mean_loss_date(pl.concat([before, written(EVENLY)]), FIRST, LAST, VALUED)
    assert found.term_years == pytest.approx(0.75, abs=0.01)


def test_too_few_contracts_are_taken_as_annual_and_even_and_it_is_said() -> None:
    found = mean_loss_date(written(list(range(LEAST_CONTRACTS - 1))), FIRST, LAST, VALUED)
    assert (found.day, found.contracts) == (dt.date(2027, 1, 1), 0)
    assert found.reason.startswith("assumed, annual contracts written evenly")


@given(st.lists(st.integers(0, 364), min_size=LEAST_CONTRACTS, max_size=60), st.integers(20, 1_100))
@settings(max_examples=40, deadline=None)
def test_no_loss_lies_before_the_first_contract_or_after_the_last_one_ends(
    begins: list[int], term: int
) -> None:
    found = mean_loss_date(written(begins, term), FIRST, LAST, VALUED)
    begun = [FIRST + dt.timedelta(days=day) for day in begins]
    middle = dt.timedelta(days=term / 2)
    assert min(begun) - dt.timedelta(days=2) <= found.begin <= max(begun) + dt.timedelta(days=2)
    assert abs((found.day - found.begin - middle).days) <= 2


@given(st.integers(2001, 2040), st.integers(1, 12), st.sampled_from([1, 15, 28]))
@settings(max_examples=60, deadline=None)
def test_a_book_that_begins_on_one_day_a_year_is_found_whatever_the_year_and_its_leap_day(
    year: int, month: int, day: int
) -> None:
    """Twelve months hold every day of a year once, 366 days of a leap year too."""
    begin = dt.date(year, month, day)
    first = dt.date(year + 1, 1, 1)
    book = pl.DataFrame(
        {
            "effective_date": [begin] * LEAST_CONTRACTS,
            "expiry_date": [begin + dt.timedelta(days=364)] * LEAST_CONTRACTS,
            "last_day_in_force": [begin + dt.timedelta(days=364)] * LEAST_CONTRACTS,
        }
    )
    found = mean_loss_date(book, first, dt.date(year + 1, 12, 31), first - dt.timedelta(days=1))
    assert found.contracts == LEAST_CONTRACTS
    assert found.begin == begin.replace(year=year + 1)


@pytest.mark.parametrize(
    ("valued", "days"),
    [(dt.date(2024, 2, 29), 366), (dt.date(2025, 2, 28), 365), (dt.date(2025, 6, 30), 365)],
)
def test_the_window_is_a_year_wherever_it_ends(valued: dt.date, days: int) -> None:
    begin = pl.date_range(dt.date(2022, 1, 1), dt.date(2025, 12, 31), interval="1d", eager=True)
    book = pl.DataFrame({"effective_date": begin}).with_columns(
        expiry_date=pl.col("effective_date") + pl.duration(days=364),
        last_day_in_force=pl.col("effective_date") + pl.duration(days=364),
    )
    assert mean_loss_date(book, FIRST, LAST, valued).contracts == days
