"""What the ledger says about the files of a delivery."""

from __future__ import annotations

from pathlib import Path

from pipelines.landing.expectations import FileFacts
from pipelines.landing.land import delivery_files
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.reading.readers import content_hash


def delivery_facts(delivery: Path, mapping: Mapping, ledger: Path) -> list[FileFacts]:
    """One entry per file of the delivery, in the order of landing."""
    entries = {entry.sha256: entry for entry in Ledger(ledger).entries()}
    hashes = [content_hash(path) for path, _ in delivery_files(delivery, mapping)]
    return [
        FileFacts(e.file, e.read, e.accepted, e.rejected, e.duplicates, e.pending, e.set_aside)
        for e in (entries[h] for h in hashes)
    ]
