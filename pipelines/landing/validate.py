"""One file's rows against the contracts: accepted rows per source, and a reason for every other row.

A row of a file stands or falls as a whole: if it feeds a vehicle and a contract and one of the two is
refused, both are, so that the lake never holds half a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from pipelines.landing.columns import (
    PlannedColumn,
    factor_level,
    plan_column,
    row_filter,
    unpivoted,
)
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.mapping import Column, FileMapping, SourceMapping
from pipelines.landing.pseudonyms import fingerprint, pseudonymise
from pipelines.landing.readers import ROW, RawFile

REASONS: Final = {
    ROW: pl.Int64,
    "source": pl.String,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
    "reason": pl.String,
}
"""Schema of reasons: one row per fault, so a row of the file may stand here more than once."""


@dataclass(frozen=True)
class Candidate:
    """Rows of a file as one canonical source would take them, with the faults found so far."""

    source: str
    frame: pl.DataFrame
    reasons: pl.DataFrame
    folds: bool


def candidates(raw: RawFile, how: FileMapping, key: str) -> list[Candidate]:
    """Convert and check the file for every source it feeds."""
    found: list[Candidate] = []
    for mapping in how.sources:
        found.append(_candidate(raw, mapping, how, key))
        if mapping.factors:
            found.append(_factors(raw, mapping, how))
    return found


def _candidate(raw: RawFile, mapping: SourceMapping, how: FileMapping, key: str) -> Candidate:
    schema = raw.rows.schema
    rows = raw.rows
    if mapping.where is not None:
        rows = rows.filter(row_filter(mapping.where, schema, how))
    rows = unpivoted(rows, mapping, how)
    contract = CONTRACTS[mapping.source]
    plans = _plans(mapping, contract, rows.schema, how)
    values = rows.select(ROW, *[p.value.alias(p.name) for p in plans])
    raws = rows.select(ROW, *[p.raw.alias(p.name) for p in plans])
    values = values.with_columns(_hash_columns(values, mapping, key))
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in contract.create_empty().schema.items()
        if name not in values.columns
    ]
    values = values.with_columns(missing).select(ROW, *contract.column_names())
    unmade = [_conversion_failures(mapping.source, p, values, raws) for p in plans]
    reasons = pl.concat([*unmade, _contract_failures(mapping.source, contract, values, raws, plans)])
    return Candidate(mapping.source, values, reasons, mapping.repeats is not None)


def _plans(
    mapping: SourceMapping, contract: type[dy.Schema], schema: pl.Schema, how: FileMapping
) -> list[PlannedColumn]:
    types = contract.create_empty().schema
    return [plan_column(name, spec, types[name], schema, how) for name, spec in mapping.columns.items()]


def _hash_columns(values: pl.DataFrame, mapping: SourceMapping, key: str) -> list[pl.Series]:
    hashed = []
    for name, spec in mapping.columns.items():
        if spec.fingerprint is not None:
            hashed.append(fingerprint(values[name]))
        elif spec.pseudonym:
            hashed.append(pseudonymise(values[name], key))
    return hashed


def _conversion_failures(
    source: str, plan: PlannedColumn, values: pl.DataFrame, raws: pl.DataFrame
) -> pl.DataFrame:
    """Rows whose text could not become the contract's type, or is missing where it is required."""
    raw = raws[plan.name]
    unmade = values[plan.name].is_null() & raw.is_not_null()
    failures = [(unmade, "conversion", f"expected {plan.expected}")]
    if plan.required:
        failures.append((raw.is_null(), "required", "the mapping requires a value"))
    return pl.concat(
        [
            pl.DataFrame({ROW: values[ROW], "value": raw})
            .filter(mask)
            .select(
                ROW,
                source=pl.lit(source),
                column=pl.lit(plan.origin),
                value="value",
                rule=pl.lit(f"{plan.name}|{rule}"),
                reason=pl.lit(f"{plan.name}: {sentence}"),
            )
            for mask, rule, sentence in failures
        ]
    )


