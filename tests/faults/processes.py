"""Processes that may be killed: forked from one that has imported everything, so that kills hit the work."""

from __future__ import annotations

import multiprocessing
import os

KILLS = int(os.environ.get("RATEWRIGHT_KILLS", "2"))
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    [
        "pipelines.landing.land",
        "pipelines.pricing.workflow",
        "duckdb",
        "pyarrow.parquet",
        "fastexcel",
    ]
)
