"""Claim flags in Dagster."""

from __future__ import annotations

import dagster as dg

from pipelines.previews import preview
from pipelines.pricing.assets import cost_forecast
from pipelines.progress import step
from pipelines.repricing import Repricing


@dg.asset(
    group_name="fraud",
    kinds={"polars"},
    owners=["team:claims"],
    deps=[cost_forecast, dg.AssetKey(["marts", "claim_features"])],
    description="Claims that deserve a second look, strongest first, with the reasons in words.",
)
def claim_flags(repricing: Repricing) -> dg.MaterializeResult[None]:
    """Score every claim of the client and keep those a rule hits."""
    from pipelines.fraud.flags import flag_claims, flags_path, save_flags
    from pipelines.pricing.forecasting.handover import take_over

    plan = repricing.plan()
    start, _ = plan.mapping.rating_year(plan.rating_year)
    with step("claim flags") as log:
        store = plan.settings.models / plan.client
        models = take_over(plan.settings.forecast(plan.client, plan.rating_year), store).models
        flags = flag_claims(plan.settings.serving(plan.client), models, start)
        save_flags(flags, flags_path(plan.settings, plan.client))
        high = int((flags["band"] == "high").sum())
        log.rows(flags.height, f"flagged, {high:,} of them high")
    shown = flags.select("claim_id", "cover", "score", "band", flags["reasons"].list.join("; "))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": flags.height,
            "preview": preview(shown),
        }
    )
