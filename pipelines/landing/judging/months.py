"""Monthly sources: too many rows to be judged twice, so a chunk is judged as it is staged.

A chunk is sorted by key, so copies inside it stand side by side. What it cannot see is another chunk: for
that it leaves its spans, the first and last moment of every vehicle in it. Where the spans of a month do
not overlap, no key can stand in two chunks and the staged rows go to the lake as they are. Where they do,
the month is judged like any other source (`versions`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES
from pipelines.landing.local_time import UTC, Offset, local, of_month, offsets
from pipelines.landing.places import LANDED_ROW
from pipelines.quoting import scan_parquet_files

ROW_GROUP: Final = 125_000
MOST_WRITING: Final = 4
"""Files that wait to be written: rows and spans of the two months of a chunk."""
FEW_ROWS: Final = 20_000
"""Rows under which a month's share of a chunk waits: a month in UTC ends in the client's next one."""
FEW_MONTHS: Final = 3
HELD_STATUS: Final = "row_status"
UNKNOWN, COPY, CONTRADICTION = "pending", "duplicate", "contradiction"


class MonthlyStager:
    """Stages the chunks of one monthly source below a staging folder."""

    def __init__(self, source: str, staging: Path, known: pl.Series, timezone: str) -> None:
        self.source = source
        self.timezone = timezone
        self.staging = staging
        self.moment = MONTHLY[source]
        self.entity = REFERENCES[source][0]
        self.keys = CONTRACTS[source].primary_key()
        self.values = [c for c in CONTRACTS[source].column_names() if c not in self.keys]
        self.known = known.to_frame(self.entity)
        self.chunks: dict[str, list[Path]] = {}
        self.held: dict[str, list[Path]] = {}
        self._writer = ThreadPoolExecutor(1)
        self._few: dict[str, list[pl.DataFrame]] = {}
        self._writing: deque[Future[None]] = deque()

    def add(self, frame: pl.DataFrame, part: str, number: int) -> None:
        """Judge and stage one chunk; the few of its rows that lie in another month wait for their like."""
        for month, rows in _by_month(frame, self.moment, self.timezone):
            if rows.height == frame.height or rows.height >= FEW_ROWS:
                self._stage(rows, month, f"{part}-{number:05d}.parquet")
                continue
            waiting = self._few.setdefault(month, [])
            waiting.append(rows)
            if sum(few.height for few in waiting) >= ROW_GROUP:
                self._stage(pl.concat(self._few.pop(month)), month, f"{part}-{number:05d}-few.parquet")

    def end(self, part: str) -> None:
        """Judge and stage what waits, once the last chunk of a file has come."""
        for month, few in sorted(self._few.items()):
            self._stage(pl.concat(few), month, f"{part}-99999-few.parquet")
        self._few.clear()

    def _stage(self, rows: pl.DataFrame, month: str, name: str) -> None:
        live, held = self._split(self._sorted(rows))
        if live.height:
            self._write(live, f"new/{self.source}/month={month}/{name}", self.chunks, month)
            self._write_spans(live, month, name)
        if held is not None:
            self._write(held, f"new_held/{self.source}/month={month}/{name}", self.held, month)

    def _sorted(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows by key. A file that lists vehicle by vehicle, as most do, needs its vehicles sorted only."""
        runs = frame.select(pl.col(self.entity).rle()).unnest(self.entity)
        same = pl.col(self.entity) == pl.col(self.entity).shift(1)
        rising = (pl.col(self.moment) >= pl.col(self.moment).shift(1)) | ~same
        if runs["value"].n_unique() < runs.height or not frame.select(rising.all()).item():
            return frame.sort(*self.keys, LANDED_ROW)
        start = pl.col("len").cum_sum() - pl.col("len")
        runs = runs.with_columns(start=start.cast(pl.Int64)).sort("value")
        order = runs.select(pl.int_ranges("start", pl.col("start") + pl.col("len")).explode())
        return frame[order.to_series()]

    def _split(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """Rows that may go to the lake, and those that are copies, contradictions, or of nobody known."""
        repeated, unknown = self._repeated(frame), self._unknown(frame)
        found = [s for s in (repeated, unknown) if s is not None]
        if not found:
            return frame, None
        if repeated is not None:
            # As for any source: what contradicts is refused first, what is unknown waits, copies come last.
            contradicts = pl.col(HELD_STATUS) == CONTRADICTION
            found = [repeated.filter(contradicts), *found[1:], repeated.filter(~contradicts)]
        marked = pl.concat(found).unique(["_at"], keep="first", maintain_order=True).sort("_at")
        held = frame[marked["_at"]].with_columns(marked[HELD_STATUS], row_note=pl.lit(None, pl.String))
        return frame[_others(frame.height, marked["_at"])], held

    def _repeated(self, frame: pl.DataFrame) -> pl.DataFrame | None:
        same_as_before = pl.all_horizontal(pl.col(k) == pl.col(k).shift(1) for k in self.keys)
        repeats = frame.select(same_as_before.fill_null(False).alias("again"))["again"]
        if not repeats.any():
            return None
        touched = repeats | repeats.shift(-1, fill_value=False)
        rows = frame.with_row_index("_at").filter(touched)
        rows = rows.with_columns(_content=pl.struct(self.values))
        rows = rows.with_columns(
            _contents=pl.col("_content").n_unique().over(self.keys),
            _nth=pl.int_range(pl.len()).over(self.keys),
        )
        status = pl.when(pl.col("_contents") > 1).then(pl.lit(CONTRADICTION)).otherwise(pl.lit(COPY))
        return rows.filter((pl.col("_contents") > 1) | (pl.col("_nth") > 0)).select(
            "_at", status.alias(HELD_STATUS)
        )

    def _unknown(self, frame: pl.DataFrame) -> pl.DataFrame | None:
        entities = frame.select(self.entity).unique()
        strangers = entities.join(self.known, on=self.entity, how="anti")
        if strangers.is_empty():
            return None
        rows = frame.with_row_index("_at").join(strangers, on=self.entity, how="semi")
        return rows.select("_at", pl.lit(UNKNOWN).alias(HELD_STATUS))

    def _write(self, rows: pl.DataFrame, target: str, kept: dict[str, list[Path]], month: str) -> None:
        path = self.staging / target
        path.parent.mkdir(parents=True, exist_ok=True)
        kept.setdefault(month, []).append(path)
        how = {"compression": "zstd", "compression_level": 1, "row_group_size": ROW_GROUP}
        self._submit(rows, path, **how)

    def _submit(self, rows: pl.DataFrame, path: Path, **how: Any) -> None:
        """Let another thread write: compressing one chunk leaves a core free for the next one."""
        while len(self._writing) >= MOST_WRITING:
            self._writing.popleft().result()
        self._writing.append(self._writer.submit(rows.write_parquet, path, **how))

    def drop(self, part: str) -> None:
        """Forget what a file has staged: it is set aside."""
        self.finish()
        self._few.clear()
        for kept in (self.chunks, self.held):
            for month in list(kept):
                for path in [p for p in kept[month] if p.name.startswith(part)]:
                    path.unlink()
                    kept[month].remove(path)
                if not kept[month]:
                    del kept[month]
        for path in (self.staging / "spans" / self.source).rglob(f"{part}*.parquet"):
            path.unlink()

    def finish(self) -> None:
        """Wait until what was staged is on disk.

        Raises:
            OSError: it could not be written.
        """
        while self._writing:
            self._writing.popleft().result()

    def _write_spans(self, rows: pl.DataFrame, month: str, name: str) -> None:
        path = self.staging / "spans" / self.source / f"month={month}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        known = of_month(self.timezone, month)
        self._submit(spans_of(rows, self.entity, self.moment, known), path, compression="lz4")

    def spans(self, month: str) -> list[Path]:
        """Files with the spans of a month's chunks."""
        self.finish()
        return sorted((self.staging / "spans" / self.source / f"month={month}").glob("*.parquet"))

    def months(self) -> list[str]:
        """Months that have staged rows."""
        return sorted({*self.chunks, *self.held})

    def spans_overlap(self, month: str) -> bool:
        """Whether a key of the month might stand in two of the staged chunks."""
        paths = self.spans(month)
        if len(paths) < 2:
            return False
        spans = scan_parquet_files(paths).select(self.entity, "first_at", "last_at").collect()
        spans = spans.sort(self.entity, "first_at", "last_at")
        later = (pl.col(self.entity) == pl.col(self.entity).shift(1)) & (
            pl.col("first_at") <= pl.col("last_at").shift(1)
        )
        return bool(spans.select(later.any()).item())


def spans_of(rows: pl.DataFrame, entity: str, moment: str, known: Sequence[Offset] = (UTC,)) -> pl.DataFrame:
    """First and last moment, last end and longest day of every vehicle in rows sorted by both.

    `longest_day_km` is the most kilometres of one local day, by the offsets `known`; `overlapping` says that
    a trip began before the one before it had ended. Rows of a vehicle stand together, so runs are enough
    and nothing is hashed.
    """
    before = pl.col(entity).shift(1)
    day = local(pl.col(moment), known).dt.date()
    runs = rows.select(
        new_entity=(pl.col(entity) != before).fill_null(True),
        new_day=(day != day.shift(1)).fill_null(True),
        overlap=(pl.col(moment) < pl.col("ended_at").shift(1)).fill_null(False),
    )
    new_entity = runs["new_entity"].to_numpy()
    overlap = runs["overlap"].to_numpy() & ~new_entity
    firsts = np.flatnonzero(new_entity)
    days = np.flatnonzero(new_entity | runs["new_day"].to_numpy())
    day_km = np.add.reduceat(rows["distance_km"].to_numpy(), days)
    lasts = np.append(firsts[1:], rows.height) - 1
    return pl.DataFrame(
        {
            entity: rows[entity].gather(firsts),
            "first_at": rows[moment].gather(firsts),
            "last_at": rows[moment].gather(lasts),
            "last_end": rows["ended_at"].gather(lasts),
            "longest_day_km": np.maximum.reduceat(day_km, np.searchsorted(days, firsts)),
            "overlapping": np.logical_or.reduceat(overlap, firsts),
        }
    )


def _others(height: int, taken: pl.Series) -> pl.Series:
    free = pl.Series([True]).new_from_index(0, height)
    return free.scatter(taken, False).arg_true()


def _by_month(rows: pl.DataFrame, moment: str, timezone: str) -> list[tuple[str, pl.DataFrame]]:
    """Rows by the client's local month."""
    if rows.is_empty():
        return []
    ((first, last),) = rows.select(pl.col(moment).min(), pl.col(moment).max().alias("last")).rows()
    clock = local(pl.col(moment), offsets(timezone, first, last))
    ends = pl.DataFrame({moment: [first, last]}, schema={moment: rows.schema[moment]})
    low, high = ends.select(clock.dt.truncate("1mo")).to_series()
    months = pl.datetime_range(low, high, "1mo", eager=True).to_list()
    if len(months) == 1:
        return [(f"{low:%Y-%m}", rows)]
    if len(months) <= FEW_MONTHS:
        # A file of one month in UTC has two of the client's: comparing is cheaper than naming every row's.
        begins = [*(clock >= month for month in months[1:]), pl.lit(value=False)]
        before = [pl.lit(value=True), *begins[:-1]]
        found = [rows.filter(own & ~later) for own, later in zip(before, begins, strict=True)]
        return [(f"{month:%Y-%m}", part) for month, part in zip(months, found, strict=True) if part.height]
    named = rows.with_columns(_month=clock.dt.truncate("1mo"))
    parts = named.partition_by("_month", as_dict=True, include_key=False)
    return sorted((f"{key[0]:%Y-%m}", part) for key, part in parts.items())
