"""Keyed hashes: identities stay joinable across files and deliveries, and stay unreadable."""

from __future__ import annotations

from functools import cache

import duckdb
import polars as pl

LENGTH = 32


class Pseudonyms:
    """Keyed hashes of identities, remembered while a delivery lands: a vehicle has thousands of rows."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._known: dict[tuple[str, ...], pl.DataFrame] = {}

    def of(self, rows: pl.DataFrame, inputs: tuple[str, ...], value: pl.Expr) -> pl.Series:
        """Nested keyed SHA-256 (the construction of HMAC), 128 bits in hex; null stays null.

        Args:
            rows: the client's rows.
            inputs: names of the client's columns that `value` is made of.
            value: the identity, as text.

        The identity is made and hashed once per distinct input, in DuckDB, because polars has no
        cryptographic hash.
        """
        kept = tuple(f"{name}:{rows.schema[name]}:{value}" for name in inputs)
        known = self._known.get(kept)
        found = None if known is None else _look_up(rows, inputs, known)
        if found is None or known is None or found["_seen"].null_count():
            fresh = rows.select(inputs).unique()
            if known is not None:
                fresh = fresh.join(known, on=list(inputs), how="anti", nulls_equal=True)
            fresh = fresh.with_columns(value.alias("_value"))
            hashes = _hashed(fresh["_value"], "sha256($key || sha256($key || value))", self._key)
            fresh = fresh.select(*inputs, _hash=hashes, _seen=pl.lit(True))
            known = fresh if known is None else pl.concat([known, fresh])
            self._known[kept] = known
            found = _look_up(rows, inputs, known)
        return found["_hash"]


def _look_up(rows: pl.DataFrame, inputs: tuple[str, ...], known: pl.DataFrame) -> pl.DataFrame:
    return rows.select(inputs).join(
        known, on=list(inputs), how="left", maintain_order="left", nulls_equal=True
    )


def fingerprint(values: pl.Series) -> pl.Series:
    """SHA-256 of text, 128 bits in hex; null stays null."""
    return _hashed(values, "sha256($key || value)", "")


def _hashed(values: pl.Series, expression: str, key: str) -> pl.Series:
    distinct = values.rename("value").drop_nulls().unique().to_frame()
    con = _connection()
    con.register("distinct_values", distinct)
    hashed = con.sql(
        f"select value, left({expression}, {LENGTH}) as hash from distinct_values", params={"key": key}
    ).pl()
    con.unregister("distinct_values")
    looked_up = values.rename("value").to_frame().join(hashed, on="value", how="left", maintain_order="left")
    return looked_up["hash"].rename(values.name)


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    # Opening one takes longer than hashing the vehicles of a chunk.
    return duckdb.connect(config={"threads": 2})
