"""Experience at the level of the rating year: each step by hand, and nothing lost on the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import polars.testing
import pytest

from models_ml.actuarial.trend import Trend
from models_ml.actuarial.triangles import Triangle
from models_ml.restatement import (
    WHOLE,
    Assumptions,
    CoverExperience,
    Development,
    claims_of_contracts,
    develop,
    expected_by_quarter,
    restate,
)
from tests.models_ml.world import MIDDLE, QUARTERS, World

STILL = Assumptions(frequency_trend=0.0, severity_trend=0.0, trend_sd=0.0, large_loss_quantile=1.0)


def moving(trend: float, error: float = 0.0) -> dict[str, Trend]:
    return {WHOLE: Trend("damage", "frequency", None, None, None, trend, 0.0, trend, error, "as assumed")}


def restated(
    known: CoverExperience, assumptions: Assumptions, frequency: float = 0.0, middle: dt.date = MIDDLE
) -> tuple[pl.DataFrame, object, Development]:
    development = develop(known)
    flat = np.full(known.contracts.height, 0.3)
    by_quarter = expected_by_quarter(known, development, flat, None)
    contracts, told = restate(known, development, by_quarter, moving(frequency), assumptions, middle)
    return contracts, told, development


def test_without_delay_trend_or_cap_experience_stays_as_it_is() -> None:
    known = World().known()
    contracts, told, _ = restated(known, STILL)
    before = known.contracts.sort("contract_id")
    assert contracts["at_risk_years"].to_numpy() == pytest.approx(before["exposure_years"].to_numpy())
    assert contracts["restated_amount"].to_numpy() == pytest.approx(before["gross_amount"].to_numpy())
    assert (told.cap, told.large_loss_factor, told.trend_error) == (None, 1.0, 0.0)


def test_exposure_whose_claims_are_known_in_part_is_at_risk_in_part() -> None:
    """Of the last quarter three quarters of the claims are known, of those before all."""
    known = World(vehicles=20_000, late=0.25).known()
    contracts, _, development = restated(known, STILL)
    shares = development.quarters.sort("quarter")["reported_share"]
    assert shares[:-1].to_list() == pytest.approx([1.0] * (QUARTERS - 1), abs=1e-9)
    assert shares[-1] == pytest.approx(0.75, abs=0.02)
    last = contracts.filter(pl.col("effective_date") == dt.date(2025, 1, 1))["at_risk_years"]
    days = np.array([90, 91, 92, 92]) / 365
    assert last.to_numpy() == pytest.approx(float(days @ [1, 1, 1, shares[-1]]))


def test_a_trend_of_frequency_puts_exposure_at_what_brings_the_claims_in_the_rating_year() -> None:
    contracts, _, _ = restated(World(vehicles=50).known(), STILL, frequency=0.1)
    # The middle of 2023 lies three years before; a year at risk then is less than one of the rating year.
    first = contracts.filter(pl.col("effective_date") == dt.date(2023, 1, 1))["at_risk_years"]
    assert first.to_numpy() == pytest.approx(1.1**-3.0, rel=2e-3)


def test_costs_are_at_prices_of_the_rating_year() -> None:
    assumed = replace(STILL, severity_trend=0.05)
    known = World(vehicles=500).known()
    contracts, _, _ = restated(known, assumed)
    years = (pl.lit(MIDDLE) - pl.col("loss_date")).dt.total_days() / 365.25
    expected = known.claims.select((pl.col("amount") * 1.05**years).sum()).item()
    assert contracts["restated_amount"].sum() == pytest.approx(expected, rel=1e-9)


def test_what_is_cut_comes_back_as_a_factor() -> None:
    known = World().known()
    contracts, told, _ = restated(known, replace(STILL, large_loss_quantile=0.95))
    amounts = known.claims["amount"].to_numpy()
    assert (amounts > told.cap).mean() == pytest.approx(0.05, abs=0.002)
    assert contracts["restated_amount"].sum() * told.large_loss_factor == pytest.approx(amounts.sum())
    assert told.large_loss_factor > 1.01


def test_claims_without_days_are_taken_as_reported_and_none_is_lost() -> None:
    known = World(vehicles=300).known()
    undated = replace(known, claims=claims_of_contracts(known.contracts), counts=None, amounts=None)
    contracts, told, development = restated(undated, replace(STILL, severity_trend=0.1))
    assert development.remarks == ("cover damage: losses have no triangle; claims are taken as reported",)
    assert undated.claims.height == known.contracts["claim_count"].sum()
    assert undated.claims["amount"].sum() == pytest.approx(known.contracts["gross_amount"].sum())
    # Their prices are those of the middle of their contract; nothing is seen of a trend of their own.
    assert told.severity.observed is None
    of_2025 = contracts.filter(pl.col("effective_date") == dt.date(2025, 1, 1))
    risen = of_2025["restated_amount"].sum() / of_2025["gross_amount"].sum()
    assert risen == pytest.approx(1.1, rel=1e-3)


def test_trends_are_the_less_sure_the_further_they_are_carried() -> None:
    known = World(vehicles=300).known()
    development = develop(known)
    by_quarter = expected_by_quarter(known, development, np.full(known.contracts.height, 0.3), None)
    assumed = replace(STILL, trend_sd=0.02)
    near, far = (
        restate(known, development, by_quarter, moving(0.0, error=0.03), assumed, middle)[1].trend_error
        for middle in (MIDDLE, MIDDLE.replace(year=2028))
    )
    # Two years and four years from the middle of 2024, each trend with its own error.
    assert far == pytest.approx(2 * near, rel=0.01)
    assert 2 * 0.03 < near < 2 * np.hypot(0.03, 0.02)


def test_quarters_before_the_first_loss_have_had_their_time() -> None:
    known = World(vehicles=300, late=0.2).known()
    later = tuple(day for day in known.counts.origins if day >= dt.date(2024, 1, 1))
    short = replace(
        known,
        counts=replace(known.counts, origins=later, values=known.counts.values[4:, :-4]),
        amounts=replace(known.amounts, origins=later, values=known.amounts.values[4:, :-4]),
    )
    early = develop(short).quarters.filter(pl.col("quarter") < dt.date(2024, 1, 1))
    assert early["reported_share"].to_list() == [1.0] * 4


def test_a_loss_from_before_the_cover_was_in_force_does_not_hide_how_others_develop() -> None:
    """A claim with a wrong day, known only now, stretches the triangle by ten years."""
    known = World(vehicles=2_000, late=0.25).known()
    stray = replace(known, counts=_stretched(known.counts), amounts=_stretched(known.amounts))
    assert stray.counts.size == known.counts.size + 40
    pl.testing.assert_frame_equal(develop(stray).quarters, develop(known).quarters)


def _stretched(triangle: Triangle) -> Triangle:
    older = 40
    size = triangle.size + older
    values = np.zeros((size, size))
    values[0, -1] = 3_000.0
    values[older:, : triangle.size] = np.nan_to_num(triangle.values)
    values[np.add.outer(np.arange(size), np.arange(size)) >= size] = np.nan
    first = triangle.origins[0].year - older // 4
    origins = tuple(dt.date(first + q // 4, 3 * (q % 4) + 1, 1) for q in range(older))
    return Triangle(triangle.cover, (*origins, *triangle.origins), values)
