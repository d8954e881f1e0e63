"""How well claims are forecast on a public portfolio, beside what was published on it: one line of JSON.

[DATA=DIR] [LEARN=COLUMN] .venv/bin/python -m benchmarks.forecast

Each model is fitted on the rows to learn from and judged once on the others (mean Poisson deviance x 100),
as Noll, Salzmann and Wuthrich (2020) cut them; then with a split by identical covariates, since a third of
the test's rows have a twin among those learned from. No setting was chosen on rows of a test
(`benchmarks.fremtpl2.choice`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.fremtpl2.data import FACTORS, LEARN, Portfolio, data_file, load
from benchmarks.fremtpl2.models import (
    ANY,
    COMPACT,
    MAINS,
    PAIRS,
    STAGE,
    PublishedGLM,
    boosted,
    compact,
)
from models_ml.boosting.export import bands_frame, cells_frame, rate_from_frames
from models_ml.boosting.tables import tabulate
from models_ml.evaluation import grouped_split, poisson_loss
from models_ml.glm import Array

RESULT = Path(__file__).parent / "results" / "forecast.json"
RUNS = RESULT.with_name("forecast_runs.jsonl")
TEST_SHARE, SEED = 0.1, 20
Model = TypeVar("Model")


def compared(learn: Portfolio, judge: Portfolio) -> tuple[dict[str, Any], dict[str, float]]:
    """Deviance of every model on `judge`, what there is to say of the tables, and seconds to fit."""
    seconds: dict[str, float] = {}

    def timed(name: str, fit: Callable[[], Model]) -> Model:
        began = time.perf_counter()
        fitted = fit()
        seconds[name] = round(time.perf_counter() - began, 1)
        return fitted

    def loss(rate: Array) -> float:
        return round(poisson_loss(judge.claims, rate * judge.exposure), 4)

    found: dict[str, Any] = {}
    found["constant"] = loss(np.full(len(judge.claims), learn.claims.sum() / learn.exposure.sum()))
    found["glm1"] = loss(timed("glm1", lambda: PublishedGLM().fit(learn)).predict(judge.frame))
    found["boosted"] = loss(timed("boosted", lambda: boosted(learn, ANY)).predict(judge.frame))
    pairs = timed("pairs", lambda: boosted(learn, PAIRS))
    tables = timed("export", lambda: tabulate(pairs, learn.frame, learn.exposure))
    bands, cells = bands_frame(tables), cells_frame(tables)
    rated = rate_from_frames(tables.base_rate, bands, cells, judge.frame)
    seconds["table"] = round(seconds.pop("pairs") + seconds.pop("export"), 1)
    found["table"] = loss(rated)
    found["table_vs_model_max_abs_log"] = float(np.abs(np.log(rated / pairs.predict(judge.frame))).max())
    found["table_pairs"], found["table_cells"] = len(tables.pairs), tables.cells
    small = timed("compact", lambda: compact(learn, tables))
    seconds["compact"] = round(seconds["compact"] + seconds["table"], 1)
    found["compact"] = loss(
        rate_from_frames(small.base_rate, bands_frame(small), cells_frame(small), judge.frame)
    )
    found["compact_mains"], found["compact_pairs"] = len(small.mains), len(small.pairs)
    found["compact_cells"] = small.cells
    return found, seconds


def main() -> None:
    """Judge both splits, print and keep the result; every run of the published split is listed."""
    everything, learned = load(data_file(), os.environ.get("LEARN") or LEARN)
    noll, seconds = compared(everything.where(learned), everything.where(~learned))
    test = grouped_split(everything.frame, FACTORS, TEST_SHARE, SEED)
    grouped, _ = compared(everything.where(~test), everything.where(test))
    result = {"noll": noll, "grouped": grouped, "seconds": seconds}
    line = json.dumps(result)
    if not os.environ.get("LEARN"):
        RESULT.write_text(line + "\n")
        chosen = {"any": ANY, "pairs": PAIRS, "stage": STAGE, "mains": MAINS, "compact": COMPACT}
        with RUNS.open("a") as runs:
            runs.write(json.dumps({"day": f"{dt.date.today()}", "settings": chosen, **result}) + "\n")
    print(line)


if __name__ == "__main__":
    main()
