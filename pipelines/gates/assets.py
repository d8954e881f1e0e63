"""The gate in Dagster: a blocking check on every landed source."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.landing.assets import lake_key, places
from pipelines.landing.contracts import CONTRACTS
from pipelines.progress import LOGGER, step
from pipelines.repricing import Repricing

TOLD = 8
FILES_FINDINGS = "files"
FILES = "run_parameters"
"""What landing says of whole files is checked on the asset that every model depends on."""

SPECS = [
    dg.AssetCheckSpec(
        "delivery_gate",
        asset=lake_key(source),
        blocking=True,
        description="Great Expectations over the accepted rows: volumes, keys, ranges, shares.",
    )
    for source in [*CONTRACTS, FILES]
]


@dg.multi_asset_check(name="delivery_gate", specs=SPECS)
def delivery_gate(repricing: Repricing) -> Iterator[dg.AssetCheckResult]:
    """Hold the landed delivery to the mapping's expectations; critical failures stop the run."""
    from pipelines.gates.facts import delivery_facts
    from pipelines.gates.run import run_gate
    from pipelines.gates.summary import to_markdown

    plan = repricing.plan()
    where = places(plan)
    with step("delivery gate", slow=True) as log:
        facts = delivery_facts(plan.delivery, plan.mapping, where.ledger)
        docs = plan.settings.data_docs(plan.client)
        result = run_gate(where, plan.mapping.expect, docs, plan.client, facts)
        critical, warnings = result.failed("critical"), result.failed("warning")
        log.say(f"{len(result.findings)} expectations, {len(critical)} failed, {len(warnings)} warnings")
    for finding in critical:
        LOGGER.error("gate: %s; found %s", finding.expected, finding.observed)
    # What is odd about a source says more than which of fifty files had a bad row.
    for finding in sorted(warnings, key=lambda f: f.source == FILES_FINDINGS)[:TOLD]:
        LOGGER.warning("gate: %s; found %s", finding.expected, finding.observed)
    if len(warnings) > TOLD:
        LOGGER.warning("gate: %s more warnings, all in the Data Docs", len(warnings) - TOLD)
    for source in [*CONTRACTS, FILES]:
        part = result.of("files" if source == FILES else source)
        yield dg.AssetCheckResult(
            check_name="delivery_gate",
            asset_key=lake_key(source),
            passed=not [f for f in part.findings if not f.success],
            severity=dg.AssetCheckSeverity.WARN if part.passed else dg.AssetCheckSeverity.ERROR,
            metadata={
                "summary": dg.MetadataValue.md(to_markdown(part)),
                "data_docs": dg.MetadataValue.path(str(part.data_docs)),
            },
        )
