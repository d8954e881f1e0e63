"""What a run says while it works: one line per step, with rows and seconds.

Lines go to the logger `ratewright`. The command line prints them; Dagster, which manages that logger,
shows them in the run's log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("ratewright")


class StepLog:
    """Collects what a step wants to say when it is done."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def rows(self, count: int, detail: str = "") -> None:
        """Say how many rows the step handled, and anything worth adding."""
        self.parts.append(f"{count:,} rows")
        self.say(detail)

    def say(self, detail: str) -> None:
        """Add a remark to the step's line."""
        if detail:
            self.parts.append(detail)


@contextmanager
def step(name: str, *, slow: bool = False) -> Iterator[StepLog]:
    """Log the end of a step with rows and seconds; of a slow one the start as well."""
    LOGGER.log(logging.INFO if slow else logging.DEBUG, "%s ...", name)
    start = time.perf_counter()
    log = StepLog()
    yield log
    seconds = time.perf_counter() - start
    LOGGER.info("%s", "  ".join([f"{name:<34}", f"{seconds:6.1f} s", *log.parts]))
