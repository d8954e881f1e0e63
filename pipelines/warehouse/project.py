"""Where dbt finds its project, the client's lake and the client's warehouse."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from pipelines.errors import RunError
from pipelines.files import write_atomically
from pipelines.quoting import literal_glob
from pipelines.settings import PROJECT_ROOT, Settings

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
_STAMP = DBT_PROJECT / "target" / "manifest.sha256"
_PARTS = ("models", "macros", "seeds", "tests")


def dbt_environment(settings: Settings, client: str) -> dict[str, str]:
    """Environment variables that profiles.yml and the sources read."""
    return {
        "RATEWRIGHT_LAKE": literal_glob(settings.lake(client)).replace("'", "''"),
        "RATEWRIGHT_WAREHOUSE": str(settings.warehouse(client)),
        "RATEWRIGHT_MEMORY_LIMIT": settings.memory_limit,
        "RATEWRIGHT_THREADS": str(settings.threads),
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while: dbt runs as a child of this process."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ensure_manifest() -> Path:
    """Return dbt's manifest, parsed anew only if a file of the project has changed.

    Raises:
        RunError: the dbt project does not parse.
    """
    digest = _project_hash()
    if _is_current(digest):
        return MANIFEST
    MANIFEST.parent.mkdir(exist_ok=True)
    with FileLock(MANIFEST.parent / ".manifest.lock"):
        if not _is_current(digest):
            _parse()
            write_atomically(_STAMP, digest.encode())
    return MANIFEST


def _is_current(digest: str) -> bool:
    return MANIFEST.exists() and _STAMP.exists() and _STAMP.read_text(encoding="ascii") == digest


def _parse() -> None:
    command = [str(dbt_executable()), "--quiet", "parse", "--profiles-dir", str(DBT_PROJECT)]
    done = subprocess.run(
        command,
        cwd=DBT_PROJECT,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RunError(f"dbt_project does not parse: {(done.stdout + done.stderr).strip()}")


def dbt_executable() -> Path:
    """The dbt beside this Python: no activated environment is needed."""
    return Path(sys.executable).with_name("dbt")


def _project_hash() -> str:
    files = [DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml"]
    for part in _PARTS:
        files += sorted(p for p in (DBT_PROJECT / part).rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(DBT_PROJECT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
