"""What the insurer sends: claims, and every movement of money on them."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import day, identifier, instant, money


class Claims(dy.Schema):
    """One row per claim; a claim has one cover.

    `loss_date` may be empty where the client gives claims per contract without a day; such a claim
    counts with its contract, and no rule that needs a day is applied to it. `loss_at` is the moment of
    the loss in UTC, where the client knows it; `loss_date` is the local day.
    """

    claim_id = identifier(primary_key=True)
    contract_id = identifier(nullable=True)
    vehicle_id = identifier(nullable=True)
    cover = identifier()
    loss_date = day("claim", nullable=True)
    loss_at = instant("claim", nullable=True)
    reported_date = day("claim", nullable=True)
    closed_date = day("claim", nullable=True)
    peril = dy.String(nullable=True)
    at_fault = dy.Bool(nullable=True)
    place = dy.String(nullable=True)
    third_party_id = identifier(nullable=True)
    has_camera = dy.Bool(nullable=True)
    has_witness = dy.Bool(nullable=True)
    damaged_before = dy.Bool(nullable=True)
    deductible_amount = money(nullable=True, min=0)

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

    @dy.rule()
    def loss_at_and_loss_date_agree(cls) -> pl.Expr:
        """loss_at is more than a day from loss_date"""
        # A local day lies within a day of the same day in UTC, wherever the client is.
        gap = (cls.loss_at.col - cls.loss_date.col.cast(pl.Datetime("us"))).dt.total_hours()
        return gap.is_between(-24, 48).fill_null(True)


class ClaimTransactions(dy.Schema):
    """One row per movement of a claim. Movements sum to incurred.

    A payment is what was paid, a recovery is what came back (never positive), a reserve is the change
    of the case reserve on that day. A movement without a date counts at every valuation date.
    """

    transaction_id = identifier(primary_key=True)
    claim_id = identifier()
    transaction_date = day("claim", nullable=True)
    kind = dy.String(regex=r"^(payment|reserve|recovery)$")
    amount = money()

    @dy.rule()
    def recovery_is_not_positive(cls) -> pl.Expr:
        """kind is recovery but amount is above zero"""
        return (cls.kind.col != "recovery") | (cls.amount.col <= 0)
