"""From a mapping's column to a polars expression: one value, and the text it was made from.

Both travel together, because a value that could not be made is reported with the text the client
sent: null value and non-null text is a conversion failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import polars as pl

from pipelines.landing.identities import masked
from pipelines.landing.mapping import (
    PLACEHOLDER,
    UNIT_FACTORS,
    Column,
    Factor,
    FileMapping,
    SourceMapping,
)
from pipelines.landing.reading.moments import (
    MIDNIGHT,
    Moment,
    text_to_date,
    text_to_moment,
    typed_to_date,
    typed_to_moment,
)
from pipelines.landing.reading.numbers import Separators, to_count, to_exact, to_float, to_money
from pipelines.landing.reading.readers import ROW

TRUE_WORDS = ["1", "true", "t", "yes", "y", "是"]
FALSE_WORDS = ["0", "false", "f", "no", "n", "否"]
NTH = "_nth"
"""Which of the identical rows of a file a row is, from one, where the mapping keeps every row."""


@dataclass(frozen=True)
class PlannedColumn:
    """How one canonical column is computed.

    `value` has the contract's type, `raw` is the client's text as it is shown; `origin` names the client's
    column for a person; `expected` completes the sentence "expected ..." when the value could not be made.
    `second_pass` is the other moment of a local time that a clock change repeats, `skipped` says that a clock
    change left the local time out, `open_end` that the client wrote no end on purpose.
    """

    name: str
    value: pl.Expr
    raw: pl.Expr
    origin: str
    expected: str
    inputs: tuple[str, ...] = ()
    pseudonym: bool = False
    required: bool = False
    second_pass: pl.Expr | None = None
    skipped: pl.Expr | None = None
    open_end: pl.Expr | None = None


def plan_column(
    name: str, spec: Column, target: pl.DataType, schema: pl.Schema, how: FileMapping
) -> PlannedColumn:
    """Plan one canonical column of type `target` from a file with `schema`."""
    if spec.value is not None:
        made = _convert(pl.lit(spec.value), pl.String(), target, spec, how)
        return PlannedColumn(name, made.value, pl.lit(spec.value), "(constant)", made.expected)
    if spec.fingerprint is not None:
        # Named and sorted, so that a value that a JSON object leaves out changes nothing.
        names = columns_of_client(schema) if spec.fingerprint == "all" else list(spec.fingerprint)
        text = row_text(names, schema, how)
        if NTH in schema:
            again = pl.col(NTH) > 1
            text = pl.when(again).then(pl.format("{}#{}", text, NTH)).otherwise(text)
        return PlannedColumn(name, text, text, ", ".join(names), "a fingerprint")
    if spec.template is not None:
        text, raw = _template(spec.template, schema, how)
        made = _convert(text, pl.String(), target, spec, how)
        origin = ", ".join(spec.inputs())
        shown = masked(raw) if spec.pseudonym else raw
        return PlannedColumn(
            name, made.value, shown, origin, made.expected, spec.inputs(), spec.pseudonym, spec.required
        )
    column = spec.inputs()[0]
    dtype = schema[column]
    raw = as_text(column, dtype, how)
    made = _convert(pl.col(column), dtype, target, spec, how)
    value = made.value
    if dtype != pl.String and set(how.null_values) - {""}:
        value = pl.when(raw.is_not_null()).then(value)
    is_open = None
    if spec.open_end is not None:
        written = _written(column, dtype, how).fill_null("").str.replace(MIDNIGHT, "")
        is_open = written.is_in(sorted(spec.open_end))
        value = pl.when(~is_open).then(value)
    return PlannedColumn(
        name,
        value,
        masked(raw) if spec.pseudonym else raw,
        column,
        made.expected,
        (column,),
        spec.pseudonym,
        spec.required,
        made.second_pass,
        made.skipped,
        is_open,
    )


def separators(how: FileMapping) -> Separators:
    """How the file writes numbers."""
    return Separators(how.thousands, how.decimal)


def columns_of_client(schema: pl.Schema) -> list[str]:
    """The client's columns by name, without those that reading adds."""
    return sorted(n for n in schema.names() if n not in (ROW, NTH))


def row_text(names: list[str], schema: pl.Schema, how: FileMapping) -> pl.Expr:
    """What a row says in these columns, as one text; a column without a value says nothing."""
    parts = [pl.format("{}={}\x1f", pl.lit(n), as_text(n, schema[n], how)).fill_null("") for n in names]
    return pl.concat_str(parts)


