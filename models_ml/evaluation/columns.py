"""What a column of numbers must be before anything is measured on it."""

from __future__ import annotations

import numpy as np
import polars as pl

from models_ml.errors import BadColumnError
from models_ml.glm import Array

Column = Array | pl.Series


def finite(**columns: Column) -> tuple[Array, ...]:
    """The columns as doubles, in the order given.

    Raises:
        BadColumnError: a column is empty, holds NaN, null or infinity, or is longer than another.
    """
    arrays = {name: _doubles(name, values) for name, values in columns.items()}
    first, length = next((name, len(values)) for name, values in arrays.items())
    for name, values in arrays.items():
        if not len(values):
            raise BadColumnError(f"column '{name}' has no rows")
        if len(values) != length:
            raise BadColumnError(f"column '{name}' has {len(values)} rows, '{first}' has {length}")
        bad = ~np.isfinite(values)
        if bad.any():
            row = int(np.argmax(bad))
            raise BadColumnError(f"column '{name}': {int(bad.sum())} not a number, first in row {row}")
    return tuple(arrays.values())


def non_negative(**columns: Column) -> tuple[Array, ...]:
    """`finite`, and no value below zero."""
    arrays = finite(**columns)
    for name, values in zip(columns, arrays, strict=True):
        if (values < 0).any():
            row = int(np.argmax(values < 0))
            raise BadColumnError(f"column '{name}' is {values[row]:g} in row {row}; it cannot be negative")
    return arrays


def positive(**columns: Column) -> tuple[Array, ...]:
    """`finite`, and every value above zero."""
    arrays = finite(**columns)
    for name, values in zip(columns, arrays, strict=True):
        if (values <= 0).any():
            row = int(np.argmax(values <= 0))
            raise BadColumnError(f"column '{name}' is {values[row]:g} in row {row}; it must be above zero")
    return arrays


def _doubles(name: str, values: Column) -> Array:
    if isinstance(values, pl.Series):
        # A null becomes NaN, which is refused with the rest.
        values = values.cast(pl.Float64).to_numpy()
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise BadColumnError(f"column '{name}' has {array.ndim} dimensions, not one")
    return array
