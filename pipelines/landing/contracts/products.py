"""What sales, credit and customer care send: offers, instalments, surveys, complaints."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import day, identifier, instant, money


class Offers(dy.Schema):
    """One row per offer made to a customer, and what became of it."""

    offer_id = identifier(primary_key=True)
    vehicle_id = identifier()
    customer_id = identifier(nullable=True)
    product = dy.String(nullable=True)
    tier = dy.String(nullable=True)
    channel = dy.String(nullable=True)
    offered_on = day("sale")
    price = money(min=0)
    decided_on = day("sale", nullable=True)
    outcome = dy.String(regex=r"^(accepted|declined|expired|open)$")

    @dy.rule()
    def decided_on_or_after_offered(cls) -> pl.Expr:
        """decided_on is before offered_on"""
        return (cls.decided_on.col >= cls.offered_on.col).fill_null(True)


class Instalments(dy.Schema):
    """One row per instalment due on a contract."""

    instalment_id = identifier(primary_key=True)
    contract_id = identifier()
    instalment_number = dy.Int64(min=1)
    due_on = day("contract")
    amount = money(min=0)
    paid_on = day("contract", nullable=True)
    paid_amount = money(nullable=True, min=0)

    @dy.rule()
    def paid_on_and_paid_amount_go_together(cls) -> pl.Expr:
        """one of paid_on and paid_amount is empty, the other is not"""
        return cls.paid_on.col.is_null() == cls.paid_amount.col.is_null()


class Surveys(dy.Schema):
    """One row per answer to the question whether one would recommend the plan, 0 to 10."""

    survey_id = identifier(primary_key=True)
    vehicle_id = identifier()
    answered_on = day("sale")
    recommend_score = dy.Int64(min=0, max=10)
    topic = dy.String(nullable=True)


class Complaints(dy.Schema):
    """One row per complaint; the partners promise an answer within a day."""

    complaint_id = identifier(primary_key=True)
    vehicle_id = identifier(nullable=True)
    opened_at = instant("sale")
    answered_at = instant("sale", after="opened_at", nullable=True)
    topic = dy.String(nullable=True)
    upheld = dy.Bool(nullable=True)

    @dy.rule()
    def answered_on_or_after_opened(cls) -> pl.Expr:
        """answered_at is before opened_at"""
        return (cls.answered_at.col >= cls.opened_at.col).fill_null(True)
