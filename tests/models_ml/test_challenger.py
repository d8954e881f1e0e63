"""The challenger sees what one-way relativities cannot, in few small tables."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.export import bands_frame, cells_frame
from models_ml.challenger import MOST_CELLS, MOST_NAMES, MOST_PAIRS, Challenger, fit_challenger
from models_ml.cover_forecast import as_cells, fit_as_known
from models_ml.errors import ModellingError
from models_ml.evaluation import poisson_loss
from tests.models_ml.world import AGES, rating

RATING = rating(factors=["use", "vehicle_age", "model"], segment=None)


def contracts(seed: int, rows: int = 40_000, models: int = 4) -> pl.DataFrame:
    """Old taxis claim four times as often; neither taxis nor old cars do otherwise."""
    rng = np.random.default_rng(seed)
    use, age = rng.choice(["private", "taxi"], rows), rng.choice(AGES, rows)
    count = rng.poisson(0.1 * np.where((use == "taxi") & (age == "3+"), 4.0, 1.0))
    return pl.DataFrame(
        {
            "cover": "damage",
            "contract_id": np.char.add("c", np.arange(rows).astype(str)),
            "vehicle_id": np.char.add("v", np.arange(rows).astype(str)),
            "use": use,
            "vehicle_age": age,
            "model": np.char.add("m", rng.integers(0, models, rows).astype(str)),
            "exposure_years": 1.0,
            "claim_count": count,
            "gross_amount": 1_000.0 * count,
            "recovery_amount": -100.0 * count,
        }
    ).with_columns(cell_id=pl.concat_str("use", "vehicle_age", "model", separator="|"))


@pytest.fixture(scope="module")
def fitted() -> Challenger:
    learn = contracts(1)
    return fit_challenger(as_cells(learn, RATING.factors), RATING, fit_as_known(learn, RATING), seed=20)


def test_it_finds_what_two_factors_do_together(fitted: Challenger) -> None:
    judged = contracts(2)
    claims = judged["claim_count"].to_numpy()
    champion = poisson_loss(claims, fitted.champion.predict_frequency(judged))
    challenger = poisson_loss(claims, fitted.predict_frequency(judged))
    truth = np.where((judged["use"] == "taxi") & (judged["vehicle_age"] == "3+"), 0.4, 0.1)
    assert challenger < champion - 0.5
    assert challenger == pytest.approx(poisson_loss(claims, truth), abs=0.3)
    assert fitted.tables.pairs[0].factors in {("use", "vehicle_age"), ("vehicle_age", "use")}


def test_it_keeps_to_few_tables_of_few_cells(fitted: Challenger) -> None:
    assert len(fitted.tables.pairs) <= MOST_PAIRS
    assert fitted.tables.cells <= MOST_CELLS


def test_a_claim_costs_what_the_champion_says_net_of_recoveries(fitted: Challenger) -> None:
    judged = contracts(3, rows=50)
    cost = fitted.predict_burning_cost(judged) / fitted.predict_frequency(judged)
    assert cost == pytest.approx(900.0)


def test_names_that_are_too_many_are_one_from_the_least_exposed_on() -> None:
    learn = contracts(4, rows=5_000, models=MOST_NAMES + 40)
    made = fit_challenger(
        as_cells(learn, RATING.factors), RATING, fit_as_known(learn, RATING), seed=20, trees=10
    )
    assert len(made.kept["model"]) == MOST_NAMES
    thin = learn.filter(~pl.col("model").is_in(made.kept["model"]))[:1]
    unheard = thin.with_columns(model=pl.lit("never seen"))
    assert made.predict_frequency(thin)[0] == made.predict_frequency(unheard)[0]


def test_the_number_of_trees_is_chosen_once_and_may_be_told(fitted: Challenger) -> None:
    learn = contracts(1)
    cells, champion = as_cells(learn, RATING.factors), fit_as_known(learn, RATING)
    again = fit_challenger(cells, RATING, champion, seed=20)
    told = fit_challenger(cells, RATING, champion, seed=20, trees=fitted.trees)
    judged = contracts(5, rows=500)
    assert again.trees == fitted.trees
    for other in (again, told):
        assert other.predict_frequency(judged) == pytest.approx(fitted.predict_frequency(judged), rel=1e-12)


def test_a_cover_without_claims_has_no_challenger(fitted: Challenger) -> None:
    silent = as_cells(contracts(1, rows=100), RATING.factors).with_columns(claim_count=pl.lit(0))
    with pytest.raises(ModellingError, match="nothing was observed"):
        fit_challenger(silent, RATING, fitted.champion, seed=20, trees=10)


def test_the_last_bits_of_exposure_which_differ_from_run_to_run_change_no_cell() -> None:
    learn = contracts(5, rows=5_000).with_columns(
        exposure_years=pl.Series(np.random.default_rng(5).uniform(0.1, 1.0, 5_000))
    )
    champion, cells = fit_as_known(learn, RATING), as_cells(learn, RATING.factors)
    years = cells["exposure_years"].to_numpy()
    noise = np.random.default_rng(6).choice([-np.inf, np.inf], len(years))
    again = cells.with_columns(exposure_years=pl.Series(np.nextafter(years, noise)))
    assert not again.equals(cells)
    first, second = (fit_challenger(c, RATING, champion, seed=20, trees=10).tables for c in (cells, again))
    assert cells_frame(first).equals(cells_frame(second))
    assert bands_frame(first).equals(bands_frame(second))
