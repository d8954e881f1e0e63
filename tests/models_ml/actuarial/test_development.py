"""Which ultimate is taken, why, what known claims are multiplied by, and whether errors keep their word."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.development import (
    APriori,
    SelectionRule,
    Ultimates,
    claim_unit,
    factors_by_origin,
    select_ultimates,
)
from models_ml.errors import BadColumnError, ModellingError, NoExposureError
from tests.models_ml.actuarial.conftest import of_values, sample, simulated

VALUES = np.array([[50, 90, 100], [40, 95, 0], [10, 0, 0]])
YEARS = np.full(3, 1_000.0)


def test_each_quarter_takes_the_method_its_claims_and_development_allow_and_says_why() -> None:
    rule = SelectionRule(min_claims=20, min_developed=0.6)
    found = select_ultimates(of_values(VALUES), np.array([100, 15, 40]), YEARS, rule=rule).by_origin
    assert found["method"].to_list() == ["chain_ladder", "bornhuetter_ferguson", "bornhuetter_ferguson"]
    assert found["reason"].to_list() == [
        "100 claims known, 100% developed",
        "15 claims known, fewer than 20",
        "44% developed, less than 60%",
    ]
    for row in found.iter_rows(named=True):
        assert row["ultimate"] == row[row["method"]]


def test_what_stands_on_the_threshold_is_trusted() -> None:
    rule = SelectionRule(min_claims=30, min_developed=1.0)
    found = select_ultimates(of_values(VALUES), np.full(3, 30), YEARS, rule=rule).by_origin
    assert found["method"][0] == "chain_ladder"


def test_a_total_is_at_least_as_unsure_as_its_parts_allow() -> None:
    found = select_ultimates(of_values(VALUES), np.array([100, 15, 40]), YEARS)
    parts = found.by_origin["standard_error"].to_numpy()
    assert found.total == pytest.approx(found.by_origin["ultimate"].sum())
    assert np.sqrt((parts**2).sum()) <= (found.total_standard_error or 0) <= parts.sum()


def test_a_single_quarter_is_taken_as_reported_with_no_error_to_be_known() -> None:
    found = select_ultimates(of_values(np.array([[7.0]])), np.array([7]), np.array([100.0]))
    row = found.by_origin.row(0, named=True)
    assert (row["method"], row["ultimate"], row["standard_error"]) == ("as_reported", 7, None)
    assert row["reason"] == "one quarter, so no development has been seen"
    assert (found.total, found.total_standard_error) == (7, None)


def test_a_cover_without_claims_comes_to_nothing() -> None:
    found = select_ultimates(of_values(np.zeros((12, 12))), np.zeros(12), np.full(12, 10.0))
    assert found.total == 0
    assert set(found.by_origin["reason"]) == {"0 claims known, fewer than 30"}
    assert found.by_origin["standard_error"][-1] > 0


def test_an_a_priori_named_replaces_cape_cod() -> None:
    thin = np.zeros(3)
    found = select_ultimates(of_values(VALUES), thin, YEARS, a_priori=APriori(1.0, 0.0, 0.0)).by_origin
    open_share = 1 - found["developed"].to_numpy()
    assert (found["ultimate"] - found["latest"]).to_numpy() == pytest.approx(1_000 * open_share)


def test_what_cannot_be_is_refused() -> None:
    triangle = of_values(VALUES)
    with pytest.raises(BadColumnError, match="'claims' is -1 in row 2"):
        select_ultimates(triangle, np.array([1, 1, -1]), YEARS)
    with pytest.raises(ModellingError, match="2 quarters of claims, not 3"):
        select_ultimates(triangle, np.ones(2), np.ones(2))
    with pytest.raises(NoExposureError):
        select_ultimates(triangle, np.ones(3), np.zeros(3))


def ultimates(latest: list[float], ultimate: list[float]) -> Ultimates:
    table = pl.DataFrame({"origin": [1, 2, 3, 4], "latest": latest, "ultimate": ultimate})
    return Ultimates("glass", table, sum(ultimate), 0.0)


def test_factors_and_additions_carry_what_is_known_to_the_ultimate() -> None:
    counts = ultimates([100.0, 50.0, 10.0, 0.0], [100.0, 60.0, 25.0, 3.0])
    amounts = ultimates([1_000.0, 800.0, -50.0, 0.0], [900.0, 1_000.0, 20.0, 0.0])
    found = factors_by_origin(counts, amounts)
    assert found["count_factor"].to_list() == [1.0, 1.2, 1.0, 1.0]  # 2.5 would rest on ten claims
    assert found["count_addition"].to_list() == [0.0, 0.0, 15.0, 3.0]
    assert found["amount_factor"].to_list() == [0.9, 1.25, 1.0, 1.0]
    assert found["amount_addition"].to_list() == [0.0, 0.0, 70.0, 0.0]
    latest = pl.Series([1_000.0, 800.0, -50.0, 0.0])
    carried = latest * found["amount_factor"] + found["amount_addition"]
    assert carried.to_list() == amounts.by_origin["ultimate"].to_list()


def test_factors_of_different_quarters_are_refused() -> None:
    one = select_ultimates(sample("raa")[0], np.ones(10), np.ones(10))
    other = select_ultimates(of_values(VALUES), np.ones(3), YEARS)
    with pytest.raises(ModellingError, match="different quarters"):
        factors_by_origin(one, other)


@pytest.mark.parametrize(
    ("mean_count", "delay", "log_sd"),
    [(3, 0.3, 1.1), (20, 0.3, 1.1), (40, 0.05, 0.5), (300, 0.05, 0.8), (1_000, 0.3, 1.1)],
    ids=["rare and slow", "few and slow", "few and fast", "many and fast", "many and slow"],
)
def test_errors_keep_their_word_in_young_quarters_and_in_all(
    mean_count: float, delay: float, log_sd: float
) -> None:
    distance = {"all": [], "young": []}  # type: dict[str, list[float]]
    for seed in range(25):
        known = simulated(seed, mean_count, delay, log_sd)
        unit = claim_unit(known.severities)
        claims = known.counts.latest
        for triangle, final, weight in (
            (known.counts, known.final_count, 1.0),
            (known.amounts, known.final_amount, unit),
        ):
            found = select_ultimates(triangle, claims, known.exposure, claim_unit=weight).by_origin
            missed = np.abs(found["ultimate"].to_numpy() - final)
            error = found["standard_error"].to_numpy()
            inside = np.where(missed < 1e-6, 0, missed / np.maximum(error, 1e-9))
            distance["all"].extend(inside)
            distance["young"].extend(inside[-2:])
    for values in distance.values():
        assert np.mean(np.array(values) <= 1) >= 0.6
        assert np.mean(np.array(values) <= 2) >= 0.9


def test_errors_are_no_wider_than_they_need_be() -> None:
    known = simulated(1, 1_000, 0.3, 0.8)
    found = select_ultimates(known.counts, known.counts.latest, known.exposure).by_origin
    share = (found["standard_error"] / found["ultimate"]).to_numpy()
    assert share[-1] < 0.05  # about a thousand claims, three quarters of them known
    assert share[0] < 0.002
