"""From cost to price: the cost stack of a tier, its loads, its bounds, and who bears what goes wrong.

The price is cost / (1 - commission - risk margin - target margin), held between minimum and maximum and
rounded (Werner and Modlin 2016, chapter 8). Money is decimal, in the currency of the plan, a contract year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from models_ml.rating.errors import RatingError
from models_ml.rating.limits import Limit
from models_ml.rating.rounding import CENT, Rounding

NOUGHT, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class CostLine:
    """One line of a cost stack: `quantity` a year at `unit_amount`, less a negotiated `discount`.

    Insurance is bought in: one, at its retail price, less what was negotiated.

    Example:
        >>> CostLine("insurance", 1, Decimal(8000), Decimal("0.125")).amount
        Decimal('7000.00')
    """

    line: str
    quantity: int
    unit_amount: Decimal
    discount: Decimal = NOUGHT

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise RatingError(f"line '{self.line}': quantity {self.quantity} is below 0")
        if not self.unit_amount.is_finite() or self.unit_amount < 0:
            raise RatingError(f"line '{self.line}': unit amount {self.unit_amount} is not a number from 0")
        if not self.discount.is_finite() or not 0 <= self.discount < 1:
            raise RatingError(f"line '{self.line}': discount {self.discount} is not from 0 to below 1")

    @property
    def amount(self) -> Decimal:
        """Cost of a contract year."""
        return _cents(self.quantity * self.unit_amount * (1 - self.discount))


@dataclass(frozen=True)
class TierPlan:
    """A tier: covers with their limits, cost stack, loads as shares of the price, bounds and rounding."""

    tier: str
    covers: tuple[str, ...]
    lines: tuple[CostLine, ...]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    commission: Decimal = NOUGHT
    risk_margin: Decimal = NOUGHT
    target_margin: Decimal = NOUGHT
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    rounding: Rounding = field(default_factory=Rounding)

    def __post_init__(self) -> None:
        for name in ("commission", "risk_margin", "target_margin"):
            share: Decimal = getattr(self, name)
            if not share.is_finite() or not 0 <= share < 1:
                raise RatingError(f"tier '{self.tier}': {name} {share} is not from 0 to below 1")
        if self.cost_share <= 0:
            raise RatingError(f"tier '{self.tier}': commission and margins leave nothing for the cost")
        for name, bound in (("minimum", self.minimum), ("maximum", self.maximum)):
            if bound is not None and (bound < 0 or bound % self.rounding.step):
                raise RatingError(
                    f"tier '{self.tier}': {name} {bound} is no multiple of the step {self.rounding.step}"
                )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise RatingError(f"tier '{self.tier}': minimum {self.minimum} is above maximum {self.maximum}")
        names = [line.line for line in self.lines]
        if len(set(names)) < len(names):
            raise RatingError(f"tier '{self.tier}' has a line of the cost stack twice: {', '.join(names)}")
        if stray := set(self.limits) - set(self.covers):
            raise RatingError(f"tier '{self.tier}' limits cover '{min(stray)}', which it does not grant")

    @property
    def cost_share(self) -> Decimal:
        """What the loads leave of the price for the cost."""
        return ONE - self.commission - self.risk_margin - self.target_margin

    def discount(self, line: str) -> Decimal:
        """Discount negotiated for a line; nought for one that the stack does not have."""
        return next((own.discount for own in self.lines if own.line == line), NOUGHT)


@dataclass(frozen=True)
class TierPrice:
    """A price and what it is made of, a contract year.

    Attributes:
        costs: by line of the cost stack.
        indicated: price before bounds and rounding, to the cent.
        price: what is charged.
        commission: amount paid to the seller.
    """

    tier: str
    costs: Mapping[str, Decimal]
    indicated: Decimal
    price: Decimal
    commission: Decimal

    @property
    def cost(self) -> Decimal:
        return sum(self.costs.values(), NOUGHT)

    @property
    def margin(self) -> Decimal:
        """What is left of the price, risk margin in it."""
        return self.price - self.cost - self.commission

    @property
    def margin_ratio(self) -> Decimal:
        """Margin as a share of the price; nought where nothing is charged."""
        return self.margin / self.price if self.price else NOUGHT


def price_tier(plan: TierPlan, expected: Mapping[str, Decimal] | None = None) -> TierPrice:
    """The price of a tier at its planned cost, or at what some of its lines are expected to cost.

    Args:
        plan: the tier.
        expected: cost of a contract year by line, in place of the planned one.

    Raises:
        RatingError: an expected cost is of no line of the tier, negative or not finite.
    """
    costs = {line.line: line.amount for line in plan.lines}
    for line, amount in (expected or {}).items():
        if line not in costs:
            raise RatingError(f"tier '{plan.tier}' has no line '{line}'")
        if not amount.is_finite() or amount < 0:
            raise RatingError(f"tier '{plan.tier}', line '{line}': cost {amount} is not a number from 0")
        costs[line] = _cents(amount)
    indicated = sum(costs.values(), NOUGHT) / plan.cost_share
    price = plan.rounding.of(within(indicated, plan.minimum, plan.maximum))
    return TierPrice(plan.tier, costs, _cents(indicated), price, _cents(price * plan.commission))


def within(amount: Decimal, least: Decimal | None, most: Decimal | None) -> Decimal:
    """The amount, or the bound it lies beyond."""
    if least is not None and amount < least:
        return least
    if most is not None and amount > most:
        return most
    return amount


@dataclass(frozen=True)
class SharedMargin:
    """Margin of a contract year: what it is expected to be, and how far it scatters around that."""

    expected: Decimal
    standard_deviation: Decimal


@dataclass(frozen=True)
class RiskShare:
    """A partner bears `partner_share` of what a line costs above plan and keeps as much of what it saves."""

    line: str
    partner_share: Decimal

    def __post_init__(self) -> None:
        if not self.partner_share.is_finite() or not 0 <= self.partner_share <= 1:
            raise RatingError(f"line '{self.line}': partner share {self.partner_share} is not from 0 to 1")

    def settle(self, planned: Decimal, actual: Decimal) -> tuple[Decimal, Decimal]:
        """Excess over plan (negative: savings) as the partner's part and our own; they add up to it."""
        partner = _cents((actual - planned) * self.partner_share)
        return partner, actual - planned - partner

    def margin(self, price: TierPrice, ratio: Decimal) -> Decimal:
        """Margin of the tier if the line costs `ratio` times its plan and the rest as planned.

        Raises:
            RatingError: the tier has no such line, or the ratio is negative.
        """
        planned = self._planned(price)
        if not ratio.is_finite() or ratio < 0:
            raise RatingError(f"line '{self.line}': actual over plan {ratio} is not a number from 0")
        _, own = self.settle(planned, _cents(planned * ratio))
        return price.margin - own

    def expected_margin(
        self, price: TierPrice, mean_ratio: Decimal = ONE, ratio_sd: Decimal = NOUGHT
    ) -> SharedMargin:
        """Margin if actual over plan has this mean and standard deviation.

        Sharing is linear, so it moves the expected margin only as far as the plan is wrong on average,
        and takes its share off the scatter.

        Raises:
            RatingError: the tier has no such line, or the mean is negative.
        """
        scatter = self._planned(price) * (1 - self.partner_share) * ratio_sd
        return SharedMargin(self.margin(price, mean_ratio), _cents(scatter))

    def _planned(self, price: TierPrice) -> Decimal:
        if self.line not in price.costs:
            raise RatingError(f"tier '{price.tier}' has no line '{self.line}' to share")
        return price.costs[self.line]


def bounded_factors(factors: Mapping[str, float], least: float, most: float) -> dict[str, float]:
    """Factors of a discount, such as that by driving score, none beyond the bounds of the plan.

    Args:
        factors: factor on the price by level.
        least, most: bounds; the dearest and the cheapest level keep within them.

    Raises:
        RatingError: a factor is negative or not a number, or the bounds do not enclose 1.
    """
    if not 0 <= least <= 1 <= most:
        raise RatingError(f"discount bounds {least} to {most} do not enclose 1")
    for level, factor in factors.items():
        if not factor >= 0:
            raise RatingError(f"discount of level '{level}': factor {factor} is not a number from 0")
    return {level: min(max(factor, least), most) for level, factor in factors.items()}


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
