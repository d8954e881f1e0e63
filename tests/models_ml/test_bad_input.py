"""What experience should not hold, and where each of it ends: see "When experience is not as it should"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models_ml.cover_forecast import CoverForecast, first_look, fit_as_known, forecast_cover
from models_ml.errors import BadCellError, BadColumnError, NoClaimsError, NoExposureError
from models_ml.glm import MOST_SD
from models_ml.restatement import Assumptions, CoverExperience
from tests.models_ml.world import FACTORS, World, rating

KNOWN = World(400).known()


def changed(**columns: pl.Expr) -> CoverExperience:
    return replace(KNOWN, contracts=KNOWN.contracts.with_columns(**columns))


def forecast(known: CoverExperience) -> CoverForecast:
    return forecast_cover(first_look(known, Assumptions(), rating()), {})


def test_a_level_never_seen_is_rated_as_the_mean_of_those_seen() -> None:
    model = fit_as_known(KNOWN.contracts, rating())
    seen = (
        KNOWN.contracts.group_by("use")
        .agg(pl.col("exposure_years").sum())
        .with_columns(powertrain=pl.lit("ice"))
    )
    mean = np.average(model.predict_frequency(seen), weights=seen["exposure_years"])
    unheard = pl.DataFrame({"use": ["hearse"], "powertrain": ["ice"]})
    assert model.predict_frequency(unheard)[0] == pytest.approx(mean)


def test_a_level_that_is_missing_is_rated_as_one_never_seen() -> None:
    model = fit_as_known(KNOWN.contracts, rating())
    rows = pl.DataFrame({"use": ["hearse", None], "powertrain": ["ice", "ice"]})
    assert len(set(model.predict_burning_cost(rows))) == 1


def test_a_cell_without_exposure_says_nothing() -> None:
    empty = KNOWN.contracts[:1].with_columns(
        contract_id=pl.lit("later"),
        cell_id=pl.lit("later"),
        use=pl.lit("hearse"),
        exposure_years=pl.lit(0.0),
        claim_count=pl.lit(0, KNOWN.contracts.schema["claim_count"]),
        gross_amount=pl.lit(0.0),
    )
    with_empty = fit_as_known(pl.concat([KNOWN.contracts, empty]), rating())
    assert with_empty.to_dict() == fit_as_known(KNOWN.contracts, rating()).to_dict()


def test_a_cover_that_was_never_in_force_is_refused() -> None:
    silent = changed(exposure_years=pl.lit(0.0), claim_count=pl.lit(0), gross_amount=pl.lit(0.0))
    with pytest.raises(NoExposureError, match="cover damage was never in force"):
        forecast(silent)


def test_a_cover_without_claims_is_refused() -> None:
    with pytest.raises(NoClaimsError, match="cover damage has no claim with a cost"):
        forecast(changed(claim_count=pl.lit(0), gross_amount=pl.lit(0.0)))


def test_claims_that_all_brought_money_back_are_no_severity() -> None:
    """As the warehouse counts: a negative amount is a recovery, and no claim."""
    back = changed(claim_count=pl.lit(0), gross_amount=pl.lit(0.0), recovery_amount=-pl.col("gross_amount"))
    with pytest.raises(NoClaimsError, match="cover damage has no claim with a cost"):
        forecast(back)
    with pytest.raises(BadCellError, match="gross_amount is -"):
        forecast(changed(gross_amount=-pl.col("gross_amount")))


def test_a_level_that_separates_all_claims_has_a_finite_relativity() -> None:
    """No taxi ever claimed: its maximum likelihood is minus infinity, its posterior is not."""
    taxi = pl.col("use") == "taxi"
    contracts = KNOWN.contracts.with_columns(
        claim_count=pl.when(taxi).then(0).otherwise("claim_count"),
        gross_amount=pl.when(taxi).then(0.0).otherwise("gross_amount"),
    )
    model = fit_as_known(contracts, rating())
    (low,) = model.relativities_.filter(pl.col("level") == "taxi")["frequency_relativity"]
    # As far down as the widest prior allows, and no further (Poisson-gamma credibility of nought claims).
    expected = model.base_frequency_ * contracts.filter(taxi)["exposure_years"].sum()
    assert MOST_SD**-2 / (MOST_SD**-2 + expected) < low < 0.3
    assert np.isfinite(model.predict_burning_cost(contracts)).all()


def test_one_claim_in_all_is_a_mean_and_no_more() -> None:
    first = KNOWN.contracts["contract_id"] == KNOWN.claims["contract_id"][0]
    one = KNOWN.contracts.with_columns(
        claim_count=pl.Series(first.cast(pl.Int64)), gross_amount=pl.Series(first.cast(pl.Float64) * 900)
    )
    model = fit_as_known(one, rating())
    levels = one.select(FACTORS).unique()
    assert model.predict_severity(levels) == pytest.approx(900.0)


def test_a_year_that_is_missing_leaves_a_gap_that_trends_step_over() -> None:
    without = KNOWN.contracts.filter(pl.col("effective_date").dt.year() != 2024)
    claims = KNOWN.claims.join(without, on="contract_id", how="semi")
    made = forecast(replace(KNOWN, contracts=without, claims=claims))
    assert made.restatement.frequency["ice"].observed is not None
    assert made.cells["claim_count"].sum() == without["claim_count"].sum()


@pytest.mark.parametrize("column", ["exposure_years", "gross_amount", "recovery_amount"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_what_is_no_number_is_refused_with_its_cell(column: str, value: float | None) -> None:
    first = pl.int_range(pl.len()) == 0
    bad = changed(**{column: pl.when(first).then(pl.lit(value, pl.Float64)).otherwise(column)})
    with pytest.raises(BadCellError, match=rf"cover damage, cell \w+: {column} is"):
        forecast(bad)


def test_a_claim_whose_amount_is_no_number_is_refused_with_its_row() -> None:
    claims = KNOWN.claims.with_columns(
        amount=pl.when(pl.int_range(pl.len()) == 3).then(float("nan")).otherwise("amount")
    )
    with pytest.raises(BadColumnError, match="amount"):
        forecast(replace(KNOWN, claims=claims))
