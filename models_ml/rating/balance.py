"""Base rates put back on balance after relativities were moved."""

from __future__ import annotations

import polars as pl

from models_ml.rating.engine import multiplied_out
from models_ml.rating.errors import RatingError
from models_ml.rating.rounding import as_money, whole_cents
from models_ml.rating.table import BASE, MONEY, RateTable


def on_balance(table: RateTable, before: RateTable, exposure: pl.DataFrame) -> RateTable:
    """The table with base rates that bring, cover by cover, what the one before it would have brought.

    The off-balance factor of a cover is its premium at the relativities before over that at the new ones,
    at the same exposure; fixed amounts stay (Werner and Modlin 2016, chapter 14).

    Args:
        table: with relativities that were moved.
        before: the same covers, as they were.
        exposure: `cover`, `exposure_years` and a text column per rating factor. A cover without exposure
            stays as it is.

    Raises:
        RatingError: a rating factor has no column, or the relativities of a cover bring nothing.
    """
    off_balance: dict[str, float] = {}
    for cover in table.covers:
        own = exposure.filter(pl.col("cover") == cover)
        years = own["exposure_years"]
        if not years.sum():
            continue
        old, new = (float((multiplied_out(one, cover, own) * years).sum()) for one in (before, table))
        if not new > 0:
            raise RatingError(f"cover '{cover}': its relativities bring no premium")
        off_balance[cover] = old / new
    factor = pl.col("cover").replace_strict(off_balance, default=1.0, return_dtype=pl.Float64)
    moved = as_money(whole_cents(pl.col("base_rate").cast(pl.Float64) * 100 * factor))
    is_base = pl.col("factor") == BASE
    return RateTable(
        table.rates.with_columns(base_rate=pl.when(is_base).then(moved).otherwise("base_rate").cast(MONEY))
    )
