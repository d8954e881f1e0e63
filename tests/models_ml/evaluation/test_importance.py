"""Importance: what a forecast does not use is worth nothing, what it uses is worth its noise."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import permutation_importance, poisson_loss
from models_ml.frequency_severity import FrequencySeverityModel
from tests.models_ml.test_frequency_severity import portfolio


@cache
def fitted() -> tuple[FrequencySeverityModel, pl.DataFrame]:
    data = portfolio(12_000).with_columns(colour=pl.Series(["red", "blue"] * 6_000))
    return FrequencySeverityModel(["use", "age"]).fit(data.head(8_000)), data.tail(4_000)


def test_factors_come_by_what_they_are_worth_and_one_not_used_is_worth_nothing() -> None:
    model, unseen = fitted()
    found = permutation_importance(model.predict_frequency, unseen, ["colour", "age", "use"])
    assert set(found["factor"][:2]) == {"use", "age"}
    assert (found["importance"][:2] > 3 * found["standard_deviation"][:2]).all()
    assert found.row(2)[:3] == ("colour", 0.0, 0.0)


def test_importance_is_measured_per_vehicle_year() -> None:
    model, unseen = fitted()
    # Every row twice, each with half the exposure and half the claims, is the same experience; the
    # permutations differ, so within their scatter.
    halves = pl.concat([unseen, unseen]).with_columns(
        pl.col("exposure_years") / 2, pl.col("claim_count").cast(pl.Float64) / 2
    )
    one, two = (
        permutation_importance(model.predict_frequency, f, ["use"], repeats=20).row(0, named=True)
        for f in (unseen, halves)
    )
    assert two["importance"] == pytest.approx(one["importance"], abs=one["standard_deviation"])


def test_importance_and_its_spread_are_those_of_the_permutations() -> None:
    model, unseen = fitted()
    losses: list[float] = []

    def recorded(frame: pl.DataFrame) -> np.ndarray:
        frequency = model.predict_frequency(frame)
        years = unseen["exposure_years"].to_numpy()
        total = poisson_loss(unseen["claim_count"].to_numpy(), frequency * years) * unseen.height
        losses.append(total / years.sum())
        return frequency

    row = permutation_importance(recorded, unseen, ["use"], repeats=3).row(0, named=True)
    base, *permuted = losses
    assert row["importance"] == pytest.approx(np.mean(permuted) - base)
    assert row["standard_deviation"] == pytest.approx(np.std(permuted, ddof=1))
    assert row["share"] == pytest.approx(row["importance"] / base)


def test_a_columns_figure_depends_on_the_seed_and_not_on_its_neighbours() -> None:
    model, unseen = fitted()
    alone = permutation_importance(model.predict_frequency, unseen, ["use"], seed=3)
    beside = permutation_importance(model.predict_frequency, unseen, ["age", "use"], seed=3)
    other = permutation_importance(model.predict_frequency, unseen, ["use"], seed=4)
    assert alone.equals(beside.filter(pl.col("factor") == "use"))
    assert not alone.equals(other)


def test_a_level_never_seen_is_permuted_like_others() -> None:
    model, unseen = fitted()
    strange = unseen.with_columns(
        use=pl.when(pl.int_range(pl.len()) < 9).then(pl.lit("tram")).otherwise("use")
    )
    assert permutation_importance(model.predict_frequency, strange, ["use"])["importance"][0] > 0


def test_bad_input_is_refused_by_name() -> None:
    model, unseen = fitted()
    predict = model.predict_frequency
    with pytest.raises(ModellingError, match="'engine' is no column"):
        permutation_importance(predict, unseen, ["engine"])
    with pytest.raises(ModellingError, match="1 repeats"):
        permutation_importance(predict, unseen, ["use"], repeats=1)
    with pytest.raises(BadColumnError, match="'claim_count': 4000 not a number"):
        permutation_importance(predict, unseen.with_columns(claim_count=np.nan), ["use"])
    with pytest.raises(BadColumnError, match="'predicted': 4000 not a number"):
        permutation_importance(lambda frame: np.full(frame.height, np.nan), unseen, ["use"])
    with pytest.raises(BadColumnError, match="'predicted' has 1 rows"):
        permutation_importance(lambda _: np.ones(1), unseen, ["use"])
