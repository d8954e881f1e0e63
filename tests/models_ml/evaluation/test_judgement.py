"""Evaluation: published numbers where there are any, and what must hold for any forecast."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.evaluation import Judgement, gini, judge, poisson_loss
from models_ml.frequency_severity import FrequencySeverityModel
from tests.models_ml.test_frequency_severity import portfolio

positive = st.floats(min_value=0.01, max_value=10)
points = st.lists(st.tuples(positive, st.integers(0, 3), positive), min_size=1, max_size=30)


def test_the_constant_model_has_the_published_deviance(bench: Path) -> None:
    # Noll, Salzmann and Wuthrich (2020): 32.935 on the learn set, 33.861 on the test set.
    data = pl.read_parquet(bench / "fremtpl2" / "freMTPL2freq.parquet")
    claims = data["ClaimNb"].clip(upper_bound=4).to_numpy().astype(float)
    exposure = data["Exposure"].clip(upper_bound=1).to_numpy()
    learn = data["noll_learn"].cast(pl.Boolean).to_numpy()
    rate = claims[learn].sum() / exposure[learn].sum()
    assert poisson_loss(claims[learn], rate * exposure[learn]) == pytest.approx(32.93518, abs=1e-5)
    assert poisson_loss(claims[~learn], rate * exposure[~learn]) == pytest.approx(33.86149, abs=1e-5)


def test_gini_of_a_split_in_two_is_known() -> None:
    # Half the exposure has all the claims: the Lorenz curve is flat, then straight; its Gini is 1/2.
    assert gini(np.ones(4), np.array([0, 0, 1, 1]), np.array([1, 1, 2, 2])) == pytest.approx(0.5)
    assert gini(np.ones(4), np.array([0, 0, 1, 1]), np.array([2, 2, 1, 1])) == pytest.approx(-0.5)


def test_a_score_that_says_nothing_has_no_gini_in_any_order_of_rows() -> None:
    assert gini(np.ones(4), np.array([1, 0, 0, 3]), np.full(4, 0.2)) == pytest.approx(0, abs=1e-12)


@given(points)
def test_gini_lies_within_one_and_sees_only_the_order(rows: list[tuple[float, int, float]]) -> None:
    exposure, outcome, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = gini(exposure, outcome, score)
    assert -1 <= found <= 1
    # Doubling keeps ties and order exactly, in floating point too.
    assert gini(exposure, outcome, 2 * score) == pytest.approx(found, abs=1e-12)


@given(points)
def test_loss_is_never_negative_and_nothing_beats_the_truth(
    rows: list[tuple[float, int, float]],
) -> None:
    _, outcome, mean = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert poisson_loss(outcome, mean) >= poisson_loss(outcome, outcome) >= -1e-9


@cache
def judged() -> Judgement:
    data = portfolio(6_000).with_columns(
        contract_id=pl.col("cell_id"), annual_premium=pl.lit(100.0), amount=pl.col("gross_amount")
    )
    learn, unseen = data.head(4_000), data.tail(2_000)
    model = FrequencySeverityModel(["use", "age"]).fit(learn)
    return judge(model, learn, unseen, "the last third")


def test_a_forecast_that_knows_the_factors_beats_the_constant_and_a_flat_premium() -> None:
    found = judged()
    assert found.deviance_model < found.deviance_constant
    assert found.deviance_charged is not None
    assert found.deviance_model < found.deviance_charged
    assert found.gini_charged == pytest.approx(0, abs=1e-9)
    assert found.gini_model > 0.15


def test_a_flat_premium_orders_no_amounts_and_the_forecast_does() -> None:
    found = judged()
    assert found.gini_amount_charged == pytest.approx(0, abs=1e-9)
    assert found.gini_amount_model is not None
    assert found.gini_amount_model > 0.1


def test_the_gini_of_cost_orders_by_cost_and_not_by_frequency() -> None:
    # Frequent and cheap against rare and dear: by frequency the taxi is the worse, by cost the other.
    data = pl.DataFrame(
        {
            "cover": "damage",
            "cell_id": ["a", "b"],
            "contract_id": ["a", "b"],
            "use": ["taxi", "private"],
            "exposure_years": [1000.0, 1000.0],
            "claim_count": [200, 100],
            "gross_amount": [200.0, 10_000.0],
            "recovery_amount": [0.0, 0.0],
            "annual_premium": [1.0, 2.0],
        }
    )
    found = judge(FrequencySeverityModel(["use"], prior_sd=100.0).fit(data), data, data, "itself")
    share = 1 / 6  # taxis have 2/3 of the claims on half of the exposure
    assert found.gini_model == pytest.approx(share)
    assert found.gini_cost_model == pytest.approx(-share)
    assert found.gini_charged == pytest.approx(-share)
    assert found.gini_amount_model == pytest.approx(found.gini_amount_charged)


def test_actual_and_expected_add_up_to_the_same_by_every_factor_and_decile() -> None:
    found = judged()
    for table in (found.by_factor.filter(pl.col("factor") == "use"), found.by_decile):
        assert table["actual_claims"].sum() == found.claim_count
        assert table["exposure_years"].sum() == pytest.approx(found.exposure_years)
        ratio = table["actual_claims"] / table["expected_claims"]
        assert ((table["lower"] <= ratio) & (ratio <= table["upper"])).all()


def test_a_judgement_survives_json() -> None:
    found = judged()
    again = Judgement.from_dict(found.to_dict())
    assert again.by_factor.equals(found.by_factor)
    assert again.deviance_model == found.deviance_model
