"""The Dagster instance of this installation: its history lives beside the data."""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.files import write_atomically
from pipelines.settings import PROJECT_ROOT, settings


def prepare_home() -> Path:
    """Point Dagster at the instance in the data folder, with the project's dagster.yaml."""
    home = settings().dagster_home
    home.mkdir(parents=True, exist_ok=True)
    ours = (PROJECT_ROOT / "dagster.yaml").read_bytes()
    there = home / "dagster.yaml"
    if not there.exists() or there.read_bytes() != ours:
        write_atomically(there, ours)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


if __name__ == "__main__":
    prepare_home()
