"""The levels of a version: what its plan and its client's mapping make of raw values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import polars as pl

from models_ml.rating import BASE, LevelRules, level_rules
from models_ml.rating.levels import SCHEMA
from models_ml.rating.rules import ALL
from pipelines.csv_tables import csv_bytes, read_csv_bytes
from pipelines.landing.reading.columns import band_labels
from pipelines.pricing.errors import EarlierVersionError

if TYPE_CHECKING:
    from pipelines.landing.mapping import Factor
    from pipelines.landing.mapping import Mapping as ClientMapping
    from pipelines.pricing.renewing.plan import RatingPlan

LEVELS = "rating_levels.csv"


def levels_of(rates: pl.DataFrame, plan: RatingPlan, mapping: ClientMapping | None = None) -> LevelRules:
    """How raw values find the levels of a table.

    Args:
        rates: a published table.
        plan: whose bands hold.
        mapping: whose client factors have bands and codes; a factor that its files band differently is
            taken by its labels alone, and a code that they use differently is not taken.
    """
    own = rates.filter((pl.col("tier") == ALL) & (pl.col("factor") != BASE)).select("factor", "level")
    client = list(_factors(mapping)) if mapping else []
    declared = {factor.name for factor in client}
    bands = plan.table("rating_bands")
    planned = (
        bands.filter(~pl.col("factor").is_in(declared)).select(
            "factor", pl.col("band").alias("level"), pl.col("lower_bound", "upper_bound").cast(pl.Float64)
        )
        if bands.height
        else pl.DataFrame(schema=_BANDS)
    )
    return level_rules(own, pl.concat([planned, _client_bands(client)]), _codes(client))


def levels_bytes(levels: LevelRules) -> bytes:
    """The rules as a file of a version."""
    return csv_bytes(levels.rules)


def levels_from(files: Mapping[str, bytes]) -> LevelRules:
    """The rules of a version.

    Raises:
        EarlierVersionError: an earlier version of Ratewright wrote it, without them.
    """
    if LEVELS not in files:
        raise EarlierVersionError("how raw values find their levels")
    return LevelRules(read_csv_bytes(files[LEVELS], SCHEMA))


_BANDS = {"factor": pl.String, "level": pl.String, "lower_bound": pl.Float64, "upper_bound": pl.Float64}


def _factors(mapping: ClientMapping) -> Iterator[Factor]:
    for file in mapping.files:
        for source in file.sources:
            yield from source.factors


def _client_bands(factors: list[Factor]) -> pl.DataFrame:
    found: dict[str, set[tuple[float, ...] | None]] = {}
    for factor in factors:
        found.setdefault(factor.name, set()).add(factor.bands)
    rows = [
        (name, label, lower, upper)
        for name, ways in sorted(found.items())
        if len(ways) == 1 and (bands := next(iter(ways)))
        for label, lower, upper in zip(band_labels(bands), bands, [*bands[1:], None], strict=True)
    ]
    return pl.DataFrame(rows, schema=_BANDS, orient="row")


def _codes(factors: list[Factor]) -> dict[str, dict[str, str]]:
    meant: dict[str, dict[str, set[str]]] = {}
    for factor in factors:
        for code, level in (factor.codes or {}).items():
            meant.setdefault(factor.name, {}).setdefault(code, set()).add(level)
    return {
        name: {code: min(levels) for code, levels in sorted(codes.items()) if len(levels) == 1}
        for name, codes in meant.items()
    }
