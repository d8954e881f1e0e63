"""Order: lift by groups of equal exposure, and two forecasts where they disagree."""

from __future__ import annotations

import numpy as np
import pytest

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import double_lift, equal_exposure_groups, gini, gini_error, lift_table


def test_groups_hold_equal_exposure_by_rising_score() -> None:
    score = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 6.0])
    assert equal_exposure_groups(np.ones(6), score, 3).tolist() == [3, 1, 2, 1, 2, 3]
    # One row with half of the exposure is a group by itself.
    assert equal_exposure_groups(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 2).tolist() == [
        1,
        1,
        2,
    ]


def test_rows_with_the_same_score_share_a_group_and_its_neighbours_may_be_empty() -> None:
    score = np.array([0.3, 0.1 + 0.2, 0.3, 0.3])  # the same but for the last bit
    assert len(set(equal_exposure_groups(np.ones(4), score, 4))) == 1
    table = lift_table(np.ones(4), np.array([1, 0, 0, 1]), score, groups=4)
    assert table.height == 1
    assert table["actual"].sum() == 2


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    years, score = rng.uniform(0.1, 1, 500), rng.integers(0, 40, 500).astype(float)
    mixed = rng.permutation(500)
    straight = equal_exposure_groups(years, score, 10)
    assert (equal_exposure_groups(years[mixed], score[mixed], 10) == straight[mixed]).all()


def test_the_lift_table_reconciles_and_rises_with_a_forecast_that_is_right() -> None:
    rng = np.random.default_rng(2)
    years = rng.uniform(0.2, 1, 20_000)
    expected = years * rng.gamma(2, 0.1, 20_000)
    claims = rng.poisson(expected)
    table = lift_table(years, claims, expected, groups=5)
    assert table["actual"].sum() == claims.sum()
    assert table["exposure_years"].to_numpy() == pytest.approx(years.sum() / 5, rel=0.01)
    assert table["lift"].is_sorted()
    assert table["lift"][0] < 0.5
    assert table["lift"][-1] > 1.5
    assert (table["lift"] * table["exposure_years"]).sum() / years.sum() == pytest.approx(1)


def test_where_nothing_happened_there_is_no_lift() -> None:
    table = lift_table(np.ones(4), np.zeros(4), np.arange(1.0, 5.0), groups=2)
    assert table["lift"].null_count() == 2


def contest(seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    years = rng.uniform(0.2, 1, 20_000)
    taxi, young = rng.random(20_000) < 0.3, rng.random(20_000) < 0.3
    knows_one = 0.1 * np.where(taxi, 2.0, 1.0) * years
    knows_both = knows_one * np.where(young, 1.9, 0.9)
    return years, rng.poisson(knows_both), knows_one, knows_both


def test_double_lift_names_the_model_that_knows_more_on_either_side() -> None:
    years, claims, less, more = contest()
    found = double_lift(years, claims, champion=less, challenger=more)
    assert found.winner == "challenger"
    assert found.challenger_error < found.champion_error
    assert set(found.table["closer"]) == {"challenger"}
    assert double_lift(years, claims, champion=more, challenger=less).winner == "champion"


def test_double_lift_is_blind_to_level_and_neither_wins_against_itself() -> None:
    years, claims, less, more = contest()
    found, scaled = (double_lift(years, claims, less, k * more) for k in (1.0, 1.7))
    assert scaled.challenger_error == pytest.approx(found.challenger_error)
    same = double_lift(years, claims, less, 1.7 * less)
    assert same.winner == "neither"
    assert same.table["closer"].to_list() == ["neither"]


def test_double_lift_in_two_groups_by_hand() -> None:
    # The challenger halves the first and doubles the second, and is right.
    found = double_lift(
        np.ones(2), np.array([1.0, 4.0]), np.array([2.0, 2.0]), np.array([1.0, 4.0]), groups=2
    )
    assert found.table["actual"].to_list() == pytest.approx([0.4, 1.6])
    assert found.table["champion"].to_list() == pytest.approx([1.0, 1.0])
    assert (found.champion_error, found.challenger_error) == pytest.approx((0.6, 0.0))


def test_the_error_of_a_gini_is_what_repetition_shows() -> None:
    found, errors = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        years = rng.uniform(0.2, 1, 2_000)
        score = rng.choice([0.1, 0.2, 0.4], 2_000)
        claims = rng.poisson(score * years)
        found.append(gini(years, claims, score))
        errors.append(gini_error(years, claims, score))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.35)
    assert gini_error(np.ones(1), np.ones(1), np.ones(1)) == np.inf


def test_bad_numbers_are_refused_by_name() -> None:
    one = np.ones(2)
    with pytest.raises(BadColumnError, match="'expected': 1 not a number"):
        lift_table(one, one, np.array([np.nan, 1.0]))
    with pytest.raises(BadColumnError, match="'exposure' is 0"):
        lift_table(np.array([0.0, 1.0]), one, one)
    with pytest.raises(BadColumnError, match="'champion' is 0"):
        double_lift(one, one, np.array([0.0, 1.0]), one)
    with pytest.raises(ModellingError, match="not above zero"):
        double_lift(one, np.zeros(2), one, one)
    with pytest.raises(ModellingError, match="at least one"):
        equal_exposure_groups(one, one, 0)
