"""The ledger: what became of every file, by the hash of its content, and of every delivery.

One small JSON file per client file and per delivery. They are part of the same commit as the rows, so a
file without an entry is a file that has not landed, whatever a dead run may have left behind.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipelines.errors import RunError
from pipelines.landing.contracts import MONTHLY
from pipelines.landing.places import part_of

_Kind = TypeVar("_Kind", bound=BaseModel)
_DATED = re.compile(r"(?<!\d)(20\d\d)-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12]\d|3[01]))?(?!\d)")


class Counts(BaseModel):
    """What became of the rows of a file or a delivery; nothing is lost between them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: int
    accepted: int
    rejected: int
    duplicates: int
    pending: int

    @model_validator(mode="after")
    def _nothing_is_lost(self) -> Counts:
        if self.read != self.accepted + self.rejected + self.duplicates + self.pending:
            raise ValueError(
                f"{self.read} rows read but {self.accepted} accepted, {self.rejected} rejected, "
                f"{self.duplicates} duplicates and {self.pending} pending"
            )
        return self


class Entry(Counts):
    """What became of one file.

    `refused` counts the rejected rows that broke a contract; the others contradict a row of the same
    delivery. `sources` counts the rows in the lake per source, `superseded` those that a later delivery
    restated, `folded` those that repeated a key on purpose. `folds` are the sources that do so. `repeated`
    counts the duplicates that repeat another row of the same file, `not_taken_up` the contracts in the lake
    that were cancelled before they began or from their first day. `timezone` is the one in which the
    client counted its days when the file landed.
    `remarks` say what else there is to know of it: sheets left unread, columns that stand twice, no rows.
    """

    file: str
    delivery: str
    sequence: int
    sha256: str
    bytes: int
    rules_sha256: str
    status: Literal["landed", "set_aside"]
    refused: int
    sources: dict[str, int]
    superseded: dict[str, int]
    folded: dict[str, int]
    folds: tuple[str, ...]
    repeated: int = 0
    not_taken_up: int = 0
    timezone: str | None = None
    remarks: tuple[str, ...] = ()

    def counted_in(self, zone: str) -> str:
        """The zone of the file's days; where it brought none, or says none, that of the client, `zone`."""
        if not self.sources:
            return zone
        # Months were those of UTC before the zone was written down.
        return self.timezone or ("UTC" if MONTHLY.keys() & self.sources.keys() else zone)

    @property
    def set_aside(self) -> bool:
        return self.status == "set_aside"

    @property
    def part(self) -> str:
        """Name of the file's parts in the lake."""
        return part_of(self.sha256)


class DeliveredFile(BaseModel):
    """One file of a delivery; `rows` are those read when it first landed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str
    known_from: str | None = None


class Delivery(BaseModel):
    """One landing of a folder: what it was called, the day it stands for, its place in the order.

    A delivery restates those of an earlier day; on one day, the one that landed later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    name: str
    delivered_on: dt.date | None
    files: tuple[DeliveredFile, ...]
    status: Literal["landed", "withdrawn"] = "landed"


class Ledger:
    """Entries and deliveries of one client, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> list[Entry]:
        """All entries, by file name and hash."""
        found = [_read(Entry, p) for p in self.folder.glob("*.json")]
        return sorted(found, key=lambda e: (e.file, e.sha256))

    def deliveries(self) -> list[Delivery]:
        """All deliveries, in the order in which they landed."""
        paths = sorted((self.folder / "deliveries").glob("*.json"))
        return [_read(Delivery, p) for p in paths]


def _read(kind: type[_Kind], path: Path) -> _Kind:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RunError(
            f"{path}: not an entry of this version ({error.errors()[0]['msg']}); move the client's folders "
            "in lake, ledger, quarantine and held away and land the deliveries again"
        ) from None


def entry_target(entry: Entry) -> str:
    """Where an entry is kept below the ledger."""
    return f"{entry.part}.json"


def delivery_target(delivery: Delivery) -> str:
    """Where a delivery is kept below the ledger."""
    return f"deliveries/{delivery.sequence:06d}.json"


def day_of(name: str) -> dt.date | None:
    """The day that a delivery's name speaks of, as in `2025-03` or `acme_20250331`; the last of several."""
    dates = list(_DATED.finditer(name))
    if not dates:
        return None
    found = dates[-1]
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None


def total(entries: Iterable[Counts]) -> Counts:
    """Sum of counts, held to the same promise."""
    rows = list(entries)
    return Counts(
        read=sum(e.read for e in rows),
        accepted=sum(e.accepted for e in rows),
        rejected=sum(e.rejected for e in rows),
        duplicates=sum(e.duplicates for e in rows),
        pending=sum(e.pending for e in rows),
    )
