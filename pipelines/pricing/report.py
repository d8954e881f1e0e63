"""The model report: one HTML file that works offline and says how good the forecast is."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.frequency_severity import OTHER
from models_ml.rating import BASE, RateTable
from pipelines.pricing.manifest import Manifest

LEVELS_SHOWN = 25
INK, ACCENT, SOFT = "#1F3A5F", "#C2410C", "#C9D6E4"
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:1080px;margin:2rem auto;padding:0 1rem}
h1,h2{color:#1F3A5F;line-height:1.2} h2{margin-top:2.5rem;border-bottom:2px solid #C9D6E4}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th{background:#1F3A5F;color:#fff;text-align:left} th,td{padding:.3rem .7rem;border:1px solid #D0D7DE}
td.n{text-align:right} svg{max-width:100%;height:auto} .note{color:#57606A;max-width:46rem}
details{margin:.5rem 0} summary{cursor:pointer;color:#1F3A5F}
@media print{body{max-width:none;margin:0} h2{break-before:page} details{display:none}}
"""


def report_html(
    manifest: Manifest,
    table: RateTable,
    judgements: Mapping[str, Judgement],
    refused: Mapping[str, str],
) -> bytes:
    """Return the report; the same inputs give the same bytes."""
    title = f"Forecast for {manifest.rating_year}: {manifest.title}"
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{_text(title)}</title>",
        f"<style>{STYLE}</style><h1>{_text(title)}</h1>",
        f"<p class='note'>Version {_text(manifest.version())}, in force {manifest.effective_from} to "
        f"{manifest.effective_to}, experience valued at {manifest.valuation_date}, amounts in "
        f"{manifest.currency}.</p>",
        _headline(judgements),
        *(f"<p><b>Not priced.</b> {_text(reason)}</p>" for reason in refused.values()),
    ]
    for cover, judged in judgements.items():
        parts.append(_cover(cover, judged, table.rates.filter(pl.col("cover") == cover)))
    parts.append(_method())
    return "\n".join(parts).encode()


def _text(value: object) -> str:
    return html.escape(str(value))


