"""The simulated portfolio beside published figures: a page with plots, made by a command.

.venv/bin/python -m benchmarks.levels [--vehicles N]

Writes docs/explanation/portfolio.md and its plots.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from simulator import simulate
from simulator.levels import Level, Portfolio, levels

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "portfolio.md"
PLOTS = PAGE.with_name("portfolio")
INK, SECOND, MUTED = "#1f4e79", "#c55a11", "#9aa5b1"


def main() -> None:
    """Simulate, measure, plot, write; exit code 1 if a level lies outside its band."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--vehicles", type=int, default=10_000)
    vehicles: int = arguments.parse_args().vehicles
    with TemporaryDirectory(prefix="ratewright-levels-") as scratch:
        print(f"simulating {vehicles:,} vehicles over three years ...", file=sys.stderr)
        book = Portfolio(simulate(vehicles=vehicles, years=3, seed=1, out=Path(scratch) / "brand"))
        found = levels(book)
        PLOTS.mkdir(parents=True, exist_ok=True)
        _plot(book)
    PAGE.write_text(_page(found, vehicles), encoding="utf-8")
    for level in found:
        print(f"{'  ' if level.holds else '! '}{level.name:<52}{level.published:>20}{level.found:>12,.4g}")
    sys.exit(0 if all(level.holds for level in found) else 1)


def _plot(book: Portfolio) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "ratewright"
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figures = {"frequency-by-km": _by_km, "frequency-by-age": _by_age, "trips": _trips, "delays": _delays}
    for name, draw in figures.items():
        figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
        draw(book, axes)
        figure.savefig(PLOTS / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)


def _by_km(book: Portfolio, axes: Any) -> None:
    """The portfolio's curve flattens although each driver's is a straight line."""
    private = book.expected.filter(pl.col("use") == "private")
    band = (pl.col("annual_km") / 2_500).floor() * 2.5 + 1.25
    own = private.filter(pl.col("cover") == "own_damage").group_by(km=band).agg(
        frequency=pl.col("expected_count").sum() / pl.col("exposure_years").sum(),
        exposure=pl.col("exposure_years").sum(),
    ).filter(pl.col("exposure") > 300).sort("km")  # fmt: skip
    slope = own.filter(pl.col("km").is_between(8, 12))
    per_km = float(str((slope["frequency"] / slope["km"]).mean()))
    axes.plot(own["km"], own["km"] * per_km, color=MUTED, linestyle="--")
    axes.annotate("proportional", (own["km"][-1] * 0.62, own["km"][-1] * 0.62 * per_km), color=MUTED,
                  ha="right", xytext=(-6, 4), textcoords="offset points")  # fmt: skip
    axes.plot(own["km"], own["frequency"], color=INK, marker="o", markersize=4)
    axes.annotate("portfolio", (own["km"][-1], own["frequency"][-1]), color=INK, ha="right",
                  xytext=(0, -18), textcoords="offset points")  # fmt: skip
    axes.set(xlabel="thousand kilometres a year", ylabel="own-damage claims a year",
             title="Frequency by kilometres, private cars")  # fmt: skip
    axes.set_ylim(0)


def _by_age(book: Portfolio, axes: Any) -> None:
    found = book.frequency_by(pl.col("age").floor().alias("years"), "nev").filter(
        pl.col("exposure_years") > 40
    )
    for nev, colour, label in ((True, SECOND, "new energy"), (False, INK, "combustion")):
        part = found.filter(pl.col("nev") == nev).sort("years")
        axes.plot(part["years"], part["frequency"], color=colour, marker="o", markersize=4, label=label)
    axes.set(xlabel="age of the car, years", ylabel="claims a year", title="Frequency by age of the car")
    axes.set_ylim(0)
    axes.legend(frameon=False)


