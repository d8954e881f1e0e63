"""What next year would earn if an assumption were wrong: the tornado, and every tier."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.rating import tornado
from models_ml.rating.scenarios import BASE_CASE
from pipelines.pricing.workbook.book import Book

SHEET = "Scenarios"
ABOUT = "Margin and loss ratio if an assumption of the plan turns out otherwise"
EVERYTHING = "all"
AMOUNTS = ("contracts", "premium", "cost", "partner_cost", "other_cost", "margin")
KINDS = {
    **dict.fromkeys(AMOUNTS, "whole"),
    **dict.fromkeys(("margin_ratio", "loss_ratio"), "percent1"),
    **dict.fromkeys(("margin_change", "loss_ratio_change"), "share"),
}
NOTE = (
    "Prices stay as set; one assumption moves. Ratios are of premium, changes in points against plan. Loss "
    "ratio is cost less what insurers bear; margin is also after other cost (commission and further lines)."
)
WIDTH, HEIGHT_PER_BAR, HEIGHT = 760, 30, 130


def scenarios_sheet(book: Book, outcomes: pl.DataFrame) -> None:
    """Left out where there are no scenarios.

    Args:
        book: the workbook.
        outcomes: of `models_ml.rating.scenario_outcomes`.
    """
    if outcomes.is_empty() or (moved := tornado(outcomes, EVERYTHING)).is_empty():
        return
    sheet = book.sheet(SHEET, about=ABOUT)
    sheet.write_string(0, 0, "What if", book.formats["title"])
    sheet.merge_range(1, 0, 2, 8, NOTE, book.formats["note"])
    plan = outcomes.filter((pl.col("tier") == EVERYTHING) & (pl.col("scenario") == BASE_CASE))
    first = pl.concat([plan.select(moved.columns), moved])
    top = book.section(sheet, 4, "All tiers, largest effect on margin first", first, KINDS)
    height = HEIGHT + HEIGHT_PER_BAR * moved.height
    _tornado(book, sheet, 7, moved.height, top, height)
    top += height // 20 + 2
    table = by_tier(outcomes)
    book.section(sheet, top, "By tier", table, KINDS)
    sheet.autofilter(top + 1, 0, top + 1 + table.height, table.width - 1)


def by_tier(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Every tier as planned, then its scenarios, the one that moves its margin most first."""
    tiers = outcomes.filter(pl.col("tier") != EVERYTHING)
    keys = ["tier", pl.col("scenario") != BASE_CASE, -pl.col("margin_change").abs()]
    return tiers.sort(keys, maintain_order=True, nulls_last=True).select(
        "tier", "scenario", pl.exclude("tier", "scenario")
    )


def _tornado(book: Book, sheet: Any, first: int, scenarios: int, row: int, height: int) -> None:
    last = first + scenarios - 1
    chart = book.file.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Change of margin",
            "categories": [sheet.get_name(), first, 0, last, 0],
            "values": [sheet.get_name(), first, 2, last, 2],
            "fill": {"color": "#1F3A5F"},
            "invert_if_negative": True,
            "invert_if_negative_color": "#B4491F",
            "gap": 35,
            "data_labels": {"value": True, "num_format": "+0.0%;-0.0%;0.0%", "font": {"size": 9}},
        }
    )
    chart.set_title({"name": "Change of margin against plan, points of premium", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    # A bar chart lists from below: reversed, the largest is on top. Names stand left of every bar.
    chart.set_y_axis({"reverse": True, "label_position": "low", "num_font": {"size": 9}})
    chart.set_x_axis(
        {"num_format": "+0%;-0%;0%", "major_gridlines": {"visible": True, "line": {"color": "#D0D7DE"}}}
    )
    chart.set_size({"width": WIDTH, "height": height})
    sheet.insert_chart(row, 0, chart)
