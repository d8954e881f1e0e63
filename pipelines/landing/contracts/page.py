"""The contracts as a page for clients: what a row must be, and what happens if it is not.

.venv/bin/python -m pipelines.landing.contracts.page > docs/reference/contracts.md
"""

from __future__ import annotations

import sys

import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES, RULES
from pipelines.landing.contracts.rules import KEY_RULE, REFERENCE_RULE

_HEAD = """# Contracts: what a row must be

Made from the contracts by `make pages`. A client's columns become these by the [mapping](mapping.md); a
column in bold must have a value. What happens to a row that breaks a rule:

- **row**: the row is refused, and stands in quarantine with file, row, column, value and reason;
- **wait**: the row waits until what it refers to has landed, in this delivery or a later one;
- **flag**: the row is accepted and stands in `row_flags` as well, because what is odd may be fraud;
- **file**: more rows are refused than the mapping tolerates (`tolerated_share`): the file is set aside whole.

Every source has two more rules of severity **row**: text that cannot become the column's type
(`<column>|conversion`), and two contents of one key in one delivery (`key`: neither is believed).
"""


def contracts_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(_section(source) for source in CONTRACTS)])


def _section(source: str) -> str:
    contract = CONTRACTS[source]
    schema = contract.create_empty().schema
    columns = [
        f"**{name}** {_type(dtype)}" if not contract.columns()[name].nullable else f"{name} {_type(dtype)}"
        for name, dtype in schema.items()
    ]
    grain = str(contract.__doc__).strip().splitlines()[0].replace("``", "`")
    lines = [f"## {source}", "", grain, f"Key: {', '.join(contract.primary_key())}."]
    if source in REFERENCES:
        column, target = REFERENCES[source]
        lines.append(f"Refers to: {target}, by {column}.")
    if source in MONTHLY:
        lines.append(f"Kept by month of {MONTHLY[source]}.")
    lines += ["", "Columns: " + ", ".join(columns) + ".", ""]
    lines += ["| rule | severity | what it says |", "|---|---|---|"]
    told = [r for r in RULES[source] if "|nullability" not in r.name and "length" not in r.name]
    told = [r for r in told if r.name not in (KEY_RULE, REFERENCE_RULE, "bad_rows")]
    rows = [
        _row(f"`{r.name}`", r.severity, r.sentence) for r in told if not r.name.endswith(("|inf", "|nan"))
    ]
    return "\n".join([*lines, *rows, ""])


def _row(*cells: str) -> str:
    """A row of a table; a bar inside a rule's name or pattern is no border of it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(dtype: pl.DataType) -> str:
    words = {"String": "text", "Int64": "whole number", "Float64": "number", "Date": "day"}
    if dtype == pl.Boolean:
        return "yes/no"
    if isinstance(dtype, pl.Decimal):
        return "amount"
    return "moment (UTC)" if isinstance(dtype, pl.Datetime) else words[str(dtype)]


if __name__ == "__main__":
    sys.stdout.write(contracts_page())
