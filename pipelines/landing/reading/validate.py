"""A chunk's rows against the contracts: rows that may enter per source, a reason for every other row.

A row of a file stands or falls as a whole: if it feeds a vehicle and a contract and one of the two is
refused, both are, so that the lake never holds half a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import dataframely as dy
import polars as pl

from pipelines.landing.contracts import CONTRACTS, RULES
from pipelines.landing.contracts.fields import Window, WindowKind, comes_after, takes_open_end, window_of
from pipelines.landing.contracts.rules import WINDOW_RULE, sentence_of
from pipelines.landing.mapping import Column, FileMapping, SourceMapping
from pipelines.landing.reading.clock import day_begins
from pipelines.landing.reading.columns import (
    NTH,
    PlannedColumn,
    as_text,
    columns_of_client,
    compare,
    exact_number,
    factor_level,
    plan_column,
    row_text,
    separators,
    unpivoted,
)
from pipelines.landing.reading.pseudonyms import Pseudonyms, fingerprint
from pipelines.landing.reading.readers import ROW, Chunk

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
class Checked:
    """A chunk after its contracts: rows that may enter per source, and a reason for every other row.

    `frames` hold the contract's columns and `_row`; `folds` names the sources whose rows repeat a key on
    purpose; `unused` counts rows that the mapping sends nowhere.
    """

    frames: dict[str, pl.DataFrame]
    reasons: pl.DataFrame
    folds: frozenset[str]
    unused: int


class Occurrences:
    """How often each row has stood in a file so far: identical rows without a key are told apart by it.

    The first of them is told by what it says alone, the n-th by that and n: so a file delivered again, in
    whatever order, brings the same identities.
    """

    def __init__(self) -> None:
        self._seen = pl.DataFrame(schema={"said": pl.String, "before": pl.UInt32})

    def number(self, rows: pl.DataFrame, how: FileMapping) -> pl.DataFrame:
        """The rows with `_nth`, which of its likes each is, counted from one over the whole file."""
        schema = rows.schema
        said = fingerprint(rows.select(said=row_text(columns_of_client(schema), schema, how))["said"])
        told = said.to_frame().join(self._seen, on="said", how="left", maintain_order="left")
        nth = told.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).over("said") + pl.col("before").fill_null(0) + 1
        ).to_series()
        counts = said.to_frame().group_by("said").agg(before=pl.len())
        self._seen = pl.concat([self._seen, counts]).group_by("said").agg(pl.col("before").sum())
        return rows.with_columns(nth.alias(NTH))


def check(
    chunk: Chunk, how: FileMapping, hidden_by: Pseudonyms, occurrences: Occurrences | None = None
) -> Checked:
    """Convert a chunk and hold it to the contract of every source it feeds.

    Args:
        chunk: some of a file's rows.
        how: how the file is read.
        hidden_by: the keyed hashes of identities.
        occurrences: the rows of the file's earlier chunks, where the mapping keeps every row.
    """
    if how.rows == "every":
        numbered = (occurrences or Occurrences()).number(chunk.rows, how)
        chunk = Chunk(numbered, chunk.malformed)
    frames: dict[str, pl.DataFrame] = {}
    reasons = [_malformed(chunk.malformed), _error_cells(chunk.errors)]
    for mapping in how.sources:
        found = [_candidate(chunk, mapping, how, hidden_by)]
        if mapping.factors:
            found.append(_factors(chunk, mapping, how))
        for source, frame, faults in found:
            frames[source] = pl.concat([frames[source], frame]) if source in frames else frame
            reasons.append(faults)
    faults = pl.concat(reasons)
    if faults.height:
        bad = faults[ROW].unique().to_frame()
        frames = {s: f.join(bad, on=ROW, how="anti", maintain_order="left") for s, f in frames.items()}
    folds = frozenset(m.source for m in how.sources if m.repeats is not None)
    return Checked(frames, faults, folds, _unused(chunk, how, frames, faults))


def _unused(chunk: Chunk, how: FileMapping, frames: dict[str, pl.DataFrame], faults: pl.DataFrame) -> int:
    if any(m.where is None and m.unpivot is None for m in how.sources):
        return 0
    fed = pl.concat([f.select(ROW) for f in frames.values()] + [faults.select(ROW)]).unique()
    return chunk.rows.join(fed, on=ROW, how="anti").height


def _malformed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col(ROW),
        source=pl.lit("(file)"),
        column=pl.lit("(line)"),
        value="value",
        rule=pl.lit("malformed"),
        reason="reason",
    )


def _error_cells(errors: pl.DataFrame) -> pl.DataFrame:
    return errors.select(
        ROW,
        source=pl.lit("(file)"),
        column="column",
        value="value",
        rule=pl.lit("error_cell"),
        reason=pl.format("the cell holds the error {}: what its value should be is not known", "value"),
    )


def _candidate(
    chunk: Chunk, mapping: SourceMapping, how: FileMapping, hidden_by: Pseudonyms
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """Rows as one canonical source would take them, and the faults found in them."""
    rows, unread = _feeding(chunk.rows, mapping, how)
    contract = CONTRACTS[mapping.source]
    types = contract.create_empty().schema
    plans = [plan_column(name, spec, types[name], rows.schema, how) for name, spec in mapping.columns.items()]
    hidden = [p for p in plans if p.pseudonym]
    values = rows.select(ROW, *[p.value.alias(p.name) for p in plans if not p.pseudonym])
    values = values.with_columns(
        *(fingerprint(values[n]) for n, spec in mapping.columns.items() if spec.fingerprint is not None),
        *(hidden_by.of(rows, p.inputs, p.value).rename(p.name) for p in hidden),
    )
    absent = [pl.lit(None, dtype=t).alias(n) for n, t in types.items() if n not in values.columns]
    values = values.with_columns(absent).select(ROW, *types.names())
    values = _second_passes(contract, values, rows, plans)
    unmade = [_conversion_failures(mapping.source, p, values, rows) for p in plans]
    broken = _contract_failures(mapping.source, contract, values, rows, plans, how)
    return mapping.source, values, pl.concat([unread, *unmade, broken])


def _feeding(
    rows: pl.DataFrame, mapping: SourceMapping, how: FileMapping
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that feed a source, one per value of an unpivot, and the faults of columns that decide on it.

    What is no number where a number decides is a fault of the row: it is never taken for nought.
    """
    faults = [pl.DataFrame(schema=REASONS)]
    where = mapping.where
    if where is not None and where.is_ == "present":
        rows = rows.filter(as_text(where.column, rows.schema[where.column], how).is_not_null())
    elif where is not None:
        faults.append(_no_numbers(mapping.source, rows, where.column, how))
        rows = rows.filter(compare(exact_number(where.column, rows.schema, how)[0], where.is_))
    if mapping.unpivot is not None:
        faults += [_no_numbers(mapping.source, rows, name, how) for name in mapping.unpivot.inputs()]
    return unpivoted(rows, mapping, how), pl.concat(faults)


