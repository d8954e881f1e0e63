"""What a customer's own record does to the price, and who is referred, each with its reasons in words."""

from __future__ import annotations

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.plan import RepricingRules

NUMBERS = ("years", "claims", "expected_claims", "cost", "expected_cost", "premium")

LEAST_COST = 0.01
"""Of whom less than a cent is expected, nothing is."""


def own_experience(customers: pl.DataFrame, rules: RepricingRules) -> pl.DataFrame:
    """Factor by own experience of every customer.

    Own cost is believed as far as expected claims allow: credibility Z = n / (n + K) with n claims expected
    in the years looked at (Buhlmann and Gisler 2005, chapter 2; K is `credible_claims`), and the factor is
    1 + Z (own cost / expected cost - 1) within the bounds of the plan. A customer of whom nothing is
    expected has the factor 1. Frequent accidents refer: so many claims and such a cost over premium.

    Args:
        customers: `years` looked at; `claims`, those the customer caused, and `expected_claims`; `cost`
            of them, large ones cut as for the forecast, and `expected_cost`; `premium`, all in those years
            and in one currency.
        rules: bounds of the plan.

    Returns:
        `customers` with `own_credibility`, `own_factor` (four places), `own_reason`, `referred` and
        `referral_reason` (null where not referred).

    Raises:
        RatingError: a number is missing, negative or not finite.
    """
    _check(customers)
    least, most = rules.own_factor
    known = pl.col("expected_cost") >= LEAST_COST
    ratio = pl.when(known).then(pl.col("cost") / pl.col("expected_cost")).otherwise(1.0)
    credibility = pl.col("expected_claims") / (pl.col("expected_claims") + rules.credible_claims)
    cost_ratio = pl.when(pl.col("premium") > 0).then(pl.col("cost") / pl.col("premium"))
    referred = (pl.col("claims") >= rules.referral_claims) & (cost_ratio >= rules.referral_loss_ratio)
    return (
        customers.with_columns(
            own_credibility=pl.when(known).then(credibility).otherwise(0.0),
            _ratio=ratio,
        )
        .with_columns(_own=1 + pl.col("own_credibility") * (pl.col("_ratio") - 1))
        .with_columns(
            own_factor=pl.col("_own").clip(least, most).round(4),
            referred=referred.fill_null(value=False),
            _loss_ratio=cost_ratio,
        )
        .with_columns(
            own_reason=_reason(least, most),
            referral_reason=pl.when("referred").then(
                pl.format(
                    "referred: {} claims in {} years (from {}), cost {} times the premium (from {})",
                    pl.col("claims").cast(pl.Int64),
                    pl.col("years").round(1),
                    pl.lit(rules.referral_claims),
                    pl.col("_loss_ratio").round(2),
                    pl.lit(rules.referral_loss_ratio),
                )
            ),
        )
        .drop("_ratio", "_own", "_loss_ratio")
    )


def _reason(least: float, most: float) -> pl.Expr:
    """Why the factor is what it is."""
    held = (
        pl.when(pl.col("_own") > most)
        .then(pl.format(", held at the most of {}", pl.lit(most)))
        .when(pl.col("_own") < least)
        .then(pl.format(", held at the least of {}", pl.lit(least)))
        .otherwise(pl.lit(""))
    )
    return (
        pl.when(pl.col("expected_cost") >= LEAST_COST)
        .then(
            pl.format(
                "{} claims in {} years where {} were expected; cost {} against {} expected, "
                "believed to {} %: factor {}{}",
                pl.col("claims").cast(pl.Int64),
                pl.col("years").round(1),
                pl.col("expected_claims").round(2),
                pl.col("cost").round(0).cast(pl.Int64),
                pl.col("expected_cost").round(0).cast(pl.Int64),
                (pl.col("own_credibility") * 100).round(0).cast(pl.Int64),
                pl.col("own_factor"),
                held,
            )
        )
        .otherwise(pl.lit("no experience of its own: factor 1.0"))
    )


def _check(customers: pl.DataFrame) -> None:
    for name in NUMBERS:
        if name not in customers.columns:
            raise RatingError(f"customers have no column '{name}'")
        number = pl.col(name).cast(pl.Float64)
        bad = customers.filter((number.is_null() | ~number.is_finite() | (number < 0)).fill_null(value=True))
        if bad.height:
            who = f"contract '{bad['contract_id'][0]}': " if "contract_id" in customers.columns else ""
            raise RatingError(f"{who}{name} {bad[name][0]} is not a number from 0")
