"""Landing in Dagster: one step brings a delivery into the lake, one asset per canonical source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.land import LandingReport, land
from pipelines.landing.parameters import write_lake_parts, write_parameters
from pipelines.landing.places import Places
from pipelines.landing.pseudonym_key import pseudonym_key
from pipelines.previews import preview
from pipelines.progress import LOGGER
from pipelines.quoting import parquet_under, scan_parquet_files
from pipelines.repricing import Plan, Repricing
from pipelines.simulated import make_portfolio

PARAMETERS = "run_parameters"
PARTS = "lake_parts"
OFFSETS = "utc_offsets"


def lake_key(source: str) -> dg.AssetKey:
    """Asset key of a canonical source; dbt's source of the same name has the same key."""
    return dg.AssetKey(["lake", source])


def places(plan: Plan) -> Places:
    """Folders of the client that a plan is about."""
    return Places.under(plan.settings.root, plan.client)


def _first_line(source: str) -> str:
    return (CONTRACTS[source].__doc__ or source).strip().splitlines()[0]


def _spec(source: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=lake_key(source),
        group_name="landing",
        kinds={"parquet", "polars"},
        owners=["team:data-engineering"],
        description=description,
    )


SPECS = [
    *(_spec(source, _first_line(source)) for source in CONTRACTS),
    _spec(PARAMETERS, "What this run is about: client, rating year, valuation date."),
    _spec(OFFSETS, "From which moment the client's clock was how far ahead of UTC."),
    _spec(PARTS, "Which files hold each month of the monthly sources; a change opens the month again."),
]


@dg.multi_asset(specs=SPECS, name="land_delivery")
def land_delivery(repricing: Repricing) -> Iterator[dg.MaterializeResult[None]]:
    """Check every row of the delivery, keep the good ones, set the others aside with a reason."""
    plan = repricing.plan()
    where = places(plan)
    LOGGER.info("delivery %s, mapping %s", plan.delivery.name, plan.mapping_path.name)
    if plan.is_simulated and not plan.delivery.exists():
        make_portfolio(plan.delivery)
    here = plan.settings
    key = pseudonym_key(here.pseudonym_key, here.pseudonym_key_file)
    report = land(
        plan.delivery, plan.mapping, where, key, memory_limit=here.landing_memory, threads=here.threads
    )
    parameters = write_parameters(where.lake, plan.mapping, plan.rating_year, plan.valuation_date)
    parts = write_lake_parts(where.lake)
    _say_outcome(report, parameters)
    for source in CONTRACTS:
        yield dg.MaterializeResult(
            asset_key=lake_key(source), metadata=_source_metadata(where.lake, source, report)
        )
    yield dg.MaterializeResult(
        asset_key=lake_key(PARAMETERS),
        metadata={
            "dagster/row_count": 1,
            "preview": preview(parameters),
            "files": dg.MetadataValue.md(_files_table(report)),
        },
    )
    clock = scan_parquet_files(parquet_under(where.lake / OFFSETS)).collect()
    yield dg.MaterializeResult(
        asset_key=lake_key(OFFSETS), metadata={"dagster/row_count": clock.height, "preview": preview(clock)}
    )
    yield dg.MaterializeResult(
        asset_key=lake_key(PARTS), metadata={"dagster/row_count": parts.height, "preview": preview(parts)}
    )


def _say_outcome(report: LandingReport, parameters: pl.DataFrame) -> None:
    if not report.landed:
        LOGGER.info("nothing new: every file of the delivery has landed before")
    year, start, end, day = parameters.select(
        "rating_year", "rating_year_start", "rating_year_end", "valuation_date"
    ).row(0)
    LOGGER.info("rating year %s (%s to %s), valued at %s", year, start, end, day)


def _source_metadata(
    lake: Path, source: str, report: LandingReport
) -> dict[str, dg.MetadataValue | int | str]:
    scan = scan_parquet_files(parquet_under(lake / source))
    rows = scan.select(pl.len()).collect().item()
    return {
        "dagster/row_count": rows,
        "new_rows": sum(entry.sources.get(source, 0) for entry in report.landed),
        "preview": preview(scan.head(5).collect()),
        "path": str(lake / source),
    }


def _files_table(report: LandingReport) -> str:
    lines = [
        "| file | status | read | accepted | rejected | duplicates | waiting |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for entry in report.entries:
        status = entry.status.replace("_", " ")
        counts = [entry.read, entry.accepted, entry.rejected, entry.duplicates, entry.pending]
        lines.append(f"| {entry.file} | {status} | " + " | ".join(f"{n:,}" for n in counts) + " |")
    return "\n".join(lines)
