"""Formats of dates and moments: the directives a mapping may use, each held to what it says.

The parser behind polars is lenient: under `%Y` it takes the year 23, under `%d` a leading blank or sign,
and two digits run together are shared out as they come. A format is therefore turned into a pattern as
well, and text that does not match the pattern is no date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

_ONE_OR_TWO = "[0-9]{1,2}"
_TWO = "[0-9]{2}"
_DIRECTIVES: Final = {
    "%Y": "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])",
    "%y": _TWO,
    "%m": _ONE_OR_TWO,
    "%d": _ONE_OR_TWO,
    "%e": " ?" + _ONE_OR_TWO,
    "%j": "[0-9]{3}",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]{3,9}",
    "%a": "[A-Za-z]{3}",
    "%A": "[A-Za-z]{6,9}",
    "%H": _ONE_OR_TWO,
    "%I": _ONE_OR_TWO,
    "%M": _TWO,
    "%S": "[0-5][0-9]",
    "%p": "[AaPp][Mm]",
    "%.f": r"(?:\.[0-9]{1,9})?",
    "%.3f": r"\.[0-9]{3}",
    "%.6f": r"\.[0-9]{6}",
    "%.9f": r"\.[0-9]{9}",
    "%z": "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])",
}
"""Directives and the text each takes; `.%f` of Python is taken too and means one to nine digits."""

_WHOLE: Final = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%:z": "%z", "%#z": "%z"}
_FIXED: Final = {_ONE_OR_TWO: _TWO}
_DIGITS: Final = frozenset({"%Y", "%y", "%m", "%d", "%j", "%H", "%I", "%M", "%S"})
_TOKEN: Final = re.compile(r"%%|\.%f|%(?:\.[369]?f|[:#]?z|.)|%|[^%.]+|\.", re.DOTALL)
EPOCH: Final = "%s"


@dataclass(frozen=True)
class Format:
    """A format as polars reads it, and the pattern that the text must match whole.

    `has_time` says that it holds a time of day, `has_zone` that the text itself says which moment it is.
    """

    text: str
    pattern: str
    has_time: bool
    has_zone: bool


@cache
def known_format(written: str) -> Format:
    """Take a format of a mapping apart.

    Args:
        written: a format as in a mapping, e.g. %d/%m/%Y.

    Raises:
        ValueError: a directive that is not taken, or one that says nothing without another.
    """
    if written == EPOCH:
        return Format(EPOCH, "-?[0-9]{1,12}", has_time=True, has_zone=True)
    full = written
    for short, long in _WHOLE.items():
        full = full.replace(short, long)
    if full.endswith("Z") and "%M" in full and "%z" not in full:
        # A letter Z behind a time is no ornament: it says that the time is UTC.
        full = full.removesuffix("Z") + "%z"
    tokens = _TOKEN.findall(full)
    named = {t for t in tokens if t.startswith("%") and t != "%%"}
    twice = sorted(t for t in named if tokens.count(t) > 1)
    if twice:
        raise ValueError(f"'{written}': {twice[0]} stands twice")
    _check(written, named)
    pattern = "".join(_piece(tokens, at) for at in range(len(tokens)))
    text = full.replace(".%f", "%.f").replace("%z", "%#z")
    return Format(text, pattern, has_time="%M" in named, has_zone="%z" in named)


def _check(written: str, named: set[str]) -> None:
    if EPOCH in named:
        raise ValueError(f"'{written}': %s (seconds since 1970) stands alone")
    if unknown := sorted(named - set(_DIRECTIVES)):
        known = " ".join([*_DIRECTIVES, *_WHOLE, ".%f", EPOCH])
        raise ValueError(f"'{written}': {unknown[0]} is not taken; taken are {known}")
    is_day = bool(named & {"%Y", "%y"}) and (
        "%j" in named or (bool(named & {"%m", "%b", "%B"}) and bool(named & {"%d", "%e"}))
    )
    if not is_day:
        raise ValueError(f"'{written}' says no day: a year, a month and a day are needed")
    hours = named & {"%H", "%I"}
    if bool(hours) != ("%M" in named):
        raise ValueError(f"'{written}': hours and minutes go together")
    if ("%I" in named) != ("%p" in named):
        raise ValueError(f"'{written}': %I and %p (morning or afternoon) go together")
    if named & {"%S", "%z"} and not hours:
        raise ValueError(f"'{written}': seconds and offsets need hours and minutes")
    if any(t.endswith("f") for t in named) and "%S" not in named:
        raise ValueError(f"'{written}': fractions need seconds")


def _piece(tokens: list[str], at: int) -> str:
    """The pattern of one token; figures that run together have as many digits as they can."""
    part = tokens[at]
    if part == "%%":
        return "%"
    if part == ".%f":
        return r"\.[0-9]{1,9}"
    if part not in _DIRECTIVES:
        return re.escape(part)
    pattern = _DIRECTIVES[part]
    around = {*tokens[max(at - 1, 0) : at], *tokens[at + 1 : at + 2]}
    return _FIXED.get(pattern, pattern) if part in _DIGITS and around & _DIGITS else pattern


def a_known_format(written: str) -> str:
    """The format itself, if every directive in it is taken; for the mapping's models.

    Raises:
        ValueError: see known_format.
    """
    known_format(written)
    return written
