"""Whether a challenger may take the champion's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.calibration import balance, calibration_line
from models_ml.evaluation.columns import non_negative, positive
from models_ml.evaluation.losses import poisson_loss
from models_ml.evaluation.paired import paired_deviance
from models_ml.glm import significant

FORECASTS = ("champion", "challenger", "constant")
_SCHEMA = {
    "cover": pl.String,
    "rows": pl.Int64,
    "claims": pl.Float64,
    "deviance_champion": pl.Float64,
    "deviance_challenger": pl.Float64,
    "gain": pl.Float64,
    "gain_lower": pl.Float64,
    "lift_champion": pl.Float64,
    "actual_over_expected": pl.Float64,
    "actual_over_expected_lower": pl.Float64,
    "actual_over_expected_upper": pl.Float64,
    "slope": pl.Float64,
    "slope_lower": pl.Float64,
    "slope_upper": pl.Float64,
    "passed": pl.Boolean,
}


@dataclass(frozen=True)
class PromotionLimits:
    """What a challenger must hold on every cover.

    Args:
        tolerance: share of the champion's lift, the deviance it takes off one rate for all, that may be
            lost; the one-sided bound of the paired difference at `confidence` counts, so that it must be
            shown, not merely hoped. A champion without lift leaves nothing to lose.
        balance: distance of actual over expected claims from 1; refused where the whole interval of
            the ratio lies beyond it.
        slope: the same for the calibration slope.
        confidence: of the bound and the intervals.
    """

    tolerance: float = 0.1
    balance: float = 0.05
    slope: float = 0.20
    confidence: float = 0.95


@dataclass(frozen=True)
class Promotion:
    """Whether the challenger passed; `by_cover` has figures, `reasons` a sentence per cover and figure."""

    promoted: bool
    by_cover: pl.DataFrame
    reasons: tuple[str, ...]


def judge_promotion(
    unseen: pl.DataFrame, limits: PromotionLimits | None = None, cluster: str | None = None
) -> Promotion:
    """Judge a challenger against the champion on experience that neither was fitted on.

    The comparison is one of non-inferiority (Wellek 2010, chapter 1): on a thin cover "not proved
    worse" is easy and says nothing, so the challenger has to prove itself not worse by `tolerance`.

    Args:
        unseen: experience out of time, a row per contract and cover: `cover`, `exposure_years` above
            zero, `claim_count`, and the claims that `champion`, `challenger` and `constant`, one rate for
            all of the cover, expect, above zero.
        limits: see `PromotionLimits`.
        cluster: column, such as the vehicle, within which rows are not independent.

    Raises:
        BadColumnError: a value is not a number or out of its range; the message names the cover and
            the column. A cover that the challenger does not forecast is such a one.
        ModellingError: there are no rows.
    """
    limits = limits or PromotionLimits()
    if not unseen.height:
        raise ModellingError("promotion: there is no experience to judge on")
    parts = unseen.sort("cover", maintain_order=True).partition_by("cover", maintain_order=True)
    judged = [_judge_cover(part, limits, cluster) for part in parts]
    failures = [reason for _, fails, _ in judged for reason in fails]
    passes = [reason for _, _, good in judged for reason in good]
    good, total = _total(unseen)
    (passes if good else failures).insert(0, total)
    return Promotion(
        promoted=not failures,
        by_cover=pl.DataFrame([figures for figures, _, _ in judged], schema=_SCHEMA),
        reasons=(*failures, *passes),
    )


def _judge_cover(
    part: pl.DataFrame, limits: PromotionLimits, cluster: str | None
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Figures of one cover, why it fails and what it passes."""
    cover = str(part["cover"][0])
    numbers = {c: part[c] for c in ("exposure_years", "claim_count", *FORECASTS)}
    try:
        non_negative(claim_count=part["claim_count"])
        positive(**{c: values for c, values in numbers.items() if c != "claim_count"})
    except BadColumnError as error:
        raise BadColumnError(f"cover {cover}: {error}") from None
    claims = part["claim_count"]
    figures: dict[str, Any] = {"cover": cover, "rows": part.height, "claims": float(claims.sum())}
    if not claims.sum():
        return {**figures, "passed": False}, [f"cover {cover}: no claim out of time, so nothing is shown"], []
    checks = [
        _deviance(part, limits, cluster),
        _balance(part, limits),
        _slope(part, limits),
    ]
    fails = [f"cover {cover}: {text}" for _, good, text in checks if not good]
    passes = [f"cover {cover}: {text}" for _, good, text in checks if good]
    for found, _, _ in checks:
        figures |= found
    return {**figures, "passed": not fails}, fails, passes


