from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.boosted import BoostedModel, Family
from models_ml.boosting.grids import Axis
from models_ml.errors import ModellingError
from models_ml.glm import Array
from tests.models_ml.boosting.conftest import FACTORS, Portfolio


def test_the_fitted_total_is_the_observed_one(portfolio: Portfolio, pairwise: BoostedModel) -> None:
    fitted = pairwise.predict(portfolio.frame) @ portfolio.exposure
    assert fitted == pytest.approx(portfolio.rate @ portfolio.exposure, rel=1e-12)


def test_the_order_of_factors_does_not_change_which_may_be_combined(portfolio: Portfolio) -> None:
    """Names in front or behind, a model of one pair sees exactly this pair."""
    models = [
        BoostedModel(order, interactions=[("age", "score_band")], max_iter=40, l2=0.0)
        for order in (FACTORS, FACTORS[::-1])
    ]
    first, second = (
        m.fit(portfolio.frame, portfolio.rate, portfolio.exposure).predict(portfolio.frame) for m in models
    )
    assert np.abs(np.log(first / second)).max() < 1e-9


def test_without_interactions_relativities_do_not_depend_on_the_other_factors(portfolio: Portfolio) -> None:
    model = BoostedModel(FACTORS, interactions="none", max_iter=40)
    model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
    north = portfolio.frame.with_columns(region=pl.lit("north"))
    south = portfolio.frame.with_columns(region=pl.lit("south"))
    ratio = model.predict(south) / model.predict(north)
    assert np.ptp(ratio) < 1e-9
    assert ratio[0] > 1.2


def test_levels_in_one_group_of_an_axis_are_rated_alike(portfolio: Portfolio) -> None:
    two = Axis("age", tuple(int(age > 6) for age in range(12)), ordered=True)
    model = BoostedModel(FACTORS, axes={"age": two}, max_iter=40)
    model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
    row = portfolio.frame[:1]
    rates = [float(model.predict(row.with_columns(age=pl.lit(age)))[0]) for age in range(12)]
    assert len(set(rates)) == 2


def test_costs_per_claim_are_fitted_with_their_number_as_weight() -> None:
    frame = pl.DataFrame({"model": ["a", "b"] * 200})
    cost = np.where(frame["model"] == "a", 1000.0, 4000.0)
    model = BoostedModel(["model"], family="gamma", l2=0.0, max_iter=200)
    predicted = model.fit(frame, cost, np.ones(400)).predict(frame[:2])
    assert predicted == pytest.approx([1000.0, 4000.0], rel=1e-3)


def test_bags_are_the_geometric_mean_of_models_that_drew_differently(portfolio: Portfolio) -> None:
    def fitted(**settings: int) -> Array:
        model = BoostedModel(FACTORS, max_iter=20, max_features=0.5, **settings)
        return model.fit(portfolio.frame, portfolio.rate, portfolio.exposure).predict(portfolio.frame)

    first, second, both = fitted(seed=5), fitted(seed=6), fitted(seed=5, bags=2)
    assert np.abs(np.log(first / second)).max() > 0.01
    assert np.ptp(np.log(both) - (np.log(first) + np.log(second)) / 2) < 1e-12  # but for their balance


def test_the_last_stage_is_the_model(portfolio: Portfolio) -> None:
    model = BoostedModel(FACTORS, max_iter=5, max_features=0.5, bags=2)
    model.fit(portfolio.frame, portfolio.rate, portfolio.exposure)
    design = model.design(model.encoder_.transform(portfolio.frame))
    *_, last = model.staged(design)
    assert model.balance_ * last == pytest.approx(model.predict_design(design), rel=1e-12)


@pytest.mark.parametrize(
    ("family", "rate", "weight", "said"),
    [
        ("poisson", [0.1, float("nan")], [1.0, 1.0], "row 1: rate is nan"),
        ("poisson", [0.1, -0.1], [1.0, 1.0], "row 1: rate is -0.1"),
        ("poisson", [0.1, 0.1], [float("inf"), 1.0], "row 0: weight is inf"),
        ("poisson", [0.0, 0.0], [1.0, 1.0], "nothing was observed"),
        ("poisson", [0.1, 0.1], [0.0, 0.0], "nothing was observed"),
        ("gamma", [10.0, 0.0], [1.0, 1.0], "row 1: a cost of zero is no claim's cost"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    family: Family, rate: list[float], weight: list[float], said: str
) -> None:
    frame = pl.DataFrame({"age": [1, 2]})
    with pytest.raises(ModellingError, match=said):
        BoostedModel(["age"], family=family).fit(frame, np.array(rate), np.array(weight))


def test_no_bag_is_no_model(portfolio: Portfolio) -> None:
    with pytest.raises(ModellingError, match="bags is 0"):
        BoostedModel(FACTORS, bags=0).fit(portfolio.frame, portfolio.rate, portfolio.exposure)


def test_the_same_rows_give_the_same_model(portfolio: Portfolio) -> None:
    def fitted() -> Array:
        model = BoostedModel(FACTORS, max_iter=20, max_features=0.5)
        return model.fit(portfolio.frame, portfolio.rate, portfolio.exposure).predict(portfolio.frame)

    assert np.abs(np.log(fitted() / fitted())).max() < 1e-12
