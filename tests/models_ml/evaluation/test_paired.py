"""Paired comparison: its error is what repetition shows, and a factor that says nothing adds nothing."""

from __future__ import annotations

import numpy as np
import pytest

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import lift_of, paired_deviance, poisson_loss


def drive(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Exposure, claims, and the forecast by mileage alone and by mileage and score."""
    rng = np.random.default_rng(seed)
    years, km = rng.uniform(0.2, 1, rows), rng.choice([0.8, 1.0, 1.3], rows)
    score = rng.choice([0.75, 1.0, 1.25], rows)
    mileage = 0.3 * km * years
    return years, rng.poisson(mileage * score), mileage, mileage * score


def test_the_gain_is_the_difference_of_the_two_losses() -> None:
    _, claims, without, better = drive(2_000, 1)
    found = paired_deviance(claims, without, better)
    assert found.reference == pytest.approx(poisson_loss(claims, without))
    assert found.gain == pytest.approx(poisson_loss(claims, without) - poisson_loss(claims, better))


def test_the_error_of_the_gain_is_what_repetition_shows_and_the_interval_covers() -> None:
    found = [paired_deviance(*drive(2_000, seed)[1:]) for seed in range(150)]
    gains = np.array([f.gain for f in found])
    assert np.mean([f.error for f in found]) == pytest.approx(gains.std(), rel=0.2)
    inside = [low <= gains.mean() <= high for low, high in (f.interval() for f in found)]
    assert 0.89 <= np.mean(inside) <= 0.99


def test_the_error_by_hand_for_rows_and_for_clusters_whose_gains_cancel() -> None:
    # No claims: the loss of a row is 200 x expected, so the gains are 200, -200, 600; their mean is 200.
    claims, old, new = np.zeros(3), np.array([1.0, 0.0, 3.0]), np.array([0.0, 1.0, 0.0])
    found = paired_deviance(claims, old, new)
    assert found.gain == pytest.approx(200)
    # Deviations 0, -400, 400: variance 160,000, of the mean a third.
    assert found.error == pytest.approx(np.sqrt(160_000 / 3))
    # Two rows together: 0 - 400 and 400, times 2 / (2 - 1), over 3.
    pair = paired_deviance(claims, old, new, cluster=np.array(["a", "a", "b"]))
    assert pair.error == pytest.approx(np.sqrt(2 * (400**2 + 400**2)) / 3)
    other = paired_deviance(claims, old, new, cluster=np.array(["a", "b", "b"]))
    assert other.error == pytest.approx(0, abs=1e-9)


def test_rows_of_a_vehicle_count_as_one_witness() -> None:
    _, claims, without, better = drive(2_000, 2)
    once = paired_deviance(claims, without, better)
    # The same rows four times over know no more.
    again = [np.tile(x, 4) for x in (claims, without, better)]
    clustered = paired_deviance(*again, cluster=np.tile(np.arange(2_000), 4))
    assert clustered.gain == pytest.approx(once.gain)
    assert clustered.error == pytest.approx(once.error)
    assert paired_deviance(*again).error == pytest.approx(once.error / 2, rel=1e-3)


def test_the_lift_of_a_factor_that_matters_is_sure_and_said_in_words() -> None:
    years, claims, without, better = drive(40_000, 3)
    found = lift_of(
        ["driving score"], years, claims, without=without, with_factors=better, learned_frequency=0.31
    )
    assert found.sure
    assert found.d2_with > found.d2_without > 0
    assert str(found).startswith("driving score: deviance ")


def test_a_factor_that_says_nothing_has_no_sure_lift() -> None:
    years, claims, _, truth = drive(40_000, 4)
    noise = truth * np.random.default_rng(5).choice([0.95, 1.05], len(truth))
    found = lift_of(["colour"], years, claims, without=truth, with_factors=noise, learned_frequency=0.31)
    assert not found.sure
    same = lift_of(["colour"], years, claims, without=truth, with_factors=truth, learned_frequency=0.31)
    assert (same.deviance.gain, same.deviance.error, same.sure) == (0, 0, False)


def test_bad_input_is_refused_by_name() -> None:
    one = np.ones(2)
    with pytest.raises(BadColumnError, match="'candidate': 1 not a number"):
        paired_deviance(one, one, np.array([1.0, np.nan]))
    with pytest.raises(BadColumnError, match="'cluster' has 1 rows"):
        paired_deviance(one, one, one, cluster=np.zeros(1))
    with pytest.raises(ModellingError, match="at least two"):
        paired_deviance(one, one, one, cluster=np.zeros(2))
    with pytest.raises(ModellingError, match="no factor"):
        lift_of([], one, one, without=one, with_factors=one, learned_frequency=1.0)