def _total(unseen: pl.DataFrame) -> tuple[bool, str]:
    """Whether the challenger is better than the champion over all covers together, or as good."""
    claims = unseen["claim_count"].to_numpy().astype(float)
    losses = {name: poisson_loss(claims, unseen[name].to_numpy()) for name in ("champion", "challenger")}
    good = significant(losses["challenger"]) <= significant(losses["champion"])
    return good, (
        f"all covers: deviance {losses['challenger']:.4f}, champion {losses['champion']:.4f}: "
        f"{'not worse' if good else 'worse'}"
    )


Check = tuple[dict[str, Any], bool, str]


def _deviance(part: pl.DataFrame, limits: PromotionLimits, cluster: str | None) -> Check:
    labels = None if cluster is None else part[cluster].to_numpy()
    try:
        found = paired_deviance(part["claim_count"], part["champion"], part["challenger"], labels)
    except BadColumnError:
        raise
    except ModellingError as error:
        return {}, False, str(error)
    # The lower end of a two-sided interval at 2c - 1 is the one-sided bound at c.
    lower = found.interval(2 * limits.confidence - 1)[0]
    lift = poisson_loss(part["claim_count"].to_numpy().astype(float), part["constant"].to_numpy())
    lift -= found.reference
    allowed = limits.tolerance * max(lift, 0.0)
    good = lower >= -allowed
    text = (
        f"deviance {found.candidate:.3f}, champion {found.reference:.3f}; gain {found.gain:.3f}, "
        f"at least {lower:.3f} at {limits.confidence:.0%} ({'allowed' if good else 'less than allowed'}: "
        f"{-allowed:.3f}, {limits.tolerance:.0%} of a lift of {lift:.3f})"
    )
    figures = {
        "deviance_champion": found.reference,
        "deviance_challenger": found.candidate,
        "gain": found.gain,
        "gain_lower": lower,
        "lift_champion": lift,
    }
    return figures, good, text


def _balance(part: pl.DataFrame, limits: PromotionLimits) -> Check:
    found = balance(part["claim_count"], part["challenger"], limits.confidence)
    good = found.upper >= 1 - limits.balance and found.lower <= 1 + limits.balance
    text = (
        f"actual over expected claims {found.ratio:.3f} ({found.lower:.3f} to {found.upper:.3f}) is "
        f"{'within' if good else 'outside'} 1 +- {limits.balance:g}"
    )
    figures = {
        "actual_over_expected": found.ratio,
        "actual_over_expected_lower": found.lower,
        "actual_over_expected_upper": found.upper,
    }
    return figures, good, text


def _slope(part: pl.DataFrame, limits: PromotionLimits) -> Check:
    try:
        line = calibration_line(part["exposure_years"], part["claim_count"], part["challenger"])
    except BadColumnError:
        raise
    except ModellingError as error:
        # A flat forecast has no slope, and deviance has judged it already.
        return {}, True, f"{error}; the slope is not judged"
    lower, upper = line.slope_interval(limits.confidence)
    good = upper >= 1 - limits.slope and lower <= 1 + limits.slope
    text = (
        f"calibration slope {line.slope:.3f} ({lower:.3f} to {upper:.3f}) is "
        f"{'within' if good else 'outside'} 1 +- {limits.slope:g}"
    )
    return {"slope": line.slope, "slope_lower": lower, "slope_upper": upper}, good, text
