"""Relativities and base rates that a pricing team selected in the workbook, read back, or refused by cell.

Only numbers and reasons are taken from the file. What they mean (levels, what is indicated, limits) comes
from the version that the file was written for.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import nearest
from pipelines.pricing.changing.judging import judged_rates, limits_of
from pipelines.pricing.changing.problems import VALUE_SHOWN, Problem, SelectionsRefusedError
from pipelines.pricing.changing.untouched import touched
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.manifest import Change
from pipelines.pricing.workbook.book import words
from pipelines.pricing.workbook.cover import COVER_SHEET, VERSION
from pipelines.pricing.workbook.selecting import (
    COVER,
    FACTOR,
    INDICATED,
    LEVEL,
    OVERRIDE,
    REASON,
    SELECTED,
    sheet_of,
)
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.record import legible

if TYPE_CHECKING:
    from pipelines.pricing.versions.files import VersionParts

LARGEST_FILE = 50_000_000
LARGEST_UNPACKED = 500_000_000
LARGEST_NUMBER = 1e15
COLUMNS = (FACTOR, COVER, LEVEL, INDICATED, SELECTED, REASON, OVERRIDE)
LONGEST_REASON = 1_000
NEEDS_OVERRIDE = f"what breaks the plan needs its reason in {words(OVERRIDE)}"

Key = tuple[str, str, str]


class Workbook:
    """A workbook that came back: which version it was written for, and its sheets.

    Raises:
        PublicationError: the file cannot be read as a rate table's workbook.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = _open(path, path)
        cover = self.book[COVER_SHEET] if COVER_SHEET in self.book.sheetnames else None
        facts = list(cover.iter_rows(max_col=2, values_only=True)) if cover else []
        # The first: further down stand names of covers and sheets, which may be any.
        version = next((value for label, value in facts if label == VERSION), None)
        if not version:
            raise PublicationError(f"{path}: not the workbook of a rate table: its cover names no version")
        self.version = str(version)

    def selections(self, parts: VersionParts, sent: bytes) -> tuple[Change, ...]:
        """The relativities and base rates that differ from those of a version, in the order of its table.

        Args:
            parts: the version that the workbook is of.
            sent: its workbook as it was handed out.

        Raises:
            SelectionsRefusedError: a cell breaks the plan's rules without an override, is no number, a
                formula, without a reason, of a level that the version does not have, missing, or none of
                those to select in.
        """
        wanted = {
            (row["factor"], row["cover"], row["level"]): row for row in limits_of(parts).iter_rows(named=True)
        }
        problems: list[Problem] = []
        rows: dict[Key, _Row] = {}
        taken: dict[Key, Change | None] = {}
        for row in self._rows():
            try:
                key = _level(row, wanted, taken)
                taken[key] = None
                rows[key], taken[key] = row, _change(row, wanted[key])
            except _CellError as error:
                problems.append(error.problem)
        problems += self._missing(wanted, taken, problems)
        problems += touched(self.book, _open(io.BytesIO(sent), self.path))
        changes = tuple(change for key in wanted if (change := taken.get(key)) is not None)
        problems += _against_rules(parts, changes, rows)
        if problems:
            raise SelectionsRefusedError(list(dict.fromkeys(problems)))
        return changes

    def _rows(self) -> Iterator[_Row]:
        heads = {name: words(name) for name in COLUMNS}
        for sheet in self.book.worksheets:
            head = {str(cell.value): cell.column - 1 for cell in next(sheet.iter_rows(max_row=1), ())}
            if not set(heads.values()) <= head.keys():
                continue
            at = {name: head[text] for name, text in heads.items()}
            for cells in sheet.iter_rows(min_row=2):
                if any(cells[place].value is not None for place in at.values()):
                    yield _Row(sheet.title, {name: cells[place] for name, place in at.items()})

    def _missing(
        self, wanted: Mapping[Key, Any], taken: Mapping[Key, Any], problems: list[Problem]
    ) -> list[Problem]:
        """Levels without a row; not asked for where rows are at fault, for those may be the ones."""
        if problems:
            return []
        return [
            Problem(sheet_of(factor), "none", f"{cover}, {level}", "the row of this level is missing")
            for factor, cover, level in wanted.keys() - taken.keys()
        ]


@dataclass(frozen=True)
class _Row:
    """One row of a sheet to select in; cells by column name."""

    sheet: str
    cells: Mapping[str, Any]

    def text(self, column: str) -> str:
        value = self.cells[column].value
        return "" if value is None else str(value)

    def error(self, column: str, why: str) -> _CellError:
        cell = self.cells[column].coordinate
        return _CellError(Problem(self.sheet, cell, self.text(column)[:VALUE_SHOWN], why))


