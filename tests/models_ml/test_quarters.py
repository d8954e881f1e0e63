"""Exposure by quarter: nothing is lost, and days lie where they were."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.quarters import exposure_by_quarter

DAY = st.dates(dt.date(2022, 1, 1), dt.date(2026, 12, 31))


@given(DAY, st.integers(0, 800), st.floats(0.001, 2.0))
def test_the_quarters_of_a_contract_sum_to_its_exposure(first: dt.date, length: int, years: float) -> None:
    last = first + dt.timedelta(days=length)
    contract = pl.DataFrame(
        {"contract_id": ["a"], "effective_date": [first], "last_day": [last], "exposure_years": [years]}
    )
    found = exposure_by_quarter(contract)
    assert found["years"].sum() == pytest.approx(years)
    assert found["years"].min() > 0  # type: ignore[operator]
    assert found["quarter"].is_unique().all()


def test_a_year_from_the_first_of_april_has_its_days_in_four_quarters() -> None:
    contract = pl.DataFrame(
        {
            "contract_id": ["a"],
            "effective_date": [dt.date(2025, 4, 1)],
            "last_day": [dt.date(2026, 3, 31)],
            "exposure_years": [365 / 365.25],
        }
    )
    found = exposure_by_quarter(contract).sort("quarter")
    assert [round(years * 365.25) for years in found["years"]] == [91, 92, 92, 90]
    assert found["quarter"].to_list()[0] == dt.date(2025, 4, 1)
