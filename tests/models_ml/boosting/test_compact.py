from __future__ import annotations

import numpy as np
import pytest

from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.compact import CompactModel, merge_bands
from models_ml.boosting.tables import FactorTables, tabulate
from models_ml.errors import ModellingError
from models_ml.evaluation import poisson_loss
from tests.models_ml.boosting.conftest import FACTORS, Portfolio


@pytest.fixture(scope="module")
def tables(portfolio: Portfolio, pairwise: BoostedModel) -> FactorTables:
    return tabulate(pairwise, portfolio.frame, portfolio.exposure)


def _compact(portfolio: Portfolio, tables: FactorTables, **limits: int) -> FactorTables:
    stage = BoostedModel(FACTORS, max_iter=60, l2=5.0)
    model = CompactModel(tables, stage, stage, **limits)
    return model.fit(portfolio.frame, portfolio.rate, portfolio.exposure).tables_


def test_it_keeps_to_the_number_of_pairs_and_cells(portfolio: Portfolio, tables: FactorTables) -> None:
    small = _compact(portfolio, tables, most_pairs=2, most_cells=120, main_cells=40)
    assert len(small.pairs) <= 2
    assert small.cells <= 120 < tables.cells
    assert {pair.factors for pair in small.pairs} <= {pair.factors for pair in tables.pairs[:2]}


def test_little_is_lost_where_little_is_to_be_told_apart(portfolio: Portfolio, tables: FactorTables) -> None:
    small = _compact(portfolio, tables, most_pairs=3, most_cells=150, main_cells=50)
    claims = portfolio.rate * portfolio.exposure
    constant = np.full(len(claims), claims.sum() / portfolio.exposure.sum())
    gained = poisson_loss(claims, constant * portfolio.exposure)
    losses = [poisson_loss(claims, t.predict(portfolio.frame) * portfolio.exposure) for t in (tables, small)]
    assert gained - losses[1] > 0.7 * (gained - losses[0])


def test_the_fitted_total_is_the_observed_one(portfolio: Portfolio, tables: FactorTables) -> None:
    small = _compact(portfolio, tables, most_pairs=2, most_cells=120, main_cells=40)
    fitted = small.predict(portfolio.frame) @ portfolio.exposure
    assert fitted == pytest.approx(portfolio.rate @ portfolio.exposure, rel=1e-9)


def test_all_tables_of_a_factor_share_its_bands(portfolio: Portfolio, tables: FactorTables) -> None:
    codes = {name: own.codes(portfolio.frame[name]) for name, own in tables.levels.items()}
    axes = merge_bands(tables.pairs, codes, portfolio.exposure, 100)
    assert set(axes) == {name for pair in tables.pairs for name in pair.factors}
    sizes = [axes[a].size * axes[b].size for a, b in (pair.factors for pair in tables.pairs)]
    assert sum(sizes) <= 100
    assert all(axis.size >= 2 for axis in axes.values())


def test_an_order_is_kept_when_bands_are_merged(portfolio: Portfolio, tables: FactorTables) -> None:
    codes = {name: own.codes(portfolio.frame[name]) for name, own in tables.levels.items()}
    axes = merge_bands(tables.pairs, codes, portfolio.exposure, 100)
    assert list(axes["age"].groups) == sorted(axes["age"].groups)


def test_too_few_cells_are_refused(portfolio: Portfolio, tables: FactorTables) -> None:
    with pytest.raises(ModellingError, match="cells are too few"):
        _compact(portfolio, tables, most_pairs=2, most_cells=6, main_cells=3)
