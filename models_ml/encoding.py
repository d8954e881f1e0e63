"""Rating cells as a sparse design matrix: a column per level of a name, a column per step of a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

Array = np.ndarray[Any, np.dtype[Any]]


class LevelEncoder:
    """Encodes every level, none dropped: a penalty, not a base level, identifies them.

    A name is drawn to the mean of all names. A band is drawn to the bands beside it, for what is penalised
    are the steps between neighbours: a random walk as prior, which smooths a curve where there is little
    experience and leaves it alone where there is much (Fahrmeir and Lang 2001, first order). So bands may
    be fine.

    Args:
        factors: names of the columns.
        orders: levels in order of the factors that have one; a level that is not in it is a name.

    Attributes:
        levels_: frame with `column`, a number per level, `factor` and `level`.
        coding_: sparse matrix of shape (levels, columns): what a level is in columns.
        groups_: number of the factor of every column, shape (columns,).

    Example:
        >>> cells = pl.DataFrame({"use": ["taxi", "private", "taxi"], "age": ["0", "1", "2"]})
        >>> encoder = LevelEncoder(["use", "age"], {"age": ["0", "1", "2"]}).fit(cells, np.ones(3))
        >>> encoder.transform(cells).toarray().tolist()
        [[0.0, 1.0, -1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """

    def __init__(self, factors: Sequence[str], orders: Mapping[str, Sequence[str]] | None = None) -> None:
        self.factors = tuple(factors)
        self.orders = orders or {}

    def fit(self, cells: pl.DataFrame, weight: Array | None = None) -> LevelEncoder:
        """Learn the levels of `cells`.

        Args:
            cells: one text column per factor.
            weight: exposure, shape (rows,); a band with the middle of it is where curves start from, so
                that whatever is penalised is a distance from the typical. Rows count alike without it.
        """
        weight = np.ones(cells.height) if weight is None else weight
        pieces = [pl.DataFrame(schema={"factor": pl.String, "level": pl.String})]
        self._blocks: list[Array] = []
        for factor in self.factors:
            seen = cells[factor].unique().sort().to_list()
            ordered = [level for level in self.orders.get(factor, ()) if level in set(seen)]
            names = [level for level in seen if level not in set(ordered)]
            pieces.append(
                pl.DataFrame({"level": ordered + names}).select(factor=pl.lit(factor), level="level")
            )
            self._blocks.append(_block(cells[factor], weight, ordered, len(names)))
        self.levels_ = pl.concat(pieces).with_row_index("column")
        self.coding_ = (
            sparse.block_diag(self._blocks, format="csr") if self._blocks else sparse.csr_matrix((0, 0))
        )
        self.groups_ = np.repeat(np.arange(len(self._blocks)), [block.shape[1] for block in self._blocks])
        return self

    def transform(self, cells: pl.DataFrame) -> Any:
        """CSR matrix of shape (rows, columns); a level never seen is a row of zeros for its factor."""
        return self._one_hot(cells) @ self.coding_

    def effects(self, coefficients: Array) -> Array:
        """Log relativity of every level in `levels_`, shape (levels,), from coefficients of the columns."""
        return np.asarray(self.coding_ @ coefficients)

    def _one_hot(self, cells: pl.DataFrame) -> Any:
        rows: list[Array] = []
        columns: list[Array] = []
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


def _block(values: pl.Series, weight: Array, ordered: list[str], names: int) -> Array:
    """Coding of one factor, shape (levels, columns): steps between bands, then one column per name."""
    bands = len(ordered)
    block = np.zeros((bands + names, max(bands - 1, 0) + names))
    if bands:
        at = values.replace_strict(ordered, range(bands), default=bands, return_dtype=pl.Int64).to_numpy()
        share = np.cumsum(np.bincount(at, weight, bands + 1)[:bands])
        start = int(np.searchsorted(share, share[-1] / 2))
        band, step = np.arange(bands)[:, None], np.arange(1, bands)[None, :]
        block[:bands, : bands - 1] = (band >= step).astype(float) - (start >= step)
    block[bands:, block.shape[1] - names :] = np.eye(names)
    return block
