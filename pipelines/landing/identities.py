"""Identities as they are shown: enough to find the row in the client's file, too little to be one."""

from __future__ import annotations

from typing import Final

import polars as pl

SHOWN: Final = 2
"""Characters that are left at either end of an identity."""
LEAST: Final = 8
"""Characters under which nothing is left of it."""


def masked(text: pl.Expr) -> pl.Expr:
    """Texts with all but their ends hidden: `LSVAA…07`; short ones whole; null stays null."""
    ends = text.str.head(SHOWN) + "…" + text.str.tail(SHOWN)
    return pl.when(text.str.len_chars() >= LEAST).then(ends).when(text.is_not_null()).then(pl.lit("…"))


def line_in_words(line: pl.Expr) -> pl.Expr:
    """Lines that are no rows, and may hold anything, by their length alone."""
    return pl.format("a line of {} characters", line.str.len_chars())
