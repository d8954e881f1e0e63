"""Text files in blocks: decoded as they are read and cut between records, so memory stays flat."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipelines.errors import InputError

BLOCK_BYTES: Final = 4_000_000
_CUTS_TRIED = 50


def text_blocks(path: Path, encoding: str, *, quoted: bool) -> Iterator[str]:
    """Yield the file's text in blocks of whole lines; with `quoted`, of whole CSV records.

    Raises:
        InputError: an encoding that Python does not know, or bytes that are not in it.
    """
    rest = ""
    for text in _decoded(path, encoding):
        rest += text
        cut = _last_end(rest, quoted=quoted)
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    name = "utf-8-sig" if encoding.lower().replace("_", "-") == "utf-8" else encoding
    try:
        decoder = codecs.getincrementaldecoder(name)()
    except LookupError:
        raise InputError(path.name, expected="an encoding Python knows", found=f"'{encoding}'") from None
    offset = 0
    with path.open("rb") as stream:
        while True:
            data = stream.read(BLOCK_BYTES)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise InputError(
                    path.name,
                    expected=f"text in {encoding}",
                    found=f"byte 0x{error.object[error.start]:02x} at offset "
                    f"{offset - waiting + error.start:,} that is not; set the file's encoding in the mapping",
                ) from None
            offset += len(data)
            if text:
                yield text
            if not data:
                return


def _last_end(text: str, *, quoted: bool) -> int:
    """Where the last whole record ends; 0 if no end is in sight."""
    cut = text.rfind("\n") + 1
    if not quoted or '"' not in text:
        return cut
    for _ in range(_CUTS_TRIED):
        # A line break between an odd and an even quote belongs to a field.
        if not cut or text.count('"', 0, cut) % 2 == 0:
            return cut
        cut = text.rfind("\n", 0, cut - 1) + 1
    return 0
