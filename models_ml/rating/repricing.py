"""Yearly repricing: the new tariff put on balance against what customers pay now.

Relativities decide who pays more and who less; the base rates are moved until, after caps, floors and the
new-business gate, the book as a whole changes by what was decided (Werner and Modlin 2016, chapters 13, 14).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from models_ml.rating.engine import PRICE, finished, rate_contracts
from models_ml.rating.errors import RatingError
from models_ml.rating.plan import RepricingRules
from models_ml.rating.renewal import renewal_prices
from models_ml.rating.rounding import as_money, whole_cents
from models_ml.rating.rules import ALL
from models_ml.rating.table import BASE, MONEY
from models_ml.rating.tariff import Tariff

STEPS = 12
CLOSE = 1e-6
LEAST_FACTOR, MOST_FACTOR = 0.05, 20.0


@dataclass(frozen=True)
class Repricing:
    """The outcome of a repricing.

    Attributes:
        tariff: on balance; its base rates are those of the tariff given times `base_factor`.
        customers: as given, with `indicated_price`, `price`, `change`, `bound`, `not_charged` (see
            `renewal_prices`), all after the base rates were moved.
        base_factor: what base rates were multiplied by.
        indicated_change: change of the book at the tariff as given, nobody held; a fraction of premium.
        held_change: the same with caps, floors and gate; beside `indicated_change`, what they cost.
        target_change: what was asked for.
        overall_change: what it came to. Prices are whole steps, so a small book can miss its target.
    """

    tariff: Tariff
    customers: pl.DataFrame
    base_factor: float
    indicated_change: float
    held_change: float
    target_change: float
    overall_change: float

    @property
    def off_balance(self) -> float:
        """Premium at the tariff as given over premium asked for, less one: what moving the base took back."""
        return (1 + self.held_change) / (1 + self.target_change) - 1


def reprice(
    tariff: Tariff, customers: pl.DataFrame, rules: RepricingRules, target_change: float | None = None
) -> Repricing:
    """Price every customer for the coming year.

    Args:
        tariff: the new one.
        customers: `tier` and the factors of the tariff; `current_price`, null for new ones. Optional:
            `own_factor` by own experience (see `individual`) and `new_business_factor`, what a new
            customer of the channel pays of the same price; 1 where not given.
        rules: bounds of the plan.
        target_change: of the premium of those who have a current price, fraction; None leaves the base
            rates as they are.

    Raises:
        RatingError: nobody has a current price, the target lies beyond floor and cap, or no base rate
            meets it.
    """
    renewing = customers.filter(pl.col("current_price").is_not_null())
    if not float(renewing["current_price"].sum() or 0):
        raise RatingError("nobody has a current price: there is nothing to reprice against")

    def held(factor: float) -> pl.DataFrame:
        return _held(scaled(tariff, factor), customers, rules)

    first = held(1.0)
    indicated, change = _change(first, "indicated_price"), _change(first, PRICE)
    if target_change is None:
        return Repricing(tariff, first, 1.0, indicated, change, change, change)
    floor, cap = rules.change
    if not math.isfinite(target_change) or not floor <= Decimal(str(target_change)) <= cap:
        raise RatingError(f"target change {target_change} lies beyond floor {floor} and cap {cap}")
    factor = _solve(lambda f: _change(held(f), PRICE) - target_change, change - target_change)
    final = held(factor)
    return Repricing(
        scaled(tariff, factor), final, factor, indicated, change, target_change, _change(final, PRICE)
    )


def scaled(tariff: Tariff, factor: float) -> Tariff:
    """The tariff with every base rate times a factor, to the cent."""
    is_base = (pl.col("factor") == BASE) & (pl.col("tier") == ALL)
    moved = as_money(whole_cents(pl.col("base_rate").cast(pl.Float64) * 100 * factor))
    return Tariff(
        tariff.table.with_columns(
            pl.when(is_base).then(moved).otherwise("base_rate").cast(MONEY).alias("base_rate")
        )
    )


def _held(tariff: Tariff, customers: pl.DataFrame, rules: RepricingRules) -> pl.DataFrame:
    given = [c for c in ("own_factor", "new_business_factor") if c not in customers.columns]
    rated = rate_contracts(tariff, customers.with_columns(pl.lit(1.0).alias(name) for name in given))
    own = pl.col(PRICE).cast(pl.Float64) * 100 * pl.col("own_factor")
    prices = finished(
        tariff, rated, {"indicated_price": own, "new_business_price": own * pl.col("new_business_factor")}
    ).select(*customers.columns, "indicated_price", "new_business_price", "rounding_step")
    floor, cap = rules.change
    held = renewal_prices(prices, floor, cap, new_business_gate=rules.new_business_gate)
    return held.drop("new_business_price", "rounding_step")


def _change(customers: pl.DataFrame, column: str) -> float:
    mine = customers.filter(pl.col("current_price").is_not_null())
    return float(mine[column].sum()) / float(mine["current_price"].sum()) - 1


def _solve(miss: Callable[[float], float], at_one: float) -> float:
    """Base factor at which the book misses its target least.

    The change rises with the factor, in steps where prices are rounded, and is flat where everybody is
    held: so the root is bracketed and the interval cut where the chord meets nought, or in half.
    """
    if abs(at_one) < CLOSE:
        return 1.0
    low, high, low_miss, high_miss = _bracket(miss, at_one)
    best = min((abs(low_miss), low), (abs(high_miss), high))
    for step in range(STEPS):
        chord = low - low_miss * (high - low) / (high_miss - low_miss)
        factor = chord if step % 3 else (low + high) / 2
        found = miss(factor)
        best = min(best, (abs(found), factor))
        if abs(found) < CLOSE:
            break
        if found < 0:
            low, low_miss = factor, found
        else:
            high, high_miss = factor, found
    return best[1]


def _bracket(miss: Callable[[float], float], at_one: float) -> tuple[float, float, float, float]:
    """Factors on both sides of the target, and how far each misses it."""
    stretch = 1.25 if at_one < 0 else 0.8
    near, near_miss = 1.0, at_one
    while True:
        far = near * stretch
        if not LEAST_FACTOR <= far <= MOST_FACTOR:
            raise RatingError(
                f"no base rate from {LEAST_FACTOR} to {MOST_FACTOR} times the given meets the target"
            )
        far_miss = miss(far)
        if (far_miss < 0) != (at_one < 0):
            break
        near, near_miss = far, far_miss
    return (near, far, near_miss, far_miss) if at_one < 0 else (far, near, far_miss, near_miss)
