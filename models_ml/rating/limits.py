"""What a limit leaves of a cover's expected cost; a higher limit never leaves less.

Limited expected values (Klugman, Panjer and Willmot 2012, Loss Models, section 3.1), as shares of the
unlimited ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

from models_ml.rating.errors import RatingError


@dataclass(frozen=True)
class Limit:
    """A limit by its `name`, as tables show it, and the `share` of the cover's expected cost within it."""

    name: str
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise RatingError(f"limit '{self.name}': share {self.share} does not lie between 0 and 1")


def limit_on_count(mean_count: float, limit: int) -> Limit:
    """So many events a year are paid, the customer pays for more; events are Poisson.

    E[min(N, limit)] / E[N], with E[min(N, n)] = sum over k < n of P(N > k).

    Args:
        mean_count: expected events of a contract year without the limit.
        limit: events that are paid.

    Raises:
        RatingError: either is negative, or the mean not finite.

    Example:
        >>> round(limit_on_count(2.0, 4).share, 4), round(limit_on_count(2.0, 6).share, 4)
        (0.9624, 0.997)
    """
    if limit < 0 or not 0 <= mean_count < math.inf:
        raise RatingError(f"a limit of {limit} on a mean count of {mean_count} cannot be")
    if mean_count == 0:
        return Limit(str(limit), 1.0)
    # Rounded once: a sum that is rounded at every step may fall in its last bit as terms are added.
    within = math.fsum(stats.poisson.sf(range(limit), mean_count)) if limit else 0.0
    return Limit(str(limit), min(within / mean_count, 1.0))


def limit_on_amount(mean: float, variation: float, limit: float) -> Limit:
    """A claim is paid up to an amount; claims are gamma, as severities are fitted.

    E[min(X, L)] / E[X] with shape a and scale s: G(L / s; a + 1) + L / E[X] x (1 - G(L / s; a)).

    Args:
        mean: mean claim without the limit, same currency as the limit.
        variation: coefficient of variation of a claim.
        limit: highest amount of a claim that is paid.

    Raises:
        RatingError: a number is negative or not finite, or mean or variation nought.
    """
    if not (0 < mean < math.inf and 0 < variation < math.inf and 0 <= limit < math.inf):
        raise RatingError(f"a limit of {limit} on claims of mean {mean}, variation {variation} cannot be")
    shape = variation**-2
    scale = mean / shape
    within = stats.gamma.cdf(limit / scale, shape + 1) + limit / mean * stats.gamma.sf(limit / scale, shape)
    return Limit(f"{limit:g}", min(float(within), 1.0))
