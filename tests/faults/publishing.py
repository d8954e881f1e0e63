"""What the killed process of a publication runs; a module of its own, for the process imports it first."""

from __future__ import annotations

from multiprocessing.synchronize import Event
from pathlib import Path

from pipelines.pricing.workflow import Desk
from pipelines.settings import Settings


def publish(root: Path, version: str, replaces: str, ready: Event) -> None:
    """Say that the work begins, and publish."""
    mine = Desk(Settings(data_dir=root, user="Bob"), "acme")
    ready.set()
    mine.publish(version, (replaces,))
