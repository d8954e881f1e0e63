"""Rating cells as a sparse design matrix: one column per level of every factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse


class LevelEncoder:
    """One-hot encoding of every level, none dropped: a penalty, not a base level, identifies them.

    Attributes:
        levels_: frame with `factor`, `level` and `column`, the position in the matrix.
    """

    def __init__(self, factors: Sequence[str]) -> None:
        self.factors = tuple(factors)

    def fit(self, cells: pl.DataFrame) -> LevelEncoder:
        """Learn the levels of `cells`, in the order of their names."""
        pieces = [
            pl.DataFrame({"level": cells[factor].unique().sort()}).with_columns(factor=pl.lit(factor))
            for factor in self.factors
        ]
        self.levels_ = (
            pl.concat(pieces).select("factor", "level").with_row_index("column")
            if pieces
            else pl.DataFrame(schema={"column": pl.UInt32, "factor": pl.String, "level": pl.String})
        )
        return self

    def transform(self, cells: pl.DataFrame) -> Any:
        """CSR matrix of shape (rows, levels); a level never seen is a row of zeros for its factor."""
        rows: list[np.ndarray[Any, Any]] = []
        columns: list[np.ndarray[Any, Any]] = []
        for factor in self.factors:
            known = self.levels_.filter(pl.col("factor") == factor).select("level", "column")
            found = (
                cells.select(pl.col(factor).alias("level"))
                .with_row_index("row")
                .join(known, on="level", how="inner", maintain_order="left")
            )
            rows.append(found["row"].to_numpy())
            columns.append(found["column"].to_numpy())
        row = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
        column = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
        shape = (cells.height, self.levels_.height)
        return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
