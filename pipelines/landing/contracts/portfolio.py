"""What is insured and served: vehicles, contracts, and what a contract holds."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import day, identifier, money


class Vehicles(dy.Schema):
    """One row per vehicle."""

    vehicle_id = identifier(primary_key=True)
    make = dy.String(nullable=True)
    model = dy.String(nullable=True)
    model_year = dy.Int64(nullable=True, min=1900, max=2100)
    powertrain = dy.String(nullable=True, regex=r"^(ice|hev|phev|bev)$")
    body = dy.String(nullable=True)
    list_price = money(nullable=True, min=0)
    in_service_date = day("vehicle", nullable=True)
    region = dy.String(nullable=True)


class Contracts(dy.Schema):
    """One row per contract version: a period in force at one tier and price.

    `expiry_date` is the last day of cover, empty where the contract has no end; `cancelled_on` is the first
    day without cover. A contract that was cancelled before it began, or from its first day, was not taken
    up: it lands and covers no day. One that was cancelled after it expired was in force to its expiry, and
    is flagged. `vehicle_age_years` and `declared_annual_km` are what the client wrote on the contract,
    where it did.
    """

    contract_id = identifier(primary_key=True)
    vehicle_id = identifier()
    customer_id = identifier(nullable=True)
    product = dy.String(nullable=True)
    tier = dy.String(nullable=True)
    effective_date = day("contract")
    expiry_date = day("contract", open_end=True, nullable=True)
    annual_premium = money(nullable=True, min=0)
    channel = dy.String(nullable=True)
    payment_plan = dy.String(nullable=True)
    status = dy.String(nullable=True)
    cancelled_on = day("contract", nullable=True)
    renewal_of = identifier(nullable=True)
    vehicle_age_years = dy.Int64(nullable=True, min=0, max=150)
    declared_annual_km = dy.Int64(nullable=True, min=0, max=1_000_000)

    @dy.rule()
    def expires_on_or_after_it_starts(cls) -> pl.Expr:
        """expiry_date is before effective_date"""
        return cls.expiry_date.col >= cls.effective_date.col

    @dy.rule()
    def cancelled_within_a_year_before_it_starts(cls) -> pl.Expr:
        """cancelled_on is more than a year before effective_date"""
        # A contract that is not taken up was concluded weeks ahead; years ahead is a mistyped year.
        return (cls.cancelled_on.col >= cls.effective_date.col.dt.offset_by("-1y")).fill_null(True)


class ContractCovers(dy.Schema):
    """One row per contract and cover held, for clients who sell covers one by one."""

    contract_id = identifier(primary_key=True)
    cover = identifier(primary_key=True)
    annual_premium = money(nullable=True, min=0)


class ContractFactors(dy.Schema):
    """One row per contract and client rating factor, already banded by the mapping."""

    contract_id = identifier(primary_key=True)
    factor = dy.String(primary_key=True, regex=r"^[a-z][a-z0-9_]*$")
    level = identifier()
    level_order = dy.Int64(nullable=True)
