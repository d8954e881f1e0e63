"""Base rates: where cost puts them, what they rest on, and room to select."""

from __future__ import annotations

import polars as pl

from tests.pipelines.pricing.versions.examples import parts
from tests.pipelines.pricing.workbook.reading import opened, rows, with_last_year


def test_every_cover_has_a_row_with_its_limits_to_the_cent() -> None:
    sheet = rows(opened(parts())["Base rates"])
    bases = parts().rates.filter(pl.col("factor") == "base")
    assert [row["Cover"] for row in sheet] == bases["cover"].to_list()
    for row, rate in zip(sheet, bases["base_rate"], strict=True):
        assert row["Selected"] == row["Indicated"] == float(rate)
        assert row["Lowest"] == round(float(rate) * 0.75, 2)
        assert row["Highest"] == round(float(rate) * 1.25, 2)
        assert row["Reason for the change"] is None
    assert sheet[0]["Gini on unseen contracts"] == parts().judgements["damage"].gini_model


def test_last_year_stands_beside_this_year() -> None:
    made = with_last_year()
    assert made.last_year is not None
    old = made.last_year[0].filter(pl.col("factor") == "base")["base_rate"].to_list()
    assert [row["Last year"] for row in rows(opened(made)["Base rates"])] == [float(rate) for rate in old]


def test_excel_checks_what_is_typed_to_the_cent() -> None:
    (check,) = opened(parts())["Base rates"].data_validations.dataValidation
    assert check.formula1.startswith("AND(ISNUMBER(")
    assert ",2)>=" in check.formula1
