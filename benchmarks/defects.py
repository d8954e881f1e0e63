"""Which of the defects that a simulated delivery carries were found, with which rule; and what else was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.places import FLAGS, LANDED_FILE, LANDED_ROW, Places

_WHERE = ["file", "row", "source"]
_WITH_HEADER = r"\.(csv|txt|xlsx|xlsm)$"


@dataclass(frozen=True)
class Found:
    """`kinds` has one row per kind of defect: injected and found with its rule and outcome.

    `clean_rejected` has the rows that were rejected though nothing was wrong with them.
    """

    kinds: pl.DataFrame
    clean_rejected: pl.DataFrame

    @property
    def injected(self) -> int:
        return int(self.kinds["injected"].sum())

    @property
    def caught(self) -> int:
        return int(self.kinds["found"].sum())


def find_defects(truth: Path, places: Places, delivery: str) -> Found:
    """Compare a delivery's truth with what landing says.

    Args:
        truth: the simulation's folder of truth.
        places: where the delivery has landed.
        delivery: name of its folder; the truth speaks of later ones as well.
    """
    defects = pl.read_parquet(truth / "defects.parquet").filter(pl.col("delivery") == delivery)
    # The truth counts rows; landing says the line of a text file or the row of a sheet, headers counted.
    headed = pl.col("file").str.contains(_WITH_HEADER).cast(pl.Int64)
    defects = defects.with_columns(row=pl.col("row") + headed)
    told = pl.concat([_in_quarantine(places), _waiting(places), _flagged(places)]).unique()
    hits = defects.join(told, on=[*_WHERE, "rule", "outcome"], how="semi")
    counted = defects.group_by("source", "kind", "rule", "outcome").agg(injected=pl.len())
    kinds = counted.join(hits.group_by("kind").agg(found=pl.len()), on="kind", how="left")
    rejected = _in_quarantine(places).filter(pl.col("outcome") == "rejected").select("file", "row", "rule")
    clean = rejected.join(defects, on=["file", "row"], how="anti").unique()
    return Found(kinds.with_columns(pl.col("found").fill_null(0)).sort("source", "kind"), clean)


def _in_quarantine(places: Places) -> pl.DataFrame:
    columns = ["file", "row", "source", "rule", "status"]
    paths = list(places.quarantine.glob("*.parquet"))
    if not paths:
        return pl.DataFrame(schema={"file": pl.String, "row": pl.Int64, "source": pl.String,
                                    "rule": pl.String, "outcome": pl.String})  # fmt: skip
    return pl.scan_parquet(paths).select(columns).rename({"status": "outcome"}).collect()


def _waiting(places: Places) -> pl.DataFrame:
    pieces = [_in_quarantine(places).head(0)]
    for source in CONTRACTS:
        paths = list((places.held / source).rglob("*.parquet"))
        if paths:
            held = pl.scan_parquet(paths).filter(pl.col("row_status") == "pending")
            pieces.append(_placed(held, source, pl.lit("reference"), "pending"))
    return pl.concat(pieces)


def _flagged(places: Places) -> pl.DataFrame:
    flags = pl.scan_parquet(places.lake / FLAGS / "*.parquet")
    return _placed(flags, pl.col("source"), pl.col("rule"), "flagged")


def _placed(rows: pl.LazyFrame, source: str | pl.Expr, rule: pl.Expr, outcome: str) -> pl.DataFrame:
    name = pl.lit(source) if isinstance(source, str) else source
    return rows.select(
        file=LANDED_FILE, row=LANDED_ROW, source=name, rule=rule, outcome=pl.lit(outcome)
    ).collect()
