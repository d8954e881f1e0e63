"""Promotion: a challenger must show, out of time and on every cover, that it is not worse."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.errors import BadColumnError, ModellingError
from models_ml.promotion import Promotion, PromotionLimits, judge_promotion


def cover(
    name: str, seed: int, rows: int = 20_000, *, level: float = 1.0, power: float = 1.0, knows: bool = True
) -> pl.DataFrame:
    """The champion knows one factor; the challenger both, or noise; times a level, to a power."""
    rng = np.random.default_rng(seed)
    years = rng.uniform(0.2, 1, rows)
    champion = 0.15 * rng.choice([0.7, 1.0, 1.6], rows) * years
    other = rng.choice([0.6, 1.4], rows)
    truth = champion * other
    challenger = truth if knows else champion * rng.choice([0.6, 1.4], rows)
    rate = challenger / years
    spread = rate**power
    spread *= level * (challenger.sum() / (spread * years).sum())
    return pl.DataFrame(
        {
            "cover": name,
            "vehicle_id": np.arange(rows) // 3,
            "exposure_years": years,
            "claim_count": rng.poisson(truth),
            "champion": champion,
            "challenger": spread * years,
            "constant": 0.16 * years,
        }
    )


def judged(*covers: pl.DataFrame, **options: float) -> Promotion:
    return judge_promotion(pl.concat(covers), PromotionLimits(**options))


def test_a_challenger_that_knows_more_on_every_cover_is_promoted() -> None:
    found = judged(cover("glass", 1), cover("damage", 2))
    assert found.promoted
    assert found.by_cover["cover"].to_list() == ["damage", "glass"]
    assert (found.by_cover["gain_lower"] > 0).all()
    assert len(found.reasons) == 7
    assert found.reasons[0].startswith("all covers: ")
    assert all(reason.startswith("cover ") for reason in found.reasons[1:])


def test_one_cover_that_is_worse_is_enough_to_refuse_and_is_named_first_with_its_figure() -> None:
    found = judged(cover("glass", 1), cover("damage", 2, knows=False))
    assert not found.promoted
    row = found.by_cover.filter(pl.col("cover") == "damage").row(0, named=True)
    (first, *_) = [reason for reason in found.reasons if reason.startswith("cover ")]
    assert first.startswith(f"cover damage: deviance {row['deviance_challenger']:.3f}, champion ")
    assert dict(found.by_cover.select("cover", "passed").iter_rows()) == {"damage": False, "glass": True}


def test_a_challenger_that_is_the_champion_is_not_worse() -> None:
    same = cover("glass", 1).with_columns(champion=pl.col("challenger"))
    found = judged(same)
    assert found.promoted
    assert found.by_cover["gain_lower"][0] == 0


@pytest.mark.parametrize("level", [0.85, 1.15])
def test_a_level_that_is_off_is_refused_though_the_order_is_better(level: float) -> None:
    found = judged(cover("glass", 1, level=level))
    assert not found.promoted
    assert found.by_cover["gain_lower"][0] > 0
    assert "actual over expected claims" in found.reasons[0]
    assert "is outside 1 +- 0.05" in found.reasons[0]
    assert judged(cover("glass", 1, level=level), balance=0.2).promoted


@pytest.mark.parametrize("power", [0.7, 1.4])
def test_a_spread_that_is_off_is_refused(power: float) -> None:
    found = judged(cover("glass", 1, power=power))
    assert not found.promoted
    assert "calibration slope" in found.reasons[0]
    assert found.by_cover["slope"][0] == pytest.approx(1 / power, rel=0.1)
    assert judged(cover("glass", 1, power=power), slope=0.6).promoted


def test_a_thin_cover_must_prove_that_it_is_not_worse() -> None:
    thin = cover("glass", 5, rows=60, knows=False)
    found = judged(thin, slope=9.0)
    gain, lower = found.by_cover.select("gain", "gain_lower").row(0)
    assert lower < 0 < gain + (gain - lower)  # not proved worse either
    assert not found.promoted
    assert any(reason.startswith("cover glass: deviance ") for reason in found.reasons)


def as_good_within_chance() -> pl.DataFrame:
    """A challenger that is a shaken champion: better by the point, not shown to be."""
    part = cover("glass", 1)
    for seed in range(100):
        shake = np.random.default_rng(seed).lognormal(0.0, 0.05, part.height)
        shaken = part.with_columns(challenger=pl.col("champion") * pl.Series(shake))
        row = judged(shaken).by_cover.row(0, named=True)
        if row["gain"] > 0 > row["gain_lower"]:
            return shaken
    raise AssertionError("no seed gave such a challenger")


def test_the_tolerance_is_a_share_of_the_lift_of_the_champion() -> None:
    part = as_good_within_chance()
    row = judged(part).by_cover.row(0, named=True)
    needed = -row["gain_lower"] / row["lift_champion"]
    options = {"balance": 9.0, "slope": 9.0}
    assert judged(part, tolerance=needed + 1e-9, **options).promoted
    assert not judged(part, tolerance=needed - 1e-9, **options).promoted


@given(st.integers(0, 10_000), st.floats(0.01, 0.5), st.floats(0.0, 10.0))
@settings(max_examples=40, deadline=None)
def test_a_challenger_that_is_worse_in_all_is_never_promoted(
    seed: int, noise: float, tolerance: float
) -> None:
    part = cover("glass", seed, rows=400)
    shake = np.random.default_rng(seed + 1).lognormal(0.0, noise, part.height)
    part = part.with_columns(challenger=pl.col("champion") * pl.Series(shake))
    found = judged(part, tolerance=tolerance, balance=9.0, slope=9.0)
    row = found.by_cover.row(0, named=True)
    if row["gain"] is not None and row["gain"] < -1e-6:
        assert not found.promoted
        assert found.reasons[0].startswith("all covers: ")


def test_a_champion_without_lift_leaves_nothing_to_lose() -> None:
    part = as_good_within_chance().with_columns(constant="champion")
    assert not judged(part, tolerance=1.0, balance=9.0, slope=9.0).promoted


def test_rows_of_one_vehicle_make_the_bound_wider() -> None:
    part = pl.concat([cover("glass", 1, rows=3_000)] * 3)
    plain = judge_promotion(part).by_cover
    clustered = judge_promotion(
        part.with_columns(vehicle_id=pl.int_range(9_000) % 3_000), cluster="vehicle_id"
    )
    assert clustered.by_cover["gain"][0] == pytest.approx(plain["gain"][0])
    assert clustered.by_cover["gain_lower"][0] < plain["gain_lower"][0]


def test_a_cover_without_a_claim_shows_nothing_and_is_refused() -> None:
    found = judged(
        cover("glass", 1), cover("damage", 2, rows=9).with_columns(claim_count=pl.lit(0, pl.Int64))
    )
    assert not found.promoted
    assert "cover damage: no claim out of time, so nothing is shown" in found.reasons
    one = judged(cover("glass", 1, rows=1).with_columns(claim_count=pl.lit(1, pl.Int64)))
    assert any("at least two rows" in reason for reason in one.reasons)


def test_a_flat_challenger_has_no_slope_and_is_judged_by_the_rest() -> None:
    flat = cover("glass", 1).with_columns(challenger=0.16 * pl.col("exposure_years"))
    flat = flat.with_columns(champion=pl.col("challenger"))
    found = judged(flat)
    assert found.by_cover["slope"][0] is None
    assert any("the slope is not judged" in reason for reason in found.reasons)


def test_bad_input_is_refused_by_cover_and_column() -> None:
    part = cover("glass", 1, rows=10)
    with pytest.raises(BadColumnError, match="cover glass: column 'challenger': 10 not a number"):
        judged(part.with_columns(challenger=pl.lit(None, pl.Float64)))
    with pytest.raises(BadColumnError, match="cover glass: column 'champion' is 0"):
        judged(part.with_columns(champion=0.0))
    with pytest.raises(ModellingError, match="no experience"):
        judged(part.clear())
