"""What a run says: one line per step, whatever it is read in."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from pipelines.cli import _log_to
from pipelines.progress import LOGGER, announce, in_columns, step


@pytest.fixture(autouse=True)
def logger() -> Iterator[None]:
    handlers, level, propagate = LOGGER.handlers, LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers, LOGGER.propagate = handlers, propagate
    LOGGER.setLevel(level)


def said(*, terminal: bool, width: int = 80) -> str:
    out = io.StringIO()
    _log_to(
        Console(
            file=out, force_terminal=terminal, width=width, soft_wrap=True, highlight=False, color_system=None
        )
    )
    with step("landing 36 trips_*.parquet", slow=True) as log:
        announce("warehouse: 50 of 266 models and tests")
        log.rows(6_321_025, "8,370 rejected")
    with step("a quick one") as log:
        log.say("done")
    LOGGER.log(logging.WARNING, "gate: 1 kind of warning")
    return out.getvalue()


def test_a_file_or_a_pipe_gets_one_line_per_step() -> None:
    lines = said(terminal=False).splitlines()
    assert [line[:11] for line in lines] == ["landing 36 ", "a quick one", "gate: 1 kin"]
    assert lines[0].endswith("6,321,025 rows  8,370 rejected")
    assert "..." not in "".join(lines)


@pytest.mark.parametrize("width", [20, 80, 120])
def test_a_terminal_shows_what_is_being_done_and_keeps_one_line_per_step(width: int) -> None:
    screen: list[str] = []
    for line in said(terminal=True, width=width).split("\n"):
        shown = line.split("\x1b[2K")
        # What is wiped away fits one line of the terminal, or wiping would leave the rest of it.
        assert all(len(passing.strip("\r")) < width for passing in shown[:-1])
        screen.append(shown[-1])
    assert [line[:11] for line in screen if line] == ["landing 36 ", "a quick one", "gate: 1 kin"]


def test_columns_stay_columns_under_chinese_names() -> None:
    from rich.cells import cell_len

    assert cell_len(in_columns("landing 维修工单.csv")) == cell_len(in_columns("landing claims.jsonl")) == 38
