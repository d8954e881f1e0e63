"""Intervals of a forecast: what is not known of a model is in them, and they hold on what comes next."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.evaluation import coverage
from models_ml.forecast_intervals import claim_variation, forecast_intervals
from models_ml.frequency_severity import FrequencySeverityModel

MODELS = [f"m{number:02d}" for number in range(40)]


def year(seed: int, vehicles: int = 12_000) -> pl.DataFrame:
    """Contracts of one year; models differ, claims are gamma with a variation of 1.5."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(MODELS), vehicles)
    frequency = 0.25 * np.exp(0.3 * np.sin(np.arange(len(MODELS))))[at]
    count = rng.poisson(frequency)
    amount = np.where(count > 0, rng.gamma(np.maximum(count, 1) / 1.5, 1_500.0), 0.0)
    return pl.DataFrame(
        {
            "cover": "own_damage",
            "cell_id": np.array(MODELS)[at],
            "model": np.array(MODELS)[at],
            "exposure_years": 1.0,
            "claim_count": count,
            "gross_amount": amount,
            "recovery_amount": 0.0,
        }
    )


def fitted(contracts: pl.DataFrame) -> FrequencySeverityModel:
    sums = pl.col("exposure_years", "claim_count", "gross_amount", "recovery_amount").sum()
    return FrequencySeverityModel(["model"]).fit(contracts.group_by("cover", "cell_id", "model").agg(sums))


def test_the_variation_of_a_claim_is_found_again_whatever_prices_did() -> None:
    contracts = year(1, 60_000)
    model = fitted(contracts)
    assert claim_variation(model, contracts) == pytest.approx(1.5, rel=0.1)
    dearer = contracts.with_columns(pl.col("gross_amount") * 1.2)
    assert claim_variation(model, dearer) == pytest.approx(claim_variation(model, contracts))


def test_the_error_of_a_group_falls_with_what_is_known_of_it() -> None:
    contracts = year(2)
    thin = pl.concat([contracts.filter(pl.col("model") != "m00"), contracts.filter(model="m00")[:30]])
    model = fitted(thin)
    error = thin.select("model", error=model.relative_error(thin, thin["model"])).unique()
    known, unknown = error.filter(model="m01")["error"][0], error.filter(model="m00")["error"][0]
    assert unknown > 1.5 * known
    whole = model.relative_error(thin, pl.Series(["all"] * thin.height))[0]
    claims = thin["claim_count"].sum()
    assert whole == pytest.approx(np.sqrt((1 + 1.5) / claims), rel=0.1)


def test_the_next_year_falls_inside_as_often_as_promised() -> None:
    inside, groups = 0, 0
    for seed in range(8):
        learn, later = year(10 + seed), year(110 + seed)
        model = fitted(learn)
        table = forecast_intervals(
            model, later, later["model"], variation=claim_variation(model, learn), levels=(0.9,)
        )
        actual = later.group_by(group="model").agg(pl.col("gross_amount").sum())
        table = table.join(actual, on="group")
        found = coverage(table["gross_amount"], table["lower_90"], table["upper_90"])
        inside, groups = inside + found.inside, groups + found.groups
    assert 0.87 <= inside / groups <= 0.93


def test_an_error_of_the_trend_widens_every_interval() -> None:
    learn = year(4)
    model = fitted(learn)
    plain = forecast_intervals(model, learn, learn["model"], variation=1.5)
    unsure = forecast_intervals(model, learn, learn["model"], variation=1.5, trend_error=0.1)
    assert (unsure["upper_90"] > plain["upper_90"]).all()
    assert (unsure["lower_90"] < plain["lower_90"]).all()
