"""Expectations of a source as a Great Expectations suite, each with a sentence a person can read."""

from __future__ import annotations

from typing import Any

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES
from pipelines.landing.expectations import Expect

FOUND = "reference_found"
KEY = "whole_key"
GIVEN = "given"
ROWS = "rows_of_month"
MONTH = "month"
"""The partition of a monthly source: a month of the client's zone."""


def suite_for(source: str, expect: Expect) -> list[Any]:
    """Great Expectations' expectations for one source; imported here because that takes seconds."""
    from great_expectations import expectations as expectations_of_gx

    gxe: Any = expectations_of_gx  # its package re-exports without saying so
    if source in MONTHLY:
        return [
            gxe.ExpectColumnValuesToBeBetween(
                column=ROWS, min_value=1, severity="critical", notes=f"{source}: rows in every month"
            )
        ]
    severity = expect.severity
    low, high = expect.rows or (1, None)
    bound = f"{low:,} to {high:,}" if high else f"at least {low:,}"
    suite: list[Any] = [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=low, max_value=high, severity="critical", notes=f"{source}: {bound} rows"
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column=KEY, severity="critical", notes=f"{source}: every row has its key"
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column=KEY, severity="critical", notes=f"{source}: no key stands twice"
        ),
    ]
    for column, share in expect.max_missing_share.items():
        suite.append(
            gxe.ExpectColumnValuesToNotBeNull(
                column=column,
                mostly=1 - share,
                severity=severity,
                notes=f"{source}.{column}: at most {share:.1%} missing",
            )
        )
    for column, share in expect.max_zero_share.items():
        given = f" where {expect.given.column} is {expect.given.is_}" if expect.given else ""
        suite.append(
            gxe.ExpectColumnValuesToNotBeInSet(
                column=f"{column}|{GIVEN}" if expect.given else column,
                value_set=[0],
                mostly=1 - share,
                severity=severity,
                notes=f"{source}.{column}: at most {share:.1%} zero{given}",
            )
        )
    for column, (lower, upper) in expect.between.items():
        suite.append(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=lower,
                max_value=upper,
                severity=severity,
                notes=f"{source}.{column}: between {lower:,g} and {upper:,g}",
            )
        )
    if expect.max_orphan_share is not None:
        column, target = REFERENCES[source]
        suite.append(
            gxe.ExpectColumnValuesToBeInSet(
                column=FOUND,
                value_set=[True],
                mostly=1 - expect.max_orphan_share,
                severity=severity,
                notes=f"{source}: at most {expect.max_orphan_share:.1%} name a {column} "
                f"that {target} does not have",
            )
        )
    return suite


def batch_query(source: str, expect: Expect) -> str:
    """SQL for just the columns that the suite looks at; money as double, keys as one text.

    A row whose reference is empty is no orphan; a row outside `given` has no value to be zero.
    """
    keys = CONTRACTS[source].primary_key()
    whole = " || '|' || ".join(f"cast({k} as varchar)" for k in keys)
    columns = [f"{whole} as {KEY}"]
    types = CONTRACTS[source].create_empty().schema
    for name in dict.fromkeys([*expect.max_missing_share, *expect.max_zero_share, *expect.between]):
        as_double = f"cast({name} as double)" if types[name].is_numeric() else name
        columns.append(f"{as_double} as {name}")
    if expect.given:
        condition = {
            "positive": f"{expect.given.column} > 0",
            "negative": f"{expect.given.column} < 0",
            "not_zero": f"{expect.given.column} <> 0",
            "present": f"{expect.given.column} is not null",
        }[expect.given.is_]
        columns += [
            f'case when {condition} then cast({name} as double) end as "{name}|{GIVEN}"'
            for name in expect.max_zero_share
        ]
    if expect.max_orphan_share is not None:
        column, target = REFERENCES[source]
        columns.append(f"{column} is null or {column} in (select {column} from {target}) as {FOUND}")
    return f"select {', '.join(columns)} from {source}"


def monthly_query(source: str) -> str:
    """SQL for the rows of every month between the first and the last; of so many rows, only counts."""
    return f"""
        with counted as (
            select cast({MONTH} || '-01' as date) as month, count(*) as {ROWS}
            from {source} where {MONTH} <> '' group by all
        ),
        months as (
            select unnest(generate_series(min(month), max(month), interval 1 month)) as month from counted
        )
        select coalesce({ROWS}, 0) as {ROWS} from months left join counted using (month) order by month
    """
