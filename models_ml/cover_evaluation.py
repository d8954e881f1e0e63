"""How good the forecast of a cover is, judged on what it has not seen, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import polars as pl

from models_ml.actuarial.credibility import BuhlmannStraub
from models_ml.actuarial.curves import smooth_curve
from models_ml.challenger import Challenger, fit_challenger
from models_ml.cover_forecast import Rating, as_cells, fit_as_known
from models_ml.drift import Drift, judge_drift
from models_ml.errors import ModellingError, finite_answer
from models_ml.evaluation import (
    Coverage,
    DoubleLift,
    FactorLift,
    Judgement,
    Origin,
    PairedDeviance,
    double_lift,
    gini,
    judge,
    lift_of,
    paired_deviance,
    permutation_importance,
    poisson_loss,
    rolling_origins,
)
from models_ml.forecast_intervals import claim_variation, coverage_of_groups, forecast_intervals
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import Array
from models_ml.shrinkage import Shrinkage
from models_ml.threads import on_one_thread

TELEMATICS = ("driving_score",)
CREDIBLE = ("model", "region")
GROUPS = ("model", "vehicle_age")
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Unseen:
    """Experience a cover is judged on, and the two forecasts that have not seen it.

    Attributes:
        basis: what it is, in words.
        learn, judge: contracts.
        champion, challenger: fitted on `learn` alone; there may be no challenger.
        trend_error: of the champion's level, nought where both stand in the same years.
        shrinkage: of the champion, chosen within `learn`.
    """

    basis: str
    learn: pl.DataFrame
    judge: pl.DataFrame
    champion: FrequencySeverityModel
    challenger: Challenger | None
    trend_error: float = 0.0
    shrinkage: Shrinkage | None = None


@dataclass(frozen=True)
class CoverEvaluation:
    """Everything that is known about how good the forecast of a cover is. Frames are ready to be shown.

    Attributes:
        judgement: deviance, Gini, calibration by decile and by level, on the unseen.
        origins: per policy year judged from those before it: `year`, `rows`, `claims`,
            `deviance_constant`, `deviance_champion`, `deviance_challenger`, `gini_champion`,
            `gini_challenger`, `actual_over_expected`; the challenger in the latest year only.
        paired, double: challenger beside champion on the unseen; None without a challenger.
        importance: see `permutation_importance`.
        telematics: what the driving score adds to all other factors, mileage among them.
        coverage: by level of interval, how many groups of the unseen fell inside.
        curves: per ordered factor and level `raw` (the fitted relativity times actual over expected),
            `smoothed` (Whittaker-Henderson), `selected` (the fitted one, which is rated with), `exposure`.
        credibility: per model and region `weight` (expected claims), `mean` (actual over expected without
            the factor), `credibility` (Z) and `estimate`.
        drift: the latest policy year beside those before it.
        remarks: what could not be judged, in words.
    """

    judgement: Judgement
    origins: pl.DataFrame
    paired: PairedDeviance | None
    double: DoubleLift | None
    importance: pl.DataFrame
    telematics: FactorLift | None
    coverage: dict[float, Coverage]
    curves: pl.DataFrame
    credibility: pl.DataFrame
    drift: Drift | None
    remarks: tuple[str, ...]


@on_one_thread
def evaluate_cover(unseen: Unseen, contracts: pl.DataFrame, rating: Rating, seed: int) -> CoverEvaluation:
    """Judge a cover in every way there is experience for; what cannot be judged is said in a remark."""
    remarks: list[str] = []
    model = unseen.champion
    trees = unseen.challenger.trees if unseen.challenger else None
    scored = unseen.learn.with_columns(expected=pl.Series(_expected(model, unseen.learn)))
    nothing: Any = (None, None)
    paired, double = _or_remark("challenger", remarks, nothing, lambda: _challenged(unseen, remarks))
    empty = pl.DataFrame()
    return CoverEvaluation(
        judgement=judge(model, unseen.learn, unseen.judge, unseen.basis),
        origins=_or_remark(
            "rolling origin",
            remarks,
            empty,
            lambda: _origins(contracts, rating, seed, trees, remarks, unseen.shrinkage),
        ),
        paired=paired,
        double=double,
        importance=_or_remark(
            "importance",
            remarks,
            empty,
            lambda: permutation_importance(model.predict_frequency, unseen.judge, rating.factors, seed=seed),
        ),
        telematics=_or_remark("driving score", remarks, None, lambda: _telematics(unseen, rating)),
        coverage=_or_remark("intervals", remarks, {}, lambda: _coverage(unseen)),
        curves=_or_remark("curves", remarks, empty, lambda: _curves(scored, model, rating, remarks)),
        credibility=_or_remark("credibility", remarks, empty, lambda: _credibility(scored, model, rating)),
        drift=_or_remark("drift", remarks, None, lambda: _drift(unseen, rating, seed, remarks)),
        remarks=tuple(remarks),
    )


def _or_remark(what: str, remarks: list[str], otherwise: _Part, make: Callable[[], _Part]) -> _Part:
    """A part of the evaluation, or a remark on why there is none: none of them is needed for a price."""
    try:
        with finite_answer(what):
            return make()
    except ModellingError as error:
        remarks.append(f"{what} not judged: {error}")
        return otherwise


def _expected(model: FrequencySeverityModel | Challenger, contracts: pl.DataFrame) -> Array:
    return np.asarray(model.predict_frequency(contracts) * contracts["exposure_years"].to_numpy())


def _challenged(unseen: Unseen, remarks: list[str]) -> tuple[PairedDeviance | None, DoubleLift | None]:
    if unseen.challenger is None:
        remarks.append("no challenger could be fitted")
        return None, None
    judged, claims = unseen.judge, unseen.judge["claim_count"]
    champion, challenger = (_expected(m, judged) for m in (unseen.champion, unseen.challenger))
    try:
        paired = paired_deviance(claims, champion, challenger, judged["vehicle_id"].to_numpy())
        return paired, double_lift(judged["exposure_years"], claims, champion, challenger)
    except ModellingError as error:
        remarks.append(f"challenger not compared: {error}")
        return None, None


def _origins(
    contracts: pl.DataFrame,
    rating: Rating,
    seed: int,
    trees: int | None,
    remarks: list[str],
    shrinkage: Shrinkage | None,
) -> pl.DataFrame:
    dated = contracts.with_columns(year=pl.col("effective_date").dt.year())
    try:
        origins = list(rolling_origins(dated, "year"))
        latest = origins[-1].year
        return pl.DataFrame(
            [_origin(o, rating, seed, trees if o.year == latest else None, shrinkage) for o in origins],
            infer_schema_length=None,
        )
    except ModellingError as error:
        remarks.append(str(error))
        return pl.DataFrame()


def _origin(
    origin: Origin, rating: Rating, seed: int, trees: int | None, shrinkage: Shrinkage | None
) -> dict[str, float | int | None]:
    learn, judged = origin.learn, origin.judge
    champion = fit_as_known(learn, rating, shrinkage)
    challenger = (
        fit_challenger(as_cells(learn, rating.factors), rating, champion, seed, trees) if trees else None
    )
    exposure, claims = judged["exposure_years"].to_numpy(), judged["claim_count"].to_numpy().astype(float)
    constant = float(learn["claim_count"].sum()) / float(learn["exposure_years"].sum())
    ours = _expected(champion, judged)
    theirs = None if challenger is None else _expected(challenger, judged)
    return {
        "year": origin.year + 1,
        "rows": judged.height,
        "claims": int(claims.sum()),
        "deviance_constant": poisson_loss(claims, constant * exposure),
        "deviance_champion": poisson_loss(claims, ours),
        "deviance_challenger": None if theirs is None else poisson_loss(claims, theirs),
        "gini_champion": gini(exposure, claims, ours / exposure),
        "gini_challenger": None if theirs is None else gini(exposure, claims, theirs / exposure),
        "actual_over_expected": float(claims.sum() / ours.sum()),
    }


def _telematics(unseen: Unseen, rating: Rating) -> FactorLift | None:
    known = [factor for factor in TELEMATICS if factor in rating.factors]
    if not known or rating.use_factor:
        return None
    others = Rating(
        [f for f in rating.factors if f not in known], rating.orders, rating.middle, rating.use_factor
    )
    # The same scale for both, so that what differs is the factor.
    without = fit_as_known(unseen.learn, others, unseen.shrinkage)
    with_all = fit_as_known(unseen.learn, rating, unseen.shrinkage)
    judged = unseen.judge
    return lift_of(
        known,
        judged["exposure_years"],
        judged["claim_count"],
        without=_expected(without, judged),
        with_factors=_expected(with_all, judged),
        learned_frequency=float(unseen.learn["claim_count"].sum())
        / float(unseen.learn["exposure_years"].sum()),
        cluster=judged["vehicle_id"].to_numpy(),
    )


def _coverage(unseen: Unseen) -> dict[float, Coverage]:
    judged = unseen.judge
    groups = [name for name in GROUPS if name in judged.columns]
    label = pl.concat_str([pl.col(g) for g in groups], separator=" | ") if groups else pl.lit("all")
    scored = judged.with_columns(label.alias("group"))
    table = forecast_intervals(
        unseen.champion,
        judged,
        scored["group"],
        variation=claim_variation(unseen.champion, unseen.learn),
        trend_error=unseen.trend_error,
    )
    actual = scored.group_by("group").agg(
        pl.col("exposure_years").sum(), cost=(pl.col("gross_amount") + pl.col("recovery_amount")).sum()
    )
    return coverage_of_groups(table, actual)


def _curves(
    scored: pl.DataFrame, model: FrequencySeverityModel, rating: Rating, remarks: list[str]
) -> pl.DataFrame:
    """Raw, smoothed and selected curves; `scored` was learned from, with the claims `expected` of it."""
    pieces, fitted = [], model.relativities_
    for factor in [f for f in rating.factors if f in rating.orders]:
        order = {level: at for at, level in enumerate(rating.orders[factor])}
        levels = (
            scored.group_by(level=pl.col(factor))
            .agg(pl.col("claim_count", "expected", "exposure_years").sum())
            .filter(pl.col("level").is_in(list(order)))
            .join(
                fitted.filter(pl.col("factor") == factor).select("level", "frequency_relativity"), on="level"
            )
            .with_columns(
                raw=pl.col("frequency_relativity") * pl.col("claim_count") / pl.col("expected"),
                level_order=pl.col("level").replace_strict(order, return_dtype=pl.Int64),
            )
        )
        if levels.height < 3 or levels["claim_count"].sum() <= 0:
            continue
        try:
            curve = smooth_curve(levels.select("level", "level_order", "raw", exposure="expected"))
        except ModellingError as error:
            remarks.append(f"{factor} not smoothed: {error}")
            continue
        selected = levels.select("level", "exposure_years", chosen="frequency_relativity")
        pieces.append(
            curve.table.drop("selected", "exposure")
            .join(selected, on="level", maintain_order="left")
            .select(
                pl.lit(factor).alias("factor"),
                "level",
                "level_order",
                pl.col("exposure_years").alias("exposure"),
                "raw",
                "smoothed",
                pl.col("chosen").alias("selected"),
            )
        )
    return pl.concat(pieces) if pieces else pl.DataFrame()


def _credibility(scored: pl.DataFrame, model: FrequencySeverityModel, rating: Rating) -> pl.DataFrame:
    """Credibility of models and regions; `scored` as for `_curves`."""
    pieces, fitted = [], model.relativities_
    for factor in [f for f in CREDIBLE if f in rating.factors]:
        own = fitted.filter(pl.col("factor") == factor).select(
            pl.col("level").alias(factor), "frequency_relativity"
        )
        rows = (
            scored.join(own, on=factor)
            .with_columns(without=pl.col("expected") / pl.col("frequency_relativity"))
            .group_by(group=pl.col(factor), year=pl.col("effective_date").dt.year())
            .agg(pl.col("claim_count", "without").sum())
            .filter(pl.col("without") > 0)
            .with_columns(pl.col("without").alias("weight"), value=pl.col("claim_count") / pl.col("without"))
            .sort("group", "year")
        )
        groups = BuhlmannStraub().fit(rows).groups_
        pieces.append(groups.select(pl.lit(factor).alias("factor"), pl.all()))
    return pl.concat(pieces) if pieces else pl.DataFrame()


def _drift(unseen: Unseen, rating: Rating, seed: int, remarks: list[str]) -> Drift | None:
    everything = pl.concat([unseen.learn, unseen.judge])
    year = pl.col("effective_date").dt.year()
    latest = everything.select(year.max()).item()
    scored = everything.with_columns(
        expected_claims=pl.Series(_expected(unseen.champion, everything))
    ).filter(pl.col("expected_claims") > 0)
    before, now = scored.filter(year < latest), scored.filter(year == latest)
    try:
        return judge_drift(before, now, list(rating.factors), seed=seed)
    except ModellingError as error:
        remarks.append(f"drift not judged: {error}")
        return None
