"""The forecast of a cover finds the law of a world it has seen three years of."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.loss_date import mean_loss_date
from models_ml.cover_forecast import (
    CoverForecast,
    as_cells,
    first_look,
    fit_as_known,
    forecast_cover,
    trends_of_segments,
)
from models_ml.errors import NoClaimsError
from models_ml.restatement import WHOLE, Assumptions
from tests.models_ml.world import FACTORS, MIDDLE, World, rating

ASSUMED = Assumptions(frequency_trend=0.0, severity_trend=0.0, trend_sd=0.1, large_loss_quantile=0.99)
LEVELS = pl.DataFrame({"use": ["private", "taxi"] * 2, "powertrain": ["ice"] * 2 + ["bev"] * 2})


def forecast(world: World, assumed: Assumptions = ASSUMED, **changes: object) -> CoverForecast:
    look = first_look(world.known(), assumed, rating(**changes))
    return forecast_cover(look, trends_of_segments([look]))


def test_what_is_late_rises_and_grows_dearer_is_forecast_where_it_will_be() -> None:
    world = World(20_000, trends={"ice": 0.0, "bev": 0.08}, severity_trend=0.06, late=0.3)
    made = forecast(world)
    predicted = made.model.predict_frequency(LEVELS)
    truth = [world.rate(p, u, 3.0) for u, p in LEVELS.iter_rows()]
    assert predicted == pytest.approx(truth, rel=0.06)
    cost = made.model.predict_burning_cost(LEVELS)
    assert cost == pytest.approx(np.array(truth) * 1_000 * 1.06**3, rel=0.1)
    # As known, the same claims are too few and too cheap.
    as_known = fit_as_known(world.known().contracts, rating()).predict_burning_cost(LEVELS)
    assert (as_known < 0.9 * cost).all()


def test_a_segment_has_the_trend_of_its_own_vehicles() -> None:
    made = forecast(World(20_000, trends={"ice": -0.05, "bev": 0.1}))
    trends = made.restatement.frequency
    assert trends["bev"].selected == pytest.approx(0.1, abs=0.03)
    assert trends["ice"].selected == pytest.approx(-0.05, abs=0.03)


def test_a_thin_cover_takes_its_trend_from_all_covers() -> None:
    """Glass says next to nothing of a trend; what the drivers did to the thick cover is its complement."""
    trends = {"ice": 0.12, "bev": 0.12}
    thick = first_look(World(20_000, trends=trends).known("damage"), ASSUMED, rating())
    thin = first_look(World(20_000, 0.002, trends=trends).known("glass", seed=2), ASSUMED, rating())
    of_all = trends_of_segments([thick, thin])
    cautious = replace(thin, assumptions=replace(ASSUMED, trend_sd=0.02))
    alone = forecast_cover(cautious, {}).restatement.frequency["ice"]
    together = forecast_cover(cautious, of_all).restatement.frequency["ice"]
    assert together.a_priori == of_all["ice"].selected == pytest.approx(0.12, abs=0.03)
    assert together.selected == pytest.approx(0.12, abs=0.03)
    assert (alone.a_priori, alone.selected) == (0.0, pytest.approx(0.0, abs=0.03))


def test_without_segments_all_vehicles_of_all_covers_are_one() -> None:
    looks = [first_look(World(500).known(cover), ASSUMED, rating(segment=None)) for cover in ("a", "b")]
    assert list(trends_of_segments(looks)) == [WHOLE]
    assert list(forecast_cover(looks[0], {}).restatement.frequency) == [WHOLE]


def test_cells_hold_what_their_contracts_hold() -> None:
    contracts = World(300).known().contracts
    cells = as_cells(contracts, FACTORS)
    assert cells.height == 4
    for column in ("exposure_years", "claim_count", "gross_amount"):
        assert cells[column].sum() == pytest.approx(contracts[column].sum())


def test_a_fit_on_cells_is_a_fit_on_contracts() -> None:
    """Coefficients agree to a millionth: cells are but contracts added up."""
    contracts = World(1_000).known().contracts
    rows = contracts.with_columns(cell_id=pl.col("contract_id"))
    on_cells, on_rows = (fit_as_known(frame, rating()) for frame in (contracts, rows))
    first, second = (
        model.relativities_.sort("factor", "level")["frequency_relativity"].log().to_numpy()
        for model in (on_cells, on_rows)
    )
    assert first == pytest.approx(second, abs=1e-6)
    assert on_cells.base_frequency_ == pytest.approx(on_rows.base_frequency_, rel=1e-6)


def test_a_cover_without_claims_is_refused_by_its_name() -> None:
    known = World(100, frequency=0.0).known()
    with pytest.raises(NoClaimsError, match="cover damage has no claim with a cost"):
        first_look(known, ASSUMED, rating())


def test_the_same_experience_gives_the_same_forecast() -> None:
    first, second = (forecast(World(400)).model.to_dict() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "day", [MIDDLE, dt.date(2026, 12, 31)], ids=["calendar year", "contracts begun in it"]
)
def test_a_known_trend_is_recovered_at_the_day_asked_for(day: dt.date) -> None:
    """Claims grow dearer by 6 % a year; half a year too little would be 3 % off."""
    world = World(30_000, severity_trend=0.06, taxi=1.0)
    look = first_look(world.known(), replace(ASSUMED, severity_trend=0.06, trend_sd=0.005), rating())
    made = forecast_cover(look, {}, day)
    years = (day - dt.date(2023, 7, 2)).days / 365.25
    (cost,) = made.model.predict_burning_cost(LEVELS.head(1))
    assert cost == pytest.approx(world.frequency * 1_000 * 1.06**years, rel=0.015)


def test_rates_stand_at_the_end_of_the_year_where_contracts_are_annual_and_written_evenly() -> None:
    """Half a year of trend beside the view of the calendar year."""
    world = World(4_000, severity_trend=0.06)
    look = first_look(world.known(), replace(ASSUMED, severity_trend=0.06, trend_sd=0.001), rating())
    begins = [dt.date(2025, 1, 1) + dt.timedelta(days=day) for day in range(365)]
    ends = [day + dt.timedelta(days=364) for day in begins]
    book = pl.DataFrame({"effective_date": begins, "expiry_date": ends, "last_day_in_force": ends})
    first, last = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
    priced = mean_loss_date(book, first, last, dt.date(2025, 12, 31))
    made = forecast_cover(look, {}, priced.day)
    calendar = forecast_cover(look, {}, shrinkage=made.shrinkage)
    ratio = made.model.base_severity_ / calendar.model.base_severity_
    assert ratio == pytest.approx(1.06**0.5, rel=0.003)
