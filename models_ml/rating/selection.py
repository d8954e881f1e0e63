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
BOUNDS = ("bound_lowest", "bound_highest")


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


def bound_relativities(
    table: RateTable, factor: str, least: float, most: float, reason: str, base_level: str | None = None
) -> RateTable:
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
        base_level: that at 1 afterwards; of those at 1, the one with most exposure where it is left out.

    Returns:
        The table, with `bound_lowest` and `bound_highest`, where the bounds lie beside the base level: about
        the mean that relativities had before they were held. Null for other factors.

    Raises:
        RatingError: the table has no such factor, or the bounds do not enclose 1.
    """
    if factor not in table.factors:
        raise RatingError(f"factor '{factor}' is none of the table's: {', '.join(table.factors)}")
    if not 0 < least <= 1 <= most:
        raise RatingError(f"factor '{factor}': bounds {least} to {most} do not enclose 1")
    own = table.rates.filter(pl.col("factor") == factor)
    held = pl.concat(
        _bounded(part, least, most, base_level) for part in own.partition_by("cover", maintain_order=True)
    )
    bounds = held.select(*KEYS, _low="bound_lowest", _high="bound_highest")
    joined = table.rates.join(bounds, on=KEYS, how="left", maintain_order="left")
    known = [pl.lit(None, dtype=pl.Float64).alias(name) for name in BOUNDS if name not in joined.columns]
    bounded = RateTable(
        joined.with_columns(known)
        .with_columns(
            bound_lowest=pl.coalesce("_low", "bound_lowest"),
            bound_highest=pl.coalesce("_high", "bound_highest"),
        )
        .drop("_low", "_high")
    )
    return _moved(bounded, held, "bounded", reason)


def _bounded(part: pl.DataFrame, least: float, most: float, base_level: str | None) -> pl.DataFrame:
    listed = part["level"] != OTHER
    known = "exposure_years" in part.columns and float(part.filter(listed)["exposure_years"].sum()) > 0
    years = part["exposure_years"].fill_null(0.0) if known else pl.Series([1.0] * part.height)
    weight = np.where(listed.to_numpy(), years.to_numpy(), 0.0)
    relativity = part["relativity"].to_numpy()
    mean = np.exp(np.average(np.log(relativity), weights=weight))
    held = np.clip(relativity / mean, least, most)
    base = held[_base_row(part, weight, base_level)]
    return part.with_columns(
        bounded=pl.Series(held / base).round(RELATIVITY_PLACES),
        bound_lowest=pl.lit(round(float(least / base), RELATIVITY_PLACES)),
        bound_highest=pl.lit(round(float(most / base), RELATIVITY_PLACES)),
    )


def _base_row(part: pl.DataFrame, weight: np.ndarray, base_level: str | None) -> int:
    """Row of the level that is the base: the one named, `*` where it is not listed, else the one at 1."""
    levels = part["level"].to_list()
    if base_level is not None:
        return int(levels.index(base_level if base_level in levels else OTHER))
    at_one = np.where(part["relativity"].to_numpy() == 1, weight, -1.0)
    return int(np.argmax(at_one))


def order_relativities(
    table: RateTable, factor: str, direction: Direction, reason: str, base_level: str | None = None
) -> RateTable:
    """The table with a factor that only rises, or only falls, over its bands in every cover.

    Bands that break the order are drawn together to their mean by exposure, on the log scale: pool adjacent
    violators (Barlow, Bartholomew, Bremner and Brunk 1972). Afterwards the base level is 1 again; the level
    `*` and names keep their distance from the mean.

    Args:
        table: with `level_order` and `exposure_years`.
        factor: to be ordered.
        direction: `rising` or `falling` with `level_order`.
        reason: written beside every relativity that is moved.
        base_level: that at 1 afterwards; bands stay as they were drawn together where it is left out.

    Raises:
        RatingError: the table has no such factor, or it has no bands in order.
    """
    own = table.rates.filter(pl.col("factor") == factor)
    if own.filter(_is_band()).is_empty():
        raise RatingError(f"factor '{factor}' has no bands in order in the table")
    rising = direction == "rising"
    pieces = [
        _ordered(part, base_level, rising=rising) for part in own.partition_by("cover", maintain_order=True)
    ]
    return _moved(table, pl.concat(pieces), "ordered", reason)


def _is_band() -> pl.Expr:
    return (pl.col("level") != OTHER) & pl.col("level_order").is_not_null()


def _ordered(part: pl.DataFrame, base_level: str | None, *, rising: bool) -> pl.DataFrame:
    from sklearn.isotonic import isotonic_regression

    bands = part.filter(_is_band()).sort("level_order", maintain_order=True)
    if bands.is_empty():
        return part.with_columns(ordered="relativity")
    # A level without experience bends to its neighbours.
    weight = np.maximum(bands["exposure_years"].to_numpy(), 1e-6)
    logs = isotonic_regression(
        np.log(bands["relativity"].to_numpy()), sample_weight=weight, increasing=rising
    )
    drawn = bands.select("level", _drawn=pl.Series(np.exp(logs)))
    ordered = part.join(drawn, on="level", how="left", maintain_order="left").with_columns(
        ordered=pl.coalesce("_drawn", "relativity")
    )
    if base_level is not None:
        base = ordered["ordered"][_base_row(part, np.zeros(part.height), base_level)]
        ordered = ordered.with_columns(pl.col("ordered") / base)
    return ordered.with_columns(pl.col("ordered").round(RELATIVITY_PLACES)).drop("_drawn")


def _moved(table: RateTable, held: pl.DataFrame, column: str, reason: str) -> RateTable:
    """The table with what differs in `column` in place of its relativities, and why."""
    moved = held.filter(pl.col(column) != pl.col("relativity"))
    return select_relativities(
        table, moved.select(*KEYS, pl.col(column).alias("relativity"), pl.lit(reason).alias("reason"))
    )
