"""Forecast every cover of a client, judge it on experience it has not seen, and let a challenger try it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.actuarial.loss_date import LossDate
from models_ml.actuarial.trend import Trend
from models_ml.base_levels import share_base_levels
from models_ml.challenger import Challenger, fit_challenger
from models_ml.cover_evaluation import CoverEvaluation, Unseen, evaluate_cover
from models_ml.cover_forecast import (
    CoverForecast,
    FirstLook,
    Rating,
    as_cells,
    first_look,
    fit_as_known,
    forecast_cover,
    shrinkage_of,
    trends_of_segments,
)
from models_ml.errors import ModellingError, finite_answer
from models_ml.evaluation import Judgement
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.promotion import Promotion, judge_promotion
from models_ml.shrinkage import Shrinkage
from pipelines.pricing.forecasting.experience import Experience, split
from pipelines.progress import LOGGER, step


@dataclass(frozen=True)
class ForecastCover:
    """A cover's forecast, its challenger, if one could be fitted, and how good both are.

    Attributes:
        made: at the level of `priced`, which rates.
        challenger: of its frequency.
        evaluation: of the same model at the level of what it is judged on.
        priced: day to whose level `made` was brought; None where that is the middle of the rating year.
    """

    made: CoverForecast
    challenger: Challenger | None
    evaluation: CoverEvaluation
    priced: LossDate | None = None

    @property
    def model(self) -> FrequencySeverityModel:
        return self.made.model


@dataclass(frozen=True)
class Forecast:
    """What was forecast of a client.

    Attributes:
        covers: forecasts by cover.
        refused: why a cover has none.
        all_covers: trend of frequency by segment, over all covers.
        promotion: whether the challengers may take the champions' place; None where there are none.
    """

    covers: Mapping[str, ForecastCover]
    refused: Mapping[str, str]
    all_covers: Mapping[str, Trend]
    promotion: Promotion | None

    @property
    def models(self) -> dict[str, FrequencySeverityModel]:
        return {cover: forecast.model for cover, forecast in self.covers.items()}

    @property
    def judgements(self) -> dict[str, Judgement]:
        return {cover: forecast.evaluation.judgement for cover, forecast in self.covers.items()}


def fit_forecast(
    experience: Experience,
    middle: dt.date,
    seed: int,
    priced: Mapping[str, LossDate] | None = None,
) -> Forecast:
    """Fit and judge every cover; one that cannot be fitted is left out with the reason.

    Args:
        experience: of the client.
        middle: mid-point of the rating year: the calendar year that contracts begun in it are judged in.
        seed: of folds, hold-outs and permutations.
        priced: by cover, the mean day of loss of the contracts to be priced, to whose level experience is
            brought for the rates; a cover that is missing is priced at the middle of the rating year.
    """
    priced = priced or {}
    refused: dict[str, str] = {}
    looks = _first_looks(experience, middle, refused)
    all_covers = trends_of_segments(list(looks.values()))
    covers: dict[str, ForecastCover] = {}
    unseen: list[pl.DataFrame] = []
    for cover, look in looks.items():
        with step(f"forecast {cover}", slow=True) as log:
            contracts = experience.contracts.filter(pl.col("cover") == cover)
            day = priced.get(cover)
            try:
                with finite_answer(cover):
                    shrinkage = _chosen_unseen(contracts, look.rating, seed)
                    made = forecast_cover(look, all_covers, None if day is None else day.day, shrinkage)
                    asked = _in_calendar_year(made, look, all_covers, contracts, day)
                    judged = _unseen(asked, contracts, look.rating, seed)
                    evaluation = evaluate_cover(judged, contracts, look.rating, seed)
            except Exception as error:
                refused[cover] = _reason(error)
                log.say(f"not priced: {refused[cover]}")
                continue
            challenger = _challenger(made, look.rating, judged, seed)
            covers[cover] = ForecastCover(made, challenger, evaluation, day)
            unseen.append(_expected_by_both(judged))
            log.rows(made.cells.height, f"{_headline(evaluation.judgement)}, {_scales(made.shrinkage)}")
    _warn_of_doubts(covers)
    for cover, reason in refused.items():
        LOGGER.warning("%s is not priced: %s", cover, reason)
    share_base_levels({cover: forecast.model for cover, forecast in covers.items()})
    return Forecast(covers, refused, all_covers, _promotion(unseen))


def _first_looks(experience: Experience, middle: dt.date, refused: dict[str, str]) -> dict[str, FirstLook]:
    looks: dict[str, FirstLook] = {}
    with step("development and trend of covers") as log:
        for cover in experience.covers:
            rating, assumptions = experience.rating(cover, middle)
            learn = (pl.col("cover") == cover) & (pl.col("period") == "learn")
            try:
                known = experience.of(cover, experience.contracts.filter(learn))
                with finite_answer(cover):
                    looks[cover] = first_look(known, assumptions, rating)
            except Exception as error:
                refused[cover] = _reason(error)
        log.say(f"{len(experience.covers)} covers")
    return looks


def _reason(error: Exception) -> str:
    """Why a cover has no price: what its data lack, or that the fault is this program's."""
    if isinstance(error, ModellingError):
        return str(error)
    LOGGER.debug("a cover could not be forecast", exc_info=error)
    told = (str(error).strip().splitlines() or [""])[0]
    return f"a fault of Ratewright, not of the data ({type(error).__name__}: {told[:160]}); please report it"


