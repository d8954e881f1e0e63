"""From a version to the next: by what a workbook selects, or as it is, to be edited again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.changing.selections import Workbook
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.renewing.book import Book
from pipelines.pricing.versions.files import (
    VersionParts,
    read_numbers,
    read_parts,
    write_parts,
)
from pipelines.pricing.versions.publication import FORMATS
from pipelines.pricing.workflow import Action, Desk, Standing, locate
from pipelines.pricing.workflow.rules import check_editable, known
from pipelines.settings import Settings


def edit_from_workbook(settings: Settings, path: Path, version: str | None, reason: str) -> Standing:
    """Make a new draft of the relativities and base rates that a workbook selects.

    Args:
        settings: of the installation.
        path: the workbook, as `rates pull` hands it out, with other numbers in Selected.
        version: the draft that is meant; that of the workbook if None.
        reason: why, beside the reason that every change has.

    Raises:
        WorkflowError: the version is not a draft.
        SelectionsRefusedError: a cell cannot be taken; all of them are told and nothing is changed.
        PublicationError: the workbook is of another version, or selects nothing new.
    """
    workbook = Workbook(path)
    if version is not None and workbook.version != version:
        raise PublicationError(f"{path}: the workbook of {workbook.version}, not of {version}")
    desk, standing = locate(settings, workbook.version)
    check_editable(standing)
    parts = version_parts(desk, standing)
    changes = workbook.selections(parts, desk.files(standing)[FORMATS["xlsx"]])
    if not changes:
        raise PublicationError(
            f"{path}: every relativity and base rate is the one that {standing.version} has"
        )
    made = edited_parts(parts, changes)
    return desk.draft(made.manifest, write_parts(made), Action.EDIT, reason)[0]


def draft_again(settings: Settings, version: str, reason: str) -> Standing:
    """Make a draft of a version that can no longer be edited; its authors stay authors.

    Raises:
        PublicationError: a draft of it stands already.
    """
    desk, standing = locate(settings, version)
    made = edited_parts(version_parts(desk, standing), ())
    drafted, created = desk.draft(made.manifest, write_parts(made), Action.DRAFT, reason)
    if not created:
        raise PublicationError(f"{drafted.version} was made from {version} already; it is {drafted.state}")
    return drafted


def version_parts(desk: Desk, standing: Standing) -> VersionParts:
    """The parts of a version, each file verified, with those of the year before if it names one."""
    parts = read_parts(desk.files(standing))
    before = parts.manifest.compared_with
    if before is None:
        return parts
    last_year = read_numbers(desk.files(known(desk.standings(), before)))
    return replace(parts, last_year=last_year)


def book_of(settings: Settings, standing: Standing) -> Book:
    """The customers of a version and what becomes of their prices; its files are verified."""
    desk, _ = locate(settings, standing.version)
    return Book.from_files(desk.files(standing))
