"""What dealers send: workshop orders and their lines, the shops, the parts."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import day, identifier, money


class RepairOrders(dy.Schema):
    """One row per workshop order. `total_amount` is what the client's system shows for the order."""

    repair_order_id = identifier(primary_key=True)
    vehicle_id = identifier()
    opened_on = day("visit")
    closed_on = day("visit", nullable=True)
    odometer_km = dy.Int64(nullable=True, min=0, max=3_000_000)
    odometer_replaced = dy.Bool(nullable=True)
    shop_id = dy.String(nullable=True)
    visit_type = dy.String(nullable=True)
    payer = dy.String(nullable=True, regex=r"^(customer|plan|warranty|insurer|goodwill)$")
    claim_id = identifier(nullable=True)
    invoice_number = identifier(nullable=True)
    labour_hours = dy.Float64(nullable=True, min=0)
    total_amount = money(nullable=True)

    @dy.rule()
    def closed_on_or_after_opened(cls) -> pl.Expr:
        """closed_on is before opened_on"""
        return cls.closed_on.col.is_null() | (cls.closed_on.col >= cls.opened_on.col)


class RepairLines(dy.Schema):
    """One row per line of a workshop order."""

    repair_line_id = identifier(primary_key=True)
    repair_order_id = identifier()
    operation_code = dy.String(nullable=True)
    part_number = dy.String(nullable=True)
    kind = dy.String(regex=r"^(labour|part|sublet)$")
    quantity = dy.Float64(nullable=True)
    amount = money()


class Shops(dy.Schema):
    """One row per workshop."""

    shop_id = identifier(primary_key=True)
    name = dy.String(nullable=True)
    city = dy.String(nullable=True)
    region = dy.String(nullable=True)
    authorised = dy.Bool(nullable=True)
    opened_on = day("shop", nullable=True)


class Parts(dy.Schema):
    """One row per part number: price, what it fits, how long it lasts."""

    part_number = identifier(primary_key=True)
    name = dy.String(nullable=True)
    category = dy.String(nullable=True)
    list_price = money(nullable=True, min=0)
    fits_model = dy.String(nullable=True)
    life_km = dy.Int64(nullable=True, min=1)
    life_months = dy.Int64(nullable=True, min=1)
