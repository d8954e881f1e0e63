"""From a mapping's column to a polars expression: one value, and the text it was made from.

Both travel together, because a value that could not be made is reported with the text the client
sent: null value and non-null text is a conversion failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import polars as pl

from pipelines.landing.mapping import (
    PLACEHOLDER,
    UNIT_FACTORS,
    Column,
    Factor,
    FileMapping,
    SourceMapping,
    Where,
)
from pipelines.landing.reading.readers import ROW

TRUE_WORDS = ["1", "true", "t", "yes", "y", "是"]
FALSE_WORDS = ["0", "false", "f", "no", "n", "否"]
SCALE = 6
NTH = "_nth"
"""Which of the identical rows of a file a row is, from one, where the mapping keeps every row."""


@dataclass(frozen=True)
class PlannedColumn:
    """How one canonical column is computed.

    `value` has the contract's type, `raw` is text; `origin` names the client's column for a person;
    `expected` completes the sentence "expected ..." when the value could not be made.
    """

    name: str
    value: pl.Expr
    raw: pl.Expr
    origin: str
    expected: str
    inputs: tuple[str, ...] = ()
    pseudonym: bool = False
    required: bool = False


def plan_column(
    name: str, spec: Column, target: pl.DataType, schema: pl.Schema, how: FileMapping
) -> PlannedColumn:
    """Plan one canonical column of type `target` from a file with `schema`."""
    if spec.value is not None:
        value, expected = _convert(pl.lit(spec.value), pl.String(), target, spec, how)
        return PlannedColumn(name, value, pl.lit(spec.value), "(constant)", expected)
    if spec.fingerprint is not None:
        # Named and sorted, so that a value that a JSON object leaves out changes nothing.
        names = columns_of_client(schema) if spec.fingerprint == "all" else list(spec.fingerprint)
        text = row_text(names, schema, how)
        if NTH in schema:
            again = pl.col(NTH) > 1
            text = pl.when(again).then(pl.format("{}#{}", text, NTH)).otherwise(text)
        return PlannedColumn(name, text, text, ", ".join(names), "a fingerprint")
    if spec.template is not None:
        text = _template(spec.template, schema, how)
        value, expected = _convert(text, pl.String(), target, spec, how)
        origin = ", ".join(spec.inputs())
        return PlannedColumn(
            name, value, text, origin, expected, spec.inputs(), spec.pseudonym, spec.required
        )
    column = spec.inputs()[0]
    dtype = schema[column]
    raw = as_text(column, dtype, how)
    value, expected = _convert(pl.col(column), dtype, target, spec, how)
    return PlannedColumn(name, value, raw, column, expected, (column,), spec.pseudonym, spec.required)


def columns_of_client(schema: pl.Schema) -> list[str]:
    """The client's columns by name, without those that reading adds."""
    return sorted(n for n in schema.names() if n not in (ROW, NTH))


def row_text(names: list[str], schema: pl.Schema, how: FileMapping) -> pl.Expr:
    """What a row says in these columns, as one text; a column without a value says nothing."""
    parts = [pl.format("{}={}\x1f", pl.lit(n), as_text(n, schema[n], how)).fill_null("") for n in names]
    return pl.concat_str(parts)


def as_text(column: str, dtype: pl.DataType, how: FileMapping) -> pl.Expr:
    """The column as trimmed text, whole floats without '.0', the file's null words as null."""
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
        midnight = expr.dt.time() == pl.time(0, 0, 0)
        text = (
            pl.when(midnight)
            .then(expr.dt.strftime("%Y-%m-%d"))
            .otherwise(expr.dt.strftime("%Y-%m-%dT%H:%M:%S"))
        )
    else:
        text = expr.cast(pl.String)
    text = text.str.strip_chars()
    return text.replace(sorted({"", *how.null_values}), None)


