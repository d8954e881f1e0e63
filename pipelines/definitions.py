"""The code location: everything Dagster knows of Ratewright, on one screen."""

from __future__ import annotations

import dagster as dg

from pipelines.fraud.assets import claim_flags
from pipelines.gates.assets import delivery_gate
from pipelines.jobs import annual_repricing, dead_runs, new_delivery, yearly_schedules
from pipelines.landing.assets import land_delivery
from pipelines.pricing.assets import cost_forecast, rate_table
from pipelines.repricing import Repricing
from pipelines.settings import settings
from pipelines.warehouse.assets import build_warehouse, dbt_resource, serving_database

defs = dg.Definitions(
    assets=[
        land_delivery,
        build_warehouse,
        serving_database,
        cost_forecast,
        rate_table,
        claim_flags,
    ],
    asset_checks=[delivery_gate],
    jobs=[annual_repricing],
    schedules=yearly_schedules(settings()),
    sensors=[new_delivery, dead_runs],
    resources={"repricing": Repricing.configure_at_launch(), "dbt": dbt_resource()},
    executor=dg.in_process_executor,
)
