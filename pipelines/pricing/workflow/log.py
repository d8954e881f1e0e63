"""The log of a client: JSON Lines, each holding the hash of the line before; verified whenever it is read.

A chain does not show that its end was cut off, so number and hash of the last line stand in a second file.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from pipelines.files import sweep, write_atomically
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.record import NOTHING_BEFORE, Entry, Record


class Head(BaseModel):
    """The last line that was written."""

    number: int
    hash: str


class Log:
    """Records in the order in which they were made. Whoever appends holds the client's lock.

    `path` is the log and `head` the file with its last line's number and hash. The log is written first: a
    killed append leaves a head that lags, never one that is ahead.
    """

    def __init__(self, path: Path, head: Path) -> None:
        self.path, self.head = path, head

    def records(self) -> list[Record]:
        """Every record, once the chain and its end are verified.

        Raises:
            WorkflowError: a line is not what was written, not where it was, or gone; names the line.
        """
        # In this order: a reader who does not hold the lock then sees a log as long as its head, or longer.
        head = self._last_written()
        found = self._chain(self.path.read_bytes() if self.path.exists() else b"")
        self._hold_to(head, found)
        return found

    def append(self, entry: Entry) -> Record:
        """Add a record. The file is replaced by itself and one line more, so nobody reads half a line.

        Raises:
            WorkflowError: the log is broken, or the line would not be read as it was meant.
        """
        records = self.records()
        record = Record.after(records[-1] if records else None, entry)
        before = self.path.read_bytes() if records else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
        after = before + record.line().encode()
        if self._chain(after) != [*records, record]:
            raise WorkflowError(
                f"{self.path}: what is to be recorded cannot be read back; nothing was changed"
            )
        if not self.head.exists():
            # The first line that is counted: a log without its head would be one whose head was taken away.
            self._note(records[-1] if records else None)
        write_atomically(self.path, after)
        self._note(record)
        return record

    def _note(self, last: Record | None) -> None:
        head = Head(number=last.number, hash=last.hash) if last else Head(number=0, hash=NOTHING_BEFORE)
        write_atomically(self.head, (head.model_dump_json() + "\n").encode())

    def sweep(self) -> None:
        """Remove what a killed append left beside log and head."""
        sweep(self.path)
        sweep(self.head)

    def broken(self, number: int, why: str) -> WorkflowError:
        """The error that names a line of this log."""
        return WorkflowError(f"{self.path}: line {number} of the log: {why}; nothing is done on such a log")

    def _chain(self, content: bytes) -> list[Record]:
        # A line ends at a line feed and nowhere else; texts of users may hold other separators.
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        found: list[Record] = []
        previous = NOTHING_BEFORE
        for number, line in enumerate(lines, start=1):
            record = self._read(number, line)
            if record.number != number or record.previous != previous:
                raise self.broken(number, "it does not follow the line before")
            if record.hash != record.own_hash():
                raise self.broken(number, "it is not what was recorded")
            found.append(record)
            previous = record.hash
        return found

    def _read(self, number: int, line: bytes) -> Record:
        try:
            return Record.model_validate_json(line)
        except ValidationError:
            raise self.broken(number, "it is not a record") from None

    def _last_written(self) -> Head | None:
        if not self.head.exists():
            return None
        try:
            return Head.model_validate_json(self.head.read_bytes())
        except ValidationError:
            raise WorkflowError(
                f"{self.head} does not hold the last line of {self.path}: {_RESTORE}"
            ) from None

    def _hold_to(self, head: Head | None, found: list[Record]) -> None:
        """Refuse a log whose end is not the one that was written."""
        if head is None:
            # Logs begun before heads were kept have none until their next line.
            if any(record.counted for record in found):
                raise WorkflowError(f"{self.head} is gone, which says where {self.path} ends: {_RESTORE}")
            return
        if head.number > len(found):
            first = len(found) + 1
            gone = "it is missing" if first == head.number else f"lines {first} to {head.number} are missing"
            raise self.broken(first, f"{gone}; {_RESTORE}")
        if head.number and found[head.number - 1].hash != head.hash:
            raise self.broken(head.number, f"it is not the line that {self.head} holds; {_RESTORE}")


_RESTORE = "restore both files from one backup"
