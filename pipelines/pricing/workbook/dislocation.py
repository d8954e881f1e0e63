"""Who pays more and who less: the balance of the book, how changes are spread, and on whom they fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from models_ml.rating import Tariff, distribution, winners_and_losers
from pipelines.pricing.workbook.book import Book, words

if TYPE_CHECKING:
    from pipelines.pricing.renewing.book import Balance
    from pipelines.pricing.renewing.book import Book as Renewals

SHEET = "Dislocation"
ABOUT = "What the new prices do to those who renew: spread of change, winners and losers, caps"
EDGES = (-0.6, -0.4, -0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2)
TENURE = "tenure_years"
MOST_LEVELS = 60
KINDS = {
    **dict.fromkeys(("customers", "dearer", "cheaper", "capped", "floored", "gated"), "whole"),
    **dict.fromkeys(("current_premium", "new_premium", "capped_premium", "left_on_the_table"), "whole"),
    "charged_above_indicated": "whole",
    "customer_share": "percent1",
    "change": "share",
}
CHART = {"width": 700, "height": 330}
CHART_COLUMN, LABEL_WIDTH = 6, 30


def dislocation_sheet(book: Book, tariff: Tariff, renewals: Renewals) -> None:
    """Sums over customers alone; left out where nobody's current price is known."""
    customers, balance = renewals.customers, renewals.balance
    if balance is None or customers.is_empty():
        return
    sheet = book.sheet(SHEET, about=ABOUT)
    sheet.write_string(0, 0, "Who pays more and who less", book.formats["title"])
    top = _summary(book, sheet, balance, customers)
    sheet.set_row(0, 28)
    spread = bands(customers)
    _chart(book, sheet, top + 2, spread.height)
    top = book.section(sheet, top, "Customers by change of price", spread, KINDS)
    fallen = by_level(tariff, customers)
    book.section(sheet, top, "Winners and losers", fallen, KINDS)
    sheet.autofilter(top + 1, 0, top + 1 + fallen.height, fallen.width - 1)
    sheet.set_column(0, 0, LABEL_WIDTH)


def bands(customers: pl.DataFrame) -> pl.DataFrame:
    """Customers and premium by band of change, in words."""
    spread = distribution(customers, EDGES)
    label = pl.Series(
        "change_of_price", [_band(*ends) for ends in spread.select("from_change", "to_change").iter_rows()]
    )
    return spread.select(label, "customers", "customer_share", "current_premium", "new_premium")


def by_level(tariff: Tariff, customers: pl.DataFrame) -> pl.DataFrame:
    """Winners and losers of the whole book, by tier, every rating factor and tenure.

    Of a factor with more than `MOST_LEVELS` levels, those with most customers.
    """
    orders = tariff.table.filter(pl.col("level_order").is_not_null()).select("factor", "level", "level_order")
    names = dict.fromkeys(("tier", *tariff.factors, TENURE))
    pieces = [_piece(winners_and_losers(customers), "book", orders)]
    pieces += [
        _piece(winners_and_losers(customers, name), name, orders)
        for name in names
        if name in customers.columns
    ]
    return pl.concat(pieces)


def _piece(fallen: pl.DataFrame, name: str, orders: pl.DataFrame) -> pl.DataFrame:
    """Levels of one factor, bands in their order."""
    order = dict(orders.filter(pl.col("factor") == name).select("level", "level_order").unique().iter_rows())
    place = (
        pl.col(name)
        if name == TENURE
        else pl.col("level").replace_strict(order, default=None, return_dtype=pl.Int64)
    )
    level = pl.col(name).cast(pl.String).fill_null("not known")
    rows = fallen.with_columns(level.alias("level")).sort(place, "level", nulls_last=True)
    rows = rows.filter(pl.col("customers").rank("ordinal", descending=True) <= MOST_LEVELS)
    return rows.select(
        pl.lit("Whole book" if name == "book" else words(name)).alias("by"),
        "level",
        pl.exclude(name, "level"),
    )


def _summary(book: Book, sheet: Any, balance: Balance, customers: pl.DataFrame) -> int:
    """Facts in two columns; returns the next free row."""
    whole = winners_and_losers(customers).row(0, named=True)
    referred = int(customers["referred"].sum()) if "referred" in customers.columns else 0
    facts: Sequence[tuple[str, Any, str, str]] = (
        ("Customers who renew", customers.height, "whole", ""),
        ("Referred", referred, "whole", "for an underwriter to look at"),
        ("With a current price", whole["customers"], "whole", "all below is of these"),
        ("Premium now", whole["current_premium"], "whole", ""),
        ("Premium charged", whole["new_premium"], "whole", ""),
        ("Indicated change", balance.indicated_change, "share", "at the rates before balance, nobody held"),
        ("Change with caps, floors, gate", balance.held_change, "share", "at the rates before balance"),
        ("Change decided", balance.target_change, "share", "empty where none was decided"),
        ("Base factor", balance.base_factor, "exact", "what all base rates were multiplied by"),
        ("Off-balance", balance.off_balance, "share", "what the base factor took back"),
        ("Overall change", balance.overall_change, "share", "what is charged over what is paid now"),
        ("Capped", whole["capped"], "whole", "customers held below what is indicated"),
        ("Floored", whole["floored"], "whole", "customers held above what is indicated"),
        ("Gated", whole["gated"], "whole", "customers held to what a new customer would pay"),
        ("Premium of the capped", whole["capped_premium"], "whole", ""),
        ("Left on the table", whole["left_on_the_table"], "whole", "indicated, not charged: cap or gate"),
        ("Charged above indicated", whole["charged_above_indicated"], "whole", "because of a floor"),
    )
    for row, (label, value, kind, note) in enumerate(facts, start=2):
        sheet.write_string(row, 0, label, book.formats["text"])
        if value is not None:
            sheet.write_number(row, 1, float(value), book.formats[kind])
        sheet.write_string(row, 2, note, book.formats["aside"])
    return len(facts) + 3


def _band(low: float | None, high: float | None) -> str:
    if low is None:
        return f"{high:+.0%} and below"
    if high is None:
        return f"above {low:+.0%}"
    return f"{low:+.0%} to {high:+.0%}".replace("+0%", "0%")


def _chart(book: Book, sheet: Any, first: int, bands_shown: int) -> None:
    """Beside the summary, of the bands below it."""
    last = first + bands_shown - 1
    chart = book.file.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "Customers",
            "categories": [sheet.get_name(), first, 0, last, 0],
            "values": [sheet.get_name(), first, 1, last, 1],
            "fill": {"color": "#1F3A5F"},
            "gap": 25,
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"size": 9}},
        }
    )
    chart.set_title({"name": "Customers by change of price", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_x_axis({"num_font": {"size": 9, "rotation": -45}})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": False}})
    chart.set_size(CHART)
    sheet.insert_chart(2, CHART_COLUMN, chart)
