"""Numbers from text: one strict grammar for amounts, counts, hours, kilometres, bands and conditions.

A number is an optional sign, digits, and a fraction after the file's decimal mark. Where the mapping
names a separator of thousands, the digits may stand in groups of exactly three behind a first group of
one to three that does not begin with nought. Anything else is no number and rejects its row: a comma
that stands for a decimal point must not become a hundredfold.

Numbers that a format holds as numbers (Parquet, JSON) have no separators; they are taken as the shortest
decimal text that gives the same number back, which is what their author sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

_SCALE: Final = 12
_EXACT = pl.Decimal(38, _SCALE)
# Later digits decide nothing about a cent, after a unit either; they are cut, so that none rounds twice.
_KEPT: Final = 10
_SPACES: Final = " \u00a0\u2009\u202f"
_QUOTES: Final = "'\u2019"
_ONE: Final = Decimal(1)
CENTS = pl.Decimal(18, 2)


@dataclass(frozen=True)
class Separators:
    """How a file writes numbers: its decimal mark, and what stands between thousands (None: nothing)."""

    thousands: str | None = None
    decimal: str = "."

    def between_groups(self) -> str:
        """The class of characters that stand between groups; blanks and apostrophes have kin."""
        kin = next((k for k in (_SPACES, _QUOTES) if self.thousands and self.thousands in k), self.thousands)
        return "[" + re.escape(kin or "") + "]"

    def pattern(self) -> str:
        """What a number must match whole."""
        mark = re.escape(self.decimal)
        digits = "[0-9]+"
        if self.thousands:
            digits = f"(?:[1-9][0-9]{{0,2}}(?:{self.between_groups()}[0-9]{{3}})+|[0-9]+)"
        return f"^[+-]?(?:{digits}(?:{mark}[0-9]+)?|{mark}[0-9]+)$"

    def example(self) -> str:
        """Numbers as the file may write them, for the sentence "expected ...": a number like this."""
        plain = f"1234{self.decimal}5"
        return f"{plain} or 1{self.thousands}234{self.decimal}5" if self.thousands else plain


PLAIN: Final = Separators()


def number_text(text: pl.Expr, how: Separators) -> pl.Expr:
    """Text as a plain decimal number (minus, digits, point, digits); null where it is none."""
    plain = text.str.strip_prefix("+")
    if how.thousands:
        plain = plain.str.replace_all(how.between_groups(), "")
    if how.decimal != ".":
        plain = plain.str.replace_all(how.decimal, ".", literal=True)
    return pl.when(text.str.contains(how.pattern())).then(plain)


def to_float(expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, how: Separators) -> pl.Expr:
    """The number as a double; null where it is none."""
    if dtype.is_numeric():
        return _finite(expr.cast(pl.Float64))
    return number_text(text, how).cast(pl.Float64, strict=False)


def to_exact(expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, how: Separators) -> pl.Expr:
    """The number as a decimal of ten places; what is beyond them is cut and never rounded."""
    if dtype.is_integer():
        return expr.cast(_EXACT, strict=False)
    exact = _cut(number_text(text, PLAIN if dtype.is_numeric() else how)).cast(_EXACT, strict=False)
    if dtype.is_float():
        # Below this a double is written with an exponent; its decimals are exact anyway.
        tiny = _finite(expr).abs() < 1e-4
        return pl.when(tiny).then(_finite(expr).cast(_EXACT, strict=False)).otherwise(exact)
    return exact


def to_money(
    expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, how: Separators, unit: Decimal = _ONE
) -> pl.Expr:
    """The amount to the cent, half a cent away from nought, the same from text and from numbers."""
    exact = _times(to_exact(expr, dtype, text, how), unit)
    return exact.round(2, mode="half_away_from_zero").cast(CENTS, strict=False)


def to_count(
    expr: pl.Expr, dtype: pl.DataType, text: pl.Expr, how: Separators, unit: Decimal = _ONE
) -> pl.Expr:
    """A whole number; a fraction is none, unless a unit is converted: then it is rounded."""
    if unit != _ONE:
        exact = _times(to_exact(expr, dtype, text, how), unit)
        return exact.round(0, mode="half_away_from_zero").cast(pl.Int64, strict=False)
    if dtype.is_integer():
        return expr.cast(pl.Int64, strict=False)
    if dtype.is_float():
        number = _finite(expr.cast(pl.Float64))
        return pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)
    plain = number_text(text, PLAIN if dtype.is_numeric() else how)
    return plain.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)


def _times(exact: pl.Expr, unit: Decimal) -> pl.Expr:
    return exact if unit == _ONE else exact * pl.lit(unit).cast(_EXACT)


def _finite(expr: pl.Expr) -> pl.Expr:
    return pl.when(expr.is_finite()).then(expr)


def _cut(plain: pl.Expr) -> pl.Expr:
    return plain.str.replace(rf"(\.[0-9]{{{_KEPT}}})[0-9]+$", "${1}")
