"""Customers who come up for renewal: what they hold, at which levels they renew, what they pay now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import own_experience
from pipelines.pricing.forecasting.experience import Experience, load_levels
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.renewing.record import own_record
from pipelines.warehouse.serving import read

AGE = "vehicle_age"
TENURE = "tenure_years"


def load_products(serving: Path) -> dict[str, str]:
    """Product of every tier that was sold."""
    rows = read(serving, "select distinct tier, product from marts.contracts_by_month order by tier, product")
    return dict(rows.select("tier", "product").iter_rows())


def load_customers(
    serving: Path,
    experience: Experience,
    held: pl.DataFrame,
    models: Mapping[str, FrequencySeverityModel],
    plan: RatingPlan,
) -> pl.DataFrame:
    """Everybody who comes up for renewal and holds a package.

    Args:
        serving: the serving database.
        experience: what is known of their contracts.
        held: `contract_id` and `package`.
        models: by cover.
        plan: of the rating year.

    Returns:
        A row per contract: `contract_id`, `vehicle_id`, `tier` (the package), `channel`, `renewal_date`,
        `tenure_years`, a column per rating factor at its level of the renewal, `current_price` (null where
        no premium is known), and what `own_experience` says of their record.
    """
    renewals = read(serving, "select * from marts.renewals order by contract_id")
    customers = renewals.join(held, on="contract_id", how="inner", maintain_order="left")
    wide, factors = load_levels(serving)
    if AGE in factors:
        # A year older than when the contract that ends began.
        wide = wide.drop(AGE)
    customers = customers.join(wide, on="cell_id", how="left", maintain_order="left")
    insured = [cover for cover in models if cover not in plan.cover_lines]
    record = own_record(serving, experience, models, insured, customers)
    known = own_experience(customers.join(record, on="contract_id", maintain_order="left"), plan.rules)
    own = ("own_credibility", "own_factor", "own_reason", "referred", "referral_reason")
    return known.select(
        "contract_id",
        "vehicle_id",
        pl.col("package").alias("tier"),
        "channel",
        "renewal_date",
        TENURE,
        *(factor for factor in factors if factor != "tier"),
        pl.col("annual_premium").alias("current_price"),
        *own,
    )
