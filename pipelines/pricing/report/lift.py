"""Order and comparison: lift by tenth, the challenger beside the champion, what the forecast owes to whom."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.challenger import Challenger
from pipelines.pricing.forecasting.forecast import ForecastCover
from pipelines.pricing.page.markup import Kind, fold, frame_table, note, para, remark, sentence, text, words
from pipelines.pricing.page.style import ACCENT, INK, MUTED, SOFT
from pipelines.pricing.report.canvas import head, one_line, svg

TENTHS: dict[str, tuple[str, Kind]] = {
    "decile": ("tenth", 0),
    "exposure_years": ("vehicle-years", 0),
    "actual_claims": ("actual claims", 0),
    "expected_claims": ("expected claims", 1),
    "actual_amount": ("actual cost", 0),
    "expected_amount": ("expected cost", 0),
    "lower": ("actual / expected claims from (95 %)", 3),
    "upper": ("to", 3),
}
GROUPS: dict[str, tuple[str, Kind]] = {
    "group": ("tenth", 0),
    "exposure_years": ("vehicle-years", 0),
    "actual": ("actual", 3),
    "champion": ("champion", 3),
    "challenger": ("challenger", 3),
    "closer": ("closer", "text"),
}
IMPORTANCE: dict[str, tuple[str, Kind]] = {
    "factor": ("factor", "text"),
    "importance": ("rise of deviance", 3),
    "standard_deviation": ("standard deviation", 3),
    "share": ("of the deviance", "share"),
}


def lift(cover: ForecastCover) -> str:
    """Lift by tenth, and beside it the double lift where there is a challenger."""
    evaluation = cover.evaluation
    parts = [
        svg(
            lambda figure: draw_lift(figure.subplots(), evaluation.judgement.by_decile),
            (4.75, 3.2),
            "Actual and expected cost per vehicle-year by tenth of the exposure",
        )
    ]
    if evaluation.double is not None:
        double = evaluation.double.table
        parts.append(
            svg(lambda figure: _draw_double(figure.subplots(), double), (4.75, 3.2), "Double lift by tenth")
        )
    numbers = fold("lift in numbers", frame_table(evaluation.judgement.by_decile, TENTHS))
    if evaluation.double is not None:
        numbers += fold("double lift in numbers", frame_table(evaluation.double.table, GROUPS))
    return f"<div class='pair'>{''.join(parts)}</div>{numbers}{_challenger(cover)}"


def importance(cover: ForecastCover) -> str:
    """What the forecast owes to each factor, and what the driving score adds to all others."""
    table = cover.evaluation.importance
    if table.is_empty():
        return note(sentence(remark(cover.evaluation.remarks, "importance", "no factor, so no importance")))
    drawing = svg(
        lambda figure: _draw_importance(figure.subplots(), table),
        (9.6, 0.7 + 0.2 * table.height),
        "Importance of factors",
    )
    return drawing + fold("importance in numbers", frame_table(table, IMPORTANCE)) + para(_telematics(cover))


def draw_lift(axes: Any, tenths: pl.DataFrame, title: str = "Lift on what was not seen") -> None:
    """Actual and expected cost per vehicle-year by tenth."""
    x, years = tenths["decile"].to_list(), tenths["exposure_years"]
    axes.bar(x, (tenths["actual_amount"] / years).to_list(), color=SOFT, label="actual")
    axes.plot(
        x, (tenths["expected_amount"] / years).to_list(), color=ACCENT, marker="o", ms=4, label="expected"
    )
    axes.set_xticks(range(1, 11))
    axes.set_xlim(0.4, 10.6)
    axes.set_xlabel("tenth of the exposure, cheapest to dearest as forecast")
    axes.set_ylabel("cost per vehicle-year")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.spines["right"].set_visible(False)
    head(axes, title)


def _draw_double(axes: Any, table: pl.DataFrame) -> None:
    x = table["group"].to_list()
    axes.bar(x, table["actual"].to_list(), color=SOFT, label="actual")
    axes.plot(x, table["champion"].to_list(), color=INK, marker="o", ms=3.5, label="champion")
    axes.plot(x, table["challenger"].to_list(), color=ACCENT, marker="s", ms=3.5, label="challenger")
    one_line(axes)
    axes.set_xticks(range(1, 11))
    axes.set_xlim(0.4, 10.6)
    axes.set_xlabel("tenth by challenger over champion, rising")
    axes.set_ylabel("claims per vehicle-year, mean 1")
    axes.spines["right"].set_visible(False)
    head(axes, "Double lift")


def _draw_importance(axes: Any, table: pl.DataFrame) -> None:
    rising = table.reverse()
    names = [words(name) for name in rising["factor"]]
    axes.barh(
        names,
        rising["importance"].to_list(),
        xerr=rising["standard_deviation"].to_list(),
        color=SOFT,
        ecolor=MUTED,
        error_kw={"linewidth": 0.8},
        height=0.65,
    )
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.set_xlabel(
        "rise of the deviance (x 100 a vehicle-year) when the factor is shuffled, +- one deviation"
    )
    axes.set_title("Importance")
    axes.spines[["left", "right"]].set_visible(False)


def _challenger(cover: ForecastCover) -> str:
    evaluation, made = cover.evaluation, cover.challenger
    paired, double = evaluation.paired, evaluation.double
    if paired is None or double is None:
        why = remark(evaluation.remarks, "challenger", "no challenger was judged")
        return para(f"No double lift: {text(why)}.")
    low, high = paired.interval()
    sure = "better" if low > 0 else "worse" if high < 0 else "no different"
    nearer = "neither is" if double.winner == "neither" else f"the {double.winner} is"
    return para(
        f"The challenger{_size(made)} has a deviance of {paired.candidate:.3f}, the champion "
        f"{paired.reference:.3f}: a gain of {paired.gain:.3f} (95 % {low:.3f} to {high:.3f}), {sure} "
        f"beyond chance. Where the two disagree, {nearer} nearer to what happened: mean distance "
        f"{double.champion_error:.3f} for the champion, {double.challenger_error:.3f} for the challenger."
    )


def _size(made: Challenger | None) -> str:
    if made is None:
        return ""
    return f" ({made.trees} trees on {len(made.tables.pairs)} pairs of factors, {made.tables.cells:,} cells)"


def _telematics(cover: ForecastCover) -> str:
    found = cover.evaluation.telematics
    if found is not None:
        low, high = found.deviance.interval()
        names = text(" and ".join(words(name) for name in found.factors))
        verdict = "a lift beyond chance" if found.sure else "no lift beyond chance"
        return (
            f"Telematics over everything else that is known, distance included: with {names} the deviance is "
            f"{found.deviance.candidate:.3f}, without it {found.deviance.reference:.3f}, a gain of "
            f"{found.deviance.gain:.3f} (95 % {low:.3f} to {high:.3f}), D2 {found.d2_without:.1%} to "
            f"{found.d2_with:.1%}: {verdict}."
        )
    if cover.model.use_factor:
        return "Claims of this cover follow the kilometres driven, so the driving score is not tried on them."
    return "No driving score was delivered, so there is no lift of telematics over mileage to show."
