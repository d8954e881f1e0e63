"""What a relativity is chosen from: closed forms on one factor without a prior."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import build_rate_table
from models_ml.rating.evidence import EVIDENCE, evidence
from tests.models_ml.rating.test_table import LOADING, ORDERS, table
from tests.models_ml.test_frequency_severity import FLAT, cells, portfolio


def row(frame: pl.DataFrame, level: str) -> dict[str, float]:
    return frame.filter(pl.col("level") == level).row(0, named=True)


def test_without_a_prior_raw_is_smoothed_and_experience_is_believed() -> None:
    taxi = row(evidence(FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())), "taxi")
    assert taxi["raw_relativity"] == pytest.approx(6.0)  # 600 a year against 100
    assert taxi["smoothed_relativity"] == pytest.approx(6.0, rel=1e-3)
    assert taxi["credibility"] == pytest.approx(1.0, abs=1e-3)


def test_the_interval_is_that_of_two_independent_poisson_counts() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(
        portfolio().with_columns(gross_amount=1_000.0 * pl.col("claim_count"))
    )
    claims = dict(portfolio().group_by("use").agg(pl.col("claim_count").sum()).iter_rows())
    taxi = row(evidence(model), "taxi" if model.base_levels_["use"] == "private" else "private")
    # Severities are all alike, so the scatter is that of the counts; the fit never claims less than Poisson.
    wide = np.log(taxi["relativity_upper"] / taxi["relativity_lower"]) / 2 / 1.6449
    poisson = np.sqrt(1 / claims["taxi"] + 1 / claims["private"])
    assert poisson * 0.999 <= wide < 1.1 * poisson


def test_a_narrow_prior_believes_little_and_its_interval_is_narrower() -> None:
    wide, narrow = (
        row(evidence(FrequencySeverityModel(["use"], prior_sd=sd).fit(cells())), "taxi") for sd in (1.0, 0.05)
    )
    assert narrow["credibility"] < wide["credibility"]
    assert narrow["relativity_upper"] < wide["relativity_upper"]
    assert narrow["raw_relativity"] == wide["raw_relativity"]


def test_what_is_not_known_is_empty() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    other, base = row(evidence(model), "*"), row(evidence(model), "private")
    assert [other[name] for name in EVIDENCE[:4]] == [None] * 4
    assert (base["relativity_lower"], base["relativity_upper"], base["credibility"]) == (1.0, 1.0, None)
    read_back = evidence(FrequencySeverityModel.from_dict(model.to_dict()))
    assert read_back.select(EVIDENCE[:3]).null_count().row(0) == (4, 4, 4)
    assert read_back["smoothed_relativity"].to_list() == evidence(model)["smoothed_relativity"].to_list()


def test_a_table_of_models_read_back_keeps_the_evidence_that_was_told_when_they_were_fitted() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    read_back = {"damage": FrequencySeverityModel.from_dict(model.to_dict())}
    kept = build_rate_table(read_back, {"damage": LOADING}, ORDERS, {"damage": evidence(model)})
    assert kept.rates.equals(table().rates)
    lost = build_rate_table(read_back, {"damage": LOADING}, ORDERS)
    assert lost.rates["relativity_lower"].is_null().all()
    assert lost.rates["relativity"].equals(kept.rates["relativity"])


def test_a_model_without_factors_has_no_evidence_to_show() -> None:
    assert evidence(FrequencySeverityModel([]).fit(cells())).is_empty()
