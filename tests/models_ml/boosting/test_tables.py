from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.tables import tabulate
from models_ml.errors import ModellingError
from tests.models_ml.boosting.conftest import FACTORS, Portfolio


def test_the_tables_predict_what_the_model_predicts(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    tables = tabulate(pairwise, portfolio.frame, portfolio.exposure)
    apart = np.log(tables.predict(portfolio.frame) / pairwise.predict(portfolio.frame))
    assert np.abs(apart).max() < 1e-9


def test_they_do_so_off_the_fitted_rows_too(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    draw = np.random.default_rng(1)
    strange = pl.DataFrame(
        {
            "age": draw.integers(-5, 40, 500),
            "km": draw.uniform(-1e5, 1e6, 500),
            "region": draw.choice(["north", "west"], 500),
            "score_band": draw.choice(["00-59", "80-100"], 500),
        }
    )
    tables = tabulate(pairwise, portfolio.frame, portfolio.exposure)
    assert np.abs(np.log(tables.predict(strange) / pairwise.predict(strange))).max() < 1e-9


def test_a_level_not_seen_has_the_relativity_one(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    tables = tabulate(pairwise, portfolio.frame, portfolio.exposure)
    nothing_known = pl.DataFrame(
        {"age": [None], "km": [float("nan")], "region": ["moon"], "score_band": ["?"]},
        schema_overrides={"age": pl.Int64},
    )
    assert tables.predict(nothing_known)[0] == pytest.approx(tables.base_rate)


def test_two_way_tables_keep_nothing_a_main_effect_can_carry(
    portfolio: Portfolio, pairwise: BoostedModel
) -> None:
    tables = tabulate(pairwise, portfolio.frame, portfolio.exposure)
    assert tables.pairs
    for table in tables.pairs:
        moved = table.weight * table.log_relativity
        scale = table.weight.sum()
        assert np.abs(moved.sum(axis=0)).max() < 1e-9 * scale
        assert np.abs(moved.sum(axis=1)).max() < 1e-9 * scale


def test_main_effects_have_mean_zero_over_the_exposure(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    for table in tabulate(pairwise, portfolio.frame, portfolio.exposure).mains:
        assert np.average(table.log_relativity, weights=table.weight) == pytest.approx(0.0, abs=1e-12)


def test_the_planted_interaction_is_the_strongest(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    strongest = tabulate(pairwise, portfolio.frame, portfolio.exposure).pairs[0]
    assert set(strongest.factors) == {"age", "score_band"}


def test_levels_the_model_does_not_tell_apart_share_a_row(portfolio: Portfolio) -> None:
    model = BoostedModel(FACTORS, interactions="none", max_iter=3, max_leaf_nodes=3)
    model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
    tables = tabulate(model, portfolio.frame, portfolio.exposure)
    splits = 3 * 2  # at most two cuts a tree
    assert 0 < sum(table.log_relativity.size - 1 for table in tables.mains) <= splits
    assert not tables.pairs


def test_every_row_counts_once_in_every_table(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    tables = tabulate(pairwise, portfolio.frame, portfolio.exposure)
    for table in (*tables.mains, *tables.pairs):
        assert table.weight.sum() == pytest.approx(portfolio.exposure.sum())


def test_a_model_of_any_combination_is_no_sum_of_tables(portfolio: Portfolio) -> None:
    model = BoostedModel(FACTORS, interactions="all", max_iter=2)
    model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
    with pytest.raises(ModellingError, match="no sum of tables"):
        tabulate(model, portfolio.frame, portfolio.exposure)