def _headline(judgements: Mapping[str, Judgement]) -> str:
    heads = [
        "cover",
        "vehicle-years",
        "claims",
        "deviance: forecast",
        "constant",
        "premium charged",
        "Gini of claims: by forecast frequency",
        "by forecast cost",
        "by premium charged",
        "actual / expected claims",
        "actual / expected cost",
    ]
    rows = []
    for j in judgements.values():
        cells = [_td(j.cover.replace("_", " "))] + [
            _td(value, places)
            for value, places in [
                (j.exposure_years, 0),
                (j.claim_count, 0),
                (j.deviance_model, 3),
                (j.deviance_constant, 3),
                (j.deviance_charged, 3),
                (j.gini_model, 3),
                (j.gini_cost_model, 3),
                (j.gini_charged, 3),
                (j.actual_over_expected_claims, 3),
                (j.actual_over_expected_amount, 3),
            ]
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<th>{h}</th>" for h in heads)
    basis = "; ".join(dict.fromkeys(j.basis for j in judgements.values()))
    note = f"<p class='note'>Judged on: {_text(basis)}. Lower deviance and higher Gini are better.</p>"
    return f"{note}<table><tr>{head}</tr>{''.join(rows)}</table>"


def _td(value: object, places: int | None = None) -> str:
    if value is None:
        return "<td class='n'>none delivered</td>"
    if places is None:
        return f"<td>{_text(value)}</td>"
    return f"<td class='n'>{float(str(value)):,.{places}f}</td>"


def _cover(cover: str, judged: Judgement, rates: pl.DataFrame) -> str:
    parts = [f"<h2>{_text(cover.replace('_', ' ').capitalize())}</h2>"]
    parts.append(_figure(lambda axes: _lift(axes, judged.by_decile), (9, 3.4)))
    for factor in rates.filter(pl.col("factor") != BASE)["factor"].unique(maintain_order=True):
        seen = (
            judged.by_factor.filter(pl.col("factor") == factor)
            if "factor" in judged.by_factor.columns
            else pl.DataFrame()
        )
        parts.append(_factor(factor, rates.filter(pl.col("factor") == factor), seen))
    return "\n".join(parts)


def _factor(factor: str, rates: pl.DataFrame, seen: pl.DataFrame) -> str:
    listed = rates.filter(pl.col("level") != OTHER)
    top = listed.top_k(LEVELS_SHOWN, by="exposure_years")
    shown = listed.join(top.select("level"), on="level", how="semi", maintain_order="left")
    name = _text(factor.replace("_", " "))
    parts = [_figure(lambda axes: _relativities(axes, factor, shown, seen), (9, 3.6))]
    if listed.height > shown.height:
        parts.append(
            f"<p class='note'>{name}: the {shown.height} levels with most exposure of "
            f"{listed.height}; all of them stand in the workbook.</p>"
        )
    table = shown.select(
        "level",
        "relativity",
        "frequency_relativity",
        "severity_relativity",
        "exposure_years",
        "claim_count",
    )
    head = "".join(f"<th>{_text(c.replace('_', ' '))}</th>" for c in table.columns)
    body = "".join(
        "<tr>"
        + _td(row[0])
        + "".join(_td(v, 3) for v in row[1:4])
        + "".join(_td(v, 0) for v in row[4:])
        + "</tr>"
        for row in table.iter_rows()
    )
    parts.append(
        f"<details><summary>{name} in numbers</summary><table><tr>{head}</tr>{body}</table></details>"
    )
    return "\n".join(parts)


def _figure(draw: Any, size: tuple[float, float]) -> str:
    """Draw into an inline SVG whose bytes depend on the data alone."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "ratewright", "svg.fonttype": "path", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawing = buffer.getvalue()
    return drawing[drawing.index("<svg") :]


def _lift(axes: Any, deciles: pl.DataFrame) -> None:
    x = deciles["decile"].to_list()
    exposure = deciles["exposure_years"]
    axes.bar(x, deciles["actual_amount"] / exposure, color=SOFT, label="actual")
    axes.plot(x, deciles["expected_amount"] / exposure, color=ACCENT, marker="o", label="expected")
    axes.set_xticks(x)
    axes.set_xlabel("tenth of the exposure, cheapest to dearest as forecast")
    axes.set_ylabel("cost per vehicle-year")
    axes.set_title("Lift on contracts the forecast has not seen", loc="left", color=INK)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    axes.spines[["top", "right"]].set_visible(False)


def _relativities(axes: Any, factor: str, rates: pl.DataFrame, seen: pl.DataFrame) -> None:
    levels = rates["level"].to_list()
    x = list(range(len(levels)))
    exposure = axes.twinx()
    exposure.bar(x, rates["exposure_years"].to_list(), color=SOFT, alpha=0.55, width=0.7)
    exposure.set_ylabel("vehicle-years (bars)")
    exposure.spines[["top"]].set_visible(False)
    axes.set_zorder(exposure.get_zorder() + 1)
    axes.patch.set_visible(False)
    # A line says that levels follow each other; makes do not.
    line = "none" if rates["level_order"].is_null().all() else "-"
    axes.plot(x, rates["relativity"].to_list(), color=INK, marker="o", linestyle=line, label="relativity")
    if seen.height:
        at = dict(zip(levels, x, strict=True))
        judged = seen.filter(pl.col("level").is_in(levels) & (pl.col("expected_claims") >= 1))
        ratio = judged["actual_claims"] / judged["expected_claims"]
        spread = [(ratio - judged["lower"]).to_list(), (judged["upper"] - ratio).to_list()]
        axes.errorbar(
            [at[v] for v in judged["level"]],
            ratio.to_list(),
            yerr=spread,
            fmt="s",
            color=ACCENT,
            markersize=3,
            linewidth=1,
            label="actual / expected claims, 95 %",
        )
        axes.set_ylim(0, min(axes.get_ylim()[1], 4))
    axes.axhline(1, color="#57606A", linewidth=0.6)
    axes.set_xticks(
        x,
        [str(v)[:22] for v in levels],
        rotation=40 if len(levels) > 8 else 0,
        ha="right" if len(levels) > 8 else "center",
    )
    axes.set_title(factor.replace("_", " ").capitalize(), loc="left", color=INK)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)
    axes.spines[["top"]].set_visible(False)


def _method() -> str:
    return """<h2>Method</h2><div class='note'>
<p>Each cover is forecast as frequency times severity on rating cells: a Poisson GLM on claims per
vehicle-year and a gamma GLM on the mean claim, both with a log link and a normal prior on
log-relativities whose width is chosen by cross-validation, so that thin levels are drawn to the mean.
Frequency counts claims that cost something; what claims bring back (negative amounts) is one factor per
cover. Base values are set so that fitted claims and cost equal the actual ones.</p>
<p>Deviance is the mean Poisson deviance of claims per contract, times 100; lower is better. The constant
is the claim frequency of the learning experience for everybody. Gini orders contracts by forecast claim
frequency; 0 is no order. The premium charged is judged as if it were a frequency.</p></div></html>"""
