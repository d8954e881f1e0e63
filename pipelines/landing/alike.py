"""Names as they are compared: what a person cannot tell apart is the same."""

from __future__ import annotations

import unicodedata


def alike(name: str) -> str:
    """A name as it is compared: composed, of usual width, its blanks single, invisible characters left out.

    >>> alike(" Pra\\u0308mie\\u00a0 netto") == alike("Pr\\u00e4mie netto")
    True
    """
    text = unicodedata.normalize("NFKC", name)
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())
