"""What a run says while it works: one line per step, with rows and seconds.

Lines go to the logger `ratewright`. The command line prints them; Dagster, which manages that logger,
shows them in the run's log.
"""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("ratewright")
PASSING = "passing"
"""Marks a record that has said its say once the next one is there."""
NAME_WIDTH = 38


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
    if slow:
        announce(name)
    start = time.perf_counter()
    log = StepLog()
    yield log
    seconds = time.perf_counter() - start
    LOGGER.info("%s", "  ".join([in_columns(name), f"{seconds:6.1f} s", *log.parts]))


def announce(what: str) -> None:
    """Say what is being done; a terminal shows it until the next line takes its place."""
    LOGGER.info("%s ...", what, extra={PASSING: True})


def in_columns(name: str) -> str:
    """A name padded to the width of the column; Chinese characters are two columns wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    return name + " " * max(0, NAME_WIDTH - len(name) - wide)
