"""The gate by itself: land a delivery in a scratch lake, check it, keep nothing but the findings."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from pipelines.gates.facts import delivery_facts
from pipelines.gates.result import GateResult
from pipelines.gates.run import run_gate
from pipelines.gates.summary import to_markdown
from pipelines.landing.land import land
from pipelines.landing.mapping import load_mapping
from pipelines.landing.places import Places
from pipelines.settings import hold_path


def gate_delivery(delivery: Path, mapping_path: Path, docs: Path | None) -> tuple[GateResult, str]:
    """Check a delivery and return the result and its Markdown.

    Raises:
        InputError: the delivery or the mapping cannot be used.
    """
    mapping = load_mapping(mapping_path)
    hold_path("TMPDIR", Path(gettempdir()))
    with TemporaryDirectory(prefix="ratewright-gate-") as scratch:
        root = Path(scratch)
        places = Places.under(root)
        land(delivery, mapping, places, key="gate")
        facts = delivery_facts(delivery, mapping, places.ledger)
        site = docs or root / "docs"
        result = run_gate(places, mapping.expect, site.resolve(), mapping.client, facts)
    return result, to_markdown(result)
