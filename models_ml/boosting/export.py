"""The tables as plain frames, and rating from these frames alone.

Whoever has the two frames and the base rate can rate with a spreadsheet or SQL: look up the band of every
factor, look up the cell, multiply. `rate_from_frames` does that and shares no code with the model.
"""

from __future__ import annotations

import polars as pl

from models_ml.boosting.bands import Array
from models_ml.boosting.grids import Axis
from models_ml.boosting.tables import FactorTables, Table
from models_ml.relativities import OTHER

BANDS = {
    "table": pl.String,
    "factor": pl.String,
    "band": pl.String,
    "name": pl.String,
    "above": pl.Float64,
    "up_to": pl.Float64,
}
CELLS = {
    "table": pl.String,
    "factor_1": pl.String,
    "band_1": pl.String,
    "factor_2": pl.String,
    "band_2": pl.String,
    "log_relativity": pl.Float64,
    "relativity": pl.Float64,
    "weight": pl.Float64,
}


def table_name(table: Table) -> str:
    """`age`, or `age x use`."""
    return " x ".join(table.factors)


def bands_frame(tables: FactorTables) -> pl.DataFrame:
    """How a value becomes a band, per table and factor: a row per band of numbers, or per name.

    Returns:
        Columns of `BANDS`. `name` for names; `above` (not included) and `up_to` (included) for numbers,
        empty at the open ends.
    """
    rows = [
        {"table": table_name(table), "factor": axis.factor, **row}
        for table in (*tables.mains, *tables.pairs)
        for axis in table.axes
        for row in _bands_of(axis, tables)
    ]
    return pl.DataFrame(rows, schema=BANDS)


def cells_frame(tables: FactorTables) -> pl.DataFrame:
    """Every cell of every table.

    Returns:
        Columns of `CELLS`; the factor and band of a second axis are empty in one-way tables; `weight` is
        the exposure the cell was fitted on.
    """
    pieces = []
    for table in (*tables.mains, *tables.pairs):
        labels = [[band for band, _ in _groups(axis, tables)] for axis in table.axes]
        two = len(table.axes) == 2
        rows, columns = len(labels[0]), len(labels[1]) if two else 1
        second: list[str | None] = [*labels[1]] if two else [None]
        log = pl.Series("log_relativity", table.log_relativity.ravel())
        pieces.append(
            pl.DataFrame(
                {
                    "table": [table_name(table)] * (rows * columns),
                    "factor_1": [table.factors[0]] * (rows * columns),
                    "band_1": [label for label in labels[0] for _ in range(columns)],
                    "factor_2": [table.factors[1] if two else None] * (rows * columns),
                    "band_2": second * rows,
                    "log_relativity": log,
                    "relativity": log.exp(),
                    "weight": table.weight.ravel(),
                },
                schema=CELLS,
            )
        )
    return pl.concat(pieces) if pieces else pl.DataFrame(schema=CELLS)


def rate_from_frames(
    base_rate: float, bands: pl.DataFrame, cells: pl.DataFrame, frame: pl.DataFrame
) -> Array:
    """Rate every row of `frame` from the exported frames alone, shape (rows,).

    A value without a band has the relativity 1 in the tables of its factor.
    """
    total = pl.lit(0.0)
    lookups: list[pl.Series] = []
    for (table,), own in cells.group_by("table", maintain_order=True):
        of_table = bands.filter(pl.col("table") == table)
        factors = own.select("factor_1", "factor_2").row(0)
        keys = [
            _banded(frame[name], of_table.filter(pl.col("factor") == name)).alias(f"band_{at}")
            for at, name in enumerate(factors, 1)
            if name is not None
        ]
        on = [key.name for key in keys]
        found = pl.DataFrame(keys).join(own, on=on, how="left", maintain_order="left")
        lookups.append(found["log_relativity"].fill_null(0.0).alias(str(table)))
        total = total + pl.col(str(table))
    if not lookups:
        return pl.repeat(base_rate, frame.height, eager=True).to_numpy()
    return pl.DataFrame(lookups).select(base_rate * total.exp()).to_series().to_numpy()


def _banded(values: pl.Series, bands: pl.DataFrame) -> pl.Series:
    """The band of every value."""
    if bands["name"].null_count() == 0:
        return values.cast(pl.String).replace_strict(bands["name"], bands["band"], default=OTHER)
    number = values.cast(pl.Float64).fill_nan(None)
    return number.cut(bands["up_to"].drop_nulls().to_list(), labels=bands["band"].to_list()).cast(pl.String)


def _groups(axis: Axis, tables: FactorTables) -> list[tuple[str, list[int]]]:
    """Label and levels of every group of an axis."""
    members: list[list[int]] = [[] for _ in range(axis.size)]
    for level, group in enumerate(axis.groups):
        members[group].append(level)
    return [(tables.levels[axis.factor].label(levels), levels) for levels in members]


def _bands_of(axis: Axis, tables: FactorTables) -> list[dict[str, str | float | None]]:
    own = tables.levels[axis.factor]
    groups = _groups(axis, tables)
    if own.names:
        return [{"band": band, "name": own.names[level]} for band, levels in groups for level in levels]
    ends = [float(own.edges[levels[-1]]) if levels[-1] + 1 < len(own) else None for _, levels in groups]
    return [
        {"band": band, "above": above, "up_to": up_to}
        for (band, _), above, up_to in zip(groups, [None, *ends[:-1]], ends, strict=True)
    ]
