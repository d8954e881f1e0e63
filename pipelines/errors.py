"""Errors that a user of the pipeline can act on.

`InputError` is somebody's file or mapping (exit code 2); `RunError` is a run or a gate that did not
hold (exit code 1). Both print as one line.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches


class RatewrightError(Exception):
    """Base of every error that is shown to a user without a traceback."""


class InputError(RatewrightError):
    """A delivery, a mapping or an argument that cannot be used as it is."""

    def __init__(self, where: str, *, expected: str, found: str, column: str | None = None) -> None:
        self.where, self.column, self.expected, self.found = where, column, expected, found
        place = f"{where}: column '{column}'" if column else where
        super().__init__(on_one_line(f"{place}: expected {expected}; found {found}"))


class RunError(RatewrightError):
    """A run that ended without a result that may be used."""


def on_one_line(text: str) -> str:
    """A text whose line breaks and other characters that print nothing are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Name the candidate a typo was probably meant for, else the first few candidates."""
    known = list(candidates)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"none of that name; did you mean '{close[0]}'?"
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"none of that name among: {shown}"


_WAYS_OUT = {
    errno.ENOSPC: "free some space and run again: nothing half-written counts",
    errno.EDQUOT: "free some space and run again: nothing half-written counts",
    errno.EFBIG: "allow larger files and run again: nothing half-written counts",
    errno.EROFS: "RATEWRIGHT_DATA_DIR names the data folder; it has to be writable",
    errno.EACCES: "give this account the right to it, or name another place",
    errno.EPERM: "give this account the right to it, or name another place",
    errno.ENOTDIR: "a file stands where a folder is needed: name another place",
    errno.EEXIST: "a file stands where a folder is needed: name another place",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOENT: "name one that exists",
}
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def as_system_fault(error: Exception) -> OSError | None:
    """What a library raised because the operating system refused something, as the system's error."""
    if isinstance(error, OSError):
        return error
    told = str(error)
    number = re.search(r"os error (\d+)", told)
    if number:
        return OSError(int(number[1]), os.strerror(int(number[1])))
    known = next((code for code in _WAYS_OUT if os.strerror(code) in told), None)
    return None if known is None else OSError(known, os.strerror(known))


def system_fault(error: OSError) -> tuple[str, int]:
    """What the operating system refused, as one line with the way out, and the exit code.

    1 is the machine's fault, 2 that of a path which was given.
    """
    what = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    where = next((str(name) for name in (error.filename2, error.filename) if name), "")
    way_out = _WAYS_OUT.get(error.errno or 0, "")
    line = f"{f'{where}: ' if where else ''}{what}{f'; {way_out}' if way_out else ''}"
    return line, 1 if error.errno in _OF_THE_MACHINE or not where else 2
