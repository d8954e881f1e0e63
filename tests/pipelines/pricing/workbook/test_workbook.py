"""The workbook: the same bytes, the same numbers, room to select in, and text that stays text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.versions.manifest import Change
from pipelines.pricing.workbook import workbook_bytes
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.selecting import sheet_of
from tests.pipelines.pricing.versions.examples import FORMULA, parts
from tests.pipelines.pricing.workbook.reading import fact, opened, rows, with_last_year


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert workbook_bytes(with_last_year()) == workbook_bytes(with_last_year())


def test_it_holds_a_sheet_per_factor_and_every_premium_to_the_cent() -> None:
    book = opened(with_last_year())
    assert book.sheetnames == [
        "Cover", "Base rates", "Use", "Age", "Tiers", "Dislocation", "Scenarios", "Premiums",
        "Against last year", "Actual v expected", "Rate table", "Method",
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
    assert {c.parent.title for c in found} >= {"Use", "Premiums", "Rate table", "Dislocation"}
    assert {c.data_type for c in found} == {"s"}
    assert {c.hyperlink for c in found} == {None}
    assert not [c for s in book.worksheets for row in s.iter_rows() for c in row if c.data_type == "f"]


def test_no_name_of_a_package_or_scenario_runs_as_a_formula() -> None:
    made = parts()
    rows_of = made.rates.with_columns(pl.col("tier").replace("Both", FORMULA))
    customers = made.book.customers.with_columns(pl.col("tier").replace("Both", FORMULA))
    scenarios = made.book.scenarios.with_columns(
        scenario=pl.when(pl.col("scenario") != "as planned")
        .then(pl.format("{}{}", pl.lit(FORMULA), "scenario"))
        .otherwise("scenario")
    )
    held = tuple(replace(p, name=FORMULA) if p.name == "Both" else p for p in made.book.packages)
    book = replace(made.book, customers=customers, scenarios=scenarios, packages=held)
    cells = [
        cell
        for sheet in opened(replace(made, rates=rows_of, book=book)).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value).startswith("=")
    ]
    assert {cell.parent.title for cell in cells} >= {"Tiers", "Dislocation", "Scenarios", "Rate table"}
    assert {(cell.data_type, cell.hyperlink) for cell in cells} == {("s", None)}


def test_no_sheet_holds_a_customer() -> None:
    made = parts()
    names = {*made.book.customers["contract_id"], *made.book.customers["vehicle_id"], "referred: 5 claims"}
    told = {cell.value for sheet in opened(made).worksheets for row in sheet.iter_rows() for cell in row}
    assert not names & told


def test_the_cover_lists_every_other_sheet_and_leads_there() -> None:
    book = opened(with_last_year())
    leads = {row[0].value: row[0].hyperlink.location for row in book["Cover"].iter_rows() if row[0].hyperlink}
    assert list(leads) == book.sheetnames[1:]
    assert leads["Base rates"] == "'Base rates'!A1"


def test_the_cover_says_what_was_decided_of_the_premium_and_what_became_of_it() -> None:
    assert fact(parts(), "Overall change decided").startswith("none: ")
    decided = parts(overall_change=0.03)
    assert fact(decided, "Overall change decided").startswith("+3.00%; base rates are put to it")
    assert fact(decided, "Overall change charged").startswith("+3.0% of the premium")
    before = float(decided.rates.filter(pl.col("factor") == "base")["base_rate"][0])
    change = Change(
        cover="damage", factor="base", level="base", before=before, after=before + 1, reason="market"
    )
    assert "base rates selected by hand: damage (market)" in fact(
        edited_parts(decided, (change,)), "Overall change decided"
    )


def test_a_long_sheet_of_premiums_is_cut_to_the_cells_with_most_exposure_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.pricing.workbook.results.MOST_CELLS", 1)
    made = parts()
    sheet = opened(made)["Premiums"]
    assert sheet["A1"].value == "The 1 cells with most exposure; all 2 are in premiums.csv"
    most = made.premiums.sort("exposure_years", descending=True)["use"][0]
    assert [row[0].value for row in sheet.iter_rows(min_row=3)] == [most]
    assert (sheet.freeze_panes, sheet.auto_filter.ref.split(":")[0]) == ("B3", "A2")


def test_cells_with_little_exposure_are_shaded_and_prices_stand_after_the_covers() -> None:
    sheet = opened(parts())["Premiums"]
    heads = [cell.value for cell in sheet[1]]
    assert heads == ["Use", "Exposure years", "Damage", "Glass", "Total", "Both price", "Damage only price"]
    (rule,) = (rule for area in sheet.conditional_formatting for rule in area.rules)
    assert (rule.operator, rule.formula) == ("lessThan", ["1"])
    assert {cell.number_format for cell in sheet[2][2:]} == {"#,##0.00"}


def test_sheets_have_names_that_excel_accepts_and_no_two_the_same() -> None:
    book = Book("t")
    long = "a" * 40
    names = [book.sheet(name).get_name() for name in ("Cover", "cover", "a/b[c]", long, long)]
    assert names == ["Cover", "cover 2", "a-b-c-", "a" * 31, "a" * 27 + " 2"]


def test_a_factor_named_like_a_sheet_of_ours_gets_another() -> None:
    assert [sheet_of(name) for name in ("use", "rate_table", "base_rates", "base")] == [
        "Use", "Rate table (factor)", "Base rates (factor)", "Base rates",
    ]  # fmt: skip