def _template(template: str, schema: pl.Schema, how: FileMapping) -> pl.Expr:
    parts: list[pl.Expr] = []
    at = 0
    for match in PLACEHOLDER.finditer(template):
        if match.start() > at:
            parts.append(pl.lit(template[at : match.start()]))
        column, form = match[1], match[2]
        text = as_text(column, schema[column], how)
        if form == "int":
            text = text.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).cast(pl.String)
        elif form == "year":
            text = _to_date(pl.col(column), schema[column], how.date_formats)
            text = text.dt.year().cast(pl.String)
        parts.append(text)
        at = match.end()
    if at < len(template):
        parts.append(pl.lit(template[at:]))
    return pl.concat_str(parts)


def _convert(  # noqa: PLR0911 - one return per kind of target
    expr: pl.Expr, dtype: pl.DataType, target: pl.DataType, spec: Column, how: FileMapping
) -> tuple[pl.Expr, str]:
    """Expression of type `target`, and what it expects, in words."""
    text = as_text(spec.column, dtype, how) if spec.column else expr
    if spec.sign is not None:
        number = _to_number(text, how)
        word = pl.when(number < 0).then(pl.lit(spec.sign.negative))
        return word.when(number >= 0).then(pl.lit(spec.sign.otherwise)), "a number"
    if spec.codes is not None:
        coded = text.replace_strict(
            list(spec.codes), list(spec.codes.values()), default=None, return_dtype=pl.String
        )
        value = _to_bool(coded) if target == pl.Boolean else coded.cast(target, strict=False)
        return value, f"one of the codes {', '.join(spec.codes)}"
    if target.is_numeric():
        return _to_numeric(expr, dtype, text, target, UNIT_FACTORS.get(spec.unit or "km", 1.0), how)
    if target == pl.Date:
        formats = spec.date_formats or how.date_formats
        return _to_date(expr, dtype, formats, text), f"a date like {' or '.join(formats)}"
    if isinstance(target, pl.Datetime):
        formats = spec.date_formats or how.time_formats
        return _to_instant(expr, dtype, formats, text, how), f"a moment like {' or '.join(formats)}"
    if target == pl.Boolean:
        return expr if dtype == pl.Boolean else _to_bool(text), "yes or no"
    return text, "text"


def _to_numeric(
    expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, target: pl.DataType, factor: float, how: FileMapping
) -> tuple[pl.Expr, str]:
    """Amounts to the cent; counts only from whole numbers, unless a unit was converted."""
    if isinstance(target, pl.Decimal):
        return _to_money(expr, dtype, text, factor, how), "an amount"
    if factor == 1.0 and dtype.is_integer() and target == pl.Int64:
        return expr.cast(pl.Int64, strict=False), "a whole number"
    number = _to_number(text, how) if not dtype.is_numeric() else expr.cast(pl.Float64).fill_nan(None)
    number = number if factor == 1.0 else number * factor
    if target != pl.Int64:
        return number.cast(target, strict=False), "a number"
    whole = number if factor == 1.0 else number.round()
    return pl.when(whole == whole.floor()).then(whole).cast(pl.Int64, strict=False), "a whole number"


def _to_number(text: pl.Expr, how: FileMapping) -> pl.Expr:
    return _plain_number(text, how).cast(pl.Float64, strict=False).fill_nan(None)


def _plain_number(text: pl.Expr, how: FileMapping) -> pl.Expr:
    if how.thousands:
        text = text.str.replace_all(how.thousands, "", literal=True)
    if how.decimal != ".":
        text = text.str.replace_all(how.decimal, ".", literal=True)
    return text


def _to_money(expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, factor: float, how: FileMapping) -> pl.Expr:
    """Round half away from zero to the cent; text is never taken through a float."""
    if dtype.is_float():
        amount = (expr.fill_nan(None) * factor).round(2, mode="half_away_from_zero")
        return amount.cast(pl.Decimal(18, 2), strict=False)
    exact = _plain_number(text, how).cast(pl.Decimal(38, SCALE), strict=False)
    if factor != 1.0:
        exact = exact * pl.lit(str(factor)).cast(pl.Decimal(38, SCALE))
    return exact.round(2).cast(pl.Decimal(18, 2), strict=False)


