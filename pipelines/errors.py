"""Errors that a user of the pipeline can act on.

`InputError` is somebody's file or mapping (exit code 2); `RunError` is a run or a gate that did not
hold (exit code 1). Both print as one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RatewrightError(Exception):
    """Base of every error that is shown to a user without a traceback."""


class InputError(RatewrightError):
    """A delivery, a mapping or an argument that cannot be used as it is."""

    def __init__(self, where: str, *, expected: str, found: str, column: str | None = None) -> None:
        self.where, self.column, self.expected, self.found = where, column, expected, found
        place = f"{where}: column '{column}'" if column else where
        super().__init__(f"{place}: expected {expected}; found {found}")


class RunError(RatewrightError):
    """A run that ended without a result that may be used."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Name the candidate a typo was probably meant for, else the first few candidates."""
    known = list(candidates)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"none of that name; did you mean '{close[0]}'?"
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"none of that name among: {shown}"
