"""How one contract's price comes about, step by step, from the published table alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.levels import LevelRules
from models_ml.rating.rounding import cents
from models_ml.rating.rules import ALL, COST_SHARE, LIMIT, LINES, MAXIMUM, MINIMUM, ROUNDING, TERMS, TierRules
from models_ml.rating.table import BASE
from models_ml.rating.tariff import Tariff
from models_ml.relativities import OTHER

Kind = Literal[
    "base",
    "factor",
    "fixed",
    "cent",
    "limit",
    "terms",
    "cover",
    "lines",
    "load",
    "minimum",
    "maximum",
    "price",
]
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Step:
    """One step of a price.

    Attributes:
        kind: what is done: `base`, `factor`, `fixed` and `cent` make the premium of a cover, `limit`,
            `terms` and `cover` what it costs inside the tier; `lines`, `load`, `factor` (with cover `*`),
            `minimum`, `maximum` and `price` make the price.
        cover: the cover; `*` where it is the price.
        factor, level: of the row that was applied; `level` is `*` where the contract's own has no row.
        value: the relativity or amount that was applied.
        amount: where the price stands afterwards: of the cover, or of the contract. Shown to four places;
            what rates is not rounded in between.
    """

    kind: Kind
    cover: str
    factor: str
    level: str
    value: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Applied:
    """A relativity that was applied: of the contract's `level`, or of `*`; `amount` stands after it."""

    factor: str
    level: str
    relativity: float
    amount: float


def multiplied(
    relativities: Mapping[str, Mapping[str, float]],
    contract: Mapping[str, str | None],
    cover: str,
    amount: float,
) -> Iterator[Applied]:
    """Apply the relativities of a cover, one after the other.

    Args:
        relativities: by factor and level, in the order of the table; every factor has the level `*`.
        contract: level of every factor; one that is not listed, or None, is rated as `*`.
        cover: for messages.
        amount: before the first.

    Raises:
        RatingError: the contract has no level for a factor.
    """
    for factor, levels in relativities.items():
        if factor not in contract:
            raise RatingError(f"the contract has no '{factor}', a rating factor of cover '{cover}'")
        own = contract[factor]
        level = own if own is not None and own in levels else OTHER
        amount = amount * levels[level]
        yield Applied(factor, level, levels[level], amount)


class Tracer:
    """Traces contracts of one tariff; the table is read once. With `levels`, raw values find their levels."""

    def __init__(self, tariff: Tariff, levels: LevelRules | None = None) -> None:
        self._tiers, self._levels, self._rated = tariff.tiers, levels, tariff.factors
        rates = tariff.rates.rates
        self._base = {
            cover: (float(base), float(fixed))
            for cover, base, fixed in rates.filter(pl.col("factor") == BASE)
            .select("cover", "base_rate", "fixed_amount")
            .iter_rows()
        }
        self._relativities: dict[str, dict[str, dict[str, float]]] = {
            cover: {} for cover in (*self._base, ALL)
        }
        on_price = tariff.price_factors.select(pl.lit(ALL).alias("cover"), "factor", "level", "relativity")
        on_cover = rates.filter(pl.col("factor") != BASE).select("cover", "factor", "level", "relativity")
        for cover, factor, level, relativity in pl.concat([on_cover, on_price]).iter_rows():
            self._relativities[cover].setdefault(factor, {})[level] = relativity

    def trace(self, contract: Mapping[str, str | None]) -> list[Step]:
        """Steps of a contract's price; the amount of the last is the price.

        Args:
            contract: `tier` and the level of every factor; any value of it where the tracer has the rules
                by which values find their levels.

        Raises:
            RatingError: the contract has no level for a factor, or its tier is not in the tariff.
        """
        if self._levels is not None:
            named = [name for name in self._rated if name in contract]
            frame = pl.DataFrame([contract], schema=dict.fromkeys(contract, pl.String))
            contract = self._levels.levels(frame, named).row(0, named=True)
        tier = contract.get("tier")
        if tier not in self._tiers:
            raise RatingError(f"tier '{tier}' is none of the tariff's: {', '.join(self._tiers)}")
        rules = self._tiers[tier]
        steps: list[Step] = []
        cost = sum(self._cover(steps, contract, cover, rules) for cover in rules.shares)
        cost += rules.lines
        steps.append(_step("lines", ALL, LINES, LINES, rules.lines / 100, cost))
        amount = cost / rules.cost_share
        steps.append(_step("load", ALL, COST_SHARE, COST_SHARE, rules.cost_share, amount))
        amount = self._factors(steps, contract, ALL, amount, in_cents=True)
        return [*steps, *_ending(amount, rules)]

    def _cover(
        self, steps: list[Step], contract: Mapping[str, str | None], cover: str, rules: TierRules
    ) -> int:
        """Append the steps of a cover; what it costs inside the tier, hundredths."""
        base, fixed = self._base[cover]
        steps.append(_step("base", cover, BASE, BASE, base, base * 100))
        amount = self._factors(steps, contract, cover, base) + fixed
        steps.append(_step("fixed", cover, BASE, BASE, fixed, amount * 100))
        premium = cents(amount * 100)
        steps.append(_step("cent", cover, BASE, BASE, 0.01, premium))
        limit, terms = rules.shares[cover]
        steps.append(_step("limit", cover, LIMIT, LIMIT, limit, premium * limit))
        steps.append(_step("terms", cover, TERMS, TERMS, terms, premium * limit * terms))
        inside = cents(premium * limit * terms)
        steps.append(_step("cover", cover, TERMS, TERMS, 0.01, inside))
        return inside

    def _factors(
        self,
        steps: list[Step],
        contract: Mapping[str, str | None],
        cover: str,
        amount: float,
        *,
        in_cents: bool = False,
    ) -> float:
        for applied in multiplied(self._relativities[cover], contract, cover, amount):
            amount = applied.amount
            hundredths = amount if in_cents else amount * 100
            steps.append(
                _step("factor", cover, applied.factor, applied.level, applied.relativity, hundredths)
            )
        return amount


def trace(tariff: Tariff, contract: Mapping[str, str | None]) -> list[Step]:
    """Steps of one contract's price; see `Tracer`, which serves many contracts."""
    return Tracer(tariff).trace(contract)


def price_of(steps: list[Step]) -> Decimal:
    """The price a trace ends with, to the cent."""
    return steps[-1].amount.quantize(Decimal("0.01"))


def _ending(amount: float, rules: TierRules) -> list[Step]:
    """From the loaded amount in hundredths to the price."""
    steps: list[Step] = []
    if rules.maximum is not None and amount > rules.maximum:
        amount = rules.maximum
        steps.append(_step("maximum", ALL, MAXIMUM, MAXIMUM, amount / 100, amount))
    if rules.minimum is not None and amount < rules.minimum:
        amount = rules.minimum
        steps.append(_step("minimum", ALL, MINIMUM, MINIMUM, amount / 100, amount))
    rounding = rules.rounding
    price = rounding.of_cents(amount)
    steps.append(_step("price", ALL, ROUNDING, rounding.rule, float(rounding.step), price))
    return steps


def _step(kind: Kind, cover: str, factor: str, level: str, value: float, hundredths: float) -> Step:
    amount = (Decimal(repr(hundredths)) / 100).quantize(PLACES)
    return Step(kind, cover, factor, level, Decimal(repr(value)).normalize() + 0, amount)
