"""On-level factors: the textbook's example, a closed form, and policies beside the parallelogram."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.on_level import earned_on_level, on_level_premiums, parallelogram
from models_ml.errors import BadColumnError, ModellingError

# Werner and Modlin (2016), Basic Ratemaking, chapter 5, the example of calendar year 2011.
CHANGES = pl.DataFrame(
    {
        "effective_date": [dt.date(2012, 4, 1), dt.date(2010, 7, 1), dt.date(2011, 1, 1)],
        "change": [-0.01, 0.05, 0.10],
    }
)
YEAR = pl.DataFrame({"first": [dt.date(2011, 1, 1)], "last": [dt.date(2011, 12, 31)]})


@pytest.mark.parametrize(
    ("term", "average", "factor"), [(365, 1.0963, 1.0431), (365 / 2, 1.12875, 1.0131)], ids=["annual", "half"]
)
def test_the_parallelogram_is_the_textbooks(term: float, average: float, factor: float) -> None:
    # The book counts months, this days: half a year is 184 of 365.
    found = parallelogram(CHANGES, YEAR, term)
    assert found["rate_index"][0] == pytest.approx(average, abs=5e-4)
    assert found["on_level_factor"][0] == pytest.approx(factor, abs=5e-4)


def test_a_change_in_the_middle_of_the_year_weighs_an_eighth_of_the_square() -> None:
    # Annual policies, a change halfway: of that year (1/2)^2 / 2 is earned at the new rate.
    change = pl.DataFrame({"effective_date": [dt.date(2011, 7, 2)], "change": [0.08]})
    earned_before = parallelogram(change, YEAR, 365)["rate_index"][0]
    share = (183 / 365) ** 2 / 2
    assert earned_before == pytest.approx(1 + 0.08 * share, abs=1e-12)


def test_before_the_first_change_and_a_term_after_the_last_all_is_at_one_level() -> None:
    periods = pl.DataFrame(
        {
            "first": [dt.date(2009, 1, 1), dt.date(2013, 5, 1)],
            "last": [dt.date(2009, 12, 31)] * 1 + [dt.date(2013, 6, 1)],
        }
    )
    found = parallelogram(CHANGES, periods, 365)
    assert found["rate_index"].to_list() == pytest.approx([1, 1.1435], abs=5e-5)
    assert found["on_level_factor"].to_list() == pytest.approx([1.05 * 1.1 * 0.99, 1])


def written_daily(term: int) -> pl.DataFrame:
    """A policy of 100 at the first rates every day for four years."""
    days = [dt.date(2009, 1, 1) + dt.timedelta(days=day) for day in range(4 * 365)]
    index = [
        100 * 1.05 ** (day >= dt.date(2010, 7, 1)) * 1.1 ** (day >= dt.date(2011, 1, 1))
        * 0.99 ** (day >= dt.date(2012, 4, 1))
        for day in days
    ]  # fmt: skip
    return pl.DataFrame({"effective_date": days, "premium": index, "term_days": term})


def test_every_policy_is_brought_to_the_one_rate() -> None:
    found = on_level_premiums(written_daily(365), CHANGES)
    assert found["on_level_premium"].to_numpy() == pytest.approx(np.full(len(found), 114.345))
    assert found.filter(pl.col("effective_date") == dt.date(2010, 7, 1))["on_level_factor"][
        0
    ] == pytest.approx(1.1 * 0.99)


@pytest.mark.parametrize("term", [365, 182])
def test_policies_written_evenly_earn_what_the_parallelogram_says(term: int) -> None:
    exact = earned_on_level(written_daily(term), CHANGES, YEAR)
    area = parallelogram(CHANGES, YEAR, term)
    assert exact["on_level_factor"][0] == pytest.approx(area["on_level_factor"][0], abs=3e-4)
    assert exact["earned_on_level"][0] == pytest.approx(114.345 * 365, rel=1e-9)


def test_a_premium_is_earned_in_full_over_periods_and_only_there() -> None:
    policy = pl.DataFrame({"premium": [365.0], "effective_date": [dt.date(2011, 12, 1)], "term_days": [365]})
    periods = pl.DataFrame(
        {
            "first": [dt.date(2011, 1, 1), dt.date(2011, 12, 31), dt.date(2012, 1, 1), dt.date(2013, 1, 1)],
            "last": [
                dt.date(2011, 12, 30),
                dt.date(2011, 12, 31),
                dt.date(2012, 12, 31),
                dt.date(2013, 1, 9),
            ],
        }
    )
    found = earned_on_level(policy, CHANGES.head(0), periods)
    assert found["earned"].to_list() == pytest.approx([30, 1, 334, 0])
    assert found["on_level_factor"].to_list() == [1, 1, 1, None]


def test_changes_of_one_day_multiply() -> None:
    twice = pl.DataFrame({"effective_date": [dt.date(2011, 1, 1)] * 2, "change": [0.1, 0.2]})
    policy = pl.DataFrame({"premium": [100], "effective_date": [dt.date(2010, 12, 31)]})
    assert on_level_premiums(policy, twice)["on_level_factor"][0] == pytest.approx(1.32)
    assert np.isfinite(parallelogram(twice, YEAR, 365)["on_level_factor"][0])


def test_what_cannot_be_is_refused() -> None:
    policy = pl.DataFrame({"premium": [1.0], "effective_date": [dt.date(2011, 1, 1)], "term_days": [0]})
    with pytest.raises(BadColumnError, match="a fall of all the premium"):
        on_level_premiums(policy, CHANGES.with_columns(change=-1.0))
    with pytest.raises(BadColumnError, match="'change': 3 not a number"):
        on_level_premiums(policy, CHANGES.with_columns(change=float("nan")))
    with pytest.raises(BadColumnError, match="'effective_date': 1 rows without a day"):
        on_level_premiums(policy.with_columns(effective_date=pl.lit(None, pl.Date)), CHANGES)
    with pytest.raises(BadColumnError, match="'term_days' is 0 in row 0"):
        earned_on_level(policy, CHANGES, YEAR)
    with pytest.raises(BadColumnError, match="a period ends before it begins"):
        parallelogram(CHANGES, YEAR.with_columns(last=dt.date(2010, 1, 1)), 365)
    with pytest.raises(ModellingError, match="a term of 0 days"):
        parallelogram(CHANGES, YEAR, 0)
