"""A workbook in the house style: sheets set up to be read and printed, tables with a head row."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import polars as pl

FILL, EDGE, INPUT, THIN = "#1F3A5F", "#D0D7DE", "#FFFBE6", "#FFF3CD"
FONT = {"font_name": "Calibri", "font_size": 11}
NUMBERS = {
    "money": "#,##0.00",
    "whole": "#,##0",
    "rel": "0.000",
    "exact": "0.0000",
    "years": "#,##0.0",
    "plain": "General",
    "percent": "0%",
    "percent1": "0.0%",
    "share": "+0.0%;-0.0%;0.0%",
}
BORDER = {"border": 1, "border_color": EDGE}
HEAD = {
    "bold": True,
    "font_color": "white",
    "bg_color": FILL,
    "text_wrap": True,
    "valign": "vcenter",
    **BORDER,
}
STYLES: dict[str, dict[str, Any]] = {
    **{name: {"num_format": code} for name, code in NUMBERS.items()},
    "text": {},
    "title": {"font_size": 18, "bold": True, "font_color": FILL},
    "subtitle": {"font_size": 13, "bold": True, "font_color": FILL},
    "note": {"font_color": "#57606A", "text_wrap": True, "valign": "top"},
    "aside": {"font_color": "#57606A"},
    "label": {"valign": "top"},
    "value": {"text_wrap": True, "valign": "top", "align": "left"},
    "link": {"font_color": "#0B5CAD", "underline": 1},
    "shade": {"bg_color": THIN},
    **{f"thin_{name}": {"num_format": NUMBERS[name], "bg_color": THIN} for name in ("exact", "money")},
    **{
        f"input_{name}": {"num_format": NUMBERS[name], "bg_color": INPUT, "bold": True, **BORDER}
        for name in ("exact", "money")
    },
    "input_text": {"num_format": "@", "bg_color": INPUT, **BORDER},
    "head": HEAD,
    "head_number": {**HEAD, "align": "right"},
}
WIDEST, HEAD_HEIGHT, PAPER_A4 = 42, 34, 9
SHEET_NAME_LENGTH = 31


class Book:
    """A workbook that is being written; `file` is xlsxwriter's, `contents` its sheets and what they show."""

    def __init__(self, title: str) -> None:
        import xlsxwriter

        self.buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.file: Any = xlsxwriter.Workbook(self.buffer, options)
        # xlsxwriter stamps the time of writing unless told otherwise.
        self.file.set_properties({"title": title, "created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001
        self.formats: dict[str, Any] = {
            name: self.file.add_format({**FONT, **style}) for name, style in STYLES.items()
        }
        self.contents: list[tuple[str, str]] = []
        self._names: set[str] = set()
        self._widths: dict[tuple[str, int], float] = {}

    def sheet(self, name: str, *, landscape: bool = True, about: str = "") -> Any:
        """A sheet under a name Excel accepts and no other has, set up to print on the width of a page."""
        clean = "".join("-" if c in "[]:*?/\\" else c for c in name).strip("'")
        title, number = clean[:SHEET_NAME_LENGTH], 1
        while title.casefold() in self._names:
            number += 1
            title = f"{clean[: SHEET_NAME_LENGTH - 4]} {number}"
        self._names.add(title.casefold())
        self.contents.append((title, about))
        sheet = self.file.add_worksheet(title)
        sheet.hide_gridlines(2)
        sheet.set_paper(PAPER_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")
        if landscape:
            sheet.set_landscape()
        return sheet

    def table(self, sheet: Any, top: int, frame: pl.DataFrame, kinds: Mapping[str, str]) -> None:
        """Head row at `top`, data below it; a column is as wide as the widest table of the sheet needs it.

        Args:
            sheet: xlsxwriter's.
            top: row of the head, from 0.
            frame: what is shown; a column's name in words is its head.
            kinds: format of a column by its name; text where none is named.
        """
        for column, name in enumerate(frame.columns):
            kind = kinds.get(name, "text")
            is_text = kind in ("text", "input_text")
            head = self.formats["head" if is_text else "head_number"]
            sheet.write_string(top, column, words(name), head)
            place = (sheet.get_name(), column)
            self._widths[place] = max(self._widths.get(place, 0), _width(frame[name], is_text=is_text))
            sheet.set_column(column, column, self._widths[place])
            for row, value in enumerate(frame[name], start=top + 1):
                if value is None:
                    sheet.write_blank(row, column, None, self.formats[kind])
                elif is_text:
                    sheet.write_string(row, column, str(value), self.formats[kind])
                else:
                    sheet.write_number(row, column, float(value), self.formats[kind])
        sheet.set_row(top, HEAD_HEIGHT)

    def section(self, sheet: Any, top: int, title: str, frame: pl.DataFrame, kinds: Mapping[str, str]) -> int:
        """A table under its title; returns the row at which the next section may begin."""
        sheet.write_string(top, 0, title, self.formats["subtitle"])
        self.table(sheet, top + 1, frame, kinds)
        return top + frame.height + 3

    def data_sheet(
        self,
        name: str,
        frame: pl.DataFrame,
        kinds: Mapping[str, str],
        frozen_columns: int,
        *,
        about: str = "",
        note: str = "",
    ) -> Any:
        """A sheet that is one table, under its note: frozen panes, a filter, its head on every page."""
        sheet = self.sheet(name, about=about)
        top = 1 if note else 0
        if note:
            sheet.write_string(0, 0, note, self.formats["subtitle"])
        self.table(sheet, top, frame, kinds)
        sheet.freeze_panes(top + 1, frozen_columns)
        sheet.repeat_rows(top)
        sheet.autofilter(top, 0, top + max(1, frame.height), frame.width - 1)
        return sheet

    def close(self) -> bytes:
        """Finish the workbook and return it."""
        self.file.close()
        return self.buffer.getvalue()


def words(name: str) -> str:
    """A column's name as it is read: `vehicle_years` as Vehicle years."""
    return name.replace("_", " ").capitalize()


def _width(values: pl.Series, *, is_text: bool) -> float:
    width = max(11, min(WIDEST, len(values.name) * 0.7))
    if is_text and values.len():
        longest = values.cast(pl.String).str.len_chars().max()
        width = max(width, min(WIDEST, int(str(longest or 0)) + 2))
    return width
