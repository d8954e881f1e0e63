"""Names as they are compared: what a person cannot tell apart is the same."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSEEN: Final = {"Cf", "Cc", "Cn", "Co", "Cs"}
# Letters, marks and a blank by their category that nothing shows of (Unicode: Default_Ignorable_Code_Point).
_BLANK: Final = frozenset(
    map(chr, [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164,
              *range(0xFE00, 0xFE10), 0xFFA0, *range(0xE0100, 0xE01F0)])
)  # fmt: skip


def alike(name: str) -> str:
    """A name as it is compared: composed, of usual width, its blanks single, invisible characters left out.

    >>> alike(" Pra\\u0308mie\\u00a0 netto\\u200b") == alike("Pr\\u00e4mie netto")
    True
    """
    text = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKC", name))
    seen = "".join(c for c in text if c not in _BLANK and unicodedata.category(c) not in _UNSEEN)
    return " ".join(seen.split())
