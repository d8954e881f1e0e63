"""Run the gate over a client's lake: one Great Expectations suite per delivered source."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.gates.files import file_findings
from pipelines.gates.front_page import write_front_page
from pipelines.gates.result import Finding, GateResult
from pipelines.gates.suite import MONTH, batch_query, monthly_query, suite_for
from pipelines.landing.contracts import CONTRACTS, MONTHLY
from pipelines.landing.expectations import Expectations, FileFacts, Severity
from pipelines.landing.places import Places
from pipelines.quoting import parquet_under, read_parquet_sql

EXAMPLES = 5


def run_gate(
    places: Places, expectations: Expectations, docs: Path, client: str, files: Sequence[FileFacts]
) -> GateResult:
    """Hold a client's lake to what is expected of it.

    Args:
        places: the client's lake, and the rows that wait.
        expectations: from the mapping; the defaults hold where it is silent.
        docs: folder of the Data Docs; `index.html` is their first page.
        client: the client's name.
        files: what landing says about each file.
    """
    findings = [finding for facts in files for finding in file_findings(facts)]
    frames = _batches(places.lake, places.held, expectations)
    results = _validate(client, frames, expectations, docs)
    for source, result in results.items():
        findings += [_finding(source, r) for r in result.results]
    result = GateResult(client, tuple(findings), docs / "index.html")
    write_front_page(result)
    return result


def _batches(lake: Path, held: Path, expectations: Expectations) -> dict[str, Any]:
    """The columns the suites look at, as pandas frames: Great Expectations reads those without a copy."""
    frames: dict[str, Any] = {}
    with duckdb.connect() as con:
        for source, contract in CONTRACTS.items():
            con.execute(
                f"create view {source} as {_with_waiting(lake, held, source, contract.primary_key())}"
            )
        for source in CONTRACTS:
            ((count,),) = con.execute(f"select count(*) from {source}").fetchall()
            if count or source in expectations.root:
                query = (
                    monthly_query(source)
                    if source in MONTHLY
                    else batch_query(source, expectations.of(source))
                )
                frames[source] = con.sql(query).df()
    return frames


def _with_waiting(lake: Path, held: Path, source: str, keys: list[str]) -> str:
    """The lake's rows and those that wait for what they refer to, so that a gate sees both."""
    # A monthly source has its month, in the client's zone, from the folder; the rest has none.
    month = f", regexp_extract(filename, 'month=([-0-9]+)/[^/]*$', 1) as {MONTH}" if source in MONTHLY else ""
    whole = read_parquet_sql(parquet_under(lake / source), filename=True)
    query = f"select * exclude (filename){month} from {whole}"
    held_files = parquet_under(held / source)
    if not held_files:
        return query
    waiting = read_parquet_sql(held_files, filename=True)
    return (
        f"{query} union all by name select distinct on ({', '.join(keys)}) "
        f"* exclude (row_status, row_note, filename){month} from {waiting} where row_status = 'pending'"
    )


def _validate(client: str, frames: dict[str, Any], expectations: Expectations, docs: Path) -> dict[str, Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    site = docs.with_name(f".{docs.name}.new")
    shutil.rmtree(site, ignore_errors=True)
    context.add_data_docs_site(
        "delivery",
        {
            "class_name": "SiteBuilder",
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(site),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    datasource = context.data_sources.add_pandas(client)
    results = {}
    for source, frame in frames.items():
        batch = datasource.add_dataframe_asset(source).add_batch_definition_whole_dataframe("delivery")
        suite = context.suites.add(
            gx.ExpectationSuite(name=source, expectations=suite_for(source, expectations.of(source)))
        )
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=source, data=batch, suite=suite)
        )
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(
                name=source,
                validation_definitions=[definition],
                result_format={"result_format": "BASIC", "partial_unexpected_count": EXAMPLES},
            )
        )
        outcome = checkpoint.run(batch_parameters={"dataframe": frame})
        results[source] = next(iter(outcome.run_results.values()))
    context.build_data_docs()
    shutil.rmtree(docs, ignore_errors=True)
    docs.parent.mkdir(parents=True, exist_ok=True)
    site.rename(docs)
    return results


def _finding(source: str, result: Any) -> Finding:
    config = result.expectation_config
    details = result.result or {}
    severity: Severity = "warning" if str(config.severity).lower().endswith("warning") else "critical"
    share = details.get("unexpected_percent_nonmissing", details.get("unexpected_percent"))
    share = None if share is None else float(share) / 100
    examples = tuple(str(v) for v in (details.get("partial_unexpected_list") or [])[:EXAMPLES])
    notes = config.notes if isinstance(config.notes, str) else " ".join(config.notes or [])
    return Finding(source, notes, _observed(details, share), severity, bool(result.success), share, examples)


def _observed(details: dict[str, Any], share: float | None) -> str:
    if share is None:
        value = details.get("observed_value")
        return f"{value:,} rows" if isinstance(value, int) else str(value)
    count, total = details.get("unexpected_count", 0), details.get("element_count", 0)
    return (
        f"{share:.1%} ({count:,} of {total - details.get('missing_count', 0):,} rows)"
        if count
        else (f"none of {total:,} rows")
    )
