"""The levels of one factor of a cover side by side: what is charged for them, and what they did."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from models_ml.relativities import OTHER
from pipelines.pricing.forecasting.forecast import ForecastCover

LEVELS_SHOWN = 25
THIN_CLAIMS = 10
"""Claims below which chance decides; such levels are drawn pale."""

JUDGED = ("actual_claims", "expected_claims", "ratio", "lower", "upper")
CURVE = ("raw", "smoothed", "selected")


@dataclass(frozen=True)
class FactorLevels:
    """The levels of a factor that are shown.

    Attributes:
        factor: its name.
        shown: per level the fitted `exposure_years`, `claim_count`, `frequency_relativity`,
            `severity_relativity`, `relativity`; of the judgement `judged_years`, `actual_claims`,
            `expected_claims`, their `ratio` with `lower` and `upper`; of the curve, where the factor is
            ordered, `raw`, `smoothed`, `selected`, at the base level of the model; null where there is
            none. In the factor's order, or by falling exposure.
        known: number of levels in all.
        unlisted: claims, actual and expected, at levels that were judged but are not in the model.
    """

    factor: str
    shown: pl.DataFrame
    known: int
    unlisted: tuple[int, float]

    @property
    def curved(self) -> bool:
        """Whether there is a curve."""
        return self.shown["smoothed"].count() > 0

    @property
    def thin(self) -> list[bool]:
        """Of every level, whether fewer claims are expected of it in the judgement than say anything."""
        return (self.shown["expected_claims"].fill_null(0.0) < THIN_CLAIMS).to_list()


def factor_levels(cover: ForecastCover, factor: str) -> FactorLevels:
    """Gather the levels of a factor from the model, its judgement and its curve."""
    fitted = cover.model.relativities_.filter((pl.col("factor") == factor) & (pl.col("level") != OTHER))
    judged, curve = _judged(cover, factor), _curve(cover, factor)
    order = _order(cover, factor, curve)
    top = fitted.sort("exposure_years", "level", descending=[True, False]).head(LEVELS_SHOWN)
    place = pl.col("level").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    shown = (
        top.with_columns(_place=place)
        .sort("_place", "exposure_years", "level", descending=[False, True, False])
        .drop("_place", "factor")
        .join(judged, on="level", how="left", maintain_order="left")
        .join(curve.select("level", *CURVE), on="level", how="left", maintain_order="left")
    )
    new = judged.join(fitted, on="level", how="anti")
    unlisted = (int(new["actual_claims"].sum()), float(new["expected_claims"].sum()))
    return FactorLevels(factor, shown, fitted.height, unlisted)


def _judged(cover: ForecastCover, factor: str) -> pl.DataFrame:
    table = cover.evaluation.judgement.by_factor
    if "factor" not in table.columns:
        empty = dict.fromkeys(("judged_years", *JUDGED), pl.Float64)
        return pl.DataFrame(schema={"level": pl.String, **empty})
    expected = pl.col("expected_claims")
    return table.filter(pl.col("factor") == factor).select(
        "level",
        pl.col("exposure_years").alias("judged_years"),
        "actual_claims",
        "expected_claims",
        pl.when(expected > 0).then(pl.col("actual_claims") / expected).alias("ratio"),
        "lower",
        "upper",
    )


def _curve(cover: ForecastCover, factor: str) -> pl.DataFrame:
    curves = cover.evaluation.curves
    if "factor" not in curves.columns:
        numbers = dict.fromkeys(("level_order", *CURVE), pl.Float64)
        return pl.DataFrame(schema={"level": pl.String, **numbers})
    own = curves.filter(pl.col("factor") == factor)
    # The model that was judged may have another base level than the published one.
    base = own.filter(pl.col("level") == cover.model.base_levels_.get(factor))["selected"].to_list()
    return own.with_columns(pl.col(CURVE) / base[0]) if base and base[0] > 0 else own


def _order(cover: ForecastCover, factor: str, curve: pl.DataFrame) -> dict[str, int]:
    levels = (cover.model.orders or {}).get(factor) or curve.sort("level_order")["level"].to_list()
    return {level: at for at, level in enumerate(levels)}
