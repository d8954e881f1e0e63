"""Workbooks as a reader sees them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import openpyxl

from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.workbook import workbook_bytes
from tests.pipelines.pricing.versions.examples import parts


def opened(made: VersionParts) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(made)))


def with_last_year() -> VersionParts:
    dearer = parts(loading=0.2)
    return replace(parts(), last_year=(dearer.rates, dearer.premiums))


def rows(sheet: Any) -> list[dict[str, Any]]:
    """Rows of a sheet that is one table."""
    head, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def section(sheet: Any, title: str) -> list[dict[str, Any]]:
    """Rows of the table under a title."""
    lines = iter(sheet.iter_rows(values_only=True))
    next(line for line in lines if line[0] == title)
    head = [name for name in next(lines) if name is not None]
    found = []
    for line in lines:
        if line[0] is None:
            break
        found.append(dict(zip(head, line, strict=False)))
    return found


def fact(made: VersionParts, label: str, sheet: str = "Cover") -> Any:
    """What stands beside a label."""
    return next(row[1] for row in opened(made)[sheet].iter_rows(values_only=True) if row[0] == label)


def charted(sheet: Any) -> list[str]:
    """Cells that the charts of a sheet draw, series by series."""
    return [series.val.numRef.f for chart in sheet._charts for one in chart._charts for series in one.ser]
