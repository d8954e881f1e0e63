"""Relativities of one cover as a frame: what a level costs beside the base level of its factor."""

from __future__ import annotations

import polars as pl

OTHER = "*"
"""The level that stands for every level the table does not list."""


def relativity_of(table: pl.DataFrame, factor: str, column: str) -> pl.Expr:
    """Expression that looks up a factor's relativity, taking `*` for levels it does not list."""
    own = table.filter(pl.col("factor") == factor)
    other = own.filter(pl.col("level") == OTHER)[column][0]
    return pl.col(factor).replace_strict(
        own["level"], own[column], default=float(other), return_dtype=pl.Float64
    )


def relativities(table: pl.DataFrame, factors: list[str]) -> pl.DataFrame:
    """Relativities of every level, and of `*`, which stands for all others.

    Args:
        table: `factor`, `level`, the logs `frequency_log` and `severity_log`, those of the factor's base
            with suffix `_base`, and the volume the level was fitted on.
        factors: in the order they are to have.
    """
    rated = table.with_columns(
        frequency_relativity=(pl.col("frequency_log") - pl.col("frequency_log_base")).exp(),
        severity_relativity=(pl.col("severity_log") - pl.col("severity_log_base")).exp(),
    )
    kept = [
        "factor",
        "level",
        "frequency_relativity",
        "severity_relativity",
        "exposure_years",
        "claim_count",
        "gross_amount",
    ]
    weight = pl.col("exposure_years") / pl.col("exposure_years").sum()
    others = rated.group_by("factor", maintain_order=True).agg(
        pl.lit(OTHER).alias("level"),
        (pl.col("frequency_relativity") * weight).sum(),
        (pl.col("severity_relativity") * weight).sum(),
        pl.lit(0.0).alias("exposure_years"),
        pl.lit(0).cast(table.schema["claim_count"]).alias("claim_count"),
        pl.lit(0.0).alias("gross_amount"),
    )
    order = pl.Enum(factors)
    return (
        pl.concat([rated.select(kept), others.select(kept)])
        .with_columns(relativity=pl.col("frequency_relativity") * pl.col("severity_relativity"))
        .with_columns(pl.col("factor").cast(order))
        .sort("factor", "level")
        .with_columns(pl.col("factor").cast(pl.String))
    )


def no_relativities() -> pl.DataFrame:
    """The relativities of a model without factors."""
    names = ["frequency_relativity", "severity_relativity", "exposure_years", "gross_amount"]
    return pl.DataFrame(
        schema={"factor": pl.String, "level": pl.String, **dict.fromkeys(names, pl.Float64)}
        | {"claim_count": pl.Int64, "relativity": pl.Float64}
    )
