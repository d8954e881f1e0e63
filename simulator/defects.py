"""Rows spoiled as real systems spoil them, and where: each with the rule that has to find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

Generator = np.random.Generator
Outcome = Literal["rejected", "duplicate", "pending", "flagged"]
MALFORMED = "_malformed"
SOUND = "_sound"


@dataclass(frozen=True)
class Defect:
    """One kind of defect of a file.

    `changes` are what becomes of the client's columns. `twin` adds a copy of the row behind it: with
    changes, the two contradict each other and both are defects; without, the copy is one.
    """

    kind: str
    source: str
    rule: str
    outcome: Outcome = "rejected"
    changes: dict[str, Any] = field(default_factory=dict)
    twin: bool = False
    malformed: bool = False
    only: pl.Expr | None = None


def spoil(
    rng: Generator, rows: pl.DataFrame, file: str, defects: Sequence[Defect], rate: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spoil a share of a file's rows, the same number of each kind.

    Returns:
        The rows, with a column `_malformed` if a line must break its format; and the truth, one row per
        spoiled row: file, row (1-based), source, kind, rule, outcome.
    """
    if rate <= 0 or rows.is_empty():
        return rows, _truth(rows.head(0).with_columns(_kind=pl.lit(None, pl.String)), file, defects)
    each = max(1, round(rate * rows.height / len(defects)))
    kinds = np.full(rows.height, "", dtype="U40")
    for defect in defects:
        free = kinds == ""
        if defect.only is not None:
            free &= rows.select(defect.only.fill_null(False)).to_series().to_numpy()
        places = np.flatnonzero(free)
        kinds[rng.choice(places, min(each, len(places)), replace=False)] = defect.kind
    marked = rows.with_columns(_kind=pl.Series(kinds)).with_row_index("_at")
    twins = pl.concat([_twins(marked, d) for d in defects if d.twin] or [marked.head(0)])
    changed = {
        name: _case(defects, name)
        for name in dict.fromkeys(n for d in defects if not d.twin for n in d.changes)
    }
    # A copy is the defect of its copy; a contradiction is that of both rows.
    copies = [d.kind for d in defects if d.twin and not d.changes]
    plain = marked.with_columns(**changed).with_columns(
        _kind=pl.when(pl.col("_kind").is_in(copies)).then(pl.lit("")).otherwise("_kind")
    )
    whole = pl.concat([plain.with_columns(_nth=pl.lit(0)), twins.with_columns(_nth=pl.lit(1))])
    whole = whole.sort("_at", "_nth").drop("_at", "_nth")
    truth = _truth(whole, file, defects)
    broken = [d.kind for d in defects if d.malformed]
    if broken:
        whole = whole.with_columns(pl.col("_kind").is_in(broken).alias(MALFORMED))
    return whole.drop("_kind"), truth


def _twins(marked: pl.DataFrame, defect: Defect) -> pl.DataFrame:
    return marked.filter(pl.col("_kind") == defect.kind).with_columns(
        **{n: _as_expr(v).cast(marked.schema[n]) for n, v in defect.changes.items()}
    )


def _case(defects: Sequence[Defect], name: str) -> pl.Expr:
    result = pl.col(name)
    for defect in defects:
        if name in defect.changes and not defect.twin:
            result = (
                pl.when(pl.col("_kind") == defect.kind).then(_as_expr(defect.changes[name])).otherwise(result)
            )
    return result


def _as_expr(value: object) -> pl.Expr:
    return value if isinstance(value, pl.Expr) else pl.lit(value)


def _truth(whole: pl.DataFrame, file: str, defects: Sequence[Defect]) -> pl.DataFrame:
    kinds = pl.DataFrame(
        [(d.kind, d.source, d.rule, d.outcome) for d in defects],
        schema={"kind": pl.String, "source": pl.String, "rule": pl.String, "outcome": pl.String},
        orient="row",
    )
    rows = whole.select(kind="_kind", row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    found = rows.filter(pl.col("kind") != "").join(kinds, on="kind", how="inner", maintain_order="left")
    return found.select(pl.lit(file).alias("file"), "row", "source", "kind", "rule", "outcome")
