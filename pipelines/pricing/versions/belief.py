"""How far the relativities of each cover are believed, by what evidence, and what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

SCHEMA = {
    "cover": pl.String,
    "frequency_scale": pl.Float64,
    "severity_scale": pl.Float64,
    "claims": pl.Int64,
    "gain_over_constant": pl.Float64,
    "gain_over_constant_error": pl.Float64,
    "cost_gain_over_constant": pl.Float64,
    "cost_gain_over_constant_error": pl.Float64,
    "standing": pl.String,
    "evidence": pl.String,
}
FLAT, WORSE = "flat", "worse than one rate for all"


def beliefs(evaluation: Mapping[str, Any]) -> pl.DataFrame:
    """A row per cover, from the evaluation file of a version; none where it says nothing of it.

    Returns:
        `cover`; `frequency_scale` and `severity_scale`, shares of the learned priors that rate (0 is flat);
        `claims` they were chosen by; the gains over one rate for all with their standard errors (see
        `Judgement`); `standing`, `flat`, `worse than one rate for all` (by over one standard error), or how
        much it is better; and `evidence`, why these scales were chosen.
    """
    rows = [
        _row(cover, made)
        for cover, made in (evaluation.get("covers") or {}).items()
        if made.get("shrinkage") and made.get("judgement")
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def in_doubt(evaluation: Mapping[str, Any]) -> list[str]:
    """A sentence for every cover that is flat, or worse than one rate for all on what it has not seen."""
    told = []
    for row in beliefs(evaluation).filter(pl.col("standing").is_in([FLAT, WORSE])).iter_rows(named=True):
        name = row["cover"].replace("_", " ")
        if row["standing"] == FLAT:
            told.append(f"{name} is flat, its price tells nobody apart: {row['evidence']}")
        else:
            told.append(
                f"{name} was forecast worse than by one rate for all on what it has not seen: "
                f"{row['evidence']}"
            )
    return told


def _row(cover: str, made: Mapping[str, Any]) -> dict[str, Any]:
    parts, judged = made["shrinkage"], made["judgement"]
    frequency, severity = parts["frequency"], parts["severity"]
    gains = {name: judged.get(name) for name in SCHEMA if "gain" in name}
    worse = any(
        gains[name] is not None
        and gains[f"{name}_error"] is not None
        and gains[name] < -gains[f"{name}_error"]
        for name in ("gain_over_constant", "cost_gain_over_constant")
    )
    gain, error = gains["gain_over_constant"], gains["gain_over_constant_error"]
    standing = "better than one rate for all" if gain and error and gain > error else "within chance of it"
    if frequency["scale"] <= 0 and severity["scale"] <= 0:
        standing = FLAT
    if worse:
        standing = WORSE
    return {
        "cover": cover,
        "frequency_scale": float(frequency["scale"]),
        "severity_scale": float(severity["scale"]),
        "claims": int(frequency["claims"]),
        **gains,
        "standing": standing,
        "evidence": f"frequency {frequency['reason']}; severity {severity['reason']}",
    }
