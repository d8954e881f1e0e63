"""Whether a forecast still fits who drives today: keep it, recalibrate it or refit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError, NoExposureError
from models_ml.evaluation.calibration import Balance, balance, poisson_interval
from models_ml.evaluation.columns import non_negative, positive
from models_ml.evaluation.ordering import TIE_DIGITS, gini, gini_error
from models_ml.glm import MIN_MEAN, Array

Verdict = Literal["keep", "recalibrate", "refit"]
NONE = "(none)"
"""The level that stands for a factor that is not known of a row."""

DRAWS = 400


@dataclass(frozen=True)
class DriftLimits:
    """From where on a change counts; each must also be beyond chance at `confidence`.

    Args:
        watch: population stability index from which a factor is watched (Siddiqi 2006, chapter 7).
        shifted: index from which its mix has shifted (the same).
        gini_fall: fall of the Gini index from which the order is lost.
        level: distance of actual over expected from 1 that is worth a recalibration.
        confidence: of the intervals, and of what counts as chance.
        smallest_share: a level without exposure counts with this share, or the index is infinite.
    """

    watch: float = 0.10
    shifted: float = 0.25
    gini_fall: float = 0.03
    level: float = 0.02
    confidence: float = 0.95
    smallest_share: float = 1e-4


@dataclass(frozen=True)
class Drift:
    """What changed between a reference and a current frame, and what to do about it.

    `factor` is what to multiply the forecast by: actual over expected where the verdict is to
    recalibrate, else 1. `stability` has per factor `psi`, `chance` (the index that the same population
    reaches by chance) and `band`. `levels` has per factor and level the shares of exposure in both
    frames, the `contribution` to the index, and current claims, actual and expected, with `lower` and
    `upper`, the exact interval of their ratio. `reasons` say it in words, what decided first.
    """

    verdict: Verdict
    factor: float
    reasons: tuple[str, ...]
    reference_balance: Balance
    current_balance: Balance
    reference_gini: float
    current_gini: float
    gini_fall_error: float
    stability: pl.DataFrame
    levels: pl.DataFrame


def judge_drift(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    factors: Sequence[str],
    limits: DriftLimits | None = None,
    seed: int = 20,
) -> Drift:
    """Compare current experience with that which the forecast was judged on.

    A shifted mix or a lost order asks for a refit; a level that is off, with neither, for one factor
    on all premiums. The Poisson interval takes claims as independent: after a storm it is too narrow.

    Args:
        reference: `exposure_years` above zero, `claim_count`, `expected_claims` and the factors.
        current: the same columns, expected by the same forecast.
        factors: columns whose mix is watched; numbers should be banded.
        limits: when a change counts.
        seed: of the draws that measure chance.

    Raises:
        BadColumnError: a number is missing, not a number or out of its range; the message names the
            frame and the column.
        NoExposureError: a frame has no rows.
        ModellingError: a column is missing.
    """
    limits = limits or DriftLimits()
    for name, frame in (("reference", reference), ("current", current)):
        _check(name, frame, factors)
    levels = pl.concat([_levels(reference, current, f, limits) for f in factors]) if factors else _no_levels()
    stability = _stability(levels, reference, current, limits, seed)
    before, now = (
        balance(f["claim_count"], f["expected_claims"], limits.confidence) for f in (reference, current)
    )
    ginis = [_gini(frame, seed) for frame in (reference, current)]
    fall_error = float(np.hypot(ginis[0][1], ginis[1][1]))
    mix = _mix_reasons(stability, levels, limits)
    order = _order_reasons(ginis[0][0], ginis[1][0], fall_error, limits)
    level = _level_reasons(before, now, limits)
    verdict: Verdict = "refit" if mix or order else "recalibrate" if level else "keep"
    reasons = (*mix, *order, *level) or ("mix, order and level are within their limits",)
    return Drift(
        verdict=verdict,
        factor=now.ratio if verdict == "recalibrate" else 1.0,
        reasons=(*reasons, *_watched(stability, levels)),
        reference_balance=before,
        current_balance=now,
        reference_gini=ginis[0][0],
        current_gini=ginis[1][0],
        gini_fall_error=fall_error,
        stability=stability,
        levels=levels,
    )


def population_stability(reference: Array, current: Array, smallest_share: float = 1e-4) -> Array:
    """Contribution of every level to the index: (q - p) log(q / p) (Siddiqi 2006, chapter 7).

    Args:
        reference: exposure per level, p after scaling to 1 along the last axis.
        current: the same for q.
        smallest_share: shares below it count as this.

    Example:
        >>> round(float(population_stability(np.array([50, 50]), np.array([30, 70])).sum()), 4)
        0.1695
    """
    p, q = (x / x.sum(axis=-1, keepdims=True) for x in (reference, current))
    p, q = np.maximum(p, smallest_share), np.maximum(q, smallest_share)
    return np.asarray((q - p) * np.log(q / p))


def _check(name: str, frame: pl.DataFrame, factors: Sequence[str]) -> None:
    numbers = ["exposure_years", "claim_count", "expected_claims"]
    missing = [c for c in [*numbers, *factors] if c not in frame.columns]
    if missing:
        raise ModellingError(f"{name}: there is no column '{missing[0]}'")
    if not frame.height:
        raise NoExposureError(f"{name}: no row has exposure")
    try:
        non_negative(**{c: frame[c] for c in numbers})
        positive(exposure_years=frame["exposure_years"])
        balance(frame["claim_count"], frame["expected_claims"])
    except BadColumnError as error:
        raise BadColumnError(f"{name}: {error}") from None
    for factor in factors:
        if frame[factor].dtype.is_float() and frame[factor].is_nan().any():
            raise BadColumnError(f"{name}: column '{factor}' has NaN for a level")


def _levels(reference: pl.DataFrame, current: pl.DataFrame, factor: str, limits: DriftLimits) -> pl.DataFrame:
    level = pl.col(factor).cast(pl.String).fill_null(NONE).alias("level")
    before = reference.group_by(level).agg(reference_share=pl.col("exposure_years").sum())
    now = current.group_by(level).agg(
        current_share=pl.col("exposure_years").sum(),
        actual_claims=pl.col("claim_count").sum().cast(pl.Int64),
        expected_claims=pl.col("expected_claims").sum().cast(pl.Float64),
    )
    table = before.join(now, on="level", how="full", coalesce=True).fill_null(0).sort("level")
    p, q = (table[c].to_numpy() for c in ("reference_share", "current_share"))
    contribution = population_stability(p, q, limits.smallest_share)
    expected = np.maximum(table["expected_claims"].to_numpy(), MIN_MEAN)
    lower, upper = poisson_interval(table["actual_claims"].to_numpy(), limits.confidence)
    return table.select(
        pl.lit(factor).alias("factor"),
        "level",
        pl.col("reference_share", "current_share") / pl.col("reference_share", "current_share").sum(),
        pl.Series("contribution", contribution),
        "actual_claims",
        "expected_claims",
        pl.Series("lower", lower / expected),
        pl.Series("upper", upper / expected),
    )


def _no_levels() -> pl.DataFrame:
    numbers = ["reference_share", "current_share", "contribution", "expected_claims", "lower", "upper"]
    return pl.DataFrame(
        schema={"factor": pl.String, "level": pl.String, **dict.fromkeys(numbers, pl.Float64)}
        | {"actual_claims": pl.Int64}
    )


def _stability(
    levels: pl.DataFrame, reference: pl.DataFrame, current: pl.DataFrame, limits: DriftLimits, seed: int
) -> pl.DataFrame:
    rows = [_effective_rows(frame["exposure_years"].to_numpy()) for frame in (reference, current)]
    table = levels.group_by("factor", maintain_order=True).agg(psi=pl.col("contribution").sum())
    chance = [_chance(levels.filter(pl.col("factor") == f), rows, limits, seed) for f in table["factor"]]
    beyond = pl.col("psi") > pl.col("chance")
    return table.with_columns(chance=pl.Series(chance, dtype=pl.Float64)).with_columns(
        band=pl.when(beyond & (pl.col("psi") >= limits.shifted))
        .then(pl.lit("shifted"))
        .when(beyond & (pl.col("psi") >= limits.watch))
        .then(pl.lit("watch"))
        .otherwise(pl.lit("stable"))
    )


def _effective_rows(exposure: Array) -> int:
    """Rows of equal exposure that would scatter as much (Kish 1965)."""
    return max(int(exposure.sum() ** 2 / np.sum(exposure**2)), 1)


def _chance(levels: pl.DataFrame, rows: Sequence[int], limits: DriftLimits, seed: int) -> float:
    """Quantile of the index where both frames are drawn from one population.

    The fixed bands know neither the number of rows nor of levels, and few rows in many levels pass
    them by chance alone (Yurdakul and Naranjo 2020, Journal of Risk Model Validation 14).
    """
    shares = levels.select("reference_share", "current_share").to_numpy()
    pooled = shares @ np.array(rows, dtype=float)
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(n, pooled / pooled.sum(), size=DRAWS).astype(float) for n in rows]
    index = population_stability(drawn[0], drawn[1], limits.smallest_share).sum(axis=1)
    return float(np.quantile(index, limits.confidence))


def _gini(frame: pl.DataFrame, seed: int) -> tuple[float, float]:
    years, claims, expected = (
        frame[c].cast(pl.Float64).to_numpy() for c in ("exposure_years", "claim_count", "expected_claims")
    )
    score = pl.Series(expected / years).round_sig_figs(TIE_DIGITS).to_numpy()
    return gini(years, claims, score), gini_error(years, claims, score, seed=seed)


def _mix_reasons(stability: pl.DataFrame, levels: pl.DataFrame, limits: DriftLimits) -> list[str]:
    shifted = stability.filter(pl.col("band") == "shifted").sort("psi", descending=True)
    return [
        f"mix of {name} has shifted: stability index {psi:.2f} (limit {limits.shifted:.2f}); "
        f"{_moved(levels, name)}"
        for name, psi in shifted.select("factor", "psi").iter_rows()
    ]


def _order_reasons(before: float, now: float, error: float, limits: DriftLimits) -> list[str]:
    fall = before - now
    # One-sided: an order that has become better is no reason to act.
    chance = float(stats.norm.ppf(limits.confidence)) * error
    if fall < limits.gini_fall or fall <= chance:
        return []
    return [f"order is lost: Gini {now:.3f}, was {before:.3f} (limit {limits.gini_fall:.3f} below)"]


def _level_reasons(before: Balance, now: Balance, limits: DriftLimits) -> list[str]:
    if now.lower <= 1 <= now.upper or abs(now.ratio - 1) < limits.level:
        return []
    return [
        f"level is off: actual over expected claims {now.ratio:.3f} ({limits.confidence:.0%} interval "
        f"{now.lower:.3f} to {now.upper:.3f}), was {before.ratio:.3f}"
    ]


def _watched(stability: pl.DataFrame, levels: pl.DataFrame) -> list[str]:
    """What changes no verdict but should be known."""
    watched = stability.filter(pl.col("band") == "watch").select("factor", "psi")
    seen = levels.filter((pl.col("reference_share") == 0) & (pl.col("current_share") > 0))
    return [
        *(
            f"watch {name}: stability index {psi:.2f}; {_moved(levels, name)}"
            for name, psi in watched.iter_rows()
        ),
        *(
            f"{name} has the level '{level}', never seen in the reference: {share:.1%} of exposure"
            for name, level, share in seen.select("factor", "level", "current_share").iter_rows()
        ),
    ]


def _moved(levels: pl.DataFrame, factor: str) -> str:
    own = levels.filter(pl.col("factor") == factor).sort("contribution", "level", descending=[True, False])
    level, before, now = own.select("level", "reference_share", "current_share").row(0)
    return f"most at '{level}', {now:.1%} of exposure, was {before:.1%}"
