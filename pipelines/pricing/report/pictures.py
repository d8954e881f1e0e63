"""A few pictures of the forecast for the page of its run."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.forecasting.forecast import Forecast, ForecastCover
from pipelines.pricing.page.markup import words
from pipelines.pricing.report.canvas import png
from pipelines.pricing.report.factors import draw_factor
from pipelines.pricing.report.levels import factor_levels
from pipelines.pricing.report.lift import draw_lift
from pipelines.pricing.report.restated import draw_development, draw_trends, named_trends

COVERS_SHOWN = 2


def forecast_plots(forecast: Forecast) -> dict[str, bytes]:
    """Pictures as PNG by name, of the covers that cost most; one without anything to show is left out.

    `lift`: actual and expected cost by tenth of the dearest two covers. Of the dearest: `development`
    of claims by quarter, `trends`, and `actual_over_expected` by its most important factor.
    """
    dearest = sorted(forecast.covers, key=lambda name: (-_cost(forecast.covers[name]), name))
    if not dearest:
        return {}
    pictures = {"lift": png(lambda figure: _lifts(figure, forecast, dearest), (9.6, 3.4))}
    developed = [n for n in dearest if forecast.covers[n].made.restatement.development.counts is not None]
    if developed:
        pictures["development"] = png(lambda figure: _development(figure, forecast, developed[0]), (8, 4))
    first = dearest[0]
    pictures["trends"] = png(lambda figure: _trends(figure, forecast, first), (7, 3.2))
    importance = forecast.covers[first].evaluation.importance
    if importance.height:
        levels = factor_levels(forecast.covers[first], importance["factor"][0])
        title = words(f"{first}: {levels.factor}").capitalize()
        pictures["actual_over_expected"] = png(
            lambda figure: draw_factor(figure, levels, title), (8, 4.4), fitted=False
        )
    return pictures


def _cost(cover: ForecastCover) -> float:
    return float(cover.evaluation.judgement.by_decile["expected_amount"].sum())


def _title(figure: Any, cover: str) -> None:
    figure.suptitle(words(cover).capitalize(), x=0.01, ha="left", fontsize=11)


def _lifts(figure: Any, forecast: Forecast, dearest: list[str]) -> None:
    shown = dearest[:COVERS_SHOWN]
    for axes, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        draw_lift(axes, forecast.covers[name].evaluation.judgement.by_decile, words(name).capitalize())


def _development(figure: Any, forecast: Forecast, cover: str) -> None:
    development = forecast.covers[cover].made.restatement.development
    bars, share = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    if development.counts is not None:
        draw_development(bars, share, development.counts, development.amounts)
    _title(figure, cover)


def _trends(figure: Any, forecast: Forecast, cover: str) -> None:
    draw_trends(figure.subplots(), named_trends(forecast.covers[cover].made.restatement))
    _title(figure, cover)
