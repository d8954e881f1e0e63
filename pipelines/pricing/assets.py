"""Pricing in Dagster: the forecast, then the published rate table."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from pipelines.previews import preview
from pipelines.progress import LOGGER, step
from pipelines.repricing import Plan, Repricing


def forecast_path(plan: Plan) -> Path:
    """Where the forecast of a client and rating year is kept between steps."""
    return plan.settings.root / "models" / plan.client / f"{plan.rating_year}.json"


@dg.asset(
    group_name="pricing",
    kinds={"scikitlearn"},
    owners=["team:pricing"],
    deps=["serving_database"],
    description="Frequency x severity per cover, and how well it does on contracts it has not seen.",
)
def cost_forecast(repricing: Repricing) -> dg.MaterializeResult[None]:
    """Fit and judge every cover on the rating cells."""
    import polars as pl

    from pipelines.pricing.experience import load_experience
    from pipelines.pricing.forecast import fit_forecast, save_forecast

    plan = repricing.plan()
    experience = load_experience(plan.settings.serving(plan.client))
    forecast = fit_forecast(experience, plan.settings.seed)
    save_forecast(forecast, forecast_path(plan))
    judged = pl.DataFrame(
        [
            {k: v for k, v in vars(j).items() if not isinstance(v, pl.DataFrame)}
            for j in forecast.judgements.values()
        ]
    )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(forecast.models),
            "judgement": preview(judged),
            "not_priced": dg.MetadataValue.json(forecast.refused),
            "factors": ", ".join(experience.factors),
        }
    )


@dg.asset(
    group_name="pricing",
    kinds={"excel", "parquet"},
    owners=["team:pricing"],
    deps=[cost_forecast],
    description="Base rates and relativities, loaded and published as an immutable version.",
)
def rate_table(repricing: Repricing) -> dg.MaterializeResult[None]:
    """Build and publish the rate table of the rating year."""
    from pipelines.pricing.rate_table import publish_rate_table

    plan = repricing.plan()
    with step("rate table", slow=True) as log:
        published = publish_rate_table(plan, forecast_path(plan))
        if published is None:
            log.say("nothing to price: no cover has both exposure and claims")
            return dg.MaterializeResult(metadata={"dagster/row_count": 0})
        table, version, created = published
        log.rows(table.rates.height, "published" if created else "stands already, same bytes")
    LOGGER.info("rate table %s in %s", version.name, version.path)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": table.rates.height,
            "version": version.name,
            "preview": preview(table.rates),
            "path": str(version.path),
        }
    )
