"""What every vehicle's customer has cost so far, beside what the forecast expects of such customers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from models_ml.actuarial.large_loss import cap_losses, severity_cap
from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from pipelines.pricing.forecasting.experience import Experience
from pipelines.warehouse.serving import read

RENEWAL = "renewal"
RECORD = ("years", "claims", "expected_claims", "cost", "expected_cost", "premium")


def own_record(
    serving: Path,
    experience: Experience,
    models: Mapping[str, FrequencySeverityModel],
    insured: list[str],
    customers: pl.DataFrame,
) -> pl.DataFrame:
    """Record of every customer since they hold the vehicle, on the insured covers.

    Claims are those the customer caused, or of which nobody says who did; large ones are cut as for the
    forecast. What is expected is the forecast's, brought to the level of the years looked at: of each cover
    all customers together are expected to have had what they had.

    Args:
        serving: the serving database.
        experience: with contracts and assumptions.
        models: by cover.
        insured: covers that count.
        customers: `contract_id`, `vehicle_id`, `customer_since`.

    Returns:
        `contract_id` of the customers with the columns of `RECORD`.
    """
    begun = experience.contracts.filter(pl.col("period") == "learn")
    since = customers.select("vehicle_id", "customer_since", pl.col("contract_id").alias(RENEWAL))
    held = begun.join(since, on="vehicle_id").filter(pl.col("effective_date") >= pl.col("customer_since"))
    claims = _claims_caused(serving)
    expected = [
        _of_cover(held, cover, models[cover], _cut(claims, cover, experience))
        for cover in insured
        if cover in models and held["cover"].is_in([cover]).any()
    ]
    paid = pl.col("annual_premium").cast(pl.Float64) * pl.col("exposure_years")
    # Cost over premium is of the same contracts: where one has no premium, neither has the record.
    once = held.unique([RENEWAL, "contract_id"], maintain_order=True).group_by(RENEWAL).agg(
        years=pl.col("exposure_years").sum(),
        premium=pl.when(pl.col("annual_premium").is_not_null().all()).then(paid.sum()),
    )  # fmt: skip
    record = customers.select(pl.col("contract_id").alias(RENEWAL)).join(
        once, on=RENEWAL, how="left", maintain_order="left"
    )
    if expected:
        sums = pl.concat(expected).group_by(RENEWAL).agg(pl.col(name).sum() for name in RECORD[1:5])
        record = record.join(sums, on=RENEWAL, how="left", maintain_order="left")
    lacking = [pl.lit(0.0).alias(name) for name in RECORD if name not in record.columns]
    return record.with_columns(lacking).select(
        pl.col(RENEWAL).alias("contract_id"), pl.col(*RECORD).fill_null(0.0).round(4)
    )


def _claims_caused(serving: Path) -> pl.DataFrame:
    return read(
        serving,
        """
        select contract_id, cover, incurred_amount as amount
        from marts.claim_features
        where outside_reason is null and incurred_amount > 0 and coalesce(at_fault, true)
        order by cover, contract_id, claim_id
        """,
    )


def _cut(claims: pl.DataFrame, cover: str, experience: Experience) -> pl.DataFrame:
    """`contract_id`, `claims` and the `cost` of a cover, large losses cut at the quantile of the plan."""
    own = claims.filter(pl.col("cover") == cover)
    try:
        cap = severity_cap(cover, own, experience.large_loss_quantile(cover))
        cut = cap_losses(cover, own, cap).claims
    except ModellingError:
        cut = own.with_columns(capped="amount")
    return cut.group_by("contract_id").agg(
        claims=pl.len().cast(pl.Float64), cost=pl.col("capped").cast(pl.Float64).sum()
    )


def _of_cover(
    held: pl.DataFrame, cover: str, model: FrequencySeverityModel, claims: pl.DataFrame
) -> pl.DataFrame:
    """Claims and cost, seen and expected, on one cover, a row per contract and the renewal it counts for."""
    own = held.filter(pl.col("cover") == cover)
    exposure = pl.col("exposure_years")
    rows = own.with_columns(
        _claims=pl.Series(model.predict_frequency(own)) * exposure,
        _cost=pl.Series(model.predict_burning_cost(own)) * exposure,
    ).join(claims, on="contract_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("claims", "cost").fill_null(0.0))
    level = {name: _over(rows[name], rows[f"_{name}"]) for name in ("claims", "cost")}
    return rows.select(
        RENEWAL,
        "claims",
        "cost",
        expected_claims=pl.col("_claims") * level["claims"],
        expected_cost=pl.col("_cost") * level["cost"],
    )


def _over(seen: pl.Series, expected: pl.Series) -> float:
    total = float(expected.sum())
    return float(seen.sum()) / total if total > 0 else 0.0
