"""Relativities and base rates that somebody selects instead of the forecast's, each with a reason."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.table import BASE, MONEY, RELATIVITY_PLACES, RateTable
from models_ml.relativities import OTHER

Direction = Literal["rising", "falling"]
KEYS = ("cover", "factor", "level")


def select_relativities(table: RateTable, selections: pl.DataFrame) -> RateTable:
    """The table with some of its relativities selected by hand.

    Args:
        table: as built; what the forecast said stays in `smoothed_relativity`.
        selections: `cover`, `factor`, `level`, `relativity` and `reason`, a row per change.

    Raises:
        RatingError: a selection has no row in the table, stands twice, is not a positive number or has
            no reason.
    """
    chosen = selections.select(*KEYS, _reason(), selected=pl.col("relativity").round(RELATIVITY_PLACES))
    _check(chosen, table.rates.filter(pl.col("factor") != BASE))
    return _with(table, chosen, "relativity")


def select_base_rates(table: RateTable, selections: pl.DataFrame) -> RateTable:
    """The table with some of its base rates selected by hand; fixed amounts stay.

    Args:
        table: as built.
        selections: `cover`, `base_rate` (a double) and `reason`, a row per change.

    Raises:
        RatingError: a cover has no base rate in the table, stands twice, its selection is not a positive
            number or has no reason.
    """
    at_base = [pl.lit(BASE).alias(name) for name in KEYS[1:]]
    chosen = selections.select("cover", *at_base, _reason(), selected=pl.col("base_rate").round(2))
    _check(chosen, table.rates.filter(pl.col("factor") == BASE))
    return _with(table, chosen.with_columns(pl.col("selected").cast(MONEY)), "base_rate")


def _reason() -> pl.Expr:
    return pl.col("reason").str.strip_chars().alias("why")


def _check(chosen: pl.DataFrame, known: pl.DataFrame) -> None:
    positive = pl.col("selected").is_finite() & (pl.col("selected") > 0)
    for complaint, bad in (
        ("has no row in the table", chosen.join(known, on=KEYS, how="anti")),
        ("is selected twice", chosen.filter(pl.struct(KEYS).is_duplicated())),
        ("is not a positive number", chosen.filter(~positive.fill_null(value=False))),
        ("has no reason", chosen.filter(pl.col("why").fill_null("") == "")),
    ):
        if bad.height:
            cover, factor, level, value = bad.select(*KEYS, "selected").row(0)
            raise RatingError(f"cover '{cover}', factor '{factor}', level '{level}': {value} {complaint}")


def _with(table: RateTable, chosen: pl.DataFrame, column: str) -> RateTable:
    """The table with what was chosen in place of a column's values, and why."""
    reason = "reason" if "reason" in table.rates.columns else pl.lit(None, dtype=pl.String)
    joined = table.rates.with_columns(reason=reason).join(chosen, on=KEYS, how="left", maintain_order="left")
    taken = pl.coalesce("selected", column).alias(column)
    return RateTable(joined.with_columns(taken, reason=pl.coalesce("why", "reason")).drop("selected", "why"))


def bound_relativities(table: RateTable, factor: str, least: float, most: float, reason: str) -> RateTable:
    """The table with a factor held between bounds about its mean in every cover, such as the driving score.

    Relativities are held about their geometric mean by exposure, so that cheap and dear levels have the
    same room whatever level they are relative to; the base level is 1 again afterwards. Premiums then differ
    from the mean by that factor within the bounds too, whatever covers they sum: a sum of parts that each
    move by at most so much moves by no more.

    Args:
        table: the rates, with `exposure_years` where the mean is not that of the levels alike.
        factor: to be held.
        least, most: bounds of a relativity over the mean; they enclose 1.
        reason: written beside every relativity that is moved.

    Raises:
        RatingError: the table has no such factor, or the bounds do not enclose 1.
    """
    if factor not in table.factors:
        raise RatingError(f"factor '{factor}' is none of the table's: {', '.join(table.factors)}")
    if not 0 < least <= 1 <= most:
        raise RatingError(f"factor '{factor}': bounds {least} to {most} do not enclose 1")
    own = table.rates.filter(pl.col("factor") == factor)
    moved = pl.concat(
        _bounded(part, least, most) for part in own.partition_by("cover", maintain_order=True)
    ).filter(pl.col("bounded") != pl.col("relativity"))
    return select_relativities(
        table, moved.select("cover", "factor", "level", relativity="bounded", reason=pl.lit(reason))
    )


def _bounded(part: pl.DataFrame, least: float, most: float) -> pl.DataFrame:
    listed = part["level"] != OTHER
    known = "exposure_years" in part.columns and float(part.filter(listed)["exposure_years"].sum()) > 0
    years = part["exposure_years"].fill_null(0.0) if known else pl.Series([1.0] * part.height)
    weight = np.where(listed.to_numpy(), years.to_numpy(), 0.0)
    relativity = part["relativity"].to_numpy()
    mean = np.exp(np.average(np.log(relativity), weights=weight))
    held = np.clip(relativity / mean, least, most)
    # The level that the base rate is the rate of: of those at 1, the one with most exposure.
    at_one = np.where(listed.to_numpy() & (relativity == 1), weight, -1.0)
    base = held[int(np.argmax(at_one))] if at_one.max() >= 0 else 1 / mean
    return part.with_columns(bounded=pl.Series(held / base).round(RELATIVITY_PLACES))


def order_relativities(table: RateTable, factor: str, direction: Direction, reason: str) -> RateTable:
    """The table with a factor that only rises, or only falls, over its bands in every cover.

    Bands that break the order are drawn together to their mean by exposure, on the log scale: pool adjacent
    violators (Barlow, Bartholomew, Bremner and Brunk 1972). The level `*` and names stay as they are.

    Args:
        table: with `level_order` and `exposure_years`.
        factor: to be ordered.
        direction: `rising` or `falling` with `level_order`.
        reason: written beside every relativity that is moved.

    Raises:
        RatingError: the table has no such factor, or it has no bands in order.
    """
    own = table.rates.filter((pl.col("factor") == factor) & (pl.col("level") != OTHER))
    own = own.drop_nulls("level_order").sort("cover", "level_order", maintain_order=True)
    if own.is_empty():
        raise RatingError(f"factor '{factor}' has no bands in order in the table")
    pieces = [
        _ordered(part, rising=direction == "rising")
        for part in own.partition_by("cover", maintain_order=True)
    ]
    moved = pl.concat(pieces).filter(pl.col("ordered") != pl.col("relativity"))
    return select_relativities(
        table, moved.select("cover", "factor", "level", relativity="ordered", reason=pl.lit(reason))
    )


def _ordered(part: pl.DataFrame, *, rising: bool) -> pl.DataFrame:
    from sklearn.isotonic import isotonic_regression

    # A level without experience bends to its neighbours.
    weight = np.maximum(part["exposure_years"].to_numpy(), 1e-6)
    logs = isotonic_regression(np.log(part["relativity"].to_numpy()), sample_weight=weight, increasing=rising)
    return part.with_columns(ordered=pl.Series(np.exp(logs)).round(RELATIVITY_PLACES))
