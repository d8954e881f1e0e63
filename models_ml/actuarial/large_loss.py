"""Large losses: cut at a cap, so that one of them does not make the price of its cell; spread over all.

Werner and Modlin (2016), Basic Ratemaking, chapter 6. All sums are in whole cents, so that capped and excess
are the total to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from models_ml.errors import BadColumnError, ModellingError, NoClaimsError, NoExposureError
from models_ml.evaluation.columns import non_negative
from models_ml.glm import Array

CENT = Decimal("0.01")
_MONEY = pl.Decimal(18, 2)


@dataclass(frozen=True)
class LargeLosses:
    """The claims of a cover, cut at a cap.

    Attributes:
        cover: the cover.
        cap: the cap, in currency.
        claims: as given, with `capped` and `excess`, decimal(18, 2).
        capped, excess: sums of the two; together the sum of all amounts.
        count: claims above the cap.
    """

    cover: str
    cap: Decimal
    claims: pl.DataFrame
    capped: Decimal
    excess: Decimal
    count: int

    @property
    def loading(self) -> float:
        """Factor on capped expected cost that brings the excess back: 1 + excess / capped."""
        return float(1 + self.excess / self.capped)

    def per_exposure(self, exposure_years: float) -> float:
        """Excess per vehicle-year, to be added alike to every risk of the cover.

        Raises:
            NoExposureError: the exposure is not above zero.
        """
        if not exposure_years > 0:
            raise NoExposureError(f"cover {self.cover}: no exposure to spread the excess over")
        return float(self.excess) / exposure_years


def severity_cap(cover: str, claims: pl.DataFrame, quantile: float, weight: str | None = None) -> Decimal:
    """The severity that this share of claims does not exceed: the smallest claim for which that is so.

    Args:
        cover: the cover, for messages.
        claims: `amount` of each claim in currency; only those above zero are severities.
        quantile: above 0, at most 1, such as 0.99.
        weight: column of weights; None counts each claim once.

    Raises:
        NoClaimsError: no claim is above zero: all are recoveries or nothing.
        BadColumnError: an amount is not a number, a weight negative, or all weights are nought.
        ModellingError: the quantile cannot be.
    """
    if not 0 < quantile <= 1:
        raise ModellingError(f"cover {cover}: quantile {quantile} is not above 0 and at most 1")
    cents = _cents(cover, claims)
    cost = cents > 0
    if not cost.any():
        raise NoClaimsError(f"cover {cover}: no claim is above zero, so there is no severity to cap")
    (weights,) = non_negative(**{weight: claims[weight]}) if weight else (np.ones(len(cents)),)
    order = np.argsort(cents[cost], kind="stable")
    share = np.cumsum(weights[cost][order])
    if share[-1] <= 0:
        raise BadColumnError(f"cover {cover}: column '{weight}' is nought for every claim above zero")
    # A share that misses the quantile by rounding alone has reached it.
    first = int(np.argmax(share >= quantile * share[-1] * (1 - 1e-12)))
    return Decimal(int(cents[cost][order][first])) * CENT


def cap_losses(cover: str, claims: pl.DataFrame, cap: Decimal) -> LargeLosses:
    """Cut each claim at the cap; recoveries and small claims stay whole.

    Args:
        cover: the cover, for messages.
        claims: `amount` of each claim; doubles are rounded to the cent first.
        cap: largest capped claim, above zero.

    Raises:
        NoClaimsError: what is left under the cap does not sum to more than nothing.
        BadColumnError: an amount is not a number.
        ModellingError: the cap is not above zero.

    Example:
        >>> claims = pl.DataFrame({"amount": [100.0, 250.0, 1_000.0]})
        >>> cut = cap_losses("glass", claims, severity_cap("glass", claims, 0.5))
        >>> cut.capped, cut.excess, cut.loading
        (Decimal('600.00'), Decimal('750.00'), 2.25)
    """
    if not cap > 0:
        raise ModellingError(f"cover {cover}: a cap of {cap} is not above zero")
    cents = _cents(cover, claims)
    limit = int((cap / CENT).to_integral_value())
    capped = np.minimum(cents, limit)
    excess = cents - capped
    if capped.sum() <= 0:
        raise NoClaimsError(
            f"cover {cover}: capped claims sum to nothing, so no loading can carry the excess"
        )
    return LargeLosses(
        cover=cover,
        cap=limit * CENT,
        claims=claims.with_columns(capped=_money(capped), excess=_money(excess)),
        capped=int(capped.sum()) * CENT,
        excess=int(excess.sum()) * CENT,
        count=int((excess > 0).sum()),
    )


def _cents(cover: str, claims: pl.DataFrame) -> Array:
    """Amounts in whole cents."""
    amount = claims["amount"]
    finite = amount.cast(pl.Float64).is_finite().fill_null(value=False)
    if not finite.all():
        row = (~finite).arg_max()
        raise BadColumnError(f"cover {cover}: column 'amount' is {amount[row or 0]} in row {row}")
    if amount.dtype.is_decimal():
        return (amount.cast(pl.Decimal(38, 2)) * 100).cast(pl.Int64).to_numpy()
    return np.asarray((amount.cast(pl.Float64) * 100).round().cast(pl.Int64).to_numpy())


def _money(cents: Array) -> pl.Series:
    return (pl.Series(cents).cast(pl.Decimal(38, 2)) / 100).cast(_MONEY)
