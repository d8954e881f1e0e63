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
    found = [(entries[content_hash(path)], how) for path, how in delivery_files(delivery, mapping)]
    return [
        FileFacts(
            e.file,
            e.read,
            e.accepted,
            e.rejected,
            e.duplicates,
            e.pending,
            e.set_aside,
            remarks=e.remarks,
            repeated=e.repeated,
            tolerated_repeats=mapping.tolerated_repeats,
            says_what_repeats_are=how.rows is not None or not how.has_no_key,
            contracts=e.sources.get("contracts", 0),
            not_taken_up=e.not_taken_up,
        )
        for e, how in found
    ]
