"""The log of a client: JSON Lines, each holding the hash of the line before; verified whenever it is read."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from pipelines.files import write_atomically
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.record import NOTHING_BEFORE, Entry, Record


class Log:
    """Records in the order in which they were made. Whoever appends holds the client's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[Record]:
        """Every record, once the chain is verified.

        Raises:
            WorkflowError: a line is not what was written, or not where it was; names the line.
        """
        if not self.path.exists():
            return []
        found: list[Record] = []
        previous = NOTHING_BEFORE
        for number, text in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            record = self._read(number, text)
            if record.number != number or record.previous != previous:
                raise self.broken(number, "it does not follow the line before")
            if record.hash != record.own_hash():
                raise self.broken(number, "it is not what was recorded")
            found.append(record)
            previous = record.hash
        return found

    def append(self, entry: Entry) -> Record:
        """Add a record. The file is replaced by itself and one line more, so nobody reads half a line."""
        records = self.records()
        record = Record.after(records[-1] if records else None, entry)
        before = self.path.read_bytes() if records else b""
        write_atomically(self.path, before + record.line().encode())
        return record

    def broken(self, number: int, why: str) -> WorkflowError:
        """The error that names a line of this log."""
        return WorkflowError(f"{self.path}: line {number} of the log: {why}; nothing is done on such a log")

    def _read(self, number: int, text: str) -> Record:
        try:
            return Record.model_validate_json(text)
        except ValidationError:
            raise self.broken(number, "it is not a record") from None
