"""Days and moments from what a client wrote: text by the mapping's formats, or a type that holds them.

A text that says its own offset is a moment, also where a day is wanted: the day is then the client's
day at that moment. Text in ISO 8601 with Z or an offset needs no format. A time without an offset is
local; where only a day is wanted, it is the day as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.landing.reading.clock import MOMENT, in_utc, is_skipped, local_day, to_utc
from pipelines.landing.reading.formats import EPOCH, Format, known_format

MIDNIGHT: Final = r"[ T]00:00:00(\.0+)?$"
"""What Excel and JSON writers append to a day, and nobody meant."""
_ISO_MOMENT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])$"
)


@dataclass(frozen=True)
class Moment:
    """A moment in UTC; its other one where a clock change repeats the hour; whether one skips it."""

    value: pl.Expr
    second_pass: pl.Expr | None = None
    skipped: pl.Expr | None = None


def text_to_moment(text: pl.Expr, formats: tuple[str, ...], zone: str) -> Moment:
    """Text as a moment in UTC: by its own offset, in UTC where it ends in Z, else local to `zone`."""
    known = [known_format(f) for f in formats]
    own = [_iso(text), *(_zoned(text, f) for f in known if f.has_zone)]
    plain = text.str.strip_suffix("Z")
    local = pl.coalesce([*(_local(plain, f) for f in known if not f.has_zone), pl.lit(None, MOMENT)])
    is_utc = text.str.ends_with("Z")
    in_zone = _local_moment(pl.when(~is_utc).then(local), zone)
    said = pl.coalesce([*own, pl.when(is_utc).then(local)])
    if in_zone.second_pass is None or in_zone.skipped is None:
        return Moment(pl.coalesce([said, in_zone.value]))
    return Moment(
        pl.coalesce([said, in_zone.value]),
        pl.coalesce([said, in_zone.second_pass]),
        said.is_null() & in_zone.skipped,
    )


def typed_to_moment(expr: pl.Expr, dtype: pl.Datetime, zone: str) -> Moment:
    """A timestamp as a moment in UTC; without a zone of its own it is local to `zone`."""
    return Moment(in_utc(expr)) if dtype.time_zone else _local_moment(expr.cast(MOMENT), zone)


def text_to_date(text: pl.Expr, formats: tuple[str, ...], zone: str) -> pl.Expr:
    """Text as a day: as it is written, or the day in `zone` of a moment that says its offset."""
    known = [known_format(f) for f in formats]
    day = text.str.replace(MIDNIGHT, "")
    written = [
        _matching(text if f.has_time else day, f, lambda t, f: t.str.to_date(f.text, strict=False))
        for f in known
        if not f.has_zone
    ]
    moments = [_zoned(text, f) for f in known if f.has_zone]
    return pl.coalesce([*written, *(local_day(m, zone) for m in (*moments, _iso(text)))])


def typed_to_date(expr: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    """A date or timestamp as a day: of `zone` if it carries a zone, else as it is written."""
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return local_day(in_utc(expr), zone)
    return expr.cast(pl.Date)


def _local_moment(local: pl.Expr, zone: str) -> Moment:
    if zone == "UTC":
        return Moment(local)
    return Moment(to_utc(local, zone), to_utc(local, zone, "latest"), is_skipped(local, zone))


def _matching(text: pl.Expr, form: Format, parse) -> pl.Expr:  # type: ignore[no-untyped-def]
    return pl.when(text.str.contains(f"^(?:{form.pattern})$")).then(parse(text, form))


def _local(text: pl.Expr, form: Format) -> pl.Expr:
    return _matching(text, form, lambda t, f: t.str.to_datetime(f.text, time_unit="us", strict=False))


def _zoned(text: pl.Expr, form: Format) -> pl.Expr:
    if form.text == EPOCH:
        seconds = pl.when(text.str.contains(f"^(?:{form.pattern})$")).then(text).cast(pl.Int64, strict=False)
        return (seconds * 1_000_000).cast(MOMENT)
    return _matching(text, form, _parse_zoned)


def _parse_zoned(text: pl.Expr, form: Format) -> pl.Expr:
    return in_utc(text.str.to_datetime(form.text, time_unit="us", strict=False))


def _iso(text: pl.Expr) -> pl.Expr:
    is_iso = text.str.contains(_ISO_MOMENT)
    parsed = pl.when(is_iso).then(text.str.replace(" ", "T", literal=True))
    return in_utc(parsed.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False))
