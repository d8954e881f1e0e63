"""Claim rules: each hit says what was seen; claims no rule hits are not shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from models_ml.fraud import RuleSettings, score_claims

ORDINARY: dict[str, Any] = {
    "claim_id": "C1",
    "cover": "own_damage",
    "loss_date": dt.date(2024, 5, 1),
    "days_since_inception": 200,
    "claims_within_90_days": 1,
    "previous_claim_id": None,
    "days_since_previous": None,
    "incurred_amount": 2_000.0,
    "expected_severity": 1_990.0,
}
SCHEMA = {
    "claim_id": pl.String, "cover": pl.String, "loss_date": pl.Date, "days_since_inception": pl.Int64,
    "claims_within_90_days": pl.Int64, "previous_claim_id": pl.String, "days_since_previous": pl.Int64,
    "incurred_amount": pl.Float64, "expected_severity": pl.Float64,
}  # fmt: skip


def flagged(*claims: dict[str, Any]) -> pl.DataFrame:
    rows = [{**ORDINARY, **claim} for claim in claims]
    return score_claims(pl.DataFrame(rows, schema=SCHEMA), RuleSettings())


def test_an_ordinary_claim_is_not_flagged() -> None:
    assert flagged({}).height == 0


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (
            {"days_since_inception": 4},
            "Loss on day 5 of the vehicle's first contract (rule: within 30 days)",
        ),
        (
            {"claims_within_90_days": 3, "previous_claim_id": "C-17", "days_since_previous": 12},
            "3 claims on this vehicle within 90 days; the one before is C-17, 12 days earlier",
        ),
        (
            {"claims_within_90_days": 2, "previous_claim_id": "C-17", "days_since_previous": 0},
            "2 claims on this vehicle within 90 days; the one before is C-17, on the same day",
        ),
        (
            {"claims_within_90_days": 2, "previous_claim_id": None, "days_since_previous": 1},
            "2 claims on this vehicle within 90 days; the one before is not numbered, 1 day earlier",
        ),
        (
            {"incurred_amount": 12_340.0},
            "Cost 12,340 is 6.2 times the 1,990 that the forecast expects of such a claim (own damage)",
        ),
    ],
)
def test_every_rule_says_what_was_seen_and_what_was_expected(claim: dict[str, Any], reason: str) -> None:
    assert flagged(claim)["reasons"].to_list() == [[reason]]


@pytest.mark.parametrize(
    "claim",
    [
        {"days_since_inception": 31},
        {"days_since_inception": 4, "incurred_amount": 0.0},
        {"claims_within_90_days": 2, "previous_claim_id": "C", "days_since_previous": 91},
        {"incurred_amount": 9_949.0},
        {"incurred_amount": 999.0, "expected_severity": 1.0},
        {"incurred_amount": 99_999.0, "expected_severity": None},
        {"days_since_inception": None, "loss_date": None},
        {"days_since_inception": 4, "incurred_amount": float("nan")},
        {"incurred_amount": 99_999.0, "expected_severity": float("nan")},
    ],
)
def test_just_outside_a_rule_nothing_is_flagged(claim: dict[str, Any]) -> None:
    assert flagged(claim).height == 0


def test_stronger_evidence_ranks_higher_and_more_rules_add_up() -> None:
    found = flagged(
        {"claim_id": "late", "days_since_inception": 29},
        {"claim_id": "early", "days_since_inception": 0},
        {"claim_id": "all", "days_since_inception": 0, "incurred_amount": 60_000.0,
         "claims_within_90_days": 4, "previous_claim_id": "C", "days_since_previous": 3},
    )  # fmt: skip
    assert found["claim_id"].to_list() == ["all", "early", "late"]
    assert found["band"].to_list() == ["high", "medium", "low"]
    assert found["score"].is_between(1, 100).all()
    assert found["rules"][0] == "soon_after_inception, repeated, amount_above_forecast"
