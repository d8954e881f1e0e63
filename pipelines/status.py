"""What there is, by client."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.fraud.flags import flags_path
from pipelines.landing.ledger import Ledger
from pipelines.pricing.workflow import State, registers
from pipelines.quoting import scan_parquet_files
from pipelines.settings import Settings, settings


def client_status() -> list[tuple[str, ...]]:
    """One row of text per client that has landed anything."""
    here = settings()
    rows: list[tuple[str, ...]] = []
    for folder in sorted((here.root / "ledger").glob("*/")):
        entries = Ledger(folder).entries()
        flagged = flags_path(here, folder.name)
        rows.append(
            (
                folder.name,
                str(len(entries)),
                f"{sum(e.accepted for e in entries):,}",
                f"{sum(e.rejected for e in entries):,}",
                f"{sum(e.duplicates for e in entries):,}",
                f"{sum(e.pending for e in entries):,}",
                _years_in_force(here, folder.name),
                _height(flagged) if flagged.exists() else "",
            )
        )
    return rows


def _years_in_force(here: Settings, client: str) -> str:
    by_client, broken = registers(here, client)
    if broken:
        return "log not to be trusted"
    standings = by_client.get(client, {}).values()
    return ", ".join(sorted({str(s.rating_year) for s in standings if s.state is State.IN_FORCE}))


def _height(path: Path) -> str:
    try:
        return f"{scan_parquet_files(path).select(pl.len()).collect().item():,}"
    except pl.exceptions.PolarsError:
        return "cannot be read"
