"""Opening a database that others may hold: who holds it is said, and nobody waits for minutes in silence."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from pipelines.errors import RunError

PATIENCE_SECONDS: Final = 8.0
_PAUSE_SECONDS: Final = 0.5
FENCE: Final = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""What a query of somebody else may not do; the last one keeps it from undoing the others."""
_HOLDER: Final = re.compile(r"held in (?P<command>.*?) \(PID (?P<pid>\d+)\)")


@contextmanager
def opened(
    path: Path, *, read_only: bool = True, patience: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database file; another process that holds it is waited for a little.

    Args:
        path: the file; it is made if it is not there and may be written.
        read_only: nothing is changed.
        patience: seconds to wait for another process, `PATIENCE_SECONDS` unless given.

    Raises:
        RunError: another process holds the file, or it is no database of this version of DuckDB.
    """
    con = connected(path, read_only=read_only, patience=patience)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def fenced(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for what somebody else wrote: it reads this database, no file, no network, no setting.

    Raises:
        RunError: as `opened`.
    """
    with opened(path) as con:
        for setting, value in FENCE.items():
            con.execute(f"set {setting} = {value}")
        yield con


def hold_free(path: Path, patience: float | None = None) -> None:
    """Make sure that a database can be written: asked before work is done that would be in vain.

    Raises:
        RunError: another process holds the file, and which.
    """
    if path.exists():
        with opened(path, read_only=False, patience=patience):
            pass


def connected(
    path: Path, *, read_only: bool = True, patience: float | None = None
) -> duckdb.DuckDBPyConnection:
    """As `opened`, for a caller that closes the connection itself."""
    until = time.monotonic() + (PATIENCE_SECONDS if patience is None else patience)
    while True:
        try:
            return duckdb.connect(path, read_only=read_only)
        except duckdb.IOException as error:
            told = " ".join(str(error).split())
            if "lock" not in told.lower():
                raise RunError(f"{path} cannot be opened: {told[:200]}") from None
            if time.monotonic() >= until:
                raise RunError(_held(path, told)) from None
            time.sleep(_PAUSE_SECONDS)
        except duckdb.Error as error:
            told = " ".join(str(error).split())
            raise RunError(f"{path} cannot be opened: {told[:200]}") from None


def _held(path: Path, told: str) -> str:
    """One line: the file, and the process that holds it as far as the system says."""
    found = _HOLDER.search(told)
    if found is None:
        return f"{path} is held by another process; close what has it open and run again ({told[:160]})"
    pid = int(found["pid"])
    command = _command(pid) or found["command"]
    return f"{path} is held by process {pid} ({command}); close it and run again"


def _command(pid: int) -> str:
    """What a process was started with, where the system shows it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode(errors="replace").strip()[:160]
