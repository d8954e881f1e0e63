"""The warehouse in Dagster: every dbt model an asset, every dbt test a check, one serving copy."""

# No postponed annotations here: Dagster reads the type of `context` at import.
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from pipelines.previews import preview
from pipelines.progress import LOGGER, announce, in_columns, step
from pipelines.repricing import Repricing
from pipelines.warehouse.described import Described
from pipelines.warehouse.opening import hold_free
from pipelines.warehouse.output import DbtOutput
from pipelines.warehouse.outside import in_words, read_outside
from pipelines.warehouse.project import (
    DBT_PROJECT,
    dbt_environment,
    dbt_executable,
    ensure_manifest,
    environment,
)
from pipelines.warehouse.serving import publish_serving_copy, read

PROJECT = DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


class Translator(DagsterDbtTranslator):
    """Groups by layer, or by subject for marts; owners from the dbt groups."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Folder of the model below `models/`; seeds are the rating plan."""
        if dbt_resource_props["resource_type"] == "seed":
            return "rating_plan"
        layer, *rest = dbt_resource_props["fqn"][1:-1]
        return f"mart_{rest[0]}" if layer == "marts" else str(layer)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The dbt group that answers for the model."""
        group = dbt_resource_props.get("config", {}).get("group")
        return [f"team:{_TEAMS.get(group, 'data-engineering')}"]


_TEAMS = {"cost": "analytics", "rating": "pricing", "claims": "claims", "portfolio": "portfolio"}


@dbt_assets(
    manifest=ensure_manifest(),
    project=PROJECT,
    name="build_warehouse",
    exclude="resource_type:unit_test",
    dagster_dbt_translator=Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True)),
)
def build_warehouse(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, repricing: Repricing
) -> Iterator[Any]:
    """One dbt build: seeds, models and data tests, in the order of their references."""
    plan = repricing.plan()
    plan.settings.warehouse(plan.client).parent.mkdir(parents=True, exist_ok=True)
    # dbt would wait without a word, and say in its own log who holds the file.
    hold_free(plan.settings.warehouse(plan.client))
    told = DbtOutput()
    announce("warehouse (dbt build)")
    with environment(dbt_environment(plan.settings, plan.client)), redirect_stdout(told):
        began = time.perf_counter()
        call = dbt.cli(["build", "--exclude-resource-type", "unit_test"], context=context)
        # DuckDB has one writer, so what dbt built can be looked at only when dbt is done.
        events = []
        try:
            for event in call.stream():
                events.append(event)  # noqa: PERF402 - what came before a failure must not be lost
        finally:
            yield from _described(events, context, plan.settings.warehouse(plan.client))
    seconds = time.perf_counter() - began
    LOGGER.info("%s", f"{in_columns('warehouse (dbt build)')}  {seconds:6.1f} s  {told.verdict}")


def _described(events: list[Any], context: dg.AssetExecutionContext, warehouse: Path) -> Iterator[Any]:
    """The events of a build, those of built models with what can be seen of the model."""
    if not any(isinstance(event, dg.Output) for event in events):
        yield from events
        return
    manifest = json.loads(ensure_manifest().read_text(encoding="utf-8"))
    with Described(warehouse, manifest) as described:
        for event in events:
            if isinstance(event, dg.Output):
                schema, table = context.asset_key_for_output(event.output_name).path[-2:]
                yield event.with_metadata({**event.metadata, **described.metadata(schema, table)})
            else:
                yield event


@dg.asset(
    group_name="serving",
    kinds={"duckdb"},
    owners=["team:data-engineering"],
    deps=[build_warehouse],
    description="The marts of the last good run, for everybody to read; swapped in by one rename.",
)
def serving_database(repricing: Repricing) -> dg.MaterializeResult[None]:
    """Copy the marts to the file that analysts, pricing and the command line read."""
    plan = repricing.plan()
    serving = plan.settings.serving(plan.client)
    with step("serving copy") as log:
        counts = publish_serving_copy(plan.settings.warehouse(plan.client), serving)
        log.rows(sum(counts.values()), f"{len(counts)} tables")
    outside = read_outside(serving)
    for line in in_words(outside):
        LOGGER.warning("outside exposure: %s", line)
    by_factor = read(
        serving,
        "select * from marts.cost_by_factor_level order by cover, factor, level_order, level",
    )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(counts.values()),
            "tables": dg.MetadataValue.json(json.loads(json.dumps(counts))),
            "cost_by_factor_level": preview(by_factor),
            "outside_exposure": preview(outside),
            "path": str(serving),
        }
    )


def dbt_resource() -> DbtCliResource:
    """The dbt of this environment, on this project."""
    return DbtCliResource(
        project_dir=PROJECT, profiles_dir=str(DBT_PROJECT), dbt_executable=str(dbt_executable())
    )
