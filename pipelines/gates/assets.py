"""The gate in Dagster: a blocking check on every landed source."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.landing.assets import lake_key, places
from pipelines.landing.contracts import CONTRACTS
from pipelines.progress import LOGGER, step
from pipelines.repricing import Repricing

TOLD = 8
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
    from pipelines.gates.folding import folded
    from pipelines.gates.run import run_gate
    from pipelines.gates.summary import to_markdown

    plan = repricing.plan()
    where = places(plan)
    with step("delivery gate", slow=True) as log:
        facts = delivery_facts(plan.delivery, plan.mapping, where.ledger)
        docs = plan.settings.data_docs(plan.client)
        result = run_gate(where, plan.mapping.expect, docs, plan.client, facts)
        critical, warnings = result.failed("critical"), result.failed("warning")
        told = folded(warnings)
        log.say(f"{len(result.findings)} expectations, {len(critical)} failed, {len(warnings)} warnings")
        log.say(f"of {len(told)} kind{'s' if len(told) > 1 else ''}" if told else "")
    for finding in folded(critical):
        LOGGER.error("gate: %s; found %s", finding.expected, finding.observed)
    for finding in told[:TOLD]:
        LOGGER.warning("gate: %s; found %s", finding.expected, finding.observed)
    if len(told) > TOLD:
        LOGGER.warning("gate: %s more kinds of warning, all in the Data Docs", len(told) - TOLD)
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