def _trips(book: Portfolio, axes: Any) -> None:
    minutes = book.trips.select(m=(pl.col("end_utc") - pl.col("start_utc")).dt.total_seconds() / 60)
    counts = minutes.group_by(m=(pl.col("m") / 5).floor() * 5).agg(n=pl.len()).collect().sort("m")
    counts = counts.filter(pl.col("m") < 120).with_columns(pl.col("n") / pl.col("n").sum())
    colours = [INK if m < 30 else MUTED for m in counts["m"]]
    axes.bar(counts["m"] + 2.5, counts["n"], width=4.6, color=colours)
    axes.set(xlabel="minutes (dark: under half an hour)", ylabel="share of trips")
    axes.set_title("Duration of trips")


def _delays(book: Portfolio, axes: Any) -> None:
    days = (pl.col("reportDate").str.to_date() - pl.col("lossDate").str.to_date()).dt.total_days()
    told = book.claims.select("cover", days=days)
    named = {"OD": ("own damage", INK), "TPP": ("property", MUTED), "TPI": ("injury", SECOND)}
    for cover, (label, colour) in named.items():
        values = told.filter(pl.col("cover") == cover)["days"].sort()
        share = (pl.int_range(1, len(values) + 1, eager=True)) / len(values)
        axes.step(values, share, color=colour, label=label)
    axes.set(xlabel="days from loss to report", ylabel="share of claims", title="Claims are reported late",
             xlim=(0, 90), ylim=(0, 1))  # fmt: skip
    axes.legend(frameon=False, loc="lower right")


def _page(found: list[Level], vehicles: int) -> str:
    rows = [
        f"| {x.name} | {x.published} | {_shown(x.low)} to {_shown(x.high)} | {_shown(x.found)} "
        f"| {'yes' if x.holds else 'NO'} |"
        for x in found
    ]
    return "\n".join(
        [
            "# The simulated portfolio",
            "",
            "`ratewright simulate` draws a brand's drivers, cars, trips, claims and visits from causes:",
            "a driver's hidden risk shapes driving events and claims alike, kilometres wear parts and make",
            "losses, model, powertrain, age and inflation shape what they cost. The marginal figures below",
            "are not drawn; they follow, and are held to bands around public figures.",
            "",
            f"Made by `make levels` ({vehicles:,} vehicles, three years, seed 1; {platform.machine()}, "
            f"{dt.date.today()}).",
            "",
            "| level | published | band | found | holds |",
            "|---|--:|--:|--:|---|",
            *rows,
            "",
            "Published figures: kilometres, frequency, severity, loss ratios: Chinese market 2023-25;",
            "breakdown calls of a European motoring club; repair costs by age and powertrain and the mean",
            "repair from American consumer and fleet statistics; recoveries and frequency by age from the",
            "French portfolio fremotor1 (CASdatasets). The simulator's constants name theirs in",
            "`simulator/catalogue.py`.",
            "",
            "Plans are sold by a price list that the brand made two years before the history:",
            "expected claims and services of reference cars by model, use and kilometres, with the loads",
            "of the brand's own plan (product `simulated_plan` of the rating plan); customers pay 2 % more",
            "at each renewal. What came since, inflation and more claims of new-energy cars, the list does",
            "not know. The founding text's own stack (11,300 of cost, 500 of margin, 4.2 %) is the product",
            "`integrated_plan`, a worked example.",
            "",
            "![Frequency by kilometres](portfolio/frequency-by-km.svg)",
            "",
            "Linear for a driver, flattening across drivers, because careful people drive more",
            "(Boucher, Côté and Guillén, *Risks* 2017).",
            "",
            "![Frequency by age](portfolio/frequency-by-age.svg)",
            "![Duration of trips](portfolio/trips.svg)",
            "![Delay of reports](portfolio/delays.svg)",
            "",
            "The truth (expected cost by contract, cover and year, drivers' risk, labels of frauds, injected",
            "defects by file and row) is written beside the delivery, to `<out>_truth`; no pipeline reads",
            "it.",
            "",
        ]
    )


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


if __name__ == "__main__":
    main()
