"""Frequency x severity: closed forms where there are any, plain scikit-learn where there are not."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor

from models_ml.encoding import LevelEncoder
from models_ml.errors import BadCellError, NoClaimsError, NoExposureError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import LEAST_SD, dispersion
from models_ml.relativities import OTHER

FLAT = 100.0  # a prior so wide that it does not pull


def cells(**columns: object) -> pl.DataFrame:
    base = {
        "cover": ["damage"] * 3,
        "cell_id": ["a", "b", "c"],
        "use": ["private", "taxi", "company"],
        "exposure_years": [1000.0, 100.0, 200.0],
        "claim_count": [100, 30, 10],
        "gross_amount": [100_000.0, 60_000.0, 10_000.0],
        "recovery_amount": [-1_000.0, 0.0, -700.0],
    }
    return pl.DataFrame({**base, **columns})


def portfolio(rows: int = 4_000, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    use = rng.choice(["private", "taxi"], rows)
    age = rng.choice(["0", "1", "2"], rows)
    exposure = rng.uniform(0.1, 1, rows)
    mean = exposure * 0.2 * np.where(use == "taxi", 2.0, 1.0) * np.where(age == "2", 0.5, 1.0)
    count = rng.poisson(mean)
    return pl.DataFrame(
        {
            "cover": "damage",
            "cell_id": [f"r{i:05d}" for i in range(rows)],
            "use": use,
            "age": age,
            "exposure_years": exposure,
            "claim_count": count,
            "gross_amount": rng.gamma(2, 500, rows) * count,
            "recovery_amount": 0.0,
        }
    )


def test_one_factor_without_penalty_gives_the_observed_relativities() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    taxi = model.relativities_.filter(pl.col("level") == "taxi").row(0, named=True)
    assert taxi["frequency_relativity"] == pytest.approx(3.0, rel=1e-4)
    assert taxi["severity_relativity"] == pytest.approx(2.0, rel=1e-4)
    assert model.base_levels_ == {"use": "private"}
    assert model.base_frequency_ == pytest.approx(0.1, rel=1e-4)
    assert model.base_severity_ == pytest.approx(1_000, rel=1e-4)


def test_frequency_agrees_with_plain_scikit_learn() -> None:
    data = portfolio()
    model = FrequencySeverityModel(["use", "age"], prior_sd=FLAT).fit(data)
    design = LevelEncoder(["use", "age"]).fit(data).transform(data)
    weight = data["exposure_years"].to_numpy()
    plain = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10)
    plain.fit(
        design.toarray()[:, [0, 2, 3]],
        data["claim_count"].to_numpy() / weight,
        sample_weight=weight,
    )
    expected = plain.predict(design.toarray()[:, [0, 2, 3]])
    assert model.predict_frequency(data) == pytest.approx(expected, rel=1e-4)


def test_a_fit_on_cells_is_the_fit_on_the_contracts_within_them() -> None:
    data = portfolio()
    summed = data.group_by("cover", "use", "age", maintain_order=True).agg(
        pl.col("cell_id").first(),
        pl.col("exposure_years", "claim_count", "gross_amount", "recovery_amount").sum(),
    )
    on_rows = FrequencySeverityModel(["use", "age"], prior_sd=FLAT).fit(data)
    on_cells = FrequencySeverityModel(["use", "age"], prior_sd=FLAT).fit(summed)
    for column in ("frequency_relativity", "severity_relativity"):
        assert on_cells.relativities_[column].to_list() == pytest.approx(
            on_rows.relativities_[column].to_list(), rel=1e-5
        )


def test_fitted_claims_and_cost_are_the_actual_ones() -> None:
    data = portfolio().with_columns(recovery_amount=-0.05 * pl.col("gross_amount"))
    model = FrequencySeverityModel(["use", "age"]).fit(data)
    exposure = data["exposure_years"].to_numpy()
    assert model.predict_frequency(data) @ exposure == pytest.approx(data["claim_count"].sum())
    net = data["gross_amount"].sum() + data["recovery_amount"].sum()
    assert model.predict_burning_cost(data) @ exposure == pytest.approx(net)


def test_recoveries_lower_the_cost_and_never_turn_it_round() -> None:
    assert FrequencySeverityModel(["use"]).fit(cells()).recovery_factor_ == pytest.approx(0.99)
    drowned = cells(recovery_amount=[-999_999.0, 0.0, 0.0])
    assert FrequencySeverityModel(["use"]).fit(drowned).recovery_factor_ == 0.0


def test_thin_levels_are_drawn_to_the_mean_and_thick_ones_are_not() -> None:
    data = cells(exposure_years=[100_000.0, 1.0, 20_000.0], claim_count=[10_000, 3, 1_000])
    model = FrequencySeverityModel(["use"], prior_sd=0.2).fit(data)
    found = dict(model.relativities_.select("level", "frequency_relativity").iter_rows())
    assert found["taxi"] < 1.0  # observed: 30, on three claims
    assert found["company"] == pytest.approx(0.5, rel=0.05)


def test_the_prior_pulls_a_thin_level_as_far_as_bayes_would() -> None:
    # A free intercept makes the coefficients sum to zero, so with two thick levels alike the thin one's
    # coefficient is 2/3 of its log-relativity b; the mode solves n - m exp(b) = 2/3 b / sd^2.
    data = cells(exposure_years=[1e6, 10.0, 1e6], claim_count=[100_000, 4, 100_000])
    model = FrequencySeverityModel(["use"], prior_sd=0.5).fit(data)
    found = model.relativities_.filter(pl.col("level") == "taxi")["frequency_relativity"].item()
    b = np.log(found)
    assert 4 - 1.0 * np.exp(b) == pytest.approx(2 / 3 * b / 0.25, abs=0.001)


def test_the_prior_of_severity_is_as_wide_as_stated_at_its_dispersion() -> None:
    # The mode of a gamma likelihood with weight n: n (y / m - 1) / dispersion = 2/3 b / sd^2, as above.
    data = cells(
        exposure_years=[1e7, 1e3, 1e7],
        claim_count=[1_000_000, 4, 1_000_000],
        gross_amount=[1e9, 16_000.0, 1e9],
        recovery_amount=[0.0, 0.0, 0.0],
    )
    model = FrequencySeverityModel(["use"], prior_sd=0.5).fit(data)
    found = model.relativities_.filter(pl.col("level") == "taxi")["severity_relativity"].item()
    count = data["claim_count"].to_numpy().astype(float)
    scale = dispersion("gamma", data["gross_amount"].to_numpy() / count, count)
    b = np.log(found)
    assert 4 * (4.0 / found - 1) / scale == pytest.approx(2 / 3 * b / 0.25, rel=0.01)
    assert 1 < found < 4


def test_the_order_of_cells_does_not_matter() -> None:
    data = portfolio(1_500)
    model = FrequencySeverityModel(["use", "age"]).fit(data)
    again = FrequencySeverityModel(["use", "age"]).fit(data.sample(fraction=1, shuffle=True, seed=1))
    assert json.dumps(again.to_dict()) == json.dumps(model.to_dict())


def test_a_factor_that_says_nothing_is_drawn_to_nothing_and_one_that_does_is_not() -> None:
    data = portfolio(60_000)
    letters = np.random.default_rng(9).choice(list("abcdefghijklmnop"), data.height)
    model = FrequencySeverityModel(["use", "letter"]).fit(data.with_columns(letter=letters))
    assert model.prior_sds_frequency_["letter"] < 0.05
    assert model.prior_sds_frequency_["use"] > 0.2
    found = model.relativities_.filter(pl.col("level") == "taxi")["frequency_relativity"].item()
    assert found == pytest.approx(2.0, rel=0.06)


def test_the_learned_prior_is_as_wide_as_the_levels_differ() -> None:
    rng = np.random.default_rng(4)
    logs = rng.normal(0, 0.25, 200)
    exposure = np.full(200, 1_000.0)
    claims = rng.poisson(exposure * 0.2 * np.exp(logs))
    data = pl.DataFrame(
        {
            "cover": "damage",
            "cell_id": [f"{i:03d}" for i in range(200)],
            "model": [f"{i:03d}" for i in range(200)],
            "exposure_years": exposure,
            "claim_count": claims,
            "gross_amount": claims * 100.0,
            "recovery_amount": 0.0,
        }
    )
    model = FrequencySeverityModel(["model"]).fit(data)
    assert model.prior_sds_frequency_["model"] == pytest.approx(0.25, rel=0.15)
    # Every claim costs the same, so nothing tells models apart by it.
    assert model.prior_sds_severity_["model"] == LEAST_SD


def test_a_level_never_seen_is_rated_at_the_exposure_weighted_mean() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    unseen = model.predict_frequency(pl.DataFrame({"use": ["hearse"]}))[0]
    assert unseen == pytest.approx(140 / 1300, rel=1e-4)
    assert OTHER in model.relativities_["level"]


def test_no_factor_at_all_is_the_mean() -> None:
    model = FrequencySeverityModel([]).fit(cells())
    assert model.predict_frequency(cells())[0] == pytest.approx(140 / 1300)


def test_a_single_cell_with_claims_says_what_a_claim_costs() -> None:
    data = cells(claim_count=[4, 0, 0], gross_amount=[4_000.0, 0.0, 0.0], recovery_amount=[0.0, 0.0, 0.0])
    assert FrequencySeverityModel(["use"]).fit(data).predict_severity(data) == pytest.approx([1_000] * 3)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (
            {"claim_count": [0, 0, 0], "gross_amount": [0.0, 0.0, 0.0]},
            NoClaimsError,
            "cover damage has no claim",
        ),
        ({"exposure_years": [0.0, 0.0, 0.0]}, NoExposureError, "cover damage was never in force"),
        (
            {"exposure_years": [1.0, float("nan"), 1.0]},
            BadCellError,
            "cell b: exposure_years is nan",
        ),
        ({"gross_amount": [1.0, -1.0, 1.0]}, BadCellError, "cell b: gross_amount is -1.0"),
        ({"recovery_amount": [0.0, 0.0, 5.0]}, BadCellError, "cell c: recovery_amount is 5.0"),
        ({"recovery_amount": [0.0, float("-inf"), 0.0]}, BadCellError, "cell b: recovery_amount is -inf"),
        ({"exposure_years": [float("inf"), 1.0, 1.0]}, BadCellError, "cell a: exposure_years is inf"),
        ({"gross_amount": [1.0, float("inf"), 1.0]}, BadCellError, "cell b: gross_amount is inf"),
        ({"claim_count": [100, 0, 10]}, BadCellError, "cell b: a cost without claims"),
        ({"gross_amount": [1.0, 0.0, 1.0]}, BadCellError, "cell b: claims without a cost"),
        ({"exposure_years": [1.0, 0.0, 1.0]}, BadCellError, "cell b: claims without exposure"),
        ({"use": ["private", "*", "taxi"]}, BadCellError, r"cell b: use is \*, which is reserved"),
        ({"cover": ["damage", "glass", "damage"]}, BadCellError, "cell b: is of another cover"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(
    columns: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        FrequencySeverityModel(["use"]).fit(cells(**columns))


def test_a_stored_model_predicts_to_the_last_bit() -> None:
    data = portfolio()
    model = FrequencySeverityModel(["use", "age"]).fit(data)
    again = FrequencySeverityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.predict_burning_cost(data) == model.predict_burning_cost(data)).all()


def test_what_follows_the_kilometres_is_a_rate_per_distance_times_use() -> None:
    data = portfolio().with_columns(band=pl.when(pl.col("exposure_years") > 0.5).then(pl.lit("far")))
    data = data.with_columns(pl.col("band").fill_null("near"))
    km = pl.when(pl.col("band") == "far").then(30_000.0).otherwise(10_000.0)
    data = data.with_columns(driven_km=pl.col("exposure_years") * km)
    model = FrequencySeverityModel(["use", "band"], use_factor="band", prior_sd=FLAT).fit(data)
    bands = model.relativities_.filter(pl.col("factor") == "band")
    found = dict(bands.select("level", "frequency_relativity").iter_rows())
    base = model.base_levels_["band"]
    assert found["far"] / found["near"] == pytest.approx(3.0)
    assert found[base] == 1.0
    exposure = data["exposure_years"].to_numpy()
    assert model.predict_frequency(data) @ exposure == pytest.approx(data["claim_count"].sum())


def test_a_car_that_stands_still_does_not_break_a_rate_per_kilometre() -> None:
    data = cells(driven_km=[1e7, 1e6, 0.0], claim_count=[100, 30, 0], gross_amount=[1e5, 6e4, 0.0])
    model = FrequencySeverityModel(["use"], use_factor="use").fit(data)
    assert np.isfinite(model.predict_burning_cost(data)).all()


def test_experience_at_the_level_of_another_year_moves_the_base_and_keeps_the_relativities() -> None:
    plain = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    # Half of the claims are still to come, and repairs will cost a tenth more.
    restated = cells(at_risk_years=[500.0, 50.0, 100.0], restated_amount=[110_000.0, 66_000.0, 11_000.0])
    model = FrequencySeverityModel(["use"], prior_sd=FLAT, large_loss_factor=1.5).fit(restated)
    ratio = model.predict_burning_cost(cells()) / plain.predict_burning_cost(cells())
    assert ratio == pytest.approx([2 * 1.1 * 1.5] * 3, rel=1e-5)
    assert model.relativities_["exposure_years"].sum() == 1300


@pytest.mark.parametrize("column", ["at_risk_years", "restated_amount", "driven_km"])
def test_a_restated_number_that_is_none_is_refused_by_name(column: str) -> None:
    with pytest.raises(BadCellError, match=f"cell b: {column} is nan"):
        FrequencySeverityModel(["use"]).fit(cells(**{column: [1.0, float("nan"), 1.0]}))
