"""Drift: three things can change, and each has its own verdict."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.drift import Drift, DriftLimits, judge_drift, population_stability
from models_ml.errors import BadColumnError, ModellingError, NoExposureError

RELATIVITY = {"private": 1.0, "company": 1.6, "taxi": 2.5}
MIX = (0.7, 0.2, 0.1)
FACTORS = ["use", "age"]


def year(
    seed: int, rows: int = 30_000, *, mix: tuple[float, ...] = MIX, level: float = 1.0, learned: bool = True
) -> pl.DataFrame:
    """A year of contracts; where nothing is `learned`, the truth has turned the relativities round."""
    rng = np.random.default_rng(seed)
    use, age = rng.choice(list(RELATIVITY), rows, p=mix), rng.choice(["0-3", "4+"], rows)
    years = rng.uniform(0.2, 1, rows)
    relativity = np.array([RELATIVITY[u] for u in use])
    expected = 0.1 * relativity * np.where(age == "4+", 0.8, 1.0) * years
    truth = expected if learned else expected / relativity**1.5
    truth = truth * expected.sum() / truth.sum() * level
    return pl.DataFrame(
        {
            "use": use,
            "age": age,
            "exposure_years": years,
            "claim_count": rng.poisson(truth),
            "expected_claims": expected,
        }
    )


def found(current: pl.DataFrame, **options: DriftLimits) -> Drift:
    return judge_drift(year(1), current, FACTORS, **options)


@pytest.mark.parametrize("seed", range(2, 7))
def test_the_same_population_is_kept(seed: int) -> None:
    drift = found(year(seed), limits=DriftLimits(confidence=0.99))
    assert (drift.verdict, drift.factor) == ("keep", 1.0)
    assert drift.reasons == ("mix, order and level are within their limits",)
    assert drift.stability["band"].to_list() == ["stable", "stable"]


@pytest.mark.parametrize("level", [0.85, 1.2])
def test_a_shift_of_level_alone_is_recalibrated_by_its_factor(level: float) -> None:
    drift = found(year(2, level=level))
    assert drift.verdict == "recalibrate"
    assert drift.factor == pytest.approx(level, rel=0.03)
    assert drift.factor == drift.current_balance.ratio
    assert drift.reasons[0].startswith(f"level is off: actual over expected claims {drift.factor:.3f}")


def test_a_small_shift_of_level_beyond_chance_is_not_worth_a_recalibration() -> None:
    drift = found(year(2, rows=400_000, level=1.015))
    assert not drift.current_balance.lower <= 1 <= drift.current_balance.upper
    assert drift.verdict == "keep"


def test_a_large_shift_of_level_within_chance_is_kept() -> None:
    drift = found(year(2, rows=150, level=1.15))
    assert abs(drift.current_balance.ratio - 1) > 0.02
    assert drift.verdict == "keep"


def test_an_order_that_has_turned_round_is_refitted_though_the_level_holds() -> None:
    drift = found(year(2, learned=False))
    assert drift.verdict == "refit"
    assert drift.factor == 1.0
    assert drift.current_balance.ratio == pytest.approx(1, abs=0.05)
    assert drift.reasons[0].startswith(f"order is lost: Gini {drift.current_gini:.3f}, was ")


def test_a_mix_that_has_shifted_is_refitted_and_the_reason_says_where() -> None:
    drift = found(year(2, mix=(0.4, 0.2, 0.4)))
    assert drift.verdict == "refit"
    assert drift.reasons[0].startswith("mix of use has shifted: stability index 0.5")
    assert "most at 'taxi', 39.8% of exposure, was 10.1%" in drift.reasons[0]
    assert drift.stability["band"].to_list() == ["shifted", "stable"]


def test_a_mix_that_moves_a_little_is_watched_and_kept() -> None:
    drift = found(year(3, mix=(0.57, 0.23, 0.2)))
    assert drift.verdict == "keep"
    assert drift.stability["band"].to_list() == ["watch", "stable"]
    assert any(r.startswith("watch use: stability index 0.1") for r in drift.reasons)


def test_the_index_has_its_published_form() -> None:
    # Siddiqi: sum (q - p) ln (q / p).
    assert population_stability(np.array([1, 1]), np.array([2, 2])).sum() == 0
    found = population_stability(np.array([20.0, 80.0]), np.array([10.0, 90.0]))
    assert found == pytest.approx([-0.1 * np.log(0.5), 0.1 * np.log(9 / 8)])


def test_few_rows_in_many_levels_pass_the_bands_by_chance_and_are_not_taken_for_a_shift() -> None:
    rng = np.random.default_rng(8)
    small = [
        year(s, rows=300).with_columns(model=pl.Series(rng.integers(0, 80, 300)).cast(pl.String))
        for s in (1, 2)
    ]
    drift = judge_drift(*small, ["model"])
    assert drift.stability["psi"][0] > 0.25
    assert drift.stability["psi"][0] < drift.stability["chance"][0]
    assert drift.verdict == "keep"


def test_a_level_never_seen_and_a_level_gone_have_a_finite_index_and_the_new_one_is_named() -> None:
    tram = pl.when(pl.int_range(pl.len()) < 300).then(pl.lit("tram")).otherwise("use").alias("use")
    drift = found(year(2).with_columns(tram))
    assert np.isfinite(drift.stability["psi"].to_numpy()).all()
    assert "use has the level 'tram', never seen in the reference: 1.0% of exposure" in drift.reasons
    gone = judge_drift(year(1).with_columns(tram), year(2), FACTORS)
    row = gone.levels.filter(pl.col("level") == "tram").row(0, named=True)
    assert (row["current_share"], row["actual_claims"], row["expected_claims"]) == (0, 0, 0)
    assert np.isfinite(row["contribution"])


def test_levels_reconcile_with_the_frames() -> None:
    current = year(2)
    table = found(current).levels
    for factor in FACTORS:
        own = table.filter(pl.col("factor") == factor)
        assert own["reference_share"].sum() == pytest.approx(1)
        assert own["actual_claims"].sum() == current["claim_count"].sum()
        assert own["expected_claims"].sum() == pytest.approx(current["expected_claims"].sum())
        ratio = own["actual_claims"] / own["expected_claims"]
        assert ((own["lower"] < ratio) & (ratio < own["upper"])).all()


def test_the_same_frames_give_the_same_drift_and_inputs_stay_as_they_were() -> None:
    before, now = year(1, rows=2_000), year(2, rows=2_000)
    copies = before.clone(), now.clone()
    one, two = judge_drift(before, now, FACTORS), judge_drift(before, now, FACTORS)
    assert one.stability.equals(two.stability)
    assert one.reasons == two.reasons
    assert before.equals(copies[0])
    assert now.equals(copies[1])


def test_without_factors_level_and_order_are_judged() -> None:
    drift = judge_drift(year(1), year(2, level=1.3), [])
    assert drift.verdict == "recalibrate"
    assert drift.levels.height == drift.stability.height == 0


def test_bad_input_is_refused_by_frame_and_column() -> None:
    good = year(1, rows=100)
    with pytest.raises(BadColumnError, match="current: column 'expected_claims': 100 not a number"):
        judge_drift(good, good.with_columns(expected_claims=np.nan), FACTORS)
    with pytest.raises(BadColumnError, match="reference: column 'exposure_years' is 0"):
        judge_drift(good.with_columns(exposure_years=0.0), good, FACTORS)
    with pytest.raises(BadColumnError, match="current: column 'expected' sums to nothing"):
        judge_drift(good, good.with_columns(expected_claims=0.0), FACTORS)
    with pytest.raises(BadColumnError, match="current: column 'age' has NaN"):
        judge_drift(good, good.with_columns(age=np.nan), FACTORS)
    with pytest.raises(ModellingError, match="current: there is no column 'use'"):
        judge_drift(good, good.drop("use"), FACTORS)
    with pytest.raises(NoExposureError, match="current: no row"):
        judge_drift(good, good.clear(), FACTORS)
