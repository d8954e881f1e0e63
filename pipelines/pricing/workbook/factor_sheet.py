"""One factor: what is known of each level, what the model indicates, and a column to select in."""

from __future__ import annotations

from typing import Any

import polars as pl

from models_ml.rating import RateTable
from models_ml.relativities import OTHER
from pipelines.pricing.versions.limits import with_limits
from pipelines.pricing.workbook.book import Book, words
from pipelines.pricing.workbook.cover import THIN_CLAIMS, THIN_EXPOSURE

FACTOR, COVER, LEVEL = "factor", "cover", "level"
INDICATED, SELECTED, REASON = "indicated", "selected", "reason_for_the_change"
CHART_LEVELS = 40
CHART_WIDTH, CHART_HEIGHT, CHART_ROWS = 640, 340, 18


def factor_sheet(
    book: Book, table: RateTable, factor: str, limit: float, last_year: pl.DataFrame | None
) -> None:
    """A row per cover and level; charts to the right, one per cover short enough to be seen."""
    own = table.rates.filter(pl.col("factor") == factor)
    frame = _rows(own, limit, last_year)
    kinds = {
        "vehicle_years": "whole",
        "claims": "whole",
        "gross_cost_per_vehicle_year": "money",
        **dict.fromkeys(("lowest", INDICATED, "highest", "last_year"), "exact"),
        SELECTED: "input",
        REASON: "input_text",
    }
    sheet = book.data_sheet(words(factor), frame, kinds, frozen_columns=3)
    sheet.print_area(0, 0, frame.height, frame.width - 1)
    sheet.set_column(frame.columns.index(REASON), frame.columns.index(REASON), 34)
    _shade_thin(book, sheet, frame)
    _validate(sheet, frame)
    for place, cover in enumerate(table.covers):
        _chart(book, sheet, frame, cover, factor, place)


def _rows(own: pl.DataFrame, limit: float, last_year: pl.DataFrame | None) -> pl.DataFrame:
    before = []
    if last_year is not None:
        key = ["cover", "factor", "level"]
        own = own.join(
            last_year.select(*key, pl.col("relativity").alias("last_year")),
            on=key,
            how="left",
            maintain_order="left",
        )
        before = ["last_year"]
    # The catch-all level has no experience of its own to be thin.
    thin = (pl.col("exposure_years") < THIN_EXPOSURE) | (pl.col("claim_count") < THIN_CLAIMS)
    return with_limits(own, limit).select(
        FACTOR,
        COVER,
        LEVEL,
        pl.col("exposure_years").alias("vehicle_years"),
        pl.col("claim_count").alias("claims"),
        pl.col("burning_cost").alias("gross_cost_per_vehicle_year"),
        pl.when(thin & (pl.col("level") != OTHER)).then(pl.lit("thin")).alias("experience"),
        *before,
        "lowest",
        pl.col("indicated_relativity").alias(INDICATED),
        "highest",
        pl.col("relativity").alias(SELECTED),
        pl.lit(None, dtype=pl.String).alias(REASON),
        pl.col("selection_reason").alias("selected_so_far_because"),
    )


def _shade_thin(book: Book, sheet: Any, frame: pl.DataFrame) -> None:
    column = frame.columns.index(INDICATED)
    cells = frame.with_row_index("row", offset=1).filter(pl.col("experience").is_not_null())
    for row, value in cells.select("row", INDICATED).iter_rows():
        sheet.write_number(row, column, value, book.formats["thin"])


def _validate(sheet: Any, frame: pl.DataFrame) -> None:
    """Excel says at once what `rates edit` would refuse."""
    import xlsxwriter.utility as at

    selected = frame.columns.index(SELECTED)
    cell, low, high = (at.xl_col_to_name(frame.columns.index(c)) for c in (SELECTED, "lowest", "highest"))
    sheet.data_validation(
        1,
        selected,
        frame.height,
        selected,
        {
            "validate": "custom",
            "value": f"=AND(ISNUMBER({cell}2),ROUND({cell}2,4)>={low}2,ROUND({cell}2,4)<={high}2)",
            "error_title": "Outside its limits",
            "error_message": "A number between Lowest and Highest; say why in the next column.",
        },
    )


def _chart(book: Book, sheet: Any, frame: pl.DataFrame, cover: str, factor: str, place: int) -> None:
    """Indicated and selected relativities as lines over exposure as columns."""
    numbered = frame.with_row_index("row", offset=1)
    rows = numbered.filter((pl.col(COVER) == cover) & (pl.col(LEVEL) != OTHER))["row"]
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
            "fill": {"color": "#C9D6E4"},
            "gap": 60,
        }
    )
    lines = book.file.add_chart({"type": "line"})
    for column, colour, dash in ((INDICATED, "#8A94A0", "dash"), (SELECTED, "#B4491F", "solid")):
        lines.add_series(
            {
                "name": words(column),
                "categories": cells(LEVEL),
                "values": cells(column),
                "y2_axis": True,
                "line": {"color": colour, "dash_type": dash, "width": 2},
                "marker": {"type": "circle", "fill": {"color": colour}, "border": {"color": colour}},
            }
        )
    columns.combine(lines)
    columns.set_title({"name": f"{words(cover)}: {words(factor).lower()}", "name_font": {"size": 12}})
    columns.set_y_axis(
        {"name": "Vehicle-years", "num_format": "#,##0", "major_gridlines": {"visible": False}}
    )
    lines.set_y2_axis({"name": "Relativity", "num_format": "0.00"})
    columns.set_legend({"position": "bottom"})
    columns.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
    sheet.insert_chart(1 + place * CHART_ROWS, frame.width + 1, columns)
