"""One run of a client at a time, from landing to publication: its parameters and files are its own.

The lock is the operating system's, so that it goes with the process that holds it; a note beside it says who
that is.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from pipelines.errors import RunError
from pipelines.files import write_atomically
from pipelines.progress import LOGGER

PATIENCE_SECONDS: Final = 10.0


@contextmanager
def held(root: Path, client: str, what: str, patience: float | None = None) -> Iterator[None]:
    """Hold a client for something that must not be interrupted; held already by this process, hold it on.

    Args:
        root: the data folder.
        client: whose files are changed.
        what: what is being done, for others who wait.
        patience: seconds to wait for another process, `PATIENCE_SECONDS` unless given.

    Raises:
        RunError: another process holds the client; names it.
    """
    lock = take(root, client, what, patience)
    try:
        yield
    finally:
        lock.release()


def take(root: Path, client: str, what: str, patience: float | None = None) -> FileLock:
    """As `held`, for a caller that releases the lock itself."""
    folder = root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{client}.json"
    # One lock per file and process, whichever of its threads asks: a command and its run are one.
    lock = FileLock(folder / f"{client}.lock", is_singleton=True, thread_local=False)
    first = not lock.is_locked
    _acquire(lock, client, note, PATIENCE_SECONDS if patience is None else patience)
    if first:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        write_atomically(note, json.dumps({"pid": os.getpid(), "what": what, "since": now}).encode())
    return lock


def _acquire(lock: FileLock, client: str, note: Path, patience: float) -> None:
    until = time.monotonic() + patience
    waiting = False
    while True:
        try:
            lock.acquire(timeout=min(0.5, max(patience, 0.0)))
        except Timeout:
            if time.monotonic() >= until:
                raise RunError(f"{client} is held by {_holder(note)}; wait until it has ended") from None
            if not waiting:
                LOGGER.info("%s is held by %s; waiting for up to %.0f s ...", client, _holder(note), patience)
            waiting = True
        else:
            return


def _holder(note: Path) -> str:
    try:
        told = json.loads(note.read_bytes())
        return f"process {told['pid']} ({told['what']}, since {told['since']})"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"
