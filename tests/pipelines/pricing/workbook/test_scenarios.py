"""Scenarios: the tornado over all tiers, and margin and loss ratio of each."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import polars as pl

from models_ml.rating import tornado
from tests.pipelines.pricing.versions.examples import parts
from tests.pipelines.pricing.workbook.reading import charted, opened, section

ALL = "All tiers, largest effect on margin first"


def test_the_plan_is_first_then_what_moves_the_margin_most() -> None:
    plan, *moved = section(opened(parts())["Scenarios"], ALL)
    assert (plan["Scenario"], plan["Margin change"]) == ("as planned", 0)
    assert [row["Scenario"] for row in moved] == tornado(parts().book.scenarios)["scenario"].to_list()
    sizes = [abs(row["Margin change"]) for row in moved]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) > 1


def test_the_chart_draws_the_change_of_margin_of_every_scenario_largest_on_top() -> None:
    sheet = opened(parts())["Scenarios"]
    moved = section(sheet, ALL)[1:]
    (drawn,) = charted(sheet)
    first, last = (int(cell.split("$")[-1]) for cell in drawn.split(":"))
    shown = [sheet.cell(row, 3).value for row in range(first, last + 1)]
    assert shown == [row["Margin change"] for row in moved]
    (chart,) = sheet._charts
    assert (chart.barDir, chart.x_axis.scaling.orientation) == ("bar", "maxMin")


def test_every_tier_has_every_scenario_with_its_ratios() -> None:
    told = section(opened(parts())["Scenarios"], "By tier")
    outcomes = parts().book.scenarios.filter(pl.col("tier") != "all")
    assert len(told) == outcomes.height
    assert {row["Tier"] for row in told} == {"Both", "Damage only"}
    one = outcomes.row(-1, named=True)
    (row,) = (r for r in told if (r["Tier"], r["Scenario"]) == (one["tier"], one["scenario"]))
    assert (row["Margin ratio"], row["Loss ratio"]) == (one["margin_ratio"], one["loss_ratio"])
    assert next(r["Scenario"] for r in told if r["Tier"] == "Both") == "as planned"


def test_it_is_left_out_where_there_are_no_scenarios() -> None:
    made = parts()
    plan_only = made.book.scenarios.filter(pl.col("scenario") == "as planned")
    for outcomes in (pl.DataFrame(), plan_only):
        book = dataclasses.replace(made.book, scenarios=outcomes)
        assert "Scenarios" not in opened(replace(made, book=book)).sheetnames
