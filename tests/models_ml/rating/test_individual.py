"""Own experience: believed as far as it goes, bounded, and told in words."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.rating import RatingError
from models_ml.rating.individual import own_experience
from tests.models_ml.rating.test_repricing import RULES


def customer(**changes: object) -> pl.DataFrame:
    row = {
        "contract_id": "c1", "years": 3.0, "claims": 1, "expected_claims": 0.6, "cost": 4_000.0,
        "expected_cost": 3_600.0, "premium": 9_000.0,
    }  # fmt: skip
    return pl.DataFrame([{**row, **changes}])


def found(**changes: object) -> dict[str, object]:
    return own_experience(customer(**changes), RULES).row(0, named=True)


def test_own_cost_is_believed_as_far_as_expected_claims_allow() -> None:
    one = found(cost=7_200.0)  # twice the expected, Z = 0.6 / 10.6
    assert one["own_credibility"] == pytest.approx(0.6 / 10.6)
    assert one["own_factor"] == pytest.approx(1 + 0.6 / 10.6, abs=1e-4)
    assert one["own_reason"] == (
        "1 claims in 3.0 years where 0.6 were expected; cost 7200 against 3600 expected, "
        "believed to 6 %: factor 1.0566"
    )


def test_the_malus_is_bounded_and_says_so() -> None:
    most, least = found(cost=900_000.0), found(expected_claims=8.0, cost=0.0)
    assert (most["own_factor"], least["own_factor"]) == RULES.own_factor[::-1]
    assert str(most["own_reason"]).endswith("held at the most of 1.3")
    assert str(least["own_reason"]).endswith("held at the least of 0.9")


def test_who_has_no_experience_keeps_the_price() -> None:
    nobody = found(years=0.0, claims=0, expected_claims=0.0, cost=0.0, expected_cost=0.0, premium=0.0)
    assert (nobody["own_factor"], nobody["own_credibility"], nobody["referred"]) == (1.0, 0.0, False)
    assert nobody["own_reason"] == "no experience of its own: factor 1.0"


@pytest.mark.parametrize(
    ("claims", "cost", "referred"), [(4, 18_000.0, True), (3, 90_000.0, False), (9, 17_000.0, False)]
)
def test_frequent_and_dear_accidents_refer(claims: int, cost: float, referred: bool) -> None:
    one = found(claims=claims, cost=cost)
    assert one["referred"] is referred
    expected = "referred: 4 claims in 3.0 years (from 4), cost 2.0 times the premium (from 2.0)"
    assert one["referral_reason"] == (expected if referred else None)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 100), st.floats(0, 1e7))
def test_dearer_own_cost_is_never_cheaper_and_always_within_bounds(
    one: float, other: float, expected: float, expected_cost: float
) -> None:
    low, high = (
        found(cost=cost, expected_claims=expected, expected_cost=expected_cost)["own_factor"]
        for cost in sorted((one, other))
    )
    assert RULES.own_factor[0] <= low <= high <= RULES.own_factor[1]  # type: ignore[operator]


def test_a_number_that_cannot_be_is_named() -> None:
    with pytest.raises(RatingError, match=r"contract 'c1': cost -1\.0"):
        found(cost=-1.0)
    with pytest.raises(RatingError, match="contract 'c1': expected_cost nan"):
        found(expected_cost=float("nan"))
    with pytest.raises(RatingError, match="no column 'premium'"):
        own_experience(customer().drop("premium"), RULES)
