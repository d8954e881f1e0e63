"""Selections come back from a workbook, or are refused cell by cell; never anything in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.pricing.changing.editing import draft_again, edit_from_workbook
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.files import read_parts
from pipelines.pricing.workflow import Action, State, WorkflowError
from tests.pipelines.pricing.changing.returned import Sheet
from tests.pipelines.pricing.versions.examples import FORMULA, desk

Cell = Callable[[str], Any]


def near(value: float, share: float = 1.1) -> float:
    return round(value * share, 4)


def test_a_selection_makes_a_new_draft_that_names_its_parent_and_logs_why(sheet: Sheet) -> None:
    indicated = sheet.cell("Indicated").value
    sheet.select(near(indicated))
    edited = sheet.edit()
    assert (edited.state, edited.parent) == (State.DRAFT, sheet.standing.version)
    assert edited.authors == ("Ann", "Bob")
    mine = desk(sheet.root)
    made = read_parts(mine.files(edited))
    taxi = made.rates.filter((pl.col("level") == "taxi") & (pl.col("cover") == "damage")).row(0, named=True)
    assert (taxi["relativity"], taxi["selection_reason"]) == (near(indicated), "wear")
    record = mine.log.records()[-1]
    assert (record.action, record.who, record.reason) == (Action.EDIT, "Bob", "review")
    assert record.drafted is not None
    (change,) = record.drafted.changes
    assert (change.level, change.before, change.after, change.reason) == (
        "taxi", indicated, near(indicated), "wear",
    )  # fmt: skip
    assert made.manifest.changes == (change,)


def test_the_workbook_of_an_edit_can_be_edited_again_within_the_limits_of_the_model(sheet: Sheet) -> None:
    indicated = sheet.cell("Indicated").value
    sheet.select(near(indicated, 1.2))
    edited = sheet.edit()
    sheet.path.write_bytes(desk(sheet.root).files(edited)["rate_table.xlsx"])
    sheet.book = openpyxl.load_workbook(sheet.path)
    assert sheet.cell("Selected").value == near(indicated, 1.2)
    assert sheet.cell("Selected so far because").value == "wear"
    # A quarter on top of a fifth would be half: limits are about the model's relativity.
    sheet.select(near(indicated, 1.3))
    assert "outside" in sheet.refused()[0]
    sheet.select(indicated, "back to the model")
    assert sheet.edit().parent == edited.version


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (9, "outside "),
        (0, "outside "),
        (-1, "outside "),
        ("1,05", "not a number"),
        ("=1+0.05", "a formula in place of a number"),
        (True, "not a number"),
        (None, "not a number"),
        ("#DIV/0!", "not a number"),
    ],
)
def test_a_value_that_cannot_be_taken_is_told_with_its_cell(sheet: Sheet, value: Any, why: str) -> None:
    sheet.select(value)
    (told,) = sheet.refused()
    cell = sheet.cell("Selected")
    shown = "empty" if value is None else value
    assert told.startswith(f"sheet Use, cell {cell.coordinate}: {shown}: {why}")


def test_the_limit_itself_is_taken_and_a_hair_beyond_is_not(sheet: Sheet) -> None:
    highest = sheet.cell("Highest").value
    sheet.select(highest + 0.0001)
    assert "outside" in sheet.refused()[0]
    sheet.select(highest)
    assert sheet.edit().state is State.DRAFT


def test_names_further_down_the_cover_do_not_hide_the_version(sheet: Sheet) -> None:
    cover = sheet.book["Cover"]
    cover.cell(cover.max_row + 1, 1).value, cover.cell(cover.max_row, 2).value = "Version", "acme-0"
    sheet.select(near(sheet.cell("Indicated").value))
    # It is the version's own workbook still; what was written below is refused like any other cell.
    assert [told.split(":")[1].strip() for told in sheet.refused()] == ["Version", "acme-0"]


@pytest.mark.parametrize("reason", [None, "   ", "=1+1", "x" * 1_001])
def test_a_change_needs_a_reason_in_words(sheet: Sheet, reason: str | None) -> None:
    sheet.select(near(sheet.cell("Indicated").value), reason)
    (told,) = sheet.refused()
    assert "reason" in told


def test_a_base_level_stays_what_the_base_rate_is_the_rate_of(sheet: Sheet) -> None:
    sheet.select(1.1, level="private")
    (told,) = sheet.refused()
    assert told.endswith("a base level stays at 1.0: its base rate is the rate of it")


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("Level", "taxy", "not a level of this version: none of that name; did you mean 'taxi'?"),
        ("Level", "private", "a second row of this level"),
        ("Cover", "hail", "not a level of this version: it has no such factor and cover"),
        ("Indicated", 1.0001, "this version indicates "),
    ],
)
def test_what_the_version_does_not_have_is_refused(sheet: Sheet, column: str, value: Any, why: str) -> None:
    sheet.cell(column).value = value
    assert any(why in told for told in sheet.refused())


def test_a_row_or_a_sheet_taken_out_is_missed(sheet: Sheet) -> None:
    del sheet.book["Age"]
    row = sheet.cell("Level").row
    sheet.book["Use"].delete_rows(row)
    told = sheet.refused()
    assert "sheet Use, cell none: damage, taxi: the row of this level is missing" in told
    assert any("sheet Age" in line for line in told)


def test_every_problem_is_told_at_once_and_good_changes_beside_it_are_not_made(sheet: Sheet) -> None:
    sheet.select(near(sheet.cell("Indicated").value))
    sheet.select("much", level="2", factor="Age")
    sheet.select(7, level="1", factor="Age", cover="glass")
    assert len(sheet.refused()) == 2


def test_rows_in_another_order_are_the_same(sheet: Sheet) -> None:
    sheet.select(near(sheet.cell("Indicated").value))
    use = sheet.book["Use"]
    values = [[cell.value for cell in row] for row in use.iter_rows(min_row=2)]
    for row, cells in zip(use.iter_rows(min_row=2), reversed(values), strict=True):
        for cell, value in zip(row, cells, strict=True):
            cell.value = value
    assert sheet.edit().parent == sheet.standing.version


def test_a_level_that_looks_like_a_formula_is_a_level(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path, level=FORMULA)
    sheet.select(near(sheet.cell("Indicated", level=FORMULA).value), level=FORMULA)
    # openpyxl would write the name as a formula; Excel keeps it as text.
    for row in sheet.book["Use"].iter_rows():
        for cell in row:
            if cell.value == FORMULA:
                cell.data_type = "s"
    assert sheet.edit().parent == sheet.standing.version


def test_a_workbook_of_another_version_is_refused(sheet: Sheet) -> None:
    with pytest.raises(PublicationError, match=f"the workbook of {sheet.standing.version}, not of acme-0"):
        sheet.edit("acme-0")


def test_a_workbook_without_a_change_makes_no_draft(sheet: Sheet) -> None:
    with pytest.raises(PublicationError, match="every relativity and base rate is the one that"):
        sheet.edit()


def test_an_edit_after_submission_or_approval_is_refused_until_it_is_drafted_again(sheet: Sheet) -> None:
    sheet.select(near(sheet.cell("Indicated").value))
    name = sheet.standing.version
    desk(sheet.root).act(Action.SUBMIT, name)
    with pytest.raises(WorkflowError, match=f"{name} is in review: only a draft can be edited"):
        sheet.edit()
    desk(sheet.root, "Cai").act(Action.APPROVE, name, "well")
    with pytest.raises(WorkflowError, match=f"{name} is approved: only a draft can be edited"):
        sheet.edit()
    again = draft_again(sheet.settings, name, "thought better of it")
    assert (again.parent, again.state, again.authors) == (name, State.DRAFT, ("Ann", "Bob"))
    with pytest.raises(PublicationError, match=f"was made from {name} already; it is draft"):
        draft_again(sheet.settings, name, "twice")


def test_two_people_cannot_edit_one_draft_apart(sheet: Sheet) -> None:
    sheet.select(near(sheet.cell("Indicated").value))
    first = sheet.edit()
    sheet.select(near(sheet.cell("Indicated").value, 1.05))
    with pytest.raises(WorkflowError, match=rf"is retired \(edited into {first.version}\)"):
        sheet.edit()


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_workbook_is_refused(sheet: Sheet, content: bytes) -> None:
    sheet.path.write_bytes(content)
    with pytest.raises(PublicationError, match="not a workbook that can be read"):
        edit_from_workbook(sheet.settings, sheet.path, None, "")


def test_a_workbook_of_something_else_is_refused(sheet: Sheet) -> None:
    openpyxl.Workbook().save(sheet.path)
    with pytest.raises(PublicationError, match="its cover names no version"):
        edit_from_workbook(sheet.settings, sheet.path, None, "")


def test_a_file_that_would_unpack_beyond_measure_is_refused(
    sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.pricing.changing.selections.LARGEST_UNPACKED", 1_000)
    with pytest.raises(PublicationError, match="too large"):
        sheet.edit()