def _chosen_unseen(contracts: pl.DataFrame, rating: Rating, seed: int) -> Shrinkage:
    """How far relativities are believed, chosen without what is judged on: what is judged is what rates."""
    learn, _, _ = split(contracts, seed)
    return shrinkage_of(learn, rating)


def _in_calendar_year(
    made: CoverForecast,
    look: FirstLook,
    all_covers: Mapping[str, Trend],
    contracts: pl.DataFrame,
    day: LossDate | None,
) -> CoverForecast:
    """The forecast at the middle of the rating year, where contracts begun in it are there to judge it by."""
    if day is None or not contracts["period"].is_in(["judge"]).any():
        return made
    return forecast_cover(look, all_covers, shrinkage=made.shrinkage)


def _warn_of_doubts(covers: Mapping[str, ForecastCover]) -> None:
    """Name the covers that tell nobody apart, and those worse than one rate for all."""
    flat = [cover for cover, made in covers.items() if made.made.shrinkage.flat]
    worse = [cover for cover, made in covers.items() if made.evaluation.judgement.worse_than_constant]
    if flat:
        LOGGER.warning("flat, for nothing shows that would tell vehicles apart: %s", ", ".join(flat))
    if worse:
        LOGGER.warning("forecast worse than by one rate for all on the unseen: %s", ", ".join(worse))


def _unseen(made: CoverForecast, contracts: pl.DataFrame, rating: Rating, seed: int) -> Unseen:
    """What the cover is judged on, by models that have not seen it."""
    learn, judged, basis = split(contracts, seed)
    if contracts["period"].is_in(["judge"]).any():
        champion, cells, moved = made.model, made.cells, made.restatement.trend_error
    else:
        # The published model has seen the hold-out, so one that has not is judged in its place.
        champion = fit_as_known(learn, rating, made.shrinkage)
        cells, moved = as_cells(learn, rating.factors), 0.0
    challenger = _try_challenger(cells, rating, champion, seed)
    return Unseen(basis, learn, judged, champion, challenger, moved, made.shrinkage)


def _try_challenger(
    cells: pl.DataFrame, rating: Rating, champion: FrequencySeverityModel, seed: int, trees: int | None = None
) -> Challenger | None:
    try:
        with finite_answer("challenger"):
            return fit_challenger(cells, rating, champion, seed, trees)
    except Exception as error:
        LOGGER.warning("no challenger: %s", _reason(error))
        return None


def _challenger(made: CoverForecast, rating: Rating, judged: Unseen, seed: int) -> Challenger | None:
    """The challenger on all experience, with the number of trees that the judged one had."""
    if judged.challenger is None or judged.champion is made.model:
        return judged.challenger
    return _try_challenger(made.cells, rating, made.model, seed, judged.challenger.trees)


def _expected_by_both(judged: Unseen) -> pl.DataFrame:
    exposure = judged.judge["exposure_years"].to_numpy()
    challenger = judged.challenger or judged.champion
    learned = judged.learn.select(pl.col("claim_count").sum() / pl.col("exposure_years").sum()).item()
    return judged.judge.select("cover", "vehicle_id", "exposure_years", "claim_count").with_columns(
        champion=pl.Series(np.asarray(judged.champion.predict_frequency(judged.judge) * exposure)),
        challenger=pl.Series(np.asarray(challenger.predict_frequency(judged.judge) * exposure)),
        constant=learned * pl.col("exposure_years"),
    )


def _promotion(unseen: list[pl.DataFrame]) -> Promotion | None:
    return judge_promotion(pl.concat(unseen), cluster="vehicle_id") if unseen else None


def _scales(shrinkage: Shrinkage) -> str:
    """How far relativities are believed, for a line of the log."""
    frequency, severity = (f"{scale:g}" if scale else "flat" for scale in shrinkage.scales)
    return f"frequency {frequency}, severity {severity} of the learned prior"


def _headline(judged: Judgement) -> str:
    return (
        f"deviance {judged.deviance_model:.2f} (constant {judged.deviance_constant:.2f}), "
        f"Gini {judged.gini_model:.3f}, actual/expected claims "
        f"{judged.actual_over_expected_claims:.3f}"
    )
