"""Deliveries by name: what they brought, and taking one back as if it had never come."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.errors import InputError, nearest
from pipelines.landing.identities import line_in_words
from pipelines.landing.journal import landing_at
from pipelines.landing.judging.settlement import Settlement
from pipelines.landing.ledger import Counts, Delivery, Entry, Ledger, total
from pipelines.landing.places import Places
from pipelines.progress import step
from pipelines.quoting import scan_parquet_files
from pipelines.settings import LANDING_MEMORY

MALFORMED = "malformed"


@dataclass(frozen=True)
class DeliveryView:
    """A delivery with the entries of the files it brought; those known from another are not its own."""

    delivery: Delivery
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> Counts:
        return total(self.entries)


def deliveries(places: Places) -> list[DeliveryView]:
    """Every landing of a client, in order."""
    ledger = Ledger(places.ledger)
    entries = ledger.entries()
    return [
        DeliveryView(d, tuple(e for e in entries if e.sequence == d.sequence)) for d in ledger.deliveries()
    ]


def find_delivery(places: Places, name: str) -> list[DeliveryView]:
    """The landings of the delivery of that name.

    Raises:
        InputError: no delivery of that name stands.
    """
    views = deliveries(places)
    found = [v for v in views if v.delivery.name == name]
    if not found:
        names = list(dict.fromkeys(v.delivery.name for v in views))
        raise InputError(
            "delivery", expected="one that has landed", found=f"'{name}', {nearest(name, names)}"
        )
    return found


def reasons(places: Places, view: DeliveryView) -> pl.DataFrame:
    """Why rows of a delivery are not in the lake: source, rule, reason, status, rows, and one example."""
    parts = [entry.part for entry in view.entries]
    paths = [p for part in parts for p in places.quarantine.glob(f"{part}*.parquet")]
    columns = ["status", "source", "rule"]
    value = pl.col("value")
    shown = pl.when(pl.col("rule") == MALFORMED).then(line_in_words(value)).otherwise(value)
    told = []
    if paths:
        told.append(
            scan_parquet_files(paths)
            .group_by(*columns)
            .agg(
                rows=pl.struct("file", "row").n_unique(),
                reason=pl.col("reason").first(),
                example=pl.format("row {} of {}: {}", "row", "file", shown.fill_null("")).first(),
            )
            .collect()
        )
    waiting = [p for part in parts for p in places.held.rglob(f"{part}*.parquet")]
    for path in waiting:
        source = path.relative_to(places.held).parts[0]
        told.append(
            scan_parquet_files(path)
            .filter(pl.col("row_status").is_in(["pending", "superseded"]))
            .group_by(status="row_status")
            .agg(rows=pl.len(), reason=pl.col("row_note").first())
            .with_columns(source=pl.lit(source), rule=pl.lit("reference"), example=pl.lit(None, pl.String))
            .collect()
        )
    if not told:
        return pl.DataFrame(schema={**dict.fromkeys(columns, pl.String), "rows": pl.UInt32})
    found = pl.concat(told, how="diagonal_relaxed")
    grouped = found.group_by(*columns).agg(pl.col("rows").sum(), pl.col("reason", "example").first())
    return grouped.sort("rows", "source", "rule", descending=[True, False, False])


def _zone(views: list[DeliveryView]) -> str:
    """The zone in which the months of a client's lake are counted: landing keeps it one."""
    return next((e.timezone for v in views for e in v.entries if e.timezone), "UTC")


def withdraw(
    places: Places, name: str, memory_limit: str = LANDING_MEMORY, threads: int = 2
) -> list[DeliveryView]:
    """Take a delivery back: its rows go, and what they had restated or duplicated stands again.

    A file that another delivery brought as well stays, and stands for that one. Rows that refer to what
    has gone wait.

    Raises:
        InputError: no delivery of that name stands.
    """
    find_delivery(places, name)
    with landing_at(places) as changes:
        standing = [v for v in find_delivery(places, name) if v.delivery.status == "landed"]
        if not standing:
            raise InputError("delivery", expected="one that stands", found=f"'{name}', withdrawn already")
        others = [d for d in Ledger(places.ledger).deliveries() if d.name != name and d.status == "landed"]
        heirs = {f.sha256: d for d in reversed(others) for f in d.files}
        own = [entry.sha256 for view in standing for entry in view.entries]
        handed = {sha256: heirs[sha256] for sha256 in own if sha256 in heirs}
        gone = [sha256 for sha256 in own if sha256 not in heirs]
        records = [v.delivery.model_copy(update={"status": "withdrawn"}) for v in standing]
        leaving = [v.delivery.sequence for v in standing]
        with (
            step(f"withdrawing {name}", slow=True) as log,
            Settlement(
                changes, records[0], memory_limit, threads, _zone(standing), gone, handed, leaving
            ) as settlement,
        ):
            settlement.settle()
            for record in records[1:]:
                settlement.put_delivery(record)
            log.say(f"{len(gone)} files taken back, {len(handed)} stand for another delivery")
    return standing
