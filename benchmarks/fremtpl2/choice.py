"""Choose settings of the boosted models by cross-validation of the rows that are learned from.

RATEWRIGHT_BENCH_DATA=DIR .venv/bin/python -m benchmarks.fremtpl2.choice

Folds are grouped by identical covariates, so no model is rewarded for learning a policy by heart. Every
candidate is a line of results/forecast_choice.jsonl: the deviance x 100 by number of trees, mean of the
folds tried; one that stands there is not tried again. Rows for the test are never judged on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fremtpl2.data import FACTORS, Portfolio, data_file, load
from benchmarks.fremtpl2.models import COMPACT, MAINS, PAIRS, STAGE, boosted, compact
from models_ml.boosting.tables import tabulate
from models_ml.evaluation import grouped_folds, poisson_loss

RESULTS = Path(__file__).parents[1] / "results" / "forecast_choice.jsonl"
FOLDS, TRIED, SEED = 4, (0, 1), 20
EVERY = 50
MOST_TREES = 600

# As many trees in so many bags as are fitted in time.
BAGGED_ANY = {"bags": 3, "max_iter": 300}
BAGGED_PAIRS = {"bags": 3, "max_iter": 400}
MORE_ANY = {"bags": 8, "max_iter": 200}
MORE_PAIRS = {"bags": 5, "max_iter": 350}
ANY_CANDIDATES: list[dict[str, Any]] = [
    {"learning_rate": 0.1, "l2": 0.0},
    {"learning_rate": 0.05, "l2": 0.0},
    {"learning_rate": 0.05, "l2": 50.0},
    {"learning_rate": 0.03, "l2": 50.0, "max_features": 0.5, "max_leaf_nodes": 63},
    {"learning_rate": 0.03, "l2": 50.0, "max_features": 0.34, "max_leaf_nodes": 63},
    {"learning_rate": 0.03, "l2": 100.0, "max_features": 0.5, "max_leaf_nodes": 63},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 50.0, "max_features": 0.5, "max_leaf_nodes": 63},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 50.0, "max_features": 0.6, "max_leaf_nodes": 63},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 50.0, "max_features": 0.6, "max_leaf_nodes": 127},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 20.0, "max_features": 0.6, "max_leaf_nodes": 63},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 20.0, "max_features": 0.5, "max_leaf_nodes": 63},
    {**BAGGED_ANY, "learning_rate": 0.04, "l2": 20.0, "max_features": 0.5, "max_leaf_nodes": 31},
    {**MORE_ANY, "learning_rate": 0.04, "l2": 20.0, "max_features": 0.6, "max_leaf_nodes": 63},
]
PAIR_CANDIDATES: list[dict[str, Any]] = [
    {"learning_rate": 0.1, "l2": 0.0},
    {"learning_rate": 0.05, "l2": 20.0},
    {"learning_rate": 0.05, "l2": 50.0},
    {"learning_rate": 0.05, "l2": 100.0},
    {"learning_rate": 0.05, "l2": 50.0, "max_leaf_nodes": 63},
    {"learning_rate": 0.05, "l2": 50.0, "max_features": 0.5},
    {"learning_rate": 0.05, "l2": 50.0, "min_samples_leaf": 5},
    {**BAGGED_PAIRS, "learning_rate": 0.08, "l2": 20.0, "max_features": 0.6},
    {**BAGGED_PAIRS, "learning_rate": 0.08, "l2": 20.0, "max_features": 0.6, "max_leaf_nodes": 63},
    {**BAGGED_PAIRS, "learning_rate": 0.08, "l2": 10.0, "max_features": 0.6},
    {**BAGGED_PAIRS, "learning_rate": 0.08, "l2": 20.0, "max_features": 0.8},
    {**MORE_PAIRS, "learning_rate": 0.08, "l2": 20.0, "max_features": 0.6},
    {
        "bags": 3,
        "max_iter": 600,
        "learning_rate": 0.08,
        "l2": 20.0,
        "max_features": 0.6,
        "max_leaf_nodes": 15,
    },
    {
        "bags": 3,
        "max_iter": 500,
        "learning_rate": 0.08,
        "l2": 20.0,
        "max_features": 0.6,
        "max_leaf_nodes": 22,
    },
    {"bags": 3, "max_iter": 650, "learning_rate": 0.05, "l2": 20.0, "max_features": 0.6},
    {"bags": 3, "max_iter": 450, "learning_rate": 0.08, "l2": 30.0, "max_features": 0.5},
]
COMPACT_CANDIDATES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (STAGE, MAINS, COMPACT),
    (STAGE | {"l2": 50.0}, MAINS | {"l2": 50.0}, COMPACT),
    (STAGE | {"max_iter": 400}, MAINS, COMPACT),
    (STAGE, MAINS, COMPACT | {"main_cells": 150}),
    (STAGE, MAINS, COMPACT | {"main_cells": 400}),
]


def main() -> None:
    """Try every candidate, and write a line for each as it is done."""
    everything, learned = load(data_file())
    learn = everything.where(learned)
    fold = grouped_folds(learn.frame, FACTORS, FOLDS, SEED)
    tried = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    for line in _lines(learn, fold, [(line["model"], line["settings"]) for line in tried]):
        print(json.dumps(line), flush=True)
        with RESULTS.open("a") as log:
            log.write(json.dumps(line) + "\n")


def _lines(
    learn: Portfolio, fold: np.ndarray[Any, Any], tried: list[tuple[str, dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    for kind, candidates in (("all", ANY_CANDIDATES), ("pairs", PAIR_CANDIDATES)):
        for candidate in candidates:
            if (kind, candidate) in tried:
                continue
            began = time.perf_counter()
            settings = {"interactions": kind, "max_iter": MOST_TREES, **candidate}
            curves = [_curve(learn.where(fold != k), learn.where(fold == k), settings) for k in TRIED]
            curve = np.mean(curves, axis=0)
            best = int(np.argmin(curve))
            yield {
                "model": kind,
                "settings": candidate,
                "deviance": round(float(curve[best]), 4),
                "trees": (best + 1) * EVERY,
                "curve": [round(float(value), 4) for value in curve],
                "seconds": round(time.perf_counter() - began),
            }
    for stage, mains, limits in COMPACT_CANDIDATES:
        settings = {"stage": stage, "mains": mains, "limits": limits}
        if ("compact", settings) in tried:
            continue
        began = time.perf_counter()
        pairs = [
            _compact(learn.where(fold != k), learn.where(fold == k), stage, mains, limits) for k in TRIED
        ]
        yield {
            "model": "compact",
            "settings": settings,
            "deviance": round(float(np.mean([loss for loss, _ in pairs])), 4),
            "cells": [cells for _, cells in pairs],
            "seconds": round(time.perf_counter() - began),
        }


def _curve(learn: Portfolio, judge: Portfolio, settings: dict[str, Any]) -> list[float]:
    """Deviance on `judge` after every so many trees."""
    model = boosted(learn, settings)
    design = model.design(model.encoder_.transform(judge.frame))
    staged = enumerate(model.staged(design), start=1)
    return [poisson_loss(judge.claims, rate * judge.exposure) for at, rate in staged if at % EVERY == 0]


def _compact(
    learn: Portfolio, judge: Portfolio, stage: dict[str, Any], mains: dict[str, Any], limits: dict[str, Any]
) -> tuple[float, int]:
    tables = tabulate(boosted(learn, PAIRS), learn.frame, learn.exposure)
    small = compact(learn, tables, stage, mains, limits)
    return poisson_loss(judge.claims, small.predict(judge.frame) * judge.exposure), small.cells


if __name__ == "__main__":
    main()
