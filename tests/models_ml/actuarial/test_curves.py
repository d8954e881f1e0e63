"""Curves: noise goes, shape and total stay, and a monotone curve is the nearest there is."""

from __future__ import annotations

import contextlib

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models_ml.actuarial.curves import _penalised, smooth_curve
from models_ml.errors import BadColumnError, ModellingError, NoClaimsError, NoExposureError


def levels(raw: np.ndarray | list[float], exposure: np.ndarray | list[float] | float = 100.0) -> pl.DataFrame:
    count = len(raw)
    return pl.DataFrame(
        {
            "level": [f"level {n}" for n in range(count)],
            "level_order": np.arange(count),
            "exposure": np.broadcast_to(np.asarray(exposure, dtype=float), count),
            "raw": np.asarray(raw, dtype=float),
        }
    )


AGES = np.arange(15)
TRUE = np.exp(0.9 * np.sin(AGES / 5) - 0.04 * AGES)


def noisy(seed: int) -> pl.DataFrame:
    exposure = np.linspace(900, 60, 15)
    return levels(np.random.default_rng(seed).poisson(0.15 * TRUE * exposure) / (0.15 * exposure), exposure)


def test_the_curve_is_nearer_to_the_truth_than_what_was_seen() -> None:
    raw, smooth = [], []
    for seed in range(60):
        frame = noisy(seed)
        weight = frame["exposure"].to_numpy()
        table = smooth_curve(frame).table
        raw.append(np.average((table["raw"].to_numpy() - TRUE) ** 2, weights=weight))
        smooth.append(np.average((table["smoothed"].to_numpy() - TRUE) ** 2, weights=weight))
    assert np.mean(smooth) < 0.6 * np.mean(raw)


def test_the_penalised_fit_is_where_no_step_leads_lower() -> None:
    frame = noisy(0)
    raw, weight = frame["raw"].to_numpy(), frame["exposure"].to_numpy()
    second = np.diff(np.eye(15), n=2, axis=0)
    penalty = 30 * second.T @ second
    mean, freedom = _penalised(raw, weight, penalty)

    def loss(eta: np.ndarray) -> float:
        return float((weight * (np.exp(eta) - raw * eta)).sum() + eta @ penalty @ eta / 2)

    best = loss(np.log(mean))
    for seed in range(50):
        assert loss(np.log(mean) + np.random.default_rng(seed).normal(0, 1e-3, 15)) > best
    assert 2 < freedom < 15


def test_raw_smoothed_and_selected_have_one_mean() -> None:
    table = smooth_curve(noisy(3), "decreasing").table
    weight = table["exposure"].to_numpy()
    means = [np.average(table[name].to_numpy(), weights=weight) for name in ("raw", "smoothed", "selected")]
    assert means == pytest.approx([means[0]] * 3, rel=1e-6)


def test_a_straight_line_on_the_log_scale_stays_and_has_two_parameters() -> None:
    line = np.exp(0.1 * AGES)
    found = smooth_curve(levels(line))
    assert found.table["smoothed"].to_numpy() == pytest.approx(line, rel=1e-8)
    assert found.freedom == pytest.approx(2, abs=1e-3)


def test_pure_noise_is_smoothed_to_a_line_and_strong_shape_is_kept() -> None:
    noise = levels(np.random.default_rng(8).poisson(40, 15) / 40, 40.0)
    assert smooth_curve(noise).freedom < 4
    shape = smooth_curve(levels(TRUE, 1e6))
    assert shape.table["smoothed"].to_numpy() == pytest.approx(TRUE, rel=0.02)
    assert shape.freedom > 5


def test_the_selected_curve_is_isotonic_regression_of_the_smoothed_one() -> None:
    table = smooth_curve(noisy(5), "increasing").table
    pool = IsotonicRegression().fit_transform(AGES, table["smoothed"], sample_weight=table["exposure"])
    assert table["selected"].to_numpy() == pytest.approx(pool)
    assert (np.diff(table["selected"]) >= 0).all()
    assert smooth_curve(noisy(5)).table["selected"].to_list() == table["smoothed"].to_list()


def test_a_level_without_exposure_has_the_value_of_the_curve() -> None:
    exposure = np.full(15, 1_000.0)
    exposure[[0, 7, 14]] = 0
    raw = np.where(exposure > 0, np.exp(0.1 * AGES), np.nan)
    table = smooth_curve(levels(raw, exposure), "increasing").table
    assert table["smoothed"].to_numpy() == pytest.approx(np.exp(0.1 * AGES), rel=1e-6)
    assert table["raw"].null_count() == 3
    assert table["selected"].to_numpy() == pytest.approx(np.exp(0.1 * AGES), rel=1e-6)


def test_a_level_without_claims_is_evidence_not_a_gap() -> None:
    table = smooth_curve(levels([1.0, 1.0, 0.0, 1.0, 1.0], 50.0)).table
    assert 0 < table["smoothed"][2] < 0.95


def test_rows_may_come_in_any_order() -> None:
    frame = noisy(2)
    assert smooth_curve(frame.reverse()).table.equals(smooth_curve(frame).table)


@pytest.mark.parametrize("raw", [[1.3], [1.0, 2.0]])
def test_one_or_two_levels_are_left_as_they_are(raw: list[float]) -> None:
    assert smooth_curve(levels(raw)).table["smoothed"].to_list() == pytest.approx(raw)


def test_one_level_with_exposure_among_many_stands_for_all() -> None:
    table = smooth_curve(levels([0.0, 1.7, 0.0], [0.0, 10.0, 0.0])).table
    assert table["smoothed"].to_list() == pytest.approx([1.7] * 3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NoExposureError):
        smooth_curve(levels([1.0, 1.0], 0.0))
    with pytest.raises(NoClaimsError):
        smooth_curve(levels([0.0, 0.0]))
    with pytest.raises(BadColumnError, match="'raw': 1 not a number"):
        smooth_curve(levels([1.0, float("nan")]))
    with pytest.raises(BadColumnError, match="'exposure' is -1 in row 1"):
        smooth_curve(levels([1.0, 1.0], [1.0, -1.0]))
    with pytest.raises(BadColumnError, match="'level_order' has a value missing or twice"):
        smooth_curve(levels([1.0, 1.0]).with_columns(level_order=1))
    with pytest.raises(ModellingError, match="not sideways"):
        smooth_curve(levels([1.0, 1.0]), "sideways")  # type: ignore[arg-type]


EXPOSURES, SEEN = (0.0, 1e-9, 1e-3, 0.4, 5.0, 200.0, 1e5), (0.0, 1e-6, 0.3, 1.0, 5.0, 80.0)
THIN = st.lists(
    st.tuples(st.sampled_from(EXPOSURES), st.sampled_from(SEEN)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=80, deadline=None)
@given(THIN)
@example([(200.0, 0.0), (200.0, 0.0), (200.0, 0.0), (1e-3, 1.0), (5.0, 0.0)])
def test_thin_levels_end_in_a_finite_curve_or_in_a_reason(seen: list[tuple[float, float]]) -> None:
    exposure, raw = (list(column) for column in zip(*seen, strict=True))
    with contextlib.suppress(ModellingError):
        smoothed = smooth_curve(levels(raw, np.array(exposure))).table["smoothed"].to_numpy()
        assert np.isfinite(smoothed).all()
        assert (smoothed > 0).all()
