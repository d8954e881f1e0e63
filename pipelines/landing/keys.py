"""Keys: which rows are new, which are duplicates, and which contradict a row that stands already.

A duplicate has the key and the content of an accepted row. A row with the key but other content is
refused and names the row it contradicts. Where the mapping says `repeats: last`, rows that repeat a
key describe one thing (a vehicle on each of its policies) and are folded into one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.readers import ROW
from pipelines.landing.validate import REASONS, Candidate

LANDED_FILE, LANDED_ROW = "landed_file", "landed_row"


@dataclass(frozen=True)
class Resolved:
    """What a file brings to the lake, and what becomes of its other rows.

    `accepted` holds rows per source with `_row`; `reasons` one row per fault; `duplicates` and
    `rejected` the row numbers concerned; `folded` counts rows per source that repeated a key.
    """

    accepted: dict[str, pl.DataFrame]
    reasons: pl.DataFrame
    rejected: pl.Series
    duplicates: pl.Series
    folded: dict[str, int]


def resolve(
    found: Sequence[Candidate], malformed: pl.DataFrame, known: Mapping[str, Sequence[Path]]
) -> Resolved:
    """Judge the keys of a file's rows against each other and against the lake's files `known`."""
    reasons = pl.concat([_malformed(malformed), *(c.reasons for c in found)])
    alive = [(c, _without(c.frame, reasons[ROW])) for c in found]
    # The lake's rows are looked up once per source, before the file's own are judged.
    judged = [_judge(c.source, frame, known.get(c.source, ())) for c, frame in alive if not c.folds]
    rows = pl.concat([j.select(ROW, "status") for j in judged]) if judged else _no_status()
    states = rows.group_by(ROW).agg(
        new=(pl.col("status") == "new").any(), repeated=(pl.col("status") == "duplicate").any()
    )
    duplicates = states.filter(pl.col("repeated") & ~pl.col("new"))[ROW]
    mixed = states.filter(pl.col("repeated") & pl.col("new"))[ROW]
    conflicts = [_conflict_reasons(j, mixed) for j in judged]
    reasons = pl.concat([reasons, *conflicts])
    rejected = reasons[ROW].unique().sort()
    duplicates = duplicates.filter(~duplicates.is_in(rejected.implode())).sort()
    gone = pl.concat([rejected, duplicates])
    accepted: dict[str, pl.DataFrame] = {}
    folded: dict[str, int] = {}
    for candidate, frame in alive:
        rows_left = _without(frame, gone)
        if candidate.folds:
            kept = _fold(candidate.source, rows_left, known.get(candidate.source, ()))
            folded[candidate.source] = rows_left.height - kept.height
            rows_left = kept
        accepted[candidate.source] = rows_left
    return Resolved(accepted, reasons, rejected, duplicates, folded)


def _malformed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col(ROW),
        source=pl.lit("(file)"),
        column=pl.lit("(line)"),
        value="value",
        rule=pl.lit("malformed"),
        reason="reason",
    )


def _no_status() -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64, "status": pl.String})


def _without(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    return frame.join(rows.unique().to_frame(ROW), on=ROW, how="anti", maintain_order="left")


def _judge(source: str, frame: pl.DataFrame, lake: Sequence[Path]) -> pl.DataFrame:
    """Status of every canonical row: new, duplicate or conflict, and where the other one stands."""
    keys = CONTRACTS[source].primary_key()
    values = [c for c in CONTRACTS[source].column_names() if c not in keys]
    frame = frame.with_row_index("_at")
    first = frame.unique(keys, keep="first", maintain_order=True)
    first = first.select(*keys, pl.col(*values, "_at", ROW).name.suffix("_first"))
    joined = frame.join(first, on=keys, how="left", maintain_order="left")
    judged = joined.with_columns(
        status=pl.when(pl.col("_at") == pl.col("_at_first"))
        .then(pl.lit("new"))
        .when(_same(values, "_first"))
        .then(pl.lit("duplicate"))
        .otherwise(pl.lit("conflict")),
        other=pl.format("row {} of this file", f"{ROW}_first"),
        source=pl.lit(source),
    )
    stored = _stored(source, judged.select(keys), lake)
    if stored.is_empty():
        return judged
    stored = stored.rename({c: f"{c}_lake" for c in [*values, LANDED_FILE, LANDED_ROW]})
    judged = judged.join(stored, on=keys, how="left", maintain_order="left")
    in_lake = pl.col(f"{LANDED_ROW}_lake").is_not_null()
    status = pl.when(_same(values, "_lake")).then(pl.lit("duplicate")).otherwise(pl.lit("conflict"))
    other = pl.format("row {} of {}, which has landed", f"{LANDED_ROW}_lake", f"{LANDED_FILE}_lake")
    return judged.with_columns(
        status=pl.when(in_lake).then(status).otherwise("status"),
        other=pl.when(in_lake).then(other).otherwise("other"),
    )


def _same(columns: Sequence[str], suffix: str) -> pl.Expr:
    equal = [pl.col(c).eq_missing(pl.col(c + suffix)) for c in columns]
    return pl.all_horizontal(equal) if equal else pl.lit(True)


def _stored(source: str, keys: pl.DataFrame, lake: Sequence[Path]) -> pl.DataFrame:
    """The lake's rows that share a key with this file."""
    if not lake:
        return pl.DataFrame()
    names = CONTRACTS[source].primary_key()
    scan = pl.scan_parquet(list(lake))
    return scan.join(keys.unique().lazy(), on=names, how="semi").collect()


def _conflict_reasons(judged: pl.DataFrame, mixed: pl.Series) -> pl.DataFrame:
    """Reasons for rows that contradict another, or of which only a part is new."""
    if judged.is_empty():
        return pl.DataFrame(schema=REASONS)
    source = str(judged["source"][0])
    keys = CONTRACTS[source].primary_key()
    is_conflict = pl.col("status") == "conflict"
    is_mixed = (pl.col("status") == "duplicate") & pl.col(ROW).is_in(mixed.implode())
    shown = pl.concat_str([pl.col(k).cast(pl.String) for k in keys], separator=", ")
    return (
        judged.filter(is_conflict | is_mixed)
        .unique([ROW, *keys], keep="first", maintain_order=True)
        .select(
            ROW,
            "source",
            column=pl.lit(", ".join(keys)),
            value=shown,
            rule=pl.lit("key"),
            reason=pl.when(is_conflict)
            .then(pl.format("key stands in {} with other values", "other"))
            .otherwise(pl.format("key stands in {}, but the row is new elsewhere", "other")),
        )
    )


def _fold(source: str, frame: pl.DataFrame, lake: Sequence[Path]) -> pl.DataFrame:
    """The last row of each key that the lake does not hold yet."""
    keys = CONTRACTS[source].primary_key()
    last = frame.unique(keys, keep="last", maintain_order=True)
    if lake:
        stored = pl.scan_parquet(list(lake)).select(keys).collect()
        last = last.join(stored, on=keys, how="anti", maintain_order="left")
    return last
