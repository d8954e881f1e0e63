"""The rate table as a workbook that a pricing team can read without help."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import BASE, RateTable
from models_ml.relativities import OTHER
from pipelines.pricing.manifest import Manifest

THIN_EXPOSURE, THIN_CLAIMS = 50, 10
CHART_LEVELS = 40
_SHORT = {"relativity": "relativity", "claim_count": "claims", "burning_cost": "gross_cost"}
FILL, EDGE = "#1F3A5F", "#D0D7DE"


def workbook_bytes(
    manifest: Manifest,
    table: RateTable,
    premiums: pl.DataFrame,
    judgements: Mapping[str, Judgement],
) -> bytes:
    """Return the workbook; the same inputs give the same bytes.

    Sheets: Summary, one per rating factor, Premiums, Actual v expected. Text never runs as a formula.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    # xlsxwriter stamps the time of writing unless told otherwise.
    book.set_properties(
        {"title": f"Rate table {manifest.rating_year}", "created": dt.datetime(2000, 1, 1)}  # noqa: DTZ001
    )
    formats = _formats(book)
    _summary(book, formats, manifest, table, judgements)
    for factor in table.factors:
        _factor_sheet(book, formats, table, factor)
    _premiums(book, formats, premiums, table.covers)
    _actual_expected(book, formats, judgements)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    font = {"font_name": "Calibri", "font_size": 11}
    return {
        "title": book.add_format({**font, "font_size": 18, "bold": True, "font_color": FILL}),
        "head": book.add_format(
            {
                **font,
                "bold": True,
                "font_color": "white",
                "bg_color": FILL,
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
                "border_color": EDGE,
            }
        ),
        "text": book.add_format(font),
        "note": book.add_format({**font, "font_color": "#57606A", "text_wrap": True, "valign": "top"}),
        "money": book.add_format({**font, "num_format": "#,##0.00"}),
        "whole": book.add_format({**font, "num_format": "#,##0"}),
        "rel": book.add_format({**font, "num_format": "0.000"}),
        "share": book.add_format({**font, "num_format": "0.0%"}),
        "thin": book.add_format({**font, "num_format": "0.000", "bg_color": "#FFF3CD"}),
    }


def _sheet(book: Any, name: str, *, landscape: bool = True) -> Any:
    """A sheet under a name Excel accepts, set up to print on the width of a page."""
    clean = "".join("-" if c in "[]:*?/\\" else c for c in name)[:31]
    sheet = book.add_worksheet(clean)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if landscape:
        sheet.set_landscape()
    return sheet


def _write_table(
    sheet: Any, formats: dict[str, Any], top: int, frame: pl.DataFrame, kinds: Mapping[str, str]
) -> None:
    """Header row at `top`, data below it, widths from the longest text."""
    for column, name in enumerate(frame.columns):
        sheet.write_string(top, column, _words(name), formats["head"])
        kind = kinds.get(name, "text")
        width = max(11, min(42, len(_words(name)) * 0.7, 42))
        if kind == "text":
            longest = frame[name].cast(pl.String).str.len_chars().max()
            width = max(width, min(42, int(str(longest or 0)) + 2))
        sheet.set_column(column, column, width)
        for row, value in enumerate(frame[name], start=top + 1):
            if value is None:
                sheet.write_blank(row, column, None, formats["text"])
            elif kind == "text":
                sheet.write_string(row, column, str(value), formats["text"])
            else:
                sheet.write_number(row, column, float(value), formats[kind])
    sheet.set_row(top, 48)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _summary(
    book: Any,
    formats: dict[str, Any],
    manifest: Manifest,
    table: RateTable,
    judgements: Mapping[str, Judgement],
) -> None:
    sheet = _sheet(book, "Summary")
    sheet.set_column(0, 0, 24)
    sheet.write_string(0, 0, f"Rate table {manifest.rating_year}", formats["title"])
    sheet.set_row(0, 28)
    facts = {
        "Portfolio": manifest.title,
        "Version": manifest.version(),
        "In force": f"{manifest.effective_from} to {manifest.effective_to}",
        "Currency": manifest.currency,
        "Valuation date": str(manifest.valuation_date),
        "Code": manifest.code_revision[:12],
        "Deliveries": ", ".join(f"{d.file} ({d.accepted:,} rows)" for d in manifest.deliveries),
    }
    for row, (label, value) in enumerate(facts.items(), start=2):
        sheet.write_string(row, 0, label, formats["text"])
        sheet.write_string(row, 1, value, formats["text"])
    top = len(facts) + 4
    bases = table.rates.filter(pl.col("factor") == BASE)
    rows = [
        {
            "cover": row["cover"],
            "base_rate": row["base_rate"],
            "fixed_amount": row["fixed_amount"],
            "vehicle_years": row["exposure_years"],
            "claims": row["claim_count"],
            "observed_gross_cost_per_vehicle_year": row["burning_cost"],
            "gini_on_unseen_contracts": judgements[row["cover"]].gini_model,
            "actual_over_expected_claims": judgements[row["cover"]].actual_over_expected_claims,
        }
        for row in bases.iter_rows(named=True)
    ]
    kinds = {
        "base_rate": "money",
        "fixed_amount": "money",
        "vehicle_years": "whole",
        "claims": "whole",
        "observed_gross_cost_per_vehicle_year": "money",
        "gini_on_unseen_contracts": "rel",
        "actual_over_expected_claims": "rel",
    }
    _write_table(sheet, formats, top, pl.DataFrame(rows), kinds)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 8, 16)
    notes = [
        "How to read it: the premium of a cover for a contract year is its base rate times the "
        "relativity of each factor, plus its fixed amount. Covers add up.",
        "A base rate is the loaded rate of a vehicle at the base level of every factor (relativity 1). "
        "The level * rates every level that is not listed.",
        f"Shaded relativities rest on under {THIN_EXPOSURE} vehicle-years or {THIN_CLAIMS} claims and "
        "are drawn to the mean by the forecast.",
    ]
    for offset, note in enumerate(notes):
        row = top + len(rows) + 3 + offset
        sheet.merge_range(row, 0, row, 7, note, formats["note"])
        sheet.set_row(row, 34)


