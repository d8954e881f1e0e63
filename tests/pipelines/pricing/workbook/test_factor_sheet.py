"""A factor's sheet: from what was seen to what may be selected, and a chart per cover."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from openpyxl.utils import get_column_letter

from tests.pipelines.pricing.versions.examples import parts
from tests.pipelines.pricing.workbook.reading import charted, opened, rows, with_last_year


def test_it_reads_from_what_was_seen_to_what_may_be_selected() -> None:
    heads = [cell.value for cell in opened(with_last_year())["Use"][1]]
    assert heads == [
        "Factor", "Cover", "Level", "Vehicle years", "Claims", "Gross cost per vehicle year", "Experience",
        "Raw", "Lower 90", "Indicated", "Upper 90", "Credibility", "Last year", "Planned", "Lowest",
        "Highest", "Selected", "Reason for the change", "Override of the plan because",
        "Selected so far because",
    ]  # fmt: skip


def test_a_level_shows_its_evidence_beside_what_is_indicated() -> None:
    taxi = next(
        row for row in rows(opened(parts())["Use"]) if (row["Cover"], row["Level"]) == ("damage", "taxi")
    )
    own = parts().rates.filter(pl.col("level") == "taxi").row(0, named=True)
    assert (taxi["Factor"], taxi["Vehicle years"], taxi["Claims"]) == (
        "use", own["exposure_years"], own["claim_count"],
    )  # fmt: skip
    assert taxi["Selected"] == taxi["Indicated"] == own["relativity"]
    assert (taxi["Raw"], taxi["Lower 90"], taxi["Upper 90"], taxi["Credibility"]) == (
        own["raw_relativity"], own["relativity_lower"], own["relativity_upper"], own["credibility"],
    )  # fmt: skip
    assert taxi["Lower 90"] < taxi["Indicated"] < taxi["Upper 90"]


def test_limits_are_a_quarter_either_way_and_nought_at_the_base_level() -> None:
    sheet = rows(opened(parts())["Use"])
    # Private cars are the base, which stays at 1; the others may move by a quarter.
    for row in sheet:
        room = 0 if row["Level"] == "private" else 0.25
        assert row["Lowest"] == round(row["Indicated"] * (1 - room), 4)
        assert row["Highest"] == round(row["Indicated"] * (1 + room), 4)
    assert {row["Highest"] > row["Lowest"] for row in sheet} == {True, False}


def test_last_year_is_the_relativity_of_the_same_level() -> None:
    made = with_last_year()
    moved = made.rates.with_columns(pl.col("relativity") * 2)
    sheet = rows(opened(replace(made, last_year=(moved, made.premiums)))["Use"])
    assert all(row["Last year"] == 2 * row["Indicated"] for row in sheet)


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


def test_every_cover_has_a_chart_with_the_interval_about_the_indicated_line() -> None:
    sheet = opened(parts())["Age"]
    assert len(sheet._charts) == len(parts().table.covers) == 2
    columns = [cell.split("$")[1] for cell in charted(sheet)]
    heads = {cell.value: get_column_letter(cell.column) for cell in sheet[1]}
    drawn = ("Vehicle years", "Lower 90", "Upper 90", "Indicated", "Selected")
    assert columns == [heads[name] for name in drawn] * 2


def test_where_no_interval_is_known_none_is_drawn() -> None:
    lost = parts().rates.with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("relativity_lower", "relativity_upper")
    )
    assert len(charted(opened(replace(parts(), rates=lost))["Age"])) == 3 * 2