def _contract_failures(
    source: str,
    contract: type[dy.Schema],
    values: pl.DataFrame,
    raws: pl.DataFrame,
    plans: list[PlannedColumn],
) -> pl.DataFrame:
    """Rows that the contract refuses. Keys are judged later, against the lake as well.

    A null that comes from a failed conversion is already reported as such and is not reported again.
    """
    origins = {p.name: p.origin for p in plans}
    failed = _failed_rules(contract, values)
    pieces = [pl.DataFrame(schema=REASONS)]
    for rule in failed["rule"].unique(maintain_order=True):
        column, _, check = rule.partition("|")
        involved = [c for c in _involved(contract, column, check) if c in origins]
        rows = raws[failed.filter(pl.col("rule") == rule)["_position"]]
        if check == "nullability" and involved:
            rows = rows.filter(pl.col(column).is_null())
        shown = [pl.col(c).cast(pl.String).fill_null("(empty)") for c in involved]
        pieces.append(
            rows.select(
                pl.col(ROW),
                source=pl.lit(source),
                column=pl.lit(", ".join(origins[c] for c in involved) or column),
                value=pl.concat_str(shown, separator=", ") if shown else pl.lit(None, pl.String),
                rule=pl.lit(rule),
                reason=pl.lit(_sentence(contract, column, check)),
            )
        )
    return pl.concat(pieces)


def _failed_rules(contract: type[dy.Schema], values: pl.DataFrame) -> pl.DataFrame:
    """Position in `values` and name of every rule that does not hold."""
    positioned: type[dy.Schema] = type(
        contract.__name__, (contract,), {"position": dy.Int64(alias="_position")}
    )
    rows = values.drop(ROW).with_row_index("_position").with_columns(pl.col("_position").cast(pl.Int64))
    details = positioned.filter(rows)[1].details()
    rules = [c for c in details.columns if c not in rows.columns and c != "primary_key"]
    return (
        details.select("_position", pl.col(rules).cast(pl.String))
        .unpivot(rules, index="_position", variable_name="rule")
        .filter(pl.col("value") == "invalid")
        .sort("rule", "_position")
    )


def _involved(contract: type[dy.Schema], name: str, check: str) -> list[str]:
    """Columns that a rule looks at; `check` is empty for a rule over several columns."""
    if check:
        return [name]
    made = getattr(contract, name).make(contract).expr
    exprs = made if isinstance(made, list) else [made]
    roots = {root for expr in exprs for root in expr.meta.root_names()}
    return [c for c in contract.column_names() if c in roots]


def _sentence(contract: type[dy.Schema], name: str, check: str) -> str:
    """What the rule says, for the person who has to mend the row."""
    if not check:
        return str(getattr(contract, name).validation_fn.__doc__).strip()
    spec = contract.columns()[name]
    words = {
        "nullability": "must not be empty",
        "min": f"must be at least {getattr(spec, 'min', '')}",
        "max": f"must be at most {getattr(spec, 'max', '')}",
        "min_length": f"must have at least {getattr(spec, 'min_length', '')} characters",
        "max_length": f"must have at most {getattr(spec, 'max_length', '')} characters",
        "regex": f"must match {getattr(spec, 'regex', '')}",
    }
    return f"{name}: {words.get(check, f'breaks the rule {check}')}"


def _factors(raw: RawFile, mapping: SourceMapping, how: FileMapping) -> Candidate:
    """Client rating factors of contracts, long; a missing one is the level `unknown`."""
    schema = raw.rows.schema
    spec: Column = mapping.columns["contract_id"]
    contract_id = plan_column("contract_id", spec, pl.String(), schema, how).value
    pieces, reasons = [], [pl.DataFrame(schema=REASONS)]
    for factor in mapping.factors:
        level, order, text = factor_level(factor, schema, how)
        frame = raw.rows.select(
            ROW,
            contract_id=contract_id,
            factor=pl.lit(factor.name),
            level=pl.when(text.is_null()).then(pl.lit("unknown")).otherwise(level),
            level_order=order,
            text=text,
        )
        reasons.append(
            frame.filter(pl.col("level").is_null()).select(
                ROW,
                source=pl.lit("contract_factors"),
                column=pl.lit(factor.column),
                value="text",
                rule=pl.lit(f"{factor.name}|band"),
                reason=pl.lit(f"{factor.name}: lies in no band or code of the mapping"),
            )
        )
        pieces.append(frame.drop("text"))
    long = pl.concat(pieces)
    if spec.fingerprint is not None:
        long = long.with_columns(fingerprint(long["contract_id"]))
    return Candidate("contract_factors", long, pl.concat(reasons), folds=False)
