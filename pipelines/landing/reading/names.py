"""Names that look alike: compared in one form, and told apart in words where they differ.

A column called `Vertragsbeginn ` or one whose umlaut is written as two characters is the column that the
mapping means. Two columns that come to the same name are ambiguous and never chosen between.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from pipelines.errors import InputError, nearest
from pipelines.landing.alike import alike


def settled(path_name: str, wanted: Sequence[str], found: Sequence[str], remarks: list[str]) -> list[str]:
    """Names of a file's columns, one for each and all different: the mapping's where it names the column.

    Args:
        path_name: the file, for messages.
        wanted: names in the mapping.
        found: the file's columns in their order, as the client wrote them.
        remarks: takes what there is to say of columns that are not mapped and stand twice.

    Raises:
        InputError: a column that the mapping names is missing or stands twice.
    """
    chosen = matched(path_name, wanted, found)
    for name in wanted:
        if name not in chosen:
            raise no_column(path_name, name, found)
    mapped = {own: name for name, own in chosen.items()}
    remarks += doubled(found)
    return distinct([mapped.get(name, name) for name in found])


def matched(path_name: str, wanted: Sequence[str], found: Sequence[str]) -> dict[str, str]:
    """The file's own name of every column that the mapping names.

    Args:
        path_name: the file, for the message.
        wanted: names in the mapping.
        found: the file's columns in their order, as the client wrote them, doubled ones included.

    Returns:
        File's name by the mapping's name; a name that the file lacks is left out.

    Raises:
        InputError: a named column stands twice.
    """
    places: dict[str, list[int]] = {}
    for position, name in enumerate(found):
        places.setdefault(alike(name), []).append(position)
    chosen: dict[str, str] = {}
    for name in wanted:
        at = places.get(alike(name), [])
        if len(at) > 1:
            raise _ambiguous(path_name, name, [(n + 1, found[n]) for n in at])
        if at:
            chosen[name] = found[at[0]]
    return chosen


def doubled(found: Sequence[str]) -> list[str]:
    """What there is to say of names that stand more than once, one sentence each."""
    places: dict[str, list[int]] = {}
    for position, name in enumerate(found, start=1):
        if name.strip():
            places.setdefault(alike(name), []).append(position)
    return [
        f"column '{name}' stands {len(at)} times (columns {_listed(at)}) and is not mapped"
        for name, at in places.items()
        if len(at) > 1
    ]


def distinct(found: Sequence[str]) -> list[str]:
    """The names, made different from each other where they are not: by their position."""
    taken: set[str] = {"_row"}
    names = []
    for position, name in enumerate(found, start=1):
        free = name if name and name not in taken else f"{name} (column {position})".strip()
        while free in taken:
            free += "'"
        taken.add(free)
        names.append(free)
    return names


def no_column(path_name: str, column: str, seen: Iterable[str]) -> InputError:
    """The mapping names a column that the file lacks: what comes nearest, and the characters that differ."""
    known = [name for name in seen if name]
    return InputError(
        path_name,
        column=column,
        expected="the column that the mapping names",
        found=nearest(column, known) + _difference(column, known),
    )


def _ambiguous(path_name: str, name: str, places: list[tuple[int, str]]) -> InputError:
    shown = ", ".join(f"{position}" + (f" ('{own}')" if own != name else "") for position, own in places)
    return InputError(
        path_name,
        column=name,
        expected="a column that stands once",
        found=f"it stands {len(places)} times, as columns {shown}; give them different names",
    )


def _difference(name: str, known: Sequence[str]) -> str:
    """The code points by which a name differs from one that looks the same, or nothing."""
    twin = next((k for k in known if k != name and _looks(k) == _looks(name)), None)
    if twin is None:
        return ""
    told = [
        f"{_points(twin[a:b])} where the mapping has {_points(name[c:d])}"
        for kind, a, b, c, d in SequenceMatcher(None, twin, name, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return f"; '{twin}' has {', '.join(told)}"


def _looks(name: str) -> str:
    """A name without case, accents and punctuation, other alphabets' letters as the Latin they look like."""
    bare = unicodedata.normalize("NFKD", name).casefold().translate(_LOOK_ALIKES)
    return "".join(c for c in bare if c.isalnum())


# Cyrillic and Greek letters that nobody can tell from Latin ones.
_LOOK_ALIKES = str.maketrans("авеіјкмнорсѕтухαβεικνορτυχ", "abeijkmhopcstyxabeikvoptux")


def _points(text: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in text) or "nothing"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(n) for n in numbers)
