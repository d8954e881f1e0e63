"""One factor: what is known of each level, what the model indicates, and a column to select in."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.relativities import OTHER
from pipelines.pricing.versions.columns import cover_rates
from pipelines.pricing.workbook.book import Book, words
from pipelines.pricing.workbook.selecting import (
    COVER,
    INDICATED,
    LEVEL,
    SELECTED,
    experience_columns,
    selection_columns,
    selection_sheet,
)

RAW, LOWER, UPPER, CREDIBILITY = "raw", "lower_90", "upper_90", "credibility"
CHART_LEVELS = 40
CHART_WIDTH, CHART_HEIGHT, CHART_ROWS = 640, 340, 18
SOFT, STRONG, PALE = "#8A94A0", "#B4491F", "#C9D6E4"


def factor_sheet(book: Book, limits: pl.DataFrame, factor: str, last_year: pl.DataFrame | None) -> None:
    """A row per cover and level; charts to the right, one per cover short enough to be seen.

    Args:
        book: the workbook.
        limits: rows of the covers with what may be selected, and `override_reason`.
        factor: that rates its covers.
        last_year: the table in force the year before.
    """
    own = limits.filter(pl.col("factor") == factor)
    frame = _rows(own, last_year)
    kinds = {
        **dict.fromkeys(("vehicle_years", "claims"), "whole"),
        "gross_cost_per_vehicle_year": "money",
        **dict.fromkeys((RAW, LOWER, UPPER), "exact"),
        CREDIBILITY: "percent",
    }
    sheet = selection_sheet(
        book, factor, frame, kinds, f"Relativities by {words(factor).lower()}; can be selected"
    )
    for place, cover in enumerate(own["cover"].unique(maintain_order=True)):
        _chart(book, sheet, frame, cover, factor, place)


def _rows(own: pl.DataFrame, last_year: pl.DataFrame | None) -> pl.DataFrame:
    """From left to right: what was seen, what the model makes of it, what stood, what may be selected."""
    before = []
    if last_year is not None:
        key = ["cover", "factor", "level"]
        own = own.join(
            cover_rates(last_year).select(*key, pl.col("relativity").alias("last_year")),
            on=key,
            how="left",
            maintain_order="left",
        )
        before = ["last_year"]
    return own.select(
        *experience_columns(),
        pl.col("raw_relativity").alias(RAW),
        pl.col("relativity_lower").alias(LOWER),
        INDICATED,
        pl.col("relativity_upper").alias(UPPER),
        CREDIBILITY,
        *before,
        *selection_columns(),
    )


def _chart(book: Book, sheet: Any, frame: pl.DataFrame, cover: str, factor: str, place: int) -> None:
    """Relativities as lines, indicated between the bounds of its interval, over exposure as columns."""
    numbered = frame.with_row_index("row", offset=1)
    own = numbered.filter((pl.col(COVER) == cover) & (pl.col(LEVEL) != OTHER))
    rows = own["row"]
    if not 2 <= rows.len() <= CHART_LEVELS:
        return

    def cells(column: str) -> list[Any]:
        at = frame.columns.index(column)
        return [sheet.get_name(), rows[0], at, rows[-1], at]

    columns = book.file.add_chart({"type": "column"})
    columns.add_series(
        {
            "name": "Vehicle-years",
            "categories": cells(LEVEL),
            "values": cells("vehicle_years"),
            "fill": {"color": PALE},
            "gap": 60,
        }
    )
    lines = book.file.add_chart({"type": "line"})
    known = own[LOWER].is_not_null().any()
    for column in (*((LOWER, UPPER) if known else ()), INDICATED, SELECTED):
        series = {"name": words(column), "categories": cells(LEVEL), "values": cells(column), "y2_axis": True}
        lines.add_series(series | _line(column))
    columns.combine(lines)
    columns.set_title({"name": f"{words(cover)}: {words(factor).lower()}", "name_font": {"size": 12}})
    columns.set_x_axis({"num_font": {"size": 9}})
    columns.set_y_axis(
        {"name": "Vehicle-years", "num_format": "#,##0", "major_gridlines": {"visible": False}}
    )
    lines.set_y2_axis({"name": "Relativity", "num_format": "0.00"})
    columns.set_legend({"position": "bottom"})
    columns.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
    sheet.insert_chart(1 + place * CHART_ROWS, frame.width + 1, columns)


def _line(column: str) -> dict[str, Any]:
    if column in (LOWER, UPPER):
        return {"line": {"color": SOFT, "dash_type": "round_dot", "width": 1}, "marker": {"type": "none"}}
    colour, dash = (SOFT, "dash") if column == INDICATED else (STRONG, "solid")
    return {
        "line": {"color": colour, "dash_type": dash, "width": 2},
        "marker": {"type": "circle", "fill": {"color": colour}, "border": {"color": colour}},
    }
