"""The columns of a published table, and what of it rates."""

from __future__ import annotations

import polars as pl

from models_ml.rating import RateTable, Tariff
from models_ml.rating.rules import ALL
from pipelines.pricing.versions.manifest import Manifest, json_hash

SCHEMA = pl.Schema(
    {
        "client": pl.String(),
        "rating_year": pl.Int64(),
        "version": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "tier": pl.String(),
        "cover": pl.String(),
        "factor": pl.String(),
        "level": pl.String(),
        "level_order": pl.Int64(),
        "base_rate": pl.Decimal(18, 2),
        "indicated_base_rate": pl.Decimal(18, 2),
        "cost_base_rate": pl.Decimal(18, 2),
        "fixed_amount": pl.Decimal(18, 2),
        "relativity": pl.Float64(),
        "indicated_relativity": pl.Float64(),
        "planned_relativity": pl.Float64(),
        "bound_lowest": pl.Float64(),
        "bound_highest": pl.Float64(),
        "relativity_lower": pl.Float64(),
        "relativity_upper": pl.Float64(),
        "raw_relativity": pl.Float64(),
        "credibility": pl.Float64(),
        "selection_reason": pl.String(),
        "frequency_relativity": pl.Float64(),
        "severity_relativity": pl.Float64(),
        "exposure_years": pl.Float64(),
        "claim_count": pl.Int64(),
        "burning_cost": pl.Float64(),
    }
)
"""Columns of a rate table in every format: the tariff, what it was chosen from, and which version it is.

`base_rate` and `relativity` are what rates. `indicated_base_rate` is where cost puts the base rate, or the
overall change where one was decided; `cost_base_rate` is where cost alone puts it, at the relativities that
the model indicates. `indicated_relativity` is the model's, other factors held equal and thin levels drawn
together; `planned_relativity` is that after the plan's order and bounds: the corridor of an edit lies about
it, within `bound_lowest` and `bound_highest` where the plan bounds the factor. 90 % of what is plausible
lies between `relativity_lower` and `relativity_upper`. `raw_relativity` is what was seen, nothing else held
equal, and `credibility` how far experience has settled the indicated one. `selection_reason` is why the
selected relativity or base rate differs.
"""
OF_VERSION = ("client", "rating_year", "version", "effective_from", "effective_to")
OF_RATES = list(SCHEMA)[len(OF_VERSION) :]


def published(tariff: Tariff) -> pl.DataFrame:
    """A tariff in the columns it is published in, but those that name the version.

    Rows that no model made have no indicated relativity of their own: it is the one that rates.
    """
    table = with_indicated_base_rates(tariff.table.rename({"reason": "selection_reason"})).with_columns(
        indicated_relativity=pl.coalesce("smoothed_relativity", "relativity"),
        planned_relativity=pl.coalesce(
            *(["planned_relativity"] if "planned_relativity" in tariff.table.columns else []), "relativity"
        ),
    )
    return table.select(
        pl.col(name).cast(SCHEMA[name]) if name in table.columns
        else pl.lit(None, dtype=SCHEMA[name]).alias(name)
        for name in OF_RATES
    )  # fmt: skip


def with_indicated_base_rates(rates: pl.DataFrame) -> pl.DataFrame:
    """The rates with their base rates as the indicated ones, nobody having selected any."""
    return rates.with_columns(indicated_base_rate="base_rate")


def stamped(manifest: Manifest, rates: pl.DataFrame) -> pl.DataFrame:
    """The rates with the columns that name their version."""
    return rates.with_columns(
        client=pl.lit(manifest.client),
        rating_year=pl.lit(manifest.rating_year, dtype=pl.Int64),
        version=pl.lit(manifest.version()),
        effective_from=pl.lit(manifest.effective_from),
        effective_to=pl.lit(manifest.effective_to),
    ).select(list(SCHEMA))


def cover_rates(rates: pl.DataFrame) -> pl.DataFrame:
    """The rows of the covers alone: base rates and relativities."""
    return rates.filter((pl.col("tier") == ALL) & (pl.col("cover") != ALL))


def table_of(rates: pl.DataFrame) -> RateTable:
    """The rates of the covers as a table, every column with them."""
    return RateTable(cover_rates(rates))


def rates_hash(rates: pl.DataFrame) -> str:
    """Hash of every number of a table, whatever version it is of."""
    own = [name for name in rates.columns if name not in OF_VERSION]
    return json_hash(rates.select(pl.col(own).cast(pl.String)).to_dicts())