class _CellError(Exception):
    """What is wrong with a cell, on its way to the list of all that is."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _against_rules(
    parts: VersionParts, changes: tuple[Change, ...], rows: Mapping[Key, _Row]
) -> list[Problem]:
    """What breaks the plan's rules without an override, and overrides that nothing needs.

    All changes are judged together: one may be in order because its neighbour was changed too.
    """
    judged = {
        (row["factor"], row["cover"], row["level"]): row
        for row in judged_rates(parts, changes).iter_rows(named=True)
    }
    problems = []
    for change in changes:
        key = (change.factor, change.cover, change.level)
        breaks = judged[key]["breaks"]
        if breaks and not change.override:
            problems.append(rows[key].error(SELECTED, f"{breaks}; {NEEDS_OVERRIDE}").problem)
        elif change.override and not breaks:
            problems.append(rows[key].error(OVERRIDE, "the plan is kept: no override is needed").problem)
    return problems


def _change(row: _Row, stands: Mapping[str, Any]) -> Change | None:
    """What a row changes of the number that stands; None if nothing."""
    value = _selected(row, stands)
    before: float = stands["selected"]
    if value == before:
        _nothing_else(row, before)
        return None
    if stands["is_base_level"]:
        raise row.error(SELECTED, "a base level stays at 1.0: its base rate is the rate of it")
    if value <= 0:
        raise row.error(SELECTED, f"outside {stands['lowest']} to {stands['highest']}: not above 0")
    override = _words(row, OVERRIDE)
    if not override and not stands["lowest"] <= value <= stands["highest"]:
        limits = f"outside {stands['lowest']} to {stands['highest']}"
        raise row.error(SELECTED, f"{limits}; {NEEDS_OVERRIDE}")
    cover, factor, level = (stands[name] for name in ("cover", "factor", "level"))
    reason = _reason(row, before)
    return Change(
        cover=cover, factor=factor, level=level, before=before, after=value, reason=reason, override=override
    )


def _nothing_else(row: _Row, before: float) -> None:
    """Whoever wrote beside a number that stands, or moved it by less than a place, meant a change."""
    if not math.isclose(float(row.cells[SELECTED].value), before, rel_tol=1e-9):
        raise row.error(SELECTED, f"{before} to the places that rate: nothing would change")
    for column in (REASON, OVERRIDE):
        if row.text(column).strip():
            raise row.error(column, f"written beside {before}, which stands: nothing would change")


def _level(row: _Row, wanted: Mapping[Key, Any], taken: Mapping[Key, Any]) -> Key:
    factor, cover, level = row.text(FACTOR), row.text(COVER), row.text(LEVEL)
    if (factor, cover, level) not in wanted:
        levels = [name for f, c, name in wanted if (f, c) == (factor, cover)]
        why = nearest(level, levels) if levels else "it has no such factor and cover"
        at = LEVEL if levels else COVER
        if not any(f == factor for f, _, _ in wanted):
            at = FACTOR
        raise row.error(at, f"not a level of this version: {why}")
    if (factor, cover, level) in taken:
        raise row.error(LEVEL, "a second row of this level")
    return factor, cover, level


def _selected(row: _Row, stands: Mapping[str, Any]) -> float:
    shown = row.cells[INDICATED]
    if not _is_number(shown) or shown.value != stands["indicated"]:
        raise row.error(INDICATED, f"this version indicates {stands['indicated']}")
    cell = row.cells[SELECTED]
    if cell.data_type == "f":
        raise row.error(SELECTED, "a formula in place of a number")
    if not _is_number(cell):
        raise row.error(SELECTED, "not a number")
    places: int = stands["places"]
    return round(float(cell.value), places)


def _reason(row: _Row, before: float) -> str:
    reason = _words(row, REASON)
    if not reason:
        raise row.error(SELECTED, f"changed from {before} without a reason")
    return reason


def _words(row: _Row, column: str) -> str:
    """A reason as it is kept: one line."""
    written = " ".join(row.text(column).split())
    if row.cells[column].data_type == "f":
        raise row.error(column, "a formula in place of a reason")
    if len(written) > LONGEST_REASON:
        raise row.error(column, f"a reason of over {LONGEST_REASON:,} characters")
    try:
        return legible(written, "it")
    except WorkflowError as error:
        raise row.error(column, str(error)) from None


def _is_number(cell: Any) -> bool:
    value = cell.value
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER


def _open(file: Path | io.BytesIO, path: Path) -> Any:
    """openpyxl's workbook.

    Raises:
        PublicationError: it cannot be read; `path` is what it is called.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    not_a_workbook = PublicationError(f"{path}: not a workbook that can be read (.xlsx)")
    if isinstance(file, Path) and not file.is_file():
        raise PublicationError(f"{path}: there is no such file")
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        size = file.stat().st_size if isinstance(file, Path) else 0
        if size > LARGEST_FILE or unpacked > LARGEST_UNPACKED:
            raise PublicationError(f"{path}: too large for the workbook of a rate table")
        return openpyxl.load_workbook(file, keep_links=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, InvalidFileException):
        raise not_a_workbook from None
