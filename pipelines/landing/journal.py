"""The commit: every change of a landing written down first, then carried out, then forgotten.

A run that dies before the journal stands has changed nothing. One that dies after it is finished by the
next landing, which replays the journal: every step of it can be done twice.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipelines.errors import RunError
from pipelines.files import write_atomically
from pipelines.landing.integrity import stage_hashes
from pipelines.landing.places import Changes, Places, stage_empty_sources
from pipelines.progress import LOGGER

JOURNAL = "journal.json"
PRIVATE = "quarantine"
"""Holds the client's own rows, identities in them: for its owner alone."""


@contextmanager
def landing_at(places: Places) -> Iterator[Changes]:
    """Hold the client's lake for one landing: recover, offer a clean staging folder, commit at the end.

    Nothing is changed if the body raises. A second landing of the same client waits for the first.
    """
    places.lake.mkdir(parents=True, exist_ok=True)
    with FileLock(places.lake / ".landing.lock"):
        recover(places)
        # Rows are staged as the client sent them.
        places.staging.mkdir(mode=0o700)
        changes = Changes(places)
        stage_empty_sources(changes)
        try:
            yield changes
            _commit(changes)
        finally:
            if not (places.staging / JOURNAL).exists():
                shutil.rmtree(places.staging, ignore_errors=True)


def recover(places: Places) -> None:
    """Finish a commit that a dead run has begun, and clear away what it had not committed."""
    journal = places.staging / JOURNAL
    if journal.exists():
        steps = _steps_of(journal)
        if steps is None:
            LOGGER.warning("%s is no journal of a landing: what it stood for is not landed", journal)
        else:
            _replay(steps, places)
    shutil.rmtree(places.staging, ignore_errors=True)
    if places.staging.exists():
        raise RunError(f"{places.staging} cannot be cleared away: delete it, and land again")


def _steps_of(journal: Path) -> dict[str, Any] | None:
    """The steps of a journal; None where it is none, or leads out of the client's folders."""
    try:
        told = json.loads(journal.read_bytes())
        steps = {
            "moves": [[str(staged), str(place), str(target)] for staged, place, target in told["moves"]],
            "deletes": [[str(place), str(target)] for place, target in told["deletes"]],
        }
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    places = {field.name for field in fields(Places)}
    inside = all(place in places for _, place, _ in steps["moves"]) and all(
        place in places for place, _ in steps["deletes"]
    )
    paths = [name for step in (*steps["moves"], *steps["deletes"]) for name in (step[0], step[-1])]
    if not inside or any(Path(name).is_absolute() or ".." in Path(name).parts for name in paths):
        return None
    return steps


def _commit(changes: Changes) -> None:
    stage_hashes(changes)
    staging = changes.places.staging
    moves = [
        [staged.relative_to(staging).as_posix(), place, target]
        for (place, target), staged in sorted(changes.moves.items())
    ]
    steps = {"moves": moves, "deletes": sorted(changes.deletes)}
    write_atomically(staging / JOURNAL, json.dumps(steps).encode())
    _replay(steps, changes.places)
    shutil.rmtree(staging, ignore_errors=True)


def _replay(steps: dict[str, Any], places: Places) -> None:
    for staged, place, target in steps["moves"]:
        source: Path = places.staging / staged
        if source.exists():
            final: Path = getattr(places, place) / target
            final.parent.mkdir(parents=True, exist_ok=True)
            if place == PRIVATE:
                final.parent.chmod(0o700)
                source.chmod(0o600)
            source.replace(final)
    for place, target in steps["deletes"]:
        gone: Path = getattr(places, place) / target
        gone.unlink(missing_ok=True)
        _drop_empty_folders(gone.parent, getattr(places, place))


def _drop_empty_folders(folder: Path, root: Path) -> None:
    while folder != root and folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
