"""What no exposure carries: claims, orders and contracts that stand in no triangle, ratio or cell."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.warehouse.serving import read

ITEMS = {
    "claim": ("claim", "claims"),
    "plan_repair": ("workshop order", "workshop orders"),
    "contract": ("contract", "contracts"),
}
REASONS = {
    "no_contract": "no contract in force on the day, or a claim that is not known",
    "contract_without_days": "on contracts that carry no day",
    "after_valuation": "loss after the valuation date",
    "before_contract": "loss before the contract began",
    "after_contract": "loss after the contract ended",
    "cover_not_held": "on a cover that the contract does not hold",
    "not_taken_up": "ended on or before their first day",
    "not_yet_begun": "begin after the valuation date",
    "overlapped": "all their days carried by later contracts of the product",
}


def read_outside(serving: Path) -> pl.DataFrame:
    """Rows by item and reason, the most money first: `item`, `reason`, `item_count`, `incurred_amount`,
    `first_date`, `last_date`, `example_id`; amounts in the client's currency."""
    return read(
        serving,
        """
        select item, outside_reason as reason, cast(sum(item_count) as bigint) as item_count,
            cast(sum(incurred_amount) as decimal(18, 2)) as incurred_amount,
            min(first_date) as first_date, max(last_date) as last_date, min(example_id) as example_id
        from marts.claims_outside_exposure
        group by item, outside_reason
        order by abs(sum(incurred_amount)) desc, item, outside_reason
        """,
    )


def in_words(outside: pl.DataFrame) -> list[str]:
    """A line per item and reason, such as `16 workshop orders, 9,790.56: no contract in force on the day`."""
    return [_line(row) for row in outside.iter_rows(named=True)]


def _line(row: dict[str, object]) -> str:
    count, one_or_many = row["item_count"], ITEMS[str(row["item"])]
    amount = "" if row["item"] == "contract" else f", {row['incurred_amount']:,}"
    days = ""
    if row["first_date"] is not None:
        first, last = row["first_date"], row["last_date"]
        days = f", of {first}" if first == last else f", of {first} to {last}"
    return (
        f"{count:,} {one_or_many[0] if count == 1 else one_or_many[1]}{amount}: {REASONS[str(row['reason'])]}"
        f"{days} (one of them: {row['example_id']})"
    )
