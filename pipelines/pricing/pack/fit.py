"""Whether the forecast held: actual against expected, lift by tenth, where it did not."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from pipelines.pricing.pack.charts import by_tenth
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, fold, frame_table, note, para, table, text, words
from pipelines.pricing.report.lift import TENTHS
from pipelines.pricing.report.summary import BELIEFS, BELIEVED, calibration
from pipelines.pricing.versions.belief import beliefs

MOST_LEVELS = 12
LEAST_CLAIMS = 5
"""Claims expected of a level from which on it is listed where it lies beyond chance."""

JUDGED: list[tuple[str, Kind]] = [
    ("cover", "text"),
    ("vehicle-years", 0),
    ("claims", 0),
    ("claims", 3),
    ("cost", 3),
    ("of the forecast", 3),
    ("of the premium charged", 3),
    ("tenths within chance", "text"),
]
BEYOND: dict[str, tuple[str, Kind]] = {
    "cover": ("cover", "text"),
    "factor": ("factor", "text"),
    "level": ("level", "text"),
    "actual_claims": ("actual claims", 0),
    "expected_claims": ("expected", 1),
    "ratio": ("actual / expected", 2),
    "lower": ("chance from (95 %)", 2),
    "upper": ("to", 2),
}


def fit(matter: Matter) -> str:
    """The section on how good the forecast is."""
    judgements = dict(matter.parts.judgements)
    if not judgements:
        return para("No forecast was judged.")
    basis = "; ".join(dict.fromkeys(j.basis for j in judgements.values()))
    intro = note(
        f"Judged on what the forecast has not seen: {text(basis)}. Actual over expected near 1 says that the "
        "level is right; Gini says how well it tells cheap from dear, more is better, 0 is no better than "
        "one price for all. The model report beside this page has all of it."
    )
    rows = [_row(cover, judged) for cover, judged in judgements.items()]
    groups = [("judged on", 3), ("actual / expected", 2), ("Gini of claims", 2), ("", 1)]
    charts = "".join(_charts(cover, judged, matter) for cover, judged in _dearest_first(judgements))
    pieces = [
        intro,
        table(JUDGED, rows, groups=groups),
        _believed(matter),
        "<h3>Lift</h3>",
        _lift_note(),
        f"<div class='charts'>{charts}</div>",
        _numbers(judgements),
        "<h3>Where it did not hold</h3>",
        _beyond(judgements),
    ]
    return "".join(pieces)


def _believed(matter: Matter) -> str:
    """How far each cover's relativities are believed; nothing in versions made before that was told."""
    rows = beliefs(matter.evaluation)
    if rows.is_empty():
        return ""
    shown = rows.with_columns(pl.col("cover").str.replace_all("_", " "))
    return "<h3>How far relativities are believed</h3>" + note(BELIEVED) + frame_table(shown, BELIEFS)


def _lift_note() -> str:
    return note(
        "Contracts by tenth of exposure, cheapest to dearest as forecast: bars should climb along the line. "
        "Double lift: tenths by how far a challenger of boosted trees departs from the forecast; the line "
        "nearer to the bars was right."
    )


def _dearest_first(judgements: dict[str, Judgement]) -> list[tuple[str, Judgement]]:
    def cost(item: tuple[str, Judgement]) -> tuple[float, str]:
        return -float(item[1].by_decile["expected_amount"].sum()), item[0]

    return sorted(judgements.items(), key=cost)


def _row(cover: str, judged: Judgement) -> list[Any]:
    within, tenths, _ = calibration(judged)
    return [
        words(cover),
        judged.exposure_years,
        judged.claim_count,
        judged.actual_over_expected_claims,
        judged.actual_over_expected_amount,
        judged.gini_model,
        judged.gini_charged,
        f"{within} of {tenths}",
    ]


def _charts(cover: str, judged: Judgement, matter: Matter) -> str:
    tenths = judged.by_decile.filter(pl.col("exposure_years") > 0)
    if tenths.is_empty():
        return ""
    years = tenths["exposure_years"]
    actual, expected = (
        (tenths[f"{n}_amount"] / years).fill_null(0.0).to_list() for n in ("actual", "expected")
    )
    name = text(words(cover)).capitalize()
    shown = by_tenth(
        actual,
        {"expected": expected},
        f"{words(cover)}: actual and expected cost per vehicle-year by tenth",
        f"<b>{name}</b>: cost per vehicle-year",
    )
    return shown + _double(cover, name, matter)


def _double(cover: str, name: str, matter: Matter) -> str:
    told = (matter.evaluation.get("covers", {}).get(cover) or {}).get("double")
    if not told or not told.get("table"):
        return ""
    rows = told["table"]
    lines = {side: [row[side] or 0.0 for row in rows] for side in ("champion", "challenger")}
    return by_tenth(
        [row["actual"] or 0.0 for row in rows],
        {"this forecast": lines["champion"], "challenger": lines["challenger"]},
        f"{words(cover)}: double lift by tenth",
        f"<b>{name}</b>: double lift, claims, mean 1",
        digits=1,
    )


def _numbers(judgements: dict[str, Judgement]) -> str:
    tables = "".join(
        f"<h4>{text(words(cover)).capitalize()}</h4>{frame_table(judged.by_decile, TENTHS)}"
        for cover, judged in judgements.items()
    )
    return fold("tenths in numbers", tables, printed=False)


def _beyond(judgements: dict[str, Judgement]) -> str:
    """Levels whose actual claims lie beyond chance of the expected ones."""
    found = []
    for cover, judged in judgements.items():
        if not {"factor", "expected_claims"} <= set(judged.by_factor.columns):
            continue
        expected = pl.col("expected_claims")
        own = judged.by_factor.filter(
            (expected >= LEAST_CLAIMS) & ((pl.col("lower") > 1) | (pl.col("upper") < 1))
        )
        ratio = pl.col("actual_claims") / expected
        chance = [pl.col(n).cast(pl.Float64) for n in ("actual_claims", "expected_claims", "lower", "upper")]
        found.append(
            own.select(
                pl.lit(words(cover)).alias("cover"),
                pl.col("factor").str.replace_all("_", " "),
                "level",
                *chance,
                ratio=ratio,
            )
        )
    rows = pl.concat(found) if found else pl.DataFrame()
    if rows.is_empty():
        return para(
            f"At no level with at least {LEAST_CLAIMS} claims expected do actual claims lie beyond chance."
        )
    far = rows.sort(
        pl.col("ratio").log().abs(), "cover", "factor", "level", descending=[True, False, False, False]
    )
    tested = sum(
        j.by_factor.filter(pl.col("expected_claims") >= LEAST_CLAIMS).height
        for j in judgements.values()
        if "expected_claims" in j.by_factor.columns
    )
    told = note(
        f"Actual claims lie beyond chance at {rows.height:,} of {tested:,} levels with at least "
        f"{LEAST_CLAIMS} claims expected; one in twenty would by chance alone. The furthest:"
    )
    return told + frame_table(far.head(MOST_LEVELS), BEYOND)
