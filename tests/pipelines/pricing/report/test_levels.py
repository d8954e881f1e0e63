"""The levels of a factor: in their order, at one base level, never more than can be seen."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from pipelines.pricing.forecasting.forecast import Forecast, ForecastCover
from pipelines.pricing.report.levels import LEVELS_SHOWN, factor_levels
from tests.pipelines.pricing.report.conftest import TRICKY


@pytest.fixture
def damage(full: Forecast) -> ForecastCover:
    return full.covers["damage"]


def test_bands_stand_in_their_order_and_names_by_falling_exposure(damage: ForecastCover) -> None:
    assert factor_levels(damage, "vehicle_age").shown["level"].to_list() == ["0", "1", "2-4", "5+"]
    assert factor_levels(damage, "model").shown["level"].to_list() == [TRICKY, "小车 A", "Tour"]


def test_actual_over_expected_is_that_of_the_judgement(damage: ForecastCover) -> None:
    shown = factor_levels(damage, "model").shown.sort("level")
    judged = damage.evaluation.judgement.by_factor.filter(pl.col("factor") == "model").sort("level")
    assert shown["ratio"].to_list() == pytest.approx(
        (judged["actual_claims"] / judged["expected_claims"]).to_list()
    )
    assert (shown["lower"] < shown["ratio"]).all()
    assert (shown["upper"] > shown["ratio"]).all()


def test_a_curve_is_put_at_the_base_level_of_the_published_model(damage: ForecastCover) -> None:
    for factor in ("vehicle_age", "driving_score"):
        levels = factor_levels(damage, factor)
        base = pl.col("level") == damage.model.base_levels_[factor]
        assert levels.curved
        assert levels.shown.filter(base)["selected"].to_list() == pytest.approx([1.0])
        before = damage.evaluation.curves.filter(pl.col("factor") == factor)
        ratio = levels.shown["raw"] / levels.shown["selected"]
        assert ratio.to_list() == pytest.approx((before["raw"] / before["selected"]).to_list())


def test_names_have_no_curve(damage: ForecastCover) -> None:
    levels = factor_levels(damage, "model")
    assert not levels.curved
    assert levels.shown["smoothed"].null_count() == levels.shown.height


def test_of_many_levels_those_with_most_exposure_are_shown(damage: ForecastCover) -> None:
    row = damage.model.relativities_.filter(pl.col("level") == "Tour")
    many = pl.concat(
        [row.with_columns(level=pl.lit(f"m{at:03d}"), exposure_years=pl.lit(float(at))) for at in range(60)]
    )
    model = type(damage.model).from_dict(damage.model.to_dict())
    model.relativities_ = many
    levels = factor_levels(replace(damage, made=replace(damage.made, model=model)), "model")
    assert levels.known == 60
    assert levels.shown["level"].to_list() == [f"m{at:03d}" for at in range(59, 59 - LEVELS_SHOWN, -1)]
    # What was judged under other names is not lost without a word.
    judged = damage.evaluation.judgement
    assert levels.unlisted == (
        judged.claim_count,
        pytest.approx(judged.by_factor.filter(pl.col("factor") == "model")["expected_claims"].sum()),
    )


def test_a_level_is_thin_where_fewer_than_ten_claims_are_expected(sparse: Forecast, full: Forecast) -> None:
    assert all(factor_levels(sparse.covers["damage"], "model").thin)
    assert not any(factor_levels(full.covers["damage"], "model").thin)