def _no_numbers(source: str, rows: pl.DataFrame, column: str, how: FileMapping) -> pl.DataFrame:
    number, text = exact_number(column, rows.schema, how)
    bad = rows.select(ROW, value=text, number=number)
    bad = bad.filter(pl.col("value").is_not_null() & pl.col("number").is_null())
    return bad.select(
        ROW,
        source=pl.lit(source),
        column=pl.lit(column),
        value="value",
        rule=pl.lit("number|conversion"),
        reason=pl.lit(f"{column}: expected a number like {separators(how).example()}"),
    )


def _second_passes(
    contract: type[dy.Schema], values: pl.DataFrame, rows: pl.DataFrame, plans: list[PlannedColumn]
) -> pl.DataFrame:
    """An end that falls before its start only because the clock was put back is taken at its second pass."""
    for plan in plans:
        start = comes_after(contract.columns()[plan.name])
        if plan.second_pass is None or start is None:
            continue
        too_early = pl.col(plan.name) < pl.col(start)
        if not values.select(too_early.any()).item():
            continue
        later = rows.select(plan.second_pass).to_series()
        values = values.with_columns(pl.when(too_early).then(later).otherwise(plan.name).alias(plan.name))
    return values


def _conversion_failures(
    source: str, plan: PlannedColumn, values: pl.DataFrame, rows: pl.DataFrame
) -> pl.DataFrame:
    """Rows whose text could not become the contract's type, or is missing where it is required."""
    empty = values[plan.name].is_null()
    if not empty.any():
        return pl.DataFrame(schema=REASONS)
    no = pl.lit(False)
    raw = rows.filter(empty).select(
        ROW,
        value=plan.raw,
        skipped=no if plan.skipped is None else plan.skipped.fill_null(False),
        open_end=no if plan.open_end is None else plan.open_end,
    )
    raw = raw.filter(~pl.col("open_end"))
    given, skipped = pl.col("value").is_not_null(), pl.col("skipped")
    failures = [
        (given & ~skipped, "conversion", f"expected {plan.expected}"),
        (given & skipped, "conversion", "the clocks were put forward over this time: no clock showed it"),
    ]
    if plan.required:
        failures.append((~given, "required", "the mapping requires a value"))
    elif takes_open_end(CONTRACTS[source].columns()[plan.name]):
        sentence = "must not be empty; where a contract has no end, the mapping says so (open_end)"
        failures.append((~given, "nullability", sentence))
    return pl.concat(
        [
            raw.filter(mask).select(
                pl.col(ROW),
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
    rows: pl.DataFrame,
    plans: list[PlannedColumn],
    how: FileMapping,
) -> pl.DataFrame:
    """Rows that the contract refuses. Keys are judged later, against the lake as well.

    A null that comes from a failed conversion is already reported as such and is not reported again.
    """
    origins = {p.name: p.origin for p in plans}
    raws = {p.name: p.raw.alias(p.name) for p in plans}
    pieces = [pl.DataFrame(schema=REASONS)]
    for rule, positions in _failed_rules(contract, values, how).items():
        column, _, checked = rule.partition("|")
        involved = [c for c in _involved(contract, column, checked) if c in origins]
        failed = rows[positions].select(ROW, *(raws[c] for c in involved))
        if checked == "nullability" and involved:
            failed = failed.filter(pl.col(column).is_null())
        shown = [pl.col(c).cast(pl.String).fill_null("(empty)") for c in involved]
        pieces.append(
            failed.select(
                pl.col(ROW),
                source=pl.lit(source),
                column=pl.lit(", ".join(origins[c] for c in involved) or column),
                value=pl.concat_str(shown, separator=", ") if shown else pl.lit(None, pl.String),
                rule=pl.lit(rule),
                reason=pl.lit(sentence_of(contract, column, checked, how.windows)),
            )
        )
    return pl.concat(pieces)


@cache
def _rules(contract: type[dy.Schema]) -> dict[str, pl.Expr]:
    """The contract's rules as expressions, without its key, which is a promise about the lake."""
    source = next(s for s, c in CONTRACTS.items() if c is contract)
    found: dict[str, pl.Expr] = {}
    for name, column in contract.columns().items():
        for checked, expr in column.validation_rules(pl.col(name)).items():
            found[f"{name}|{checked}"] = expr
    for rule in RULES[source]:
        if hasattr(contract, rule.name):
            found[rule.name] = getattr(contract, rule.name).make(contract).expr
    # A rule that cannot be told for want of a value holds; whether a value must be there is another rule.
    return {name: expr.fill_null(True).alias(name) for name, expr in found.items()}


def _windows(
    contract: type[dy.Schema], windows: Mapping[WindowKind, Window], zone: str
) -> dict[str, pl.Expr]:
    """Every day and moment within what is plausible for its kind; a moment by its local day."""
    found = {}
    for name, column in contract.columns().items():
        kind = window_of(column)
        if kind is None:
            continue
        first, last = windows[kind].first, windows[kind].last
        within = pl.col(name).is_between(first, last)
        if isinstance(column, dy.Datetime):
            end = last + dt.timedelta(days=1) if last < dt.date.max else last
            begin, end_at = day_begins(first, zone), day_begins(end, zone)
            within = (pl.col(name) >= begin) & (pl.col(name) < end_at)
        rule = f"{name}|{WINDOW_RULE}"
        found[rule] = within.fill_null(True).alias(rule)
    return found


def _failed_rules(contract: type[dy.Schema], values: pl.DataFrame, how: FileMapping) -> dict[str, pl.Series]:
    """Positions in `values` at which a rule does not hold, by rule."""
    rules = _rules(contract) | _windows(contract, how.windows, how.day_zone)
    (holds,) = values.select([expr.all() for expr in rules.values()]).to_dicts()
    broken = [name for name, held in holds.items() if not held]
    return {name: values.select((~rules[name]).arg_true()).to_series() for name in broken}


def _involved(contract: type[dy.Schema], name: str, check: str) -> list[str]:
    """Columns that a rule looks at; `check` is empty for a rule over several columns."""
    if check:
        return [name]
    made = getattr(contract, name).make(contract).expr
    exprs = made if isinstance(made, list) else [made]
    roots = {root for expr in exprs for root in expr.meta.root_names()}
    return [c for c in contract.column_names() if c in roots]


def _factors(
    chunk: Chunk, mapping: SourceMapping, how: FileMapping
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """Client rating factors of contracts, long; a missing one is the level `unknown`."""
    schema = chunk.rows.schema
    spec: Column = mapping.columns["contract_id"]
    contract_id = plan_column("contract_id", spec, pl.String(), schema, how).value
    pieces, reasons = [], [pl.DataFrame(schema=REASONS)]
    for factor in mapping.factors:
        level, order, text = factor_level(factor, schema, how)
        frame = chunk.rows.select(
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
    return "contract_factors", long, pl.concat(reasons)
