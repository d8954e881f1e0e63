"""What may not be changed in a workbook that comes back: all of it but the columns to select in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pipelines.pricing.changing.problems import VALUE_SHOWN, Problem
from pipelines.pricing.workbook.book import words
from pipelines.pricing.workbook.selecting import COVER, FACTOR, INPUTS, LEVEL, SELECTED

SAME = 1e-9
TAKEN = ", ".join(words(name) for name in INPUTS)
KEY = tuple(words(name) for name in (FACTOR, COVER, LEVEL))
FIXED = words("fixed_amount")


def touched(book: Any, original: Any) -> list[Problem]:
    """Every cell that differs from the workbook as it was handed out, the columns to select in apart.

    Rows of a sheet to select in may be sorted: they are found by factor, cover and level. A row of another
    key is for its reader to refuse.

    Args:
        book: openpyxl's, as it came back.
        original: openpyxl's, as the version has it.
    """
    found = _sheets(book, original)
    for name in original.sheetnames:
        if name in book.sheetnames:
            compare = _selecting if _is_to_select_in(original[name]) else _plain
            found += compare(book[name], original[name])
    return found


def _sheets(book: Any, original: Any) -> list[Problem]:
    came, sent = book.sheetnames, original.sheetnames
    found = [Problem(name, "none", "", "this sheet is missing") for name in sent if name not in came]
    found += [
        Problem(name, "all", "", "this version has no such sheet: it would not be read")
        for name in came
        if name not in sent
    ]
    if not found and came != sent:
        moved = next(name for name, other in zip(came, sent, strict=True) if name != other)
        found.append(Problem(moved, "all", "", f"sheets stand in another order than: {', '.join(sent)}"))
    return found


def _is_to_select_in(sheet: Any) -> bool:
    heads = {str(cell.value) for cell in next(sheet.iter_rows(max_row=1), ())}
    return {*KEY, words(SELECTED)} <= heads


def _plain(came: Any, sent: Any) -> list[Problem]:
    """A sheet that is read only, cell by cell."""
    rows, columns = max(came.max_row, sent.max_row), max(came.max_column, sent.max_column)
    pairs = zip(
        came.iter_rows(max_row=rows, max_col=columns),
        sent.iter_rows(max_row=rows, max_col=columns, values_only=True),
        strict=True,
    )
    return [
        _problem(came.title, cell, old)
        for cells, values in pairs
        for cell, old in zip(cells, values, strict=True)
        if not _same(cell.value, old)
    ]


def _selecting(came: Any, sent: Any) -> list[Problem]:
    """A sheet to select in: its heads as they are, its rows by their key."""
    heads = [cell.value for cell in next(sent.iter_rows(max_row=1))]
    width = max(came.max_column, sent.max_column)
    found = [
        _problem(came.title, cell, heads[at] if at < len(heads) else None)
        for at, cell in enumerate(next(came.iter_rows(max_row=1, max_col=width)))
        if not _same(cell.value, heads[at] if at < len(heads) else None)
    ]
    if found:
        return found
    at_key = [heads.index(name) for name in KEY]
    inputs = {words(name) for name in INPUTS}
    known = {
        tuple(_text(row[at]) for at in at_key): row for row in sent.iter_rows(min_row=2, values_only=True)
    }
    for cells in came.iter_rows(min_row=2, max_col=width):
        key = tuple(_text(cells[at].value) for at in at_key)
        if any(key) and key not in known:
            continue
        row = known.get(key, ())
        found += _cells(came.title, cells, heads, row, inputs)
    return found


def _cells(
    sheet: str, cells: tuple[Any, ...], heads: list[Any], row: tuple[Any, ...], inputs: set[str]
) -> Iterator[Problem]:
    for at, cell in enumerate(cells):
        head = heads[at] if at < len(heads) else None
        if row and head in inputs:
            continue
        old = row[at] if at < len(row) else None
        if not _same(cell.value, old):
            yield _problem(sheet, cell, old, head)


def _problem(sheet: str, cell: Any, old: Any, head: Any = None) -> Problem:
    was = "empty" if old is None else str(old)[:VALUE_SHOWN]
    why = f"this cell was {was}; only {TAKEN} are read back"
    if head == FIXED:
        why = (
            f"the fixed amount is {was}, from the plan; change fixed_expense in cover_loadings of the plan "
            "and make a new draft"
        )
    return Problem(sheet, cell.coordinate, _text(cell.value)[:VALUE_SHOWN], why)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _same(came: Any, sent: Any) -> bool:
    if _is_number(came) and _is_number(sent):
        return math.isclose(came, sent, rel_tol=SAME, abs_tol=SAME * SAME)
    return _text(came) == _text(sent) and _is_number(came) == _is_number(sent)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
