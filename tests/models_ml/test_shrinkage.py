"""Relativities are believed as far as they forecast better on vehicles that were not fitted on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import MOST_SD
from models_ml.shrinkage import LEAST_CLAIMS, SCALES, Shrinkage, choose_shrinkage

FACTORS = ["use", "make", "colour"]


def contracts(seed: int, rows: int, frequency: float, taxi: float = 1.0) -> pl.DataFrame:
    """Contracts of a year, of which taxis claim `taxi` times as often; make and colour say nothing."""
    rng = np.random.default_rng(seed)
    use = rng.choice(["private", "taxi"], rows, p=[0.7, 0.3])
    count = rng.poisson(frequency * np.where(use == "taxi", taxi, 1.0))
    cost = np.where(count > 0, rng.gamma(2.0 * np.maximum(count, 1), 500.0), 0.0)
    return pl.DataFrame(
        {
            "cover": "damage",
            "contract_id": [f"c{at:06d}" for at in range(rows)],
            "vehicle_id": [f"v{at // 2:06d}" for at in range(rows)],
            "cell_id": [f"c{at:06d}" for at in range(rows)],
            "exposure_years": 1.0,
            "claim_count": count,
            "gross_amount": cost,
            "recovery_amount": 0.0,
            "use": use,
            "make": rng.choice([f"m{at}" for at in range(12)], rows),
            "colour": rng.choice([f"k{at}" for at in range(8)], rows),
        }
    )


def chosen(rows: pl.DataFrame) -> Shrinkage:
    return choose_shrinkage(rows, FACTORS)


def excess(model: FrequencySeverityModel, unseen: pl.DataFrame, truth: np.ndarray) -> float:
    """Expected Poisson deviance of a forecast above that of the truth, per row."""
    rate = model.predict_frequency(unseen)
    return float(np.mean(2 * (rate - truth + truth * np.log(truth / rate))))


def test_over_covers_that_differ_in_nothing_the_forecast_loses_next_to_nothing() -> None:
    """As learned, chance is taken for difference; most covers are flat, and all lose less together."""
    flat, as_learned, shrunk = 0, 0.0, 0.0
    for seed in range(6):
        rows = contracts(seed, 1_200, 0.04)
        scales = chosen(rows).scales
        flat += scales[0] == 0.0
        truth = np.full(rows.height, 0.04)
        level = rows["claim_count"].sum() / rows.height / 0.04
        as_learned += excess(FrequencySeverityModel(FACTORS).fit(rows), rows, truth * level)
        shrunk += excess(FrequencySeverityModel(FACTORS, prior_scales=scales).fit(rows), rows, truth * level)
    assert flat >= 5
    assert shrunk < 0.5 * as_learned


def test_a_difference_that_shows_is_kept() -> None:
    rows = contracts(1, 4_000, 0.15, taxi=3.0)
    found = chosen(rows)
    assert not found.frequency.flat
    model = FrequencySeverityModel(FACTORS, prior_scales=found.scales).fit(rows)
    (taxi,) = model.relativities_.filter(pl.col("level") == "taxi")["frequency_relativity"]
    assert taxi == pytest.approx(3.0, rel=0.25)


@given(st.integers(0, LEAST_CLAIMS - 1), st.integers(0, 1_000))
@settings(max_examples=15, deadline=None)
def test_a_cover_with_few_claims_is_flat_whoever_had_them(claims: int, seed: int) -> None:
    rows = contracts(seed, 200, 0.0)
    hit = np.zeros(200, dtype=np.int64)
    hit[:claims] = 1
    rows = rows.with_columns(
        claim_count=pl.Series(hit),
        gross_amount=pl.Series(hit * 1_000.0),
        use=pl.Series(np.where(hit, "taxi", "private")),
    )
    found = chosen(rows)
    assert found.flat
    assert f"{claims} claims are too few" in found.frequency.reason
    if claims:
        table = FrequencySeverityModel(FACTORS, prior_scales=found.scales).fit(rows).relativities_
        assert (table["relativity"] - 1).abs().max() < 1e-9


def test_the_choice_knows_only_the_rows_it_is_given_and_not_their_order() -> None:
    rows = contracts(2, 1_500, 0.1, taxi=2.0)
    assert chosen(rows) == chosen(rows.sample(fraction=1.0, shuffle=True, seed=3))
    trials = chosen(rows).frequency.trials
    assert [trial.scale for trial in trials] == list(SCALES)
    picked = next(trial for trial in trials if trial.behind <= trial.error)
    assert picked.scale == chosen(rows).frequency.scale


@given(
    years=st.floats(1.0, 2_000.0),
    claims=st.integers(0, 4),
    frequency=st.floats(0.02, 0.5),
    spread=st.lists(st.floats(0.4, 2.5), min_size=3, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_a_level_with_few_or_no_claims_is_held_by_the_prior(
    years: float, claims: int, frequency: float, spread: list[float]
) -> None:
    """Not below what Poisson-gamma credibility makes of no claim at all, and dearer with every claim."""

    def rate_and_relativity(count: int) -> tuple[float, float]:
        others = [round(frequency * times * 3_000) + 1 for times in spread]
        counts = [*others, count]
        levels = [f"k{at}" for at in range(len(others))] + ["thin"]
        cells = pl.DataFrame(
            {
                "cover": "damage",
                "cell_id": levels,
                "use": levels,
                "exposure_years": [3_000.0] * len(others) + [years],
                "claim_count": counts,
                "gross_amount": [1_000.0 * n for n in counts],
                "recovery_amount": 0.0,
            }
        )
        model = FrequencySeverityModel(["use"]).fit(cells)
        rate = float(model.predict_frequency(pl.DataFrame({"use": ["thin"]}))[0])
        return rate, rate / (sum(counts) / cells["exposure_years"].sum())

    # The levels lie around the mean of their logarithms, which chance and the others put off by a little.
    least = MOST_SD**-2 / (MOST_SD**-2 + frequency * max(spread) * years)
    rate, found = rate_and_relativity(claims)
    assert 0.5 * least <= found
    apart = max(spread) / min(spread)
    assert found <= 2 * apart * max(1.0, claims / (frequency * min(spread) * years))
    assert rate_and_relativity(claims + 1)[0] >= rate * (1 - 1e-6)


@given(
    seed=st.integers(0, 50),
    rows=st.integers(60, 240),
    rare=st.lists(st.sampled_from(FACTORS), max_size=3, unique=True),
)
@settings(max_examples=5, deadline=None)
def test_a_factor_with_one_level_in_a_fold_or_at_all_takes_no_other_factors_width(
    seed: int, rows: int, rare: list[str]
) -> None:
    """Of a rare level one vehicle has been seen: the fold that holds it out has a factor of one level."""
    data = contracts(seed, rows, 0.4)
    first = pl.int_range(pl.len()) < 2
    data = data.with_columns(
        pl.when(first).then(pl.lit("rare")).otherwise(pl.lit("usual")).alias(name) for name in rare
    )
    # Of a factor in order, one level has no column.
    orders = dict.fromkeys(rare, ("usual", "rare"))
    found = choose_shrinkage(data, FACTORS, orders)
    assert set(found.scales) <= set(SCALES)
    alone = data.with_columns(pl.lit("usual").alias(name) for name in rare)
    scales = choose_shrinkage(alone, FACTORS, orders).scales
    model = FrequencySeverityModel(FACTORS, orders, prior_scales=scales).fit(alone)
    assert set(model.prior_sds_frequency_) == set(FACTORS) - set(rare)
    assert np.isfinite(model.predict_frequency(alone)).all()
