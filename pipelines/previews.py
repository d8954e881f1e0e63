"""A frame as a small Markdown table, for asset metadata."""

from __future__ import annotations

import base64

import dagster as dg
import polars as pl

ROWS = 8


def preview(frame: pl.DataFrame) -> dg.MetadataValue:
    """The first rows as Markdown; doubles to four digits, cells safe for a table."""
    head = frame.head(ROWS)
    shown = head.select(
        [
            pl.col(name).round(4).cast(pl.String) if dtype.is_float() else pl.col(name).cast(pl.String)
            for name, dtype in head.schema.items()
        ]
    ).select(pl.all().fill_null("").str.replace_all("|", "\\|", literal=True))
    header = "| " + " | ".join(shown.columns) + " |"
    rule = "|" + "---|" * shown.width
    rows = ["| " + " | ".join(row) + " |" for row in shown.iter_rows()]
    return dg.MetadataValue.md("\n".join([header, rule, *rows]))


def png(picture: bytes) -> dg.MetadataValue:
    """A picture inside Markdown; Dagster shows it on the asset's page."""
    text = base64.b64encode(picture).decode("ascii")
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{text})")
