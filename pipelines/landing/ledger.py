"""The ledger: what became of every file, by the hash of its content.

One small JSON file per client file. It is written after the rows are in the lake, so a file without
an entry is a file that has not landed, whatever a dead run may have left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from pipelines.files import write_atomically


class Entry(BaseModel):
    """What became of one file. `sources` counts the rows that entered the lake per source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    delivery: str
    sha256: str
    bytes: int
    rules_sha256: str
    status: Literal["landed", "set_aside"]
    read: int
    accepted: int
    rejected: int
    duplicates: int
    sources: dict[str, int]
    folded: dict[str, int]

    @model_validator(mode="after")
    def _nothing_is_lost(self) -> Entry:
        if self.read != self.accepted + self.rejected + self.duplicates:
            raise ValueError(
                f"{self.file}: {self.read} rows read but {self.accepted} accepted, "
                f"{self.rejected} rejected and {self.duplicates} duplicates"
            )
        return self

    @property
    def set_aside(self) -> bool:
        return self.status == "set_aside"


class Ledger:
    """Entries of one client, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, sha256: str, rules_sha256: str) -> Entry | None:
        """The entry of this content under these rules; None if it has not landed so."""
        path = self._path(sha256)
        if not path.exists():
            return None
        entry = Entry.model_validate_json(path.read_text(encoding="utf-8"))
        return entry if entry.rules_sha256 == rules_sha256 else None

    def record(self, entry: Entry) -> None:
        """Write or replace the entry of a file."""
        text = entry.model_dump_json(indent=2) + "\n"
        write_atomically(self._path(entry.sha256), text.encode())

    def entries(self) -> list[Entry]:
        """All entries, by file name and hash."""
        return sorted(self._read(), key=lambda e: (e.file, e.sha256))

    def _read(self) -> Iterator[Entry]:
        for path in self.folder.glob("*.json"):
            yield Entry.model_validate_json(path.read_text(encoding="utf-8"))

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{short(sha256)}.json"


def short(sha256: str) -> str:
    """The part of a content hash that names files: 64 bits are plenty for one client's files."""
    return sha256[:16]
