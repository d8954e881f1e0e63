"""Shares of money are whole cents that add up to the amount, whatever the premium and the term."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_project.conftest import Warehouse

FIRST = dt.date(2020, 1, 1)
VALUED = dt.date(2024, 12, 31)
PERIODS = """contract_id varchar, product varchar, tier varchar, effective_date date, expiry_date date,
    cancelled_on date, last_day_in_force date, annual_premium decimal(18, 2),
    is_taken_up boolean"""
STAGED = """contract_id varchar, vehicle_id varchar, product varchar, tier varchar, effective_date date,
    expiry_date date, cancelled_on date, annual_premium decimal(18, 2)"""


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    """A contract with any premium, term and day of cancellation, the first day included.

    In a leap year, an odd multiple of 1.83 leaves half a cent on every second day.
    """
    begins = FIRST + dt.timedelta(days=draw(st.one_of(st.integers(0, 1825), st.integers(1461, 1519))))
    days = draw(st.one_of(st.integers(0, 800), st.sampled_from([364, 365, 730])))
    kept = draw(st.one_of(st.none(), st.integers(0, days)))
    odd_halves = st.integers(0, 10**5).map(lambda k: 183 * (2 * k + 1))
    cents = draw(st.one_of(st.integers(0, 10**7), st.integers(10**12, 10**15), odd_halves))
    return {
        "product": draw(st.sampled_from(["plan", "maintenance"])),
        "begins": begins,
        "ends": begins + dt.timedelta(days=days),
        "cancelled": None if kept is None else begins + dt.timedelta(days=kept),
        "premium": Decimal(cents) / 100,
    }


def written(warehouse: Warehouse, portfolio: list[dict[str, Any]]) -> None:
    """Write what premium months and control totals are made of, and make them."""
    periods, staged = [], []
    for number, one in enumerate(portfolio):
        name = f"c{number}"
        last = one["ends"] if one["cancelled"] is None else one["cancelled"] - dt.timedelta(days=1)
        days = (one["begins"], one["ends"], one["cancelled"])
        taken_up = one["cancelled"] is None or one["cancelled"] > one["begins"]
        periods.append((name, one["product"], "T", *days, last, one["premium"], taken_up))
        staged.append((name, name, one["product"], "T", *days, one["premium"]))
    warehouse.put("intermediate.int_contract_periods", PERIODS, periods)
    warehouse.put("staging.stg_contracts", STAGED, staged)
    warehouse.put("staging.stg_run_parameters", "valuation_date date", [(VALUED,)])
    warehouse.put(
        "rating_plan.earning_patterns",
        """product varchar, elapsed_from decimal(6, 4), elapsed_to decimal(6, 4), earned_from decimal(6, 4),
        earned_to decimal(6, 4)""",
        [
            ("maintenance", Decimal("0"), Decimal("0.3333"), Decimal("0"), Decimal("0.0700")),
            ("maintenance", Decimal("0.3333"), Decimal("1"), Decimal("0.0700"), Decimal("1")),
        ],
    )
    warehouse.run("int_months")
    warehouse.run("int_contract_premium_months")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(portfolio=st.lists(contracts(), min_size=1, max_size=60))
def test_months_add_up_to_the_premium_kept_and_to_the_control(
    warehouse: Warehouse, portfolio: list[dict[str, Any]]
) -> None:
    written(warehouse, portfolio)
    control(warehouse)

    sums = warehouse.rows(
        """
        select contract_id, sum(written_amount), sum(written_amount + refunded_amount), sum(earned_amount),
            sum(earned_by_pattern_amount), min(earned_amount), min(earned_by_pattern_amount)
        from intermediate.int_contract_premium_months group by contract_id
        """
    )
    for name, told, kept, earned, by_pattern, least, least_by_pattern in sums:
        one = portfolio[int(name[1:])]
        assert told == exact(one, (one["ends"] - one["begins"]).days + 1)
        cancelled = one["cancelled"] or one["ends"] + dt.timedelta(days=1)
        if cancelled <= VALUED:
            assert kept == exact(one, (cancelled - one["begins"]).days)
            assert earned == by_pattern == kept
        assert least >= 0
        assert least_by_pattern >= 0
    for measure, column in (("written", "written"), ("refunded", "refunded"), ("earned", "earned")):
        ((found, expected),) = warehouse.rows(
            f"""
            select coalesce((select sum({column}_amount) from intermediate.int_contract_premium_months), 0),
                coalesce((
                    select sum(amount) from intermediate.int_control_totals where measure = '{measure}'
                ), 0)
            """
        )
        assert found == expected, measure


def exact(contract: dict[str, Any], days: int) -> Decimal:
    """Premium of so many days, in whole cents, halves up."""
    begins = contract["begins"]
    leap_day = (begins.month, begins.day) == (2, 29)
    next_year = begins.replace(year=begins.year + 1, **({"day": 28} if leap_day else {}))
    cents = contract["premium"] * 100 * days
    year = (next_year - begins).days
    whole, left = divmod(int(cents), year)
    return (Decimal(whole) + (Decimal(left) / year).quantize(Decimal(1), ROUND_HALF_UP)) / 100


def control(warehouse: Warehouse) -> None:
    """Make the control totals of contracts alone: no claim, no order."""
    empty = {
        "staging.stg_claims": """claim_id varchar, contract_id varchar, vehicle_id varchar, cover varchar,
            loss_date date, reported_date date""",
        "staging.stg_claim_transactions": """transaction_id varchar, claim_id varchar, transaction_date date,
            kind varchar, amount decimal(18, 2)""",
        "staging.stg_repair_orders": """repair_order_id varchar, vehicle_id varchar, opened_on date,
            visit_type varchar, payer varchar, total_amount decimal(18, 2)""",
        "staging.stg_repair_lines": "repair_order_id varchar, amount decimal(18, 2)",
        "rating_plan.tier_limits": """product varchar, tier varchar, effective_from date,
            effective_to date""",
        "rating_plan.large_loss_thresholds": """cover varchar, threshold_amount decimal(18, 2),
            effective_from date, effective_to date""",
    }
    for table, columns in empty.items():
        warehouse.put(table, columns, [])
    warehouse.run("int_control_totals")


@pytest.mark.parametrize(
    ("premium", "days", "expected"),
    [("0.05", 183, "0.03"), ("1000.00", 31, "84.70"), ("1230.45", 366, "1230.45"), ("0.01", 182, "0.00")],
)
def test_half_a_cent_is_rounded_up(warehouse: Warehouse, premium: str, days: int, expected: str) -> None:
    begins = dt.date(2024, 1, 1)
    one = {
        "product": "plan",
        "begins": begins,
        "ends": begins + dt.timedelta(days=days - 1),
        "cancelled": None,
        "premium": Decimal(premium),
    }
    written(warehouse, [one])
    assert warehouse.rows("select sum(written_amount) from intermediate.int_contract_premium_months") == [
        (Decimal(expected),)
    ]
