"""The pricing pack of a version as the log has it today."""

from __future__ import annotations

from pathlib import Path

from pipelines.pricing.changing.editing import version_parts
from pipelines.pricing.pack import pack_html
from pipelines.pricing.versions.files import PACK
from pipelines.pricing.versions.publication import write_out
from pipelines.pricing.workflow import Standing, locate
from pipelines.settings import Settings


def write_pack(settings: Settings, version: str, out: Path) -> tuple[Standing, Path]:
    """Write the pack of a version, whatever its state, with its sign-offs.

    Args:
        settings: of the installation.
        version: its name.
        out: a file, or a folder that stands.

    Returns:
        Where the version stands, and the file.

    Raises:
        WorkflowError: there is no such version.
        PublicationError: its files are not what was drafted, or the file cannot be written.
    """
    desk, standing = locate(settings, version)
    page = pack_html(version_parts(desk, standing), desk.history(version))
    return standing, write_out(page, f"{version}.{PACK}", out)