def _to_date(
    expr: pl.Expr, dtype: pl.DataType, formats: tuple[str, ...], text: pl.Expr | None = None
) -> pl.Expr:
    if dtype.is_temporal():
        return expr.cast(pl.Date)
    text = expr.str.strip_chars() if text is None else text
    # Excel and JSON writers append a midnight that nobody meant.
    text = text.str.replace(r"[ T]00:00:00(\.0+)?Z?$", "")
    return pl.coalesce([text.str.to_date(fmt, strict=False) for fmt in formats])


def _to_instant(
    expr: pl.Expr, dtype: pl.DataType, formats: tuple[str, ...], text: pl.Expr, how: FileMapping
) -> pl.Expr:
    """UTC without a zone: text and naive times are local times of the file, unless they end in Z."""
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            return expr.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
        return _local_to_utc(expr.cast(pl.Datetime("us")), how.timezone)
    plain = text.str.strip_suffix("Z")
    moment = pl.coalesce([plain.str.to_datetime(f, time_unit="us", strict=False) for f in formats])
    return pl.when(text.str.ends_with("Z")).then(moment).otherwise(_local_to_utc(moment, how.timezone))


def _local_to_utc(moment: pl.Expr, zone: str) -> pl.Expr:
    if zone == "UTC":
        return moment
    # An hour that a clock change repeats is taken at its first pass; one that it skips is no moment.
    local = moment.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _to_bool(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return pl.when(word.is_in(TRUE_WORDS)).then(True).when(word.is_in(FALSE_WORDS)).then(False)


def row_filter(where: Where, schema: pl.Schema, how: FileMapping) -> pl.Expr:
    """Rows of the file that feed a source."""
    text = as_text(where.column, schema[where.column], how)
    if where.is_ == "present":
        return text.is_not_null()
    return _compare(_to_number(text, how), where.is_)


def _compare(number: pl.Expr, relation: str) -> pl.Expr:
    zero = pl.lit(0)
    relations = {"positive": number > zero, "negative": number < zero, "not_zero": number != zero}
    return relations[relation].fill_null(False)


def unpivoted(frame: pl.DataFrame, mapping: SourceMapping, how: FileMapping) -> pl.DataFrame:
    """One row per value of the mapping's unpivot, in the order of the file and then the mapping."""
    rule = mapping.unpivot
    if rule is None:
        return frame
    pieces = []
    for position, (value, columns) in enumerate(rule.values.items()):
        names = (columns,) if isinstance(columns, str) else columns
        numbers = [_exact(as_text(n, frame.schema[n], how), how) for n in names]
        total = reduce(lambda a, b: a + b, numbers)
        extra = {rule.column: pl.lit(value), rule.into: total, "_part": pl.lit(position)}
        pieces.append(frame.with_columns(**extra))
    long = pl.concat(pieces).sort("_row", "_part").drop("_part")
    return long.filter(_compare(pl.col(rule.into), rule.where)) if rule.where else long


def _exact(text: pl.Expr, how: FileMapping) -> pl.Expr:
    return _plain_number(text, how).cast(pl.Decimal(38, SCALE), strict=False)


def factor_level(factor: Factor, schema: pl.Schema, how: FileMapping) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Level (text, null where it cannot be made), its order, and the raw text of a client factor."""
    text = as_text(factor.column, schema[factor.column], how)
    if factor.codes is not None:
        codes = list(factor.codes)
        level = text.replace_strict(codes, list(factor.codes.values()), default=None, return_dtype=pl.String)
        return level, pl.lit(None, dtype=pl.Int64), text
    if factor.bands is None:
        return text, pl.lit(None, dtype=pl.Int64), text
    number = _to_number(text, how)
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
