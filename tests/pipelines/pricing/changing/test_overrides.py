"""What breaks the plan goes with a reason that whoever approves has seen; no other cell is ignored."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.pricing.changing.editing import draft_again
from pipelines.pricing.changing.problems import SelectionsRefusedError
from pipelines.pricing.changing.selections import Workbook
from pipelines.pricing.pack import pack_html
from pipelines.pricing.versions.files import read_parts, write_parts
from pipelines.pricing.workflow import Action, State, WorkflowError
from pipelines.pricing.workflow.rules import fold
from tests.pipelines.pricing.changing.returned import Sheet
from tests.pipelines.pricing.versions.examples import desk, parts

OVERRIDE = "Override of the plan because"


def overridden(sheet: Sheet, **where: str) -> Any:
    """A draft whose taxis stand far above the corridor."""
    sheet.select(round(sheet.cell("Highest", **where).value * 2, 4), "market", **where)
    sheet.cell(OVERRIDE, **where).value = "the board decided it on 12 May"
    return sheet.edit()


def test_what_breaks_the_plan_is_refused_without_an_override_and_taken_with_one(sheet: Sheet) -> None:
    sheet.select(round(sheet.cell("Highest").value * 2, 4), "market")
    (told,) = sheet.refused()
    assert f"needs its reason in {OVERRIDE}" in told
    edited = overridden(sheet)
    made = read_parts(desk(sheet.root).files(edited))
    (one,) = made.manifest.overrides
    assert (one.level, one.reason) == ("taxi", "the board decided it on 12 May")
    assert one.breaks.startswith("outside ")
    assert edited.overrides == (one,)


def test_the_pack_and_the_workbook_show_overrides_and_who_approves_accepts_them(sheet: Sheet) -> None:
    edited = overridden(sheet)
    here = desk(sheet.root, "Cai")
    files = here.files(edited)
    page = pack_html(read_parts(files)).decode()
    assert "Overrides of the plan" in page
    assert "the board decided it on 12 May" in page
    sheet.path.write_bytes(files["rate_table.xlsx"])
    book = openpyxl.load_workbook(sheet.path)
    cells = [cell.value for row in book["Cover"].iter_rows() for cell in row]
    assert "the board decided it on 12 May" in cells
    here.act(Action.SUBMIT, edited.version)
    with pytest.raises(WorkflowError, match=r"1 value breaks the plan by override.*--accept-overrides"):
        here.act(Action.APPROVE, edited.version, "well")
    approved = here.act(Action.APPROVE, edited.version, "well", accepts_overrides=True)
    assert approved.state is State.APPROVED
    assert here.log.records()[-1].accepts_overrides
    assert fold(here.log.records())[edited.version].overrides == edited.overrides


def test_an_override_stays_in_the_versions_that_follow_until_its_level_is_changed(sheet: Sheet) -> None:
    edited = overridden(sheet)
    sheet.path.write_bytes(desk(sheet.root).files(edited)["rate_table.xlsx"])
    sheet.book = openpyxl.load_workbook(sheet.path)
    assert "override: the board decided it" in sheet.cell("Selected so far because").value
    other = {"factor": "Age", "level": "0" if parts().manifest.base_levels["age"] != "0" else "1"}
    sheet.select(round(sheet.cell("Selected", **other).value * 1.01, 4), **other)
    second = sheet.edit()
    assert [one.level for one in second.overrides] == ["taxi"]
    again = draft_again(sheet.settings, second.version, "once more")
    assert [one.level for one in again.overrides] == ["taxi"]
    sheet.path.write_bytes(desk(sheet.root).files(again)["rate_table.xlsx"])
    sheet.book = openpyxl.load_workbook(sheet.path)
    sheet.select(sheet.cell("Planned").value, "back to the plan")
    assert sheet.edit().overrides == ()


def test_an_override_that_nothing_needs_is_refused(sheet: Sheet) -> None:
    sheet.select(sheet.cell("Highest").value)
    sheet.cell(OVERRIDE).value = "to be sure"
    (told,) = sheet.refused()
    assert told.endswith("the plan is kept: no override is needed")


def test_no_override_moves_a_base_level(sheet: Sheet) -> None:
    sheet.select(1.1, level="private")
    sheet.cell(OVERRIDE, level="private").value = "the board decided it"
    assert "a base level stays at 1.0" in sheet.refused()[0]


@pytest.mark.parametrize("column", ["Reason for the change", OVERRIDE])
def test_words_beside_a_number_that_stands_are_refused(sheet: Sheet, column: str) -> None:
    sheet.cell(column).value = "meant to change it"
    (told,) = sheet.refused()
    assert told.endswith("which stands: nothing would change")


def test_a_number_that_would_be_rounded_away_is_refused(sheet: Sheet) -> None:
    sheet.select(sheet.cell("Selected").value + 0.00001)
    assert any("nothing would change" in told for told in sheet.refused())


def test_a_fixed_amount_comes_from_the_plan_and_is_refused_by_its_cell(sheet: Sheet) -> None:
    where = {"factor": "Base rates", "level": "base"}
    cell = sheet.cell("Fixed amount", **where)
    cell.value = 12.5
    sheet.cell("Reason for the change", **where).value = "higher fees"
    told = sheet.refused()
    assert any(
        line.startswith(f"sheet Base rates, cell {cell.coordinate}: 12.5: the fixed amount is")
        and "cover_loadings" in line
        for line in told
    )


def test_another_order_of_sheets_and_one_too_many_are_refused(sheet: Sheet) -> None:
    sheet.book.move_sheet("Use", 1)
    assert "sheets stand in another order" in sheet.refused()[0]
    sheet.book.move_sheet("Use", -1)
    sheet.book.create_sheet("Notes")["A1"] = "please read"
    assert "sheet Notes, cell all: empty: this version has no such sheet" in sheet.refused()[0]


SENT = write_parts(parts())["rate_table.xlsx"]
SIZES = [(s.title, s.max_row, s.max_column) for s in openpyxl.load_workbook(io.BytesIO(SENT)).worksheets]
PLACES = [
    (name, row, column)
    for name, rows, columns in SIZES
    for row in range(1, rows + 3)
    for column in range(1, columns + 3)
]


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    path = tmp_path_factory.mktemp("returned") / "back.xlsx"
    path.write_bytes(SENT)
    return Workbook(path)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=st.sampled_from([7.5, "x", "=1+1", True, None]))
@example(place=("Base rates", 5, 2), value=7.5)
def test_any_other_cell_that_was_changed_is_refused_by_its_place(
    returned: Workbook, place: tuple[str, int, int], value: Any
) -> None:
    name, row, column = place
    sheet = returned.book[name]
    cell, head = sheet.cell(row, column), sheet.cell(1, column).value
    sent = next(rows for title, rows, _ in SIZES if title == name)
    is_input = head in ("Selected", "Reason for the change", OVERRIDE) and 1 < row <= sent
    if is_input or type(cell).__name__ == "MergedCell" or cell.value == value:
        return
    before, cell.value = cell.value, value
    try:
        with pytest.raises(SelectionsRefusedError) as told:
            returned.selections(parts(), SENT)
    finally:
        cell.value = before
    # What makes a row another one is told of the row: by the first of its cells that no row has.
    row_of_key = {f"{letter}{row}" for letter in "ABC"} if head in ("Factor", "Cover", "Level") else set()
    places = {(name, coordinate) for coordinate in {cell.coordinate, *row_of_key}}
    assert places & {(one.sheet, one.cell) for one in told.value.problems}


def test_a_workbook_as_it_was_handed_out_changes_nothing_and_is_refused_nothing(returned: Workbook) -> None:
    assert returned.selections(parts(), SENT) == ()
