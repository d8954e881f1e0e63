"""Covers that tell nobody apart, and levels whose price is far from the mean, are named where people look."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.versions.belief import FLAT, WORSE, beliefs, in_doubt
from pipelines.pricing.versions.columns import SCHEMA
from pipelines.pricing.versions.unusual import in_words, unusual_levels


def evaluation(frequency: float, severity: float, gain: float, error: float) -> dict[str, Any]:
    part = {"claims": 22, "trials": [], "reason": "flat: 22 claims are too few"}
    judged = {
        "gain_over_constant": gain,
        "gain_over_constant_error": error,
        "cost_gain_over_constant": 0.0,
        "cost_gain_over_constant_error": 0.0,
    }
    shrinkage = {"frequency": {"scale": frequency, **part}, "severity": {"scale": severity, **part}}
    return {"covers": {"road_side": {"shrinkage": shrinkage, "judgement": judged}}}


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        (evaluation(0.0, 0.0, 0.0, 0.0), FLAT),
        (evaluation(0.6, 0.0, -0.3, 0.2), WORSE),
        (evaluation(0.6, 0.0, -0.1, 0.2), "within chance of it"),
        (evaluation(0.6, 0.0, 0.5, 0.2), "better than one rate for all"),
    ],
)
def test_a_cover_is_in_doubt_where_it_is_flat_or_worse_than_one_rate(
    told: dict[str, Any], standing: str
) -> None:
    assert beliefs(told)["standing"].to_list() == [standing]
    assert bool(in_doubt(told)) == (standing in {FLAT, WORSE})
    assert all("road side" in sentence and "too few" in sentence for sentence in in_doubt(told))


def plan(least: float, most: float) -> RatingPlan:
    rows = {"least_of_mean": least, "most_of_mean": most}
    table = pl.DataFrame(
        {"rule": "price_of_a_level", "parameter": list(rows), "value": [f"{v:.4f}" for v in rows.values()]}
    )
    return RatingPlan({"repricing_rules": table})


def rates(relativities: list[float], years: list[float]) -> pl.DataFrame:
    own = pl.DataFrame(
        {
            "tier": "*",
            "cover": "motor",
            "factor": "use",
            "level": [f"k{at}" for at in range(len(years))],
            "relativity": relativities,
            "exposure_years": years,
            "claim_count": [0] * len(years),
        }
    )
    lacking = [pl.lit(None, dtype).alias(n) for n, dtype in SCHEMA.items() if n not in own.columns]
    return own.with_columns(lacking).cast(SCHEMA).select(list(SCHEMA))  # type: ignore[arg-type]


@given(st.lists(st.floats(0.01, 50.0), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_exactly_the_levels_outside_the_range_are_named(relativities: list[float]) -> None:
    years = [100.0] * len(relativities)
    found = unusual_levels(rates(relativities, years), plan(0.2, 5.0))
    mean = sum(relativities) / len(relativities)
    outside = {f"k{at}" for at, value in enumerate(relativities) if not 0.2 <= value / mean <= 5.0}
    assert set(found["level"]) == outside


def test_a_level_is_named_with_its_price_and_what_it_rests_on() -> None:
    the_plan = plan(0.2, 5.0)
    found = unusual_levels(rates([1.0, 0.02], [10_000.0, 268.0]), the_plan)
    told = in_words(found.row(0, named=True), the_plan)
    assert told == (
        "motor, use k1: 0.02 times the mean of the cover, outside 0.2 to 5; 268 vehicle-years, 0 claims"
    )


def test_a_plan_without_the_rule_draws_no_warning() -> None:
    assert unusual_levels(rates([1.0, 0.02], [10_000.0, 268.0]), RatingPlan({})).is_empty()
