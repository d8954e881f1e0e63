"""Workbooks: an error is neither empty nor text, a hidden sheet is not read, a row has its sheet's number."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.reading.pseudonyms import Pseudonyms
from pipelines.landing.reading.validate import check
from tests.pipelines.landing.reading.files import mapping_of, whole

ERRORS = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"]
TEXTS = ["NA", "NULL", "None", "nan", "#N/A", "n/a", "-"]


def workbook(path: Path, cells: dict[tuple[int, int], Any], states: dict[str, str] | None = None) -> Path:
    """A workbook whose first sheet holds the cells; `("error", name)` is a broken formula."""
    with xlsxwriter.Workbook(path) as book:
        for name, state in (states or {"Data": "visible"}).items():
            sheet = book.add_worksheet(name)
            if state != "visible":
                getattr(sheet, {"hidden": "hide", "veryHidden": "very_hidden"}[state])()
            if name != "Data":
                sheet.write_row(0, 0, ["id", "amount"])
                sheet.write_row(1, 0, [f"of {name}", 1])
                continue
            for (row, column), value in cells.items():
                if isinstance(value, tuple):
                    sheet.write_formula(row, column, "=X!A1", None, value[1])
                else:
                    sheet.write(row, column, value)
        for sheet in book.worksheets():
            if sheet.name == "Data" or (states or {}).get(sheet.name) == "visible":
                sheet.activate()
                sheet.set_first_sheet()
                break
    return path


def with_error_cells(path: Path) -> Path:
    """The workbook as Excel itself writes errors that its writers only know as texts."""
    whole_book = {
        part.filename: zipfile.ZipFile(path).read(part) for part in zipfile.ZipFile(path).infolist()
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, content in whole_book.items():
            book.writestr(name, content.replace(b't="str"', b't="e"'))
    return path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    planted=st.dictionaries(
        st.tuples(st.integers(1, 8), st.sampled_from([0, 1, 2])), st.sampled_from(ERRORS), max_size=6
    ),
    texts=st.lists(st.sampled_from(TEXTS), min_size=8, max_size=8),
    above=st.integers(0, 2),
    blank=st.integers(1, 9),
    as_excel=st.booleans(),
)
def test_a_planted_error_rejects_its_row_by_name_and_no_other(
    planted: dict[tuple[int, int], str], texts: list[str], above: int, blank: int, as_excel: bool,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Errors in mapped columns alone; texts that look like missing values stay; blank rows are no fault."""
    names = ["id", "name", "free"]
    at = {n: above + n + (n >= blank) for n in range(9)}  # row 0 is the header
    cells: dict[tuple[int, int], Any] = {(at[0], c): name for c, name in enumerate(names)}
    for n in range(1, 9):
        cells |= {(at[n], 0): f"r{n}", (at[n], 1): texts[n - 1], (at[n], 2): 1}
    cells |= {(at[n], c): ("error", error) for (n, c), error in planted.items()}
    path = workbook(tmp_path / "f.xlsx", cells)
    if as_excel:
        with_error_cells(path)
    how = mapping_of("id", "name")
    found = whole(path, how)
    expected = {(at[n] + 1, names[c], error) for (n, c), error in planted.items() if c < 2}
    assert set(found.errors.iter_rows()) == expected
    assert found.rows["_row"].to_list() == [at[n] + 1 for n in range(1, 9)]
    sound = [n for n in range(1, 9) if (n, 1) not in planted]
    kept = dict(found.rows.select("_row", "name").iter_rows())
    assert {n: kept[at[n] + 1] for n in sound} == {n: texts[n - 1] for n in sound}
    rejected = check(found, how, Pseudonyms("key")).reasons.filter(rule="error_cell")
    assert set(rejected.select("_row", "column", "value").iter_rows()) == expected


def test_an_error_that_the_mapping_calls_missing_is_missing(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "f.xlsx", {(0, 0): "id", (1, 0): ("error", "#N/A"), (2, 0): ("error", "#REF!")}
    )
    found = whole(path, mapping_of("id", null_values=["", "#N/A"]))
    assert found.errors.rows() == [(3, "id", "#REF!")]


def test_a_csv_export_of_a_broken_formula_is_refused_like_the_formula(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,name,free\na,NA,#REF!\nb, #REF! ,\nc,#BEZUG!,x\nd,# 4,\n")
    found = whole(tmp_path / "f.csv", mapping_of("id", "name"))
    assert found.errors.rows() == [(3, "name", "#REF!"), (4, "name", "#BEZUG!")]
    found = whole(tmp_path / "f.csv", mapping_of("id", "name", null_values=["#REF!"]))
    assert found.errors["value"].to_list() == ["#BEZUG!"]


SHEET = {(0, 0): "id", (0, 1): "amount", (1, 0): "own", (1, 1): 2}


@pytest.mark.parametrize(
    ("states", "sheet", "read", "remark"),
    [
        ({"Old": "hidden", "Data": "visible"}, None, "own", "sheet 'Data' was read, not 'Old' (hidden)"),
        ({"Old": "veryHidden", "Data": "visible", "More": "visible"}, None, "own",
         "sheet 'Data' was read, not 'Old' (hidden), 'More'"),
        ({"Data": "visible", "Old": "hidden"}, "Old", "of Old", "sheet 'Old' (hidden) was read, not 'Data'"),
        ({"Data": "visible", "Prämie 2": "visible"}, " Pra\u0308mie\u00a02", "of Prämie 2",
         "sheet 'Prämie 2' was read, not 'Data'"),
        ({"Data": "visible"}, None, "own", None),
    ],
)  # fmt: skip
def test_hidden_sheets_are_read_only_when_named_and_what_is_read_is_said(
    tmp_path: Path, states: dict[str, str], sheet: str | None, read: str, remark: str | None
) -> None:
    remarks: list[str] = []
    found = whole(workbook(tmp_path / "f.xlsx", SHEET, states), mapping_of("id", sheet=sheet), remarks)
    assert found.rows["id"].to_list() == [read]
    assert remarks == ([] if remark is None else [remark])


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "f.xlsx", SHEET)
    with pytest.raises(InputError, match=r"f\.xlsx: expected a sheet 'Date'; .* did you mean 'Data'"):
        whole(path, mapping_of("id", sheet="Date"))


def test_a_header_alone_is_no_row_and_an_empty_sheet_is_no_header(tmp_path: Path) -> None:
    remarks: list[str] = []
    from pipelines.landing.reading.readers import read_chunks

    path = workbook(tmp_path / "f.xlsx", {(0, 0): "id"})
    assert list(read_chunks(path, mapping_of("id"), remarks)) == []
    assert remarks == ["it holds no rows"]
    with pytest.raises(InputError, match="expected a header and rows; found nothing in sheet 'Data'"):
        whole(workbook(tmp_path / "g.xlsx", {}), mapping_of("id"))
