"""Commands of `ratewright` in this process: what a user types, without the seconds an interpreter takes."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from pipelines.cli import main
from pipelines.settings import settings


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def ratewright(data: Path, *words: str) -> Done:
    """Run a command on a data folder; the environment is as it was afterwards."""
    out, err = io.StringIO(), io.StringIO()
    environment = {**os.environ, "RATEWRIGHT_DATA_DIR": str(data), "NO_COLOR": "1", "COLUMNS": "300"}
    with (
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["ratewright", *words]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        settings.cache_clear()
        code = _exit_code()
    settings.cache_clear()
    return Done(code, out.getvalue(), err.getvalue())


def _exit_code() -> int:
    try:
        main()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0 if left.code is None else 1
    return 0