def _factor_sheet(book: Any, formats: dict[str, Any], table: RateTable, factor: str) -> None:
    """Relativities of every cover side by side, the experience behind them to their right."""
    sheet = _sheet(book, _words(factor))
    own = table.rates.filter(pl.col("factor") == factor)
    frame = own.group_by("level", maintain_order=True).agg(pl.col("exposure_years").max())
    frame = frame.rename({"exposure_years": "vehicle_years"})
    kinds = {"vehicle_years": "whole"}
    columns = {"relativity": "rel", "claim_count": "whole", "burning_cost": "money"}
    for column, kind in columns.items():
        for cover in table.covers:
            name = f"{cover}_{_SHORT[column]}"
            part = own.filter(pl.col("cover") == cover).select("level", pl.col(column).alias(name))
            frame = frame.join(part, on="level", how="left", maintain_order="left")
            kinds[name] = kind
    _write_table(sheet, formats, 0, frame, kinds)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, frame.height, frame.width - 1)
    _shade_thin(sheet, formats, frame, table.covers)
    _chart(book, sheet, frame, table.covers, _words(factor))


def _shade_thin(sheet: Any, formats: dict[str, Any], frame: pl.DataFrame, covers: list[str]) -> None:
    for cover in covers:
        column = frame.columns.index(f"{cover}_relativity")
        cells = frame.select("level", f"{cover}_relativity", "vehicle_years", f"{cover}_claims").iter_rows()
        for row, (level, relativity, exposure, claims) in enumerate(cells, start=1):
            if relativity is None or level == OTHER:  # another cover's level, or the catch-all
                continue
            if exposure < THIN_EXPOSURE or claims < THIN_CLAIMS:
                sheet.write_number(row, column, relativity, formats["thin"])


def _chart(book: Any, sheet: Any, frame: pl.DataFrame, covers: list[str], title: str) -> None:
    """Relativities as lines over exposure as columns, for factors short enough to be seen."""
    last = frame.height - 1  # the level * has no exposure
    if last > CHART_LEVELS or last < 2:
        return
    columns = book.add_chart({"type": "column"})
    lines = book.add_chart({"type": "line"})
    name = sheet.get_name()
    first = frame.columns.index("vehicle_years")
    columns.add_series(
        {
            "name": "Vehicle-years",
            "categories": [name, 1, 0, last, 0],
            "values": [name, 1, first, last, first],
            "fill": {"color": "#C9D6E4"},
            "gap": 60,
        }
    )
    for cover in covers:
        at = frame.columns.index(f"{cover}_relativity")
        lines.add_series(
            {
                "name": _words(cover),
                "categories": [name, 1, 0, last, 0],
                "values": [name, 1, at, last, at],
                "y2_axis": True,
                "marker": {"type": "circle"},
            }
        )
    columns.combine(lines)
    columns.set_title({"name": f"{title}: relativity and exposure"})
    columns.set_y_axis(
        {"name": "Vehicle-years", "num_format": "#,##0", "major_gridlines": {"visible": False}}
    )
    lines.set_y2_axis({"name": "Relativity", "num_format": "0.00"})
    columns.set_legend({"position": "bottom"})
    columns.set_size({"width": 760, "height": 380})
    sheet.insert_chart(frame.height + 2, 0, columns)


def _premiums(book: Any, formats: dict[str, Any], premiums: pl.DataFrame, covers: list[str]) -> None:
    sheet = _sheet(book, "Premiums")
    kinds = {"exposure_years": "whole", "total": "money", **dict.fromkeys(covers, "money")}
    _write_table(sheet, formats, 0, premiums, kinds)
    sheet.freeze_panes(1, 3)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, premiums.height, premiums.width - 1)


def _actual_expected(book: Any, formats: dict[str, Any], judgements: Mapping[str, Judgement]) -> None:
    sheet = _sheet(book, "Actual v expected")
    frames = [
        j.by_factor.select(
            pl.lit(cover).alias("cover"),
            "factor",
            "level",
            pl.col("exposure_years").alias("vehicle_years"),
            "actual_claims",
            "expected_claims",
            (pl.col("actual_claims") / pl.col("expected_claims")).alias("actual_over_expected"),
            pl.col("lower").alias("lower_95"),
            pl.col("upper").alias("upper_95"),
        )
        for cover, j in judgements.items()
        if "factor" in j.by_factor.columns
    ]
    if not frames:
        return
    kinds = {
        "vehicle_years": "whole",
        "actual_claims": "whole",
        "expected_claims": "whole",
        "actual_over_expected": "rel",
        "lower_95": "rel",
        "upper_95": "rel",
    }
    frame = pl.concat(frames)
    _write_table(sheet, formats, 0, frame, kinds)
    sheet.freeze_panes(1, 3)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, frame.height, frame.width - 1)
