"""The workbook: the same bytes, the same numbers, room to select in, and text that stays text."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl

from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.manifest import Change
from pipelines.pricing.versions.reselecting import edited_parts
from pipelines.pricing.workbook import workbook_bytes
from pipelines.pricing.workbook.book import Book
from tests.pipelines.pricing.versions.examples import FORMULA, parts


def written(made: VersionParts) -> bytes:
    return workbook_bytes(made)


def opened(made: VersionParts) -> Any:
    return openpyxl.load_workbook(io.BytesIO(written(made)))


def with_last_year() -> VersionParts:
    dearer = parts(loading=0.2)
    return replace(parts(), last_year=(dearer.rates, dearer.premiums))


def rows(sheet: Any) -> list[dict[str, Any]]:
    head, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert written(with_last_year()) == written(with_last_year())


def test_it_holds_a_sheet_per_factor_and_every_premium_to_the_cent() -> None:
    book = opened(with_last_year())
    assert book.sheetnames == [
        "Cover", "Use", "Age", "Premiums", "Against last year", "Actual v expected", "Rate table", "Method",
    ]  # fmt: skip
    totals = [Decimal(str(row["Total"])).quantize(Decimal("0.01")) for row in rows(book["Premiums"])]
    assert totals == parts().premiums["total"].to_list()
    assert book["Premiums"].freeze_panes == "B2"
    assert book["Premiums"].auto_filter.ref is not None


def test_without_a_year_before_there_is_no_sheet_for_it() -> None:
    assert "Against last year" not in opened(parts()).sheetnames


def test_the_cover_says_which_version_it_is_and_that_it_is_a_draft() -> None:
    made = parts()
    text = {row[0].value: row[1].value for row in opened(made)["Cover"].iter_rows(min_row=3, max_row=14)}
    assert text["Version"] == made.manifest.version()
    assert text["Status"].startswith("draft when this file was written")
    assert text["Rates"] == "contracts that begin 2026-01-01 to 2026-12-31"


def test_a_factor_shows_its_experience_its_limits_and_what_is_selected() -> None:
    sheet = rows(opened(parts())["Use"])
    taxi = next(row for row in sheet if (row["Cover"], row["Level"]) == ("damage", "taxi"))
    own = parts().rates.filter(pl.col("level") == "taxi").row(0, named=True)
    assert (taxi["Factor"], taxi["Vehicle years"], taxi["Claims"]) == (
        "use", own["exposure_years"], own["claim_count"],
    )  # fmt: skip
    assert taxi["Selected"] == taxi["Indicated"] == own["relativity"]
    # Private cars are the base, which stays at 1; the others may move by a quarter.
    for row in sheet:
        room = 0 if row["Level"] == "private" else 0.25
        assert row["Lowest"] == round(row["Indicated"] * (1 - room), 4)
        assert row["Highest"] == round(row["Indicated"] * (1 + room), 4)
    assert {row["Highest"] > row["Lowest"] for row in sheet} == {True, False}


def test_a_level_that_rests_on_little_is_marked_in_words_and_shaded() -> None:
    thinned = parts().rates.with_columns(
        claim_count=pl.when(pl.col("level") == "2").then(9).otherwise("claim_count")
    )
    book = opened(replace(parts(), rates=thinned))
    sheet = rows(book["Age"])
    assert {row["Level"] for row in sheet if row["Experience"] == "thin"} == {"2"}
    column = next(cell.column for cell in book["Age"][1] if cell.value == "Indicated")
    shades = {
        book["Age"].cell(i, column).fill.fgColor.rgb for i, r in enumerate(sheet, 2) if r["Level"] == "2"
    }
    assert shades == {"FFFFF3CD"}


def test_every_cover_of_a_factor_has_a_chart() -> None:
    charts = opened(parts())["Age"]._charts
    assert len(charts) == len(parts().table.covers) == 2


def test_last_year_stands_beside_this_year() -> None:
    sheet = opened(with_last_year())["Against last year"]
    old, new = parts(loading=0.2).premiums, parts().premiums
    cells = {
        r[0].value: (r[2].value, r[3].value) for r in sheet.iter_rows() if r[0].value in ("private", "taxi")
    }
    assert cells == {
        use: (float(before), float(after))
        for use, before, after in zip(new["use"], old["total"], new["total"], strict=True)
    }


def test_what_was_selected_by_hand_stands_on_the_cover_with_its_reason() -> None:
    change = Change(cover="damage", factor="use", level="taxi", before=1, after=1.1, reason="=1+1 is wear")
    book = opened(edited_parts(parts(), (change,)))
    found = [cell for row in book["Cover"].iter_rows() for cell in row if cell.value == "=1+1 is wear"]
    assert [cell.data_type for cell in found] == ["s"]


def test_text_from_a_client_never_runs_as_a_formula() -> None:
    book = opened(parts(level=FORMULA))
    found = [c for sheet in book.worksheets for row in sheet.iter_rows() for c in row if c.value == FORMULA]
    assert {c.parent.title for c in found} >= {"Use", "Premiums", "Rate table"}
    assert {c.data_type for c in found} == {"s"}
    assert {c.hyperlink for c in found} == {None}
    assert not [c for s in book.worksheets for row in s.iter_rows() for c in row if c.data_type == "f"]


def test_sheets_have_names_that_excel_accepts_and_no_two_the_same() -> None:
    book = Book("t")
    long = "a" * 40
    names = [book.sheet(name).get_name() for name in ("Cover", "cover", "a/b[c]", long, long)]
    assert names == ["Cover", "cover 2", "a-b-c-", "a" * 31, "a" * 27 + " 2"]
