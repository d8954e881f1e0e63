"""How good a forecast is: what was planted is found, and what cannot be judged is said."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml import cover_evaluation
from models_ml.challenger import fit_challenger
from models_ml.cover_evaluation import CoverEvaluation, Unseen, evaluate_cover
from models_ml.cover_forecast import Rating, as_cells, fit_as_known
from tests.models_ml.world import rating

SCORES = ("under 80", "80-94", "95-100")
FACTORS = ["model", "driving_score", "vehicle_age"]
RATING = rating(
    factors=FACTORS, orders={"driving_score": SCORES, "vehicle_age": ("0", "1", "2")}, segment=None
)
MODELS = {"A": 1.0, "B": 1.6, "C": 0.6}


def contracts(years: tuple[int, ...] = (2023, 2024, 2025), vehicles: int = 4_000) -> pl.DataFrame:
    """Bad drivers claim three times as often; models differ; age says nothing."""
    rng = np.random.default_rng(7)
    rows = vehicles * len(years)
    year = np.repeat(years, vehicles)
    model, score = rng.choice(list(MODELS), rows, p=[0.6, 0.3, 0.1]), rng.choice(SCORES, rows)
    rate = 0.2 * np.array([MODELS[name] for name in model]) * np.where(score == "under 80", 3.0, 1.0)
    count = rng.poisson(rate)
    amount = np.where(count > 0, rng.gamma(np.maximum(count, 1), 1_000.0), 0.0)
    return pl.DataFrame(
        {
            "cover": "damage",
            "contract_id": [f"c{at:05d}" for at in range(rows)],
            "vehicle_id": [f"v{at % vehicles:05d}" for at in range(rows)],
            "effective_date": pl.Series(year).cast(pl.String).str.to_date("%Y"),
            "exposure_years": 1.0,
            "claim_count": count,
            "gross_amount": amount,
            "recovery_amount": 0.0,
            "annual_premium": pl.Series([None] * rows, dtype=pl.Float64),
            "model": model,
            "driving_score": score,
            "vehicle_age": rng.choice(["0", "1", "2"], rows),
        }
    ).with_columns(cell_id=pl.concat_str(FACTORS, separator="|"))


def evaluated(everything: pl.DataFrame, how: Rating = RATING, *, challenged: bool = True) -> CoverEvaluation:
    last = pl.col("effective_date") == everything["effective_date"].max()
    learn, judged = everything.filter(~last), everything.filter(last)
    if learn.is_empty():
        learn = judged
    champion = fit_as_known(learn, how)
    challenger = (
        fit_challenger(as_cells(learn, how.factors), how, champion, 20, trees=20) if challenged else None
    )
    return evaluate_cover(Unseen("the last year", learn, judged, champion, challenger), everything, how, 20)


@pytest.fixture(scope="module")
def found() -> CoverEvaluation:
    return evaluated(contracts())


def test_every_year_is_forecast_from_those_before_it(found: CoverEvaluation) -> None:
    origins = found.origins
    assert origins["year"].to_list() == [2024, 2025]
    assert (origins["deviance_champion"] < origins["deviance_constant"]).all()
    assert (origins["gini_champion"] > 0.2).all()
    # The challenger is fitted for the latest year only.
    assert origins["deviance_challenger"].is_null().to_list() == [True, False]


def test_the_driving_score_has_a_lift_and_the_lift_is_beyond_chance(found: CoverEvaluation) -> None:
    lift = found.telematics
    assert lift is not None
    assert lift.sure
    assert lift.d2_with > lift.d2_without + 0.02


def test_factors_are_as_important_as_they_were_planted(found: CoverEvaluation) -> None:
    order = found.importance.sort("importance", descending=True)["factor"].to_list()
    assert order == ["driving_score", "model", "vehicle_age"]


def test_curves_show_what_was_seen_what_is_smooth_and_what_is_rated_with(found: CoverEvaluation) -> None:
    curve = found.curves.filter(pl.col("factor") == "driving_score").sort("level_order")
    assert curve["level"].to_list() == list(SCORES)
    assert (curve["smoothed"].diff().drop_nulls() < 0).all()
    for shown in ("raw", "selected"):
        assert curve[shown][0] / curve[shown][2] == pytest.approx(3.0, rel=0.25)


def test_models_that_differ_are_believed(found: CoverEvaluation) -> None:
    z = found.credibility.filter(pl.col("factor") == "model")
    assert z["group"].sort().to_list() == ["A", "B", "C"]
    assert (z["credibility"] > 0.8).all()


def test_intervals_hold_and_drift_is_judged(found: CoverEvaluation) -> None:
    assert found.coverage[0.9].groups == 9
    assert found.coverage[0.9].holds(0.9)
    assert found.drift is not None
    assert found.drift.verdict == "keep"
    assert found.paired is not None
    assert found.double is not None
    assert found.remarks == ()


def test_without_a_challenger_there_is_nothing_to_compare_and_it_is_said() -> None:
    found = evaluated(contracts(vehicles=400), challenged=False)
    assert (found.paired, found.double) == (None, None)
    assert "no challenger could be fitted" in found.remarks


def test_a_year_that_is_missing_is_passed_over_and_one_alone_is_a_remark() -> None:
    gap = evaluated(contracts(years=(2021, 2023, 2024), vehicles=400))
    assert gap.origins["year"].to_list() == [2024]
    alone = evaluated(contracts(years=(2024,), vehicles=400))
    assert alone.origins.is_empty()
    assert any("no year of 'year' has a next one" in remark for remark in alone.remarks)
    assert any("drift not judged" in remark for remark in alone.remarks)


def test_without_a_driving_score_there_is_no_lift_of_it() -> None:
    how = rating(factors=["model"], orders={}, segment=None)
    found = evaluated(contracts(vehicles=400), how)
    assert found.telematics is None
    assert found.curves.is_empty()


@pytest.mark.parametrize(
    ("broken", "remark"),
    [
        ("rolling_origins", "rolling origin not judged"),
        ("paired_deviance", "challenger not judged"),
        ("permutation_importance", "importance not judged"),
        ("lift_of", "driving score not judged"),
        ("coverage_of_groups", "intervals not judged"),
        ("smooth_curve", "curves not judged"),
        ("BuhlmannStraub", "credibility not judged"),
        ("judge_drift", "drift not judged"),
    ],
)
def test_a_diagnostic_without_a_finite_answer_is_a_remark_and_stops_no_price(
    monkeypatch: pytest.MonkeyPatch, broken: str, remark: str
) -> None:
    def singular(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(cover_evaluation, broken, singular)
    found = evaluated(contracts(vehicles=120))
    assert f"{remark}: " in " ".join(found.remarks)
    assert "no finite answer (Singular matrix)" in " ".join(found.remarks)
    assert found.judgement.deviance_model > 0
