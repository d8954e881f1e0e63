"""The contract of every canonical source: what a row must be to enter the lake.

A contract is a dataframely schema. Types, ranges and vocabularies are declared on the columns; a
rule over several columns is a method whose docstring is the sentence a client reads when a row is
refused. Keys and references are checked by `pipelines.landing.validate`, because a key is a promise
about the lake and not about one file.
"""

from __future__ import annotations

from typing import Any, Final

import dataframely as dy
import polars as pl

MONEY: Final = pl.Decimal(18, 2)
ID_LENGTH: Final = 128


def _identifier(**options: Any) -> dy.String:
    return dy.String(min_length=1, max_length=ID_LENGTH, **options)


class Vehicles(dy.Schema):
    """One row per vehicle."""

    vehicle_id = _identifier(primary_key=True)
    make = dy.String(nullable=True)
    model = dy.String(nullable=True)
    model_year = dy.Int64(nullable=True, min=1900, max=2100)
    powertrain = dy.String(nullable=True, regex=r"^(ice|hev|phev|bev)$")
    body = dy.String(nullable=True)
    list_price = dy.Decimal(18, 2, nullable=True, min=0)
    in_service_date = dy.Date(nullable=True)
    region = dy.String(nullable=True)


class Contracts(dy.Schema):
    """One row per contract version: a period in force at one tier and price.

    `expiry_date` is the last day of cover; `vehicle_age_years` and `declared_annual_km` are what the
    client wrote on the contract, where it did.
    """

    contract_id = _identifier(primary_key=True)
    vehicle_id = _identifier()
    customer_id = _identifier(nullable=True)
    product = dy.String(nullable=True)
    tier = dy.String(nullable=True)
    effective_date = dy.Date()
    expiry_date = dy.Date()
    annual_premium = dy.Decimal(18, 2, nullable=True, min=0)
    channel = dy.String(nullable=True)
    payment_plan = dy.String(nullable=True)
    status = dy.String(nullable=True)
    cancelled_on = dy.Date(nullable=True)
    renewal_of = _identifier(nullable=True)
    vehicle_age_years = dy.Int64(nullable=True, min=0, max=150)
    declared_annual_km = dy.Int64(nullable=True, min=0, max=1_000_000)

    @dy.rule()
    def expires_on_or_after_it_starts(cls) -> pl.Expr:
        """expiry_date is before effective_date"""
        return cls.expiry_date.col >= cls.effective_date.col

    @dy.rule()
    def cancelled_while_in_force(cls) -> pl.Expr:
        """cancelled_on lies outside effective_date to expiry_date"""
        return cls.cancelled_on.col.is_null() | cls.cancelled_on.col.is_between(
            cls.effective_date.col, cls.expiry_date.col
        )


class ContractCovers(dy.Schema):
    """One row per contract and cover held, for clients who sell covers one by one."""

    contract_id = _identifier(primary_key=True)
    cover = _identifier(primary_key=True)
    annual_premium = dy.Decimal(18, 2, nullable=True, min=0)


class ContractFactors(dy.Schema):
    """One row per contract and client rating factor, already banded by the mapping."""

    contract_id = _identifier(primary_key=True)
    factor = dy.String(primary_key=True, regex=r"^[a-z][a-z0-9_]*$")
    level = _identifier()
    level_order = dy.Int64(nullable=True)


class Claims(dy.Schema):
    """One row per claim; a claim has one cover.

    `loss_date` may be empty where the client gives claims per contract without a day; such a claim
    counts with its contract, and no rule that needs a day is applied to it.
    """

    claim_id = _identifier(primary_key=True)
    contract_id = _identifier(nullable=True)
    vehicle_id = _identifier(nullable=True)
    cover = _identifier()
    loss_date = dy.Date(nullable=True)
    reported_date = dy.Date(nullable=True)
    closed_date = dy.Date(nullable=True)
    peril = dy.String(nullable=True)
    at_fault = dy.Bool(nullable=True)
    place = dy.String(nullable=True)

    @dy.rule()
    def reported_on_or_after_the_loss(cls) -> pl.Expr:
        """reported_date is before loss_date"""
        return (cls.reported_date.col >= cls.loss_date.col).fill_null(True)

    @dy.rule()
    def closed_on_or_after_the_loss(cls) -> pl.Expr:
        """closed_date is before loss_date"""
        return (cls.closed_date.col >= cls.loss_date.col).fill_null(True)

    @dy.rule()
    def belongs_to_a_contract_or_a_vehicle_on_a_day(cls) -> pl.Expr:
        """neither contract_id, nor vehicle_id with loss_date, says what the claim belongs to"""
        return cls.contract_id.col.is_not_null() | (
            cls.vehicle_id.col.is_not_null() & cls.loss_date.col.is_not_null()
        )


class ClaimTransactions(dy.Schema):
    """One row per movement of a claim. Movements sum to incurred.

    A payment is what was paid, a recovery is what came back (never positive), a reserve is the change
    of the case reserve on that day. A movement without a date counts at every valuation date.
    """

    transaction_id = _identifier(primary_key=True)
    claim_id = _identifier()
    transaction_date = dy.Date(nullable=True)
    kind = dy.String(regex=r"^(payment|reserve|recovery)$")
    amount = dy.Decimal(18, 2)

    @dy.rule()
    def recovery_is_not_positive(cls) -> pl.Expr:
        """kind is recovery but amount is above zero"""
        return (cls.kind.col != "recovery") | (cls.amount.col <= 0)


class RepairOrders(dy.Schema):
    """One row per workshop order. `total_amount` is what the client's system shows for the order."""

    repair_order_id = _identifier(primary_key=True)
    vehicle_id = _identifier()
    opened_on = dy.Date()
    closed_on = dy.Date(nullable=True)
    odometer_km = dy.Int64(nullable=True, min=0, max=3_000_000)
    shop_id = dy.String(nullable=True)
    visit_type = dy.String(nullable=True)
    payer = dy.String(nullable=True, regex=r"^(customer|plan|warranty|insurer|goodwill)$")
    claim_id = _identifier(nullable=True)
    labour_hours = dy.Float64(nullable=True, min=0)
    total_amount = dy.Decimal(18, 2, nullable=True)

    @dy.rule()
    def closed_on_or_after_opened(cls) -> pl.Expr:
        """closed_on is before opened_on"""
        return cls.closed_on.col.is_null() | (cls.closed_on.col >= cls.opened_on.col)


class RepairLines(dy.Schema):
    """One row per line of a workshop order."""

    repair_line_id = _identifier(primary_key=True)
    repair_order_id = _identifier()
    operation_code = dy.String(nullable=True)
    part_number = dy.String(nullable=True)
    kind = dy.String(regex=r"^(labour|part|sublet)$")
    quantity = dy.Float64(nullable=True)
    amount = dy.Decimal(18, 2)


CONTRACTS: Final[dict[str, type[dy.Schema]]] = {
    "vehicles": Vehicles,
    "contracts": Contracts,
    "contract_covers": ContractCovers,
    "contract_factors": ContractFactors,
    "claims": Claims,
    "claim_transactions": ClaimTransactions,
    "repair_orders": RepairOrders,
    "repair_lines": RepairLines,
}
"""Every canonical source by name, in the order in which references point backwards."""
