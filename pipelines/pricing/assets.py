"""Pricing in Dagster: the forecast, then the published rate table."""

from __future__ import annotations

from typing import Any

import dagster as dg

from pipelines.landing.parameters import valuation_date
from pipelines.previews import png, preview
from pipelines.progress import LOGGER, step
from pipelines.repricing import Repricing

BETTER_THAN_CONSTANT = "better_than_one_rate_for_all"


@dg.asset(
    group_name="pricing",
    kinds={"scikitlearn"},
    owners=["team:pricing"],
    deps=["serving_database"],
    check_specs=[
        dg.AssetCheckSpec(
            BETTER_THAN_CONSTANT,
            asset="cost_forecast",
            description="No cover is flat or, on what it has not seen, worse than one rate for all.",
        )
    ],
    description="Frequency x severity per cover at the level of the rating year, judged on contracts it has "
    "not seen, beside a challenger of boosted pairs.",
)
def cost_forecast(repricing: Repricing) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Fit and judge every cover, keep the models, and write the report."""
    import polars as pl

    from models_ml.rating import evidence
    from pipelines.pricing.forecasting.experience import load_experience
    from pipelines.pricing.forecasting.forecast import fit_forecast
    from pipelines.pricing.forecasting.handover import Handover, hand_over
    from pipelines.pricing.forecasting.keeping import keep_forecast
    from pipelines.pricing.report import ReportHead, evaluation_json, forecast_plots, report_html

    plan = repricing.plan()
    here = plan.settings
    first, last = plan.mapping.rating_year(plan.rating_year)
    valued = valuation_date(here.lake(plan.client))
    experience = load_experience(here.serving(plan.client), first)
    priced = {cover: experience.loss_date(cover, first, last, valued) for cover in experience.covers}
    forecast = fit_forecast(experience, first + (last - first) / 2, here.seed, priced)
    with step("model store and report") as log:
        kept = keep_forecast(forecast, experience, plan)
        head = ReportHead(
            plan.client,
            plan.mapping.title,
            plan.mapping.currency,
            plan.rating_year,
            first,
            last,
            valued,
            kept.rated_by.name,
            kept.champion.name,
            kept.in_words(),
        )
        folder = here.forecast(plan.client, plan.rating_year)
        made = Handover(
            models=forecast.models,
            evidences={cover: evidence(model) for cover, model in forecast.models.items()},
            judgements=forecast.judgements,
            refused=dict(forecast.refused),
            rated_by=kept.rated_by.name,
            champion=kept.champion.name,
            challenger=kept.in_words(),
            priced_to={cover: made.priced.day for cover, made in forecast.covers.items() if made.priced},
            report=report_html(head, forecast),
            evaluation=evaluation_json(forecast),
        )
        hand_over(made, folder, here.models / plan.client)
        log.say(f"rated by {kept.rated_by.name}; challenger {kept.in_words()}")
    judged = pl.DataFrame(
        [
            {k: v for k, v in vars(j).items() if not isinstance(v, pl.DataFrame)}
            for j in forecast.judgements.values()
        ]
    )
    plots = {f"plot: {name}": png(picture) for name, picture in forecast_plots(forecast).items()}
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(forecast.models),
            "judgement": preview(judged),
            "rated_by": kept.rated_by.name,
            "champion": kept.champion.name,
            "challenger": kept.in_words(),
            "not_priced": dg.MetadataValue.json(dict(forecast.refused)),
            "factors": ", ".join(experience.factors),
            "report": dg.MetadataValue.path(folder / "model_report.html"),
            **plots,
        },
        check_results=[_better_than_constant(made.evaluation)],
    )


def _better_than_constant(evaluation: bytes) -> dg.AssetCheckResult:
    """A warning where a cover is flat, or was forecast worse than by one rate for all."""
    import json

    from pipelines.pricing.versions.belief import beliefs, in_doubt

    told: dict[str, Any] = json.loads(evaluation)
    doubts = in_doubt(told)
    return dg.AssetCheckResult(
        check_name=BETTER_THAN_CONSTANT,
        passed=not doubts,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(doubts) or "every cover is told apart, and none worse than by one rate for all",
        metadata={"covers": preview(beliefs(told))},
    )


@dg.asset(
    group_name="pricing",
    kinds={"excel", "parquet"},
    owners=["team:pricing"],
    deps=[cost_forecast],
    description="Base rates and relativities, loaded and kept as an immutable version: a draft until people "
    "have approved and published it.",
)
def rate_table(repricing: Repricing) -> dg.MaterializeResult[None]:
    """Build the rate table of the rating year and keep it as a draft."""
    from pipelines.pricing.forecasting.handover import take_over
    from pipelines.pricing.observing import untold
    from pipelines.pricing.versions.making import draft_rate_table
    from pipelines.pricing.versions.unusual import in_words, unusual_levels
    from pipelines.pricing.workflow import Desk

    plan = repricing.plan()
    with step("rate table", slow=True) as log:
        folder = plan.settings.forecast(plan.client, plan.rating_year)
        drafted = draft_rate_table(plan, take_over(folder, plan.settings.models / plan.client))
        if drafted is None:
            log.say("nothing to price: no cover has both exposure and claims")
            return dg.MaterializeResult(metadata={"dagster/row_count": 0})
        parts, standing, created = drafted
        log.rows(parts.rates.height, f"{standing.version}, {standing.state if created else 'stands already'}")
    desk = Desk(plan.settings, plan.client)
    path = desk.path(standing)
    for observation in untold(desk):
        dg.AssetExecutionContext.get().log_event(observation)
    for level in unusual_levels(parts.rates, parts.plan).iter_rows(named=True):
        LOGGER.warning("%s", in_words(level, parts.plan))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": parts.rates.height,
            "version": standing.version,
            "state_when_made": str(standing.state),
            "renewals": parts.book.in_words(),
            "preview": preview(parts.rates),
            "path": str(path),
            "pricing_pack": dg.MetadataValue.path(path / "pricing_pack.html"),
        }
    )
