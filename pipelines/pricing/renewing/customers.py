"""Customers who come up for renewal: what they hold, at which levels they renew, what they pay now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import own_experience
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.experience import Experience
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.renewing.record import own_record
from pipelines.warehouse.serving import read

AGE, TENURE = "vehicle_age", "tenure_years"
TOLD = ("channel", "renewal_date", TENURE)
OWN = ("own_credibility", "own_factor", "own_reason", "referred", "referral_reason")
TAKEN = ("contract_id", "vehicle_id", "current_price", "indicated_price", "price", "change", "bound", *OWN)
"""What no rating factor can be named: a renewal has columns of these names."""


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
        `tenure_years` (of these three, those by whose name the client does not rate), a column per rating
        factor at its level of the renewal, `current_price` (null where no premium is known), and what
        `own_experience` says of their record.

    Raises:
        PublicationError: a rating factor is named like another column.
    """
    factors = experience.factors
    if taken := sorted(set(factors) & set(TAKEN)):
        raise PublicationError(
            f"no rating factor can be named '{taken[0]}': renewals have a column of that name"
        )
    renewals = read(serving, "select * from marts.renewals order by contract_id")
    # At the renewal the vehicle is older than when the contract that ends began; all else is as last seen.
    aged = AGE if AGE in factors else None
    renewals = renewals.drop(
        [name for name in (*factors, "tier") if name in renewals.columns and name != aged]
    )
    seen = [factor for factor in factors if factor not in (AGE, "tier")]
    levels = experience.contracts.select("contract_id", *seen).unique("contract_id")
    customers = renewals.join(held, on="contract_id", how="inner", maintain_order="left").join(
        levels, on="contract_id", how="left", maintain_order="left"
    )
    insured = [cover for cover in models if cover not in plan.cover_lines]
    record = own_record(serving, experience, models, insured, customers)
    known = own_experience(customers.join(record, on="contract_id", maintain_order="left"), plan.rules)
    return known.select(
        "contract_id",
        "vehicle_id",
        pl.col("package").alias("tier"),
        *(name for name in TOLD if name not in factors),
        *(factor for factor in factors if factor != "tier"),
        pl.col("annual_premium").alias("current_price"),
        *OWN,
    )
