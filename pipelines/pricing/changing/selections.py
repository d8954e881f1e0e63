"""Relativities and base rates that a pricing team selected in the workbook, read back, or refused by cell.

Only numbers and reasons are taken from the file. What they mean (levels, what is indicated, limits) comes
from the version that the file was written for.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import nearest
from pipelines.pricing.changing.limits import with_limits
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.manifest import Change
from pipelines.pricing.workbook.book import words
from pipelines.pricing.workbook.cover import COVER_SHEET, VERSION
from pipelines.pricing.workbook.selecting import (
    COVER,
    FACTOR,
    INDICATED,
    LEVEL,
    REASON,
    SELECTED,
    sheet_of,
)

LARGEST_FILE = 50_000_000
LARGEST_UNPACKED = 500_000_000
LARGEST_NUMBER = 1e15
COLUMNS = (FACTOR, COVER, LEVEL, INDICATED, SELECTED, REASON)
LONGEST_REASON, VALUE_SHOWN = 1_000, 80

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be taken as it is."""

    sheet: str
    cell: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"sheet {self.sheet}, cell {self.cell}: {self.value or 'empty'}: {self.why}"


class SelectionsRefusedError(PublicationError):
    """A workbook that is not taken; `problems` are all that was found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        cells = "1 cell is" if len(problems) == 1 else f"{len(problems)} cells are"
        super().__init__(f"{cells} refused; nothing was changed")


class Workbook:
    """A workbook that came back: which version it was written for, and its sheets.

    Raises:
        PublicationError: the file cannot be read as a rate table's workbook.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._book = _open(path)
        cover = self._book[COVER_SHEET] if COVER_SHEET in self._book.sheetnames else None
        facts = list(cover.iter_rows(max_col=2, values_only=True)) if cover else []
        # The first: further down stand names of covers and sheets, which may be any.
        version = next((value for label, value in facts if label == VERSION), None)
        if not version:
            raise PublicationError(f"{path}: not the workbook of a rate table: its cover names no version")
        self.version = str(version)

    def selections(self, rates: pl.DataFrame, limit: float) -> tuple[Change, ...]:
        """The relativities and base rates that differ from those of `rates`, in the order of the table.

        Args:
            rates: the version's table.
            limit: its `edit_limit`.

        Raises:
            SelectionsRefusedError: a cell is outside its limits, no number, a formula, without a reason,
                of a level that the version does not have, or missing.
        """
        wanted = {
            (row["factor"], row["cover"], row["level"]): row
            for row in with_limits(rates, limit).iter_rows(named=True)
        }
        problems: list[Problem] = []
        taken: dict[Key, Change | None] = {}
        for row in self._rows():
            try:
                key = _level(row, wanted, taken)
                taken[key] = None
                taken[key] = _change(row, wanted[key])
            except _CellError as error:
                problems.append(error.problem)
        problems += self._missing(wanted, taken, problems)
        if problems:
            raise SelectionsRefusedError(problems)
        return tuple(change for key in wanted if (change := taken[key]) is not None)

    def _rows(self) -> Iterator[_Row]:
        heads = {name: words(name) for name in COLUMNS}
        for sheet in self._book.worksheets:
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


def _change(row: _Row, stands: Mapping[str, Any]) -> Change | None:
    """What a row changes of the number that stands; None if nothing."""
    value = _selected(row, stands)
    before: float = stands["selected"]
    if value == before:
        return None
    if not stands["lowest"] <= value <= stands["highest"]:
        raise row.error(SELECTED, f"outside {stands['lowest']} to {stands['highest']}")
    cover, factor, level = (stands[name] for name in ("cover", "factor", "level"))
    reason = _reason(row, before)
    return Change(cover=cover, factor=factor, level=level, before=before, after=value, reason=reason)


def _level(row: _Row, wanted: Mapping[Key, Any], taken: Mapping[Key, Any]) -> Key:
    factor, cover, level = row.text(FACTOR), row.text(COVER), row.text(LEVEL)
    if (factor, cover, level) not in wanted:
        levels = [name for f, c, name in wanted if (f, c) == (factor, cover)]
        why = nearest(level, levels) if levels else "it has no such factor and cover"
        raise row.error(LEVEL, f"not a level of this version: {why}")
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
    reason = " ".join(row.text(REASON).split())
    if row.cells[REASON].data_type == "f":
        raise row.error(REASON, "a formula in place of a reason")
    if not reason:
        raise row.error(SELECTED, f"changed from {before} without a reason")
    if len(reason) > LONGEST_REASON:
        raise row.error(REASON, f"a reason of over {LONGEST_REASON:,} characters")
    return reason


def _is_number(cell: Any) -> bool:
    value = cell.value
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER


def _open(path: Path) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    not_a_workbook = PublicationError(f"{path}: not a workbook that can be read (.xlsx)")
    if not path.is_file():
        raise PublicationError(f"{path}: there is no such file")
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if path.stat().st_size > LARGEST_FILE or unpacked > LARGEST_UNPACKED:
            raise PublicationError(f"{path}: too large for the workbook of a rate table")
        return openpyxl.load_workbook(path, keep_links=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, InvalidFileException):
        raise not_a_workbook from None
