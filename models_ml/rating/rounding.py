"""Rounding that every engine does alike: polars, Python, DuckDB and Spark.

A premium is a product of doubles taken in the table's order, so all engines hold the same bits. What is left
to agree on is a half: 123.50 x 1.0500 is 129.675, but as doubles a hair less. Whoever checks by hand rounds
that up, so whatever lies within `HAIR` of a rounding unit below a half does too. The SQL of
`dbt_project/macros/rating.sql` says the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

from models_ml.rating.errors import RatingError

Rule = Literal["nearest", "up", "down"]
RULES: tuple[Rule, ...] = ("nearest", "up", "down")
SHIFT: dict[str, float] = {"nearest": 0.5, "up": 1.0, "down": 0.0}
"""What is added before cutting off, by rule; a hair more, for `up` a hair less."""
CENT = Decimal("0.01")
HAIR = 1e-7


def cents(amount: float) -> int:
    """An amount in hundredths to the nearest whole one, halves up.

    Example:
        >>> cents(123.50 * 1.05 * 100)
        12968
    """
    return math.floor(amount + 0.5 + HAIR)


def whole_cents(amount: pl.Expr) -> pl.Expr:
    """An amount in hundredths to the nearest whole one, halves up, as a double that is a whole number."""
    return (amount + 0.5 + HAIR).floor()


def as_money(amount: pl.Expr) -> pl.Expr:
    """Whole hundredths, as a double, to decimal(18, 2)."""
    return (amount / 100).round(2).cast(pl.Decimal(18, 2))


def shift(rule: str) -> float:
    """What a rule adds to a number of steps before it cuts off to a whole one."""
    return SHIFT[rule] + (-HAIR if rule == "up" else HAIR)


@dataclass(frozen=True)
class Rounding:
    """Prices are whole multiples of `step`, to the nearest one, the next above or below.

    Example:
        >>> Rounding(Decimal(100)).of(Decimal("11795.41"))
        Decimal('11800.00')
    """

    step: Decimal = CENT
    rule: Rule = "nearest"

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise RatingError(f"rounding rule '{self.rule}' is none of {', '.join(RULES)}")
        if not self.step.is_finite() or self.step <= 0 or self.step % CENT:
            raise RatingError(f"rounding step {self.step} is not a positive number of cents")

    @property
    def step_cents(self) -> int:
        return int(self.step * 100)

    def of(self, amount: Decimal) -> Decimal:
        """The amount as a whole multiple of the step."""
        return Decimal(self.of_cents(float(amount * 100))) / 100 + Decimal("0.00")

    def of_cents(self, amount: float) -> int:
        """An amount in hundredths as a whole multiple of the step, in hundredths."""
        return self.step_cents * math.floor(amount / self.step_cents + shift(self.rule))
