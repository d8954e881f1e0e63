"""Text files in blocks of whole lines: decoded as they are read, so memory stays flat."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipelines.errors import InputError

BLOCK_BYTES: Final = 4_000_000
LONGEST_LINE: Final = 32_000_000


def text_blocks(path: Path, encoding: str) -> Iterator[str]:
    """Yield the file's text in blocks of whole lines that end in a line feed; letters are composed (NFC).

    Lines may end in LF, CR LF or, all over the file, in CR alone.

    Raises:
        InputError: an encoding that Python does not know, bytes that are not in it, or a line without end.
    """
    rest = ""
    cr_alone: bool | None = None
    for decoded in _decoded(path, encoding):
        if cr_alone is None:
            cr_alone = "\r" in decoded[:-1] and "\n" not in decoded
        text = decoded.replace("\r", "\n") if cr_alone else decoded
        head, end, tail = text.rpartition("\n")
        if end:
            yield _composed(rest + head + end)
            rest = tail
        else:
            rest += tail
        if len(rest) > LONGEST_LINE:
            raise InputError(
                path.name,
                expected=f"lines of at most {LONGEST_LINE:,} characters",
                found="a longer one: is this a text file, and are its lines ended?",
            )
    if rest:
        yield _composed(rest + "\n")


def _composed(text: str) -> str:
    """One letter, one code: an accent written behind its letter is the same name as one written with it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


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
