"""Keyed hashes: identities stay joinable across files and deliveries, and stay unreadable."""

from __future__ import annotations

import duckdb
import polars as pl

LENGTH = 32


def pseudonymise(values: pl.Series, key: str) -> pl.Series:
    """Nested keyed SHA-256 (the construction of HMAC), 128 bits in hex; null stays null.

    The set is hashed once per distinct value, in DuckDB, because polars has no cryptographic hash.
    """
    return _hashed(values, "sha256($key || sha256($key || value))", key)


def fingerprint(values: pl.Series) -> pl.Series:
    """SHA-256 of text, 128 bits in hex; null stays null."""
    return _hashed(values, "sha256($key || value)", "")


def _hashed(values: pl.Series, expression: str, key: str) -> pl.Series:
    distinct = values.rename("value").drop_nulls().unique().to_frame()
    with duckdb.connect() as con:
        con.register("distinct_values", distinct)
        hashed = con.sql(
            f"select value, left({expression}, {LENGTH}) as hash from distinct_values",
            params={"key": key},
        ).pl()
    looked_up = values.rename("value").to_frame().join(hashed, on="value", how="left", maintain_order="left")
    return looked_up["hash"].rename(values.name)