def as_text(column: str, dtype: pl.DataType, how: FileMapping) -> pl.Expr:
    """The column as trimmed text, whole floats without '.0', the file's null words as null."""
    return _written(column, dtype, how).replace(sorted({"", *how.null_values}), None)


def _written(column: str, dtype: pl.DataType, how: FileMapping) -> pl.Expr:
    expr = pl.col(column)
    if dtype.is_float():
        expr = expr.fill_nan(None)
        whole = (expr == expr.floor()) & (expr.abs() < 2**53)
        text = (
            pl.when(whole)
            .then(expr.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(expr.cast(pl.String))
        )
    elif isinstance(dtype, pl.Datetime):
        expr = expr.dt.convert_time_zone(how.day_zone) if dtype.time_zone else expr
        midnight = expr.dt.time() == pl.time(0, 0, 0)
        text = (
            pl.when(midnight)
            .then(expr.dt.strftime("%Y-%m-%d"))
            .otherwise(expr.dt.strftime("%Y-%m-%dT%H:%M:%S"))
        )
    else:
        text = expr.cast(pl.String)
    return text.str.strip_chars()


def _template(template: str, schema: pl.Schema, how: FileMapping) -> tuple[pl.Expr, pl.Expr]:
    """The text a template makes, and the same with its columns as the client wrote them."""
    parts: list[pl.Expr] = []
    raws: list[pl.Expr] = []
    at = 0
    for match in PLACEHOLDER.finditer(template):
        if match.start() > at:
            parts.append(pl.lit(template[at : match.start()]))
            raws.append(parts[-1])
        column, form = match[1], match[2]
        dtype = schema[column]
        text = as_text(column, dtype, how)
        raws.append(text)
        if form == "int":
            text = to_count(pl.col(column), dtype, text, separators(how)).cast(pl.String)
        elif form == "year":
            text = _to_date(pl.col(column), dtype, how.date_formats, text, how).dt.year().cast(pl.String)
        parts.append(text)
        at = match.end()
    if at < len(template):
        parts.append(pl.lit(template[at:]))
        raws.append(parts[-1])
    return pl.concat_str(parts), pl.concat_str(raws)


@dataclass(frozen=True)
class _Made:
    """A value of the contract's type, and what it expects, in words."""

    value: pl.Expr
    expected: str
    second_pass: pl.Expr | None = None
    skipped: pl.Expr | None = None


def _convert(expr: pl.Expr, dtype: pl.DataType, target: pl.DataType, spec: Column, how: FileMapping) -> _Made:
    text = as_text(spec.column, dtype, how) if spec.column else expr
    if spec.sign is not None:
        number = to_float(expr, dtype, text, separators(how))
        word = pl.when(number < 0).then(pl.lit(spec.sign.negative))
        signed = word.when(number >= 0).then(pl.lit(spec.sign.otherwise))
        return _Made(signed, f"a number like {separators(how).example()}")
    if spec.codes is not None:
        coded = text.replace_strict(
            list(spec.codes), list(spec.codes.values()), default=None, return_dtype=pl.String
        )
        value = _to_bool(coded) if target == pl.Boolean else coded.cast(target, strict=False)
        return _Made(value, f"one of the codes {', '.join(spec.codes)}")
    if target.is_numeric():
        return _to_numeric(expr, dtype, text, target, spec, how)
    if target.is_temporal():
        return _to_temporal(expr, dtype, text, target, spec, how)
    if target == pl.Boolean:
        return _Made(expr if dtype == pl.Boolean else _to_bool(text), "yes or no")
    return _Made(text, "text")


def _to_numeric(
    expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, target: pl.DataType, spec: Column, how: FileMapping
) -> _Made:
    """Amounts to the cent; counts only from whole numbers, unless a unit was converted."""
    written, unit = separators(how), UNIT_FACTORS[spec.unit or "km"]
    example = written.example()
    if isinstance(target, pl.Decimal):
        return _Made(to_money(expr, dtype, text, written, unit), f"an amount like {example}")
    if target == pl.Int64:
        found = to_count(expr, dtype, text, written, unit)
        return _Made(found, "a whole number" if unit == 1 else f"a number like {example}")
    number = to_float(expr, dtype, text, written)
    number = number if unit == 1 else number * float(unit)
    return _Made(number.cast(target, strict=False), f"a number like {example}")


def _to_temporal(
    expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, target: pl.DataType, spec: Column, how: FileMapping
) -> _Made:
    if target == pl.Date:
        formats = spec.date_formats or how.date_formats
        value = _to_date(expr, dtype, formats, text, how)
        return _Made(value, f"a date like {' or '.join(formats)}")
    formats = spec.date_formats or how.time_formats
    found: Moment = (
        typed_to_moment(expr, dtype, how.zone)
        if isinstance(dtype, pl.Datetime)
        else text_to_moment(text, formats, how.zone)
    )
    expected = f"a moment like {' or '.join(formats)}"
    return _Made(found.value, expected, found.second_pass, found.skipped)


def _to_date(
    expr: pl.Expr, dtype: pl.DataType, formats: tuple[str, ...], text: pl.Expr, how: FileMapping
) -> pl.Expr:
    if dtype.is_temporal():
        return typed_to_date(expr, dtype, how.day_zone)
    return text_to_date(text, formats, how.day_zone)


def _to_bool(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return pl.when(word.is_in(TRUE_WORDS)).then(True).when(word.is_in(FALSE_WORDS)).then(False)


def exact_number(column: str, schema: pl.Schema, how: FileMapping) -> tuple[pl.Expr, pl.Expr]:
    """A column as an exact number, and its text: null number and non-null text is no number."""
    dtype = schema[column]
    text = as_text(column, dtype, how)
    number = to_exact(pl.col(column), dtype, text, separators(how))
    return pl.when(text.is_not_null()).then(number), text


def compare(number: pl.Expr, relation: str) -> pl.Expr:
    """Whether a number is positive, negative or not_zero; no number is none of them."""
    zero = pl.lit(0)
    relations = {"positive": number > zero, "negative": number < zero, "not_zero": number != zero}
    return relations[relation].fill_null(False)


def unpivoted(frame: pl.DataFrame, mapping: SourceMapping, how: FileMapping) -> pl.DataFrame:
    """One row per value of the mapping's unpivot, in the order of the file and then the mapping.

    Columns that are summed count as nothing where they are empty, if one of them is not.
    """
    rule = mapping.unpivot
    if rule is None:
        return frame
    pieces = []
    for position, (value, columns) in enumerate(rule.values.items()):
        names = (columns,) if isinstance(columns, str) else columns
        numbers = [exact_number(n, frame.schema, how)[0] for n in names]
        given = pl.any_horizontal(n.is_not_null() for n in numbers)
        total = pl.when(given).then(reduce(lambda a, b: a + b, (n.fill_null(0) for n in numbers)))
        extra = {rule.column: pl.lit(value), rule.into: total, "_part": pl.lit(position)}
        pieces.append(frame.with_columns(**extra))
    long = pl.concat(pieces).sort("_row", "_part").drop("_part")
    return long.filter(compare(pl.col(rule.into), rule.where)) if rule.where else long


def factor_level(factor: Factor, schema: pl.Schema, how: FileMapping) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Level (text, null where it cannot be made), its order, and the raw text of a client factor."""
    dtype = schema[factor.column]
    text = as_text(factor.column, dtype, how)
    if factor.codes is not None:
        codes = list(factor.codes)
        level = text.replace_strict(codes, list(factor.codes.values()), default=None, return_dtype=pl.String)
        return level, pl.lit(None, dtype=pl.Int64), text
    if factor.bands is None:
        return text, pl.lit(None, dtype=pl.Int64), text
    number = to_float(pl.col(factor.column), dtype, text, separators(how))
    labels = band_labels(factor.bands)
    order = pl.lit(None, dtype=pl.Int64)
    level = pl.lit(None, dtype=pl.String)
    for position, (lower, label) in enumerate(zip(factor.bands, labels, strict=True)):
        order = pl.when(number >= lower).then(position).otherwise(order)
        level = pl.when(number >= lower).then(pl.lit(label)).otherwise(level)
    return level, order.cast(pl.Int64), text


def band_labels(bands: tuple[float, ...]) -> list[str]:
    """Labels of bands given by their lower bounds: 18-25, 26-40, 41+ for whole numbers."""

    def shown(number: float) -> str:
        return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"

    if all(float(b).is_integer() for b in bands):
        pairs = pairwise(bands)
        closed = [shown(a) if b - a == 1 else f"{shown(a)}-{shown(b - 1)}" for a, b in pairs]
    else:
        closed = [f"{shown(a)} to <{shown(b)}" for a, b in pairwise(bands)]
    return [*closed, f"{shown(bands[-1])}+"]
