"""Fit every cover of a file of rating cells, and nothing else: seconds and peak memory as one line of JSON.

.venv/bin/python -m benchmarks.cell_fit CELLS.parquet FACTORS.json
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel


def peak_gib() -> float:
    """Peak memory of this process alone; getrusage would count the process that started it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 2**20


def main() -> None:
    """Fit, print."""
    cells = pl.scan_parquet(sys.argv[1])
    how = json.loads(Path(sys.argv[2]).read_text())
    number, began = 0, time.perf_counter()
    for cover, use in how["use_factor"].items():
        own = cells.filter(pl.col("cover") == cover).collect()
        FrequencySeverityModel(how["factors"], how["orders"], use_factor=use).fit(own)
        number += own.height
    seconds = time.perf_counter() - began
    print(json.dumps({"cells": number, "seconds": round(seconds, 2), "peak_gib": round(peak_gib(), 3)}))


if __name__ == "__main__":
    main()
