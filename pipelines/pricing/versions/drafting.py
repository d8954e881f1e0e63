"""A draft of the forecast that the last run left, without a run."""

from __future__ import annotations

from pathlib import Path

from pipelines.client_lock import held
from pipelines.landing.parameters import year_of_last_run
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.handover import MODELS, take_over
from pipelines.pricing.versions.making import draft_rate_table
from pipelines.pricing.workflow import Standing
from pipelines.repricing import Plan
from pipelines.settings import Settings


def draft_of_last_forecast(
    settings: Settings, mapping: Path, rating_year: int, overall_change: float | None = None
) -> Standing:
    """Build the rate table of a rating year from the forecast and the warehouse of the last run.

    Args:
        settings: of the installation.
        mapping: of the client.
        rating_year: year in which it begins.
        overall_change: see `draft_rate_table`.

    Raises:
        InputError: the mapping cannot be used.
        PublicationError: no run has left a forecast of that year, the last run was for another year, or the
            overall change cannot be met.
        RunError: another process holds the client.
    """
    plan = Plan(settings.landing, mapping.resolve(), rating_year, None, settings)
    folder = settings.forecast(plan.client, rating_year)
    if not (folder / MODELS).exists():
        raise PublicationError(f"{plan.client} has no forecast of {rating_year}: ratewright run makes one")
    with held(settings.root, plan.client, f"rates draft for {rating_year}"):
        stands = year_of_last_run(settings.lake(plan.client))
        if stands != rating_year:
            raise PublicationError(
                f"the warehouse of {plan.client} was built last for {stands}: run for {rating_year} first, "
                "so that customers and plan are those of that year"
            )
        drafted = draft_rate_table(plan, take_over(folder, settings.models / plan.client), overall_change)
    if drafted is None:
        raise PublicationError(
            f"{plan.client}: the forecast of {rating_year} has no cover that can be priced"
        )
    return drafted[1]
