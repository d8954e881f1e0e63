"""What the contracts declare, as one text: a change of meaning changes it, a change of wording does not.

Source bytes would not do: a comment makes every file that has landed unknown, and a bound that is
imported from elsewhere changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from functools import cache
from typing import Any

import dataframely as dy
import polars as pl

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES, RULES
from pipelines.landing.contracts.fields import MOST_KM_A_DAY


@cache
def contracts_hash() -> str:
    """SHA-256 of what the contracts of this version declare."""
    return hash_of(declared(CONTRACTS))


def hash_of(document: dict[str, Any]) -> str:
    """SHA-256 of a document of plain values, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def declared(contracts: MappingOf[str, type[dy.Schema]]) -> dict[str, Any]:
    """Columns, types, keys, references, bounds, and rules with their severity, of every contract.

    Sentences are left out: they tell a rule and do not decide. Rules that flag are told by name and by
    the one bound that they share.
    """
    return {
        "sources": {source: _contract(contract) for source, contract in contracts.items()},
        "references": REFERENCES,
        "months": MONTHLY,
        "severities": {s: {r.name: r.severity for r in rules} for s, rules in RULES.items()},
        "most_km_a_day": MOST_KM_A_DAY,
    }


def _contract(contract: type[dy.Schema]) -> dict[str, Any]:
    columns = {
        name: {
            "type": str(column.dtype),
            "nullable": column.nullable,
            "key": column.primary_key,
            "day": sorted((column.metadata or {}).items()),
            "rules": {c: _told(e) for c, e in column.validation_rules(pl.col(name)).items()},
        }
        for name, column in contract.columns().items()
    }
    names = contract._schema_validation_rules()  # noqa: SLF001 - no public list of a schema's rules
    rules = {name: _told(getattr(contract, name).make(contract).expr) for name in names}
    return {"columns": columns, "rules": rules}


def _told(rule: pl.Expr | Sequence[pl.Expr]) -> list[str]:
    """A rule's expressions in full; their printed form would leave long lists out."""
    exprs = [rule] if isinstance(rule, pl.Expr) else list(rule)
    return [expr.meta.serialize(format="json") for expr in exprs]
