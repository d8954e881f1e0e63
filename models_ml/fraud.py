"""Claim rules that explain themselves: each hit says what was seen and what was expected."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

RULE_VERSION = "1"
HIGH, MEDIUM = 70, 40
WEIGHT_SOON, WEIGHT_REPEATED, WEIGHT_AMOUNT = 40.0, 35.0, 45.0
RATIO_OF_FULL_WEIGHT = 4.0
CLAIMS_OF_FULL_WEIGHT = 4.0


@dataclass(frozen=True)
class RuleSettings:
    """Thresholds: days since inception, days between claims, ratio of incurred to expected."""

    inception_days: int = 30
    repeat_days: int = 90
    amount_ratio: float = 5.0
    minimum_amount: float = 1_000.0


def score_claims(features: pl.DataFrame, settings: RuleSettings) -> pl.DataFrame:
    """Flag claims that deserve a second look.

    Args:
        features: one row per claim: `claim_id`, `cover`, `loss_date`, `days_since_inception`,
            `claims_within_90_days`, `previous_claim_id`, `days_since_previous`, `incurred_amount`,
            `expected_severity` (gross cost the forecast expects of a claim on this vehicle and cover).
        settings: thresholds.

    Returns:
        Flagged claims only, strongest first: the features, `score` (0 to 100), `band`, `rules`,
        `reasons` (a list of sentences, one per rule) and `rule_version`. The score adds
        the strengths of the rules that hit; each grows from half to full with its evidence.
    """
    soon, repeated, amount = _soon(settings), _repeated(settings), _amount(settings)
    rules = [soon, repeated, amount]
    scored = features.with_columns(*(rule.strength.fill_null(0.0).alias(f"_{rule.name}") for rule in rules))
    names = [f"_{rule.name}" for rule in rules]
    scored = scored.with_columns(score=pl.sum_horizontal(names).clip(0, 100).round().cast(pl.Int64)).filter(
        pl.col("score") > 0
    )
    texts = [pl.when(pl.col(f"_{r.name}") > 0).then(r.sentence) for r in rules]
    hits = [pl.when(pl.col(f"_{r.name}") > 0).then(pl.lit(r.name)) for r in rules]
    return (
        scored.with_columns(
            band=pl.when(pl.col("score") >= HIGH)
            .then(pl.lit("high"))
            .when(pl.col("score") >= MEDIUM)
            .then(pl.lit("medium"))
            .otherwise(pl.lit("low")),
            rules=pl.concat_str(hits, separator=", ", ignore_nulls=True),
            reasons=pl.concat_list(texts).list.drop_nulls(),
            rule_version=pl.lit(RULE_VERSION),
        )
        .drop(names)
        .sort(["score", "incurred_amount", "claim_id"], descending=[True, True, False])
    )


@dataclass(frozen=True)
class _Rule:
    name: str
    strength: pl.Expr
    sentence: pl.Expr


def _grown(weight: float, share: pl.Expr) -> pl.Expr:
    """Half the weight at the threshold, all of it where the evidence is full."""
    return weight * (0.5 + 0.5 * share.clip(0, 1))


def _soon(settings: RuleSettings) -> _Rule:
    days = pl.col("days_since_inception")
    # NaN counts as large in a comparison; an amount that is not known is no evidence.
    incurred = pl.col("incurred_amount").fill_nan(None)
    hit = days.is_between(0, settings.inception_days) & (incurred > 0)
    share = 1 - days / max(settings.inception_days, 1)
    return _Rule(
        "soon_after_inception",
        pl.when(hit).then(_grown(WEIGHT_SOON, share)),
        pl.format(
            "Loss on day {} of the vehicle's first contract (rule: within {} days)",
            days + 1,
            pl.lit(settings.inception_days),
        ),
    )


def _repeated(settings: RuleSettings) -> _Rule:
    count, days = pl.col("claims_within_90_days"), pl.col("days_since_previous")
    hit = (count > 1) & days.is_between(0, settings.repeat_days)
    share = (count - 2) / (CLAIMS_OF_FULL_WEIGHT - 2)
    return _Rule(
        "repeated",
        pl.when(hit).then(_grown(WEIGHT_REPEATED, share)),
        pl.format(
            "{} claims on this vehicle within {} days; the one before is {}, {}",
            count,
            pl.lit(settings.repeat_days),
            pl.col("previous_claim_id").fill_null("not numbered"),
            pl.when(days == 0)
            .then(pl.lit("on the same day"))
            .when(days == 1)
            .then(pl.lit("1 day earlier"))
            .otherwise(pl.format("{} days earlier", days)),
        ),
    )


def _amount(settings: RuleSettings) -> _Rule:
    incurred, expected = (pl.col(c).fill_nan(None) for c in ("incurred_amount", "expected_severity"))
    ratio = incurred / expected
    hit = (ratio >= settings.amount_ratio) & (incurred >= settings.minimum_amount) & (expected > 0)
    share = (ratio / settings.amount_ratio - 1) / (RATIO_OF_FULL_WEIGHT - 1)
    return _Rule(
        "amount_above_forecast",
        pl.when(hit).then(_grown(WEIGHT_AMOUNT, share)),
        pl.format(
            "Cost {} is {} times the {} that the forecast expects of such a claim ({})",
            _thousands(incurred),
            ratio.round(1),
            _thousands(expected),
            pl.col("cover").str.replace_all("_", " "),
        ),
    )


def _thousands(amount: pl.Expr) -> pl.Expr:
    """Whole units with thousands separators."""
    digits = amount.round(0).cast(pl.Int64).cast(pl.String)
    return digits.str.reverse().str.replace_all(r"(\d{3})", "$1,").str.reverse().str.strip_chars_start(",")
