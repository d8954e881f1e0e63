"""The cost of a number of claims that is itself chance: none at all is likely where few are expected.

Claims are Poisson around a mean that is uncertain itself (gamma, so their number is negative binomial), and
the cost of each is gamma (Klugman, Panjer and Willmot 2012, Loss Models, sections 7.1 and 9.3). Given their
number the sum is gamma again, so the distribution is a mixture that is summed, not simulated.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from models_ml.glm import Array

MANY_CLAIMS = 40.0
"""From so many expected claims the sum is near enough to one gamma distribution with its two moments."""

LEAST_SPREAD = 1e-4
TAIL, HALVINGS = 1e-9, 40


def compound_quantile(
    probability: Array, claims: Array, severity: Array, variation: Array, error: Array
) -> Array:
    """Quantile of the cost of every group; 0 where that of no claims reaches it.

    Args:
        probability: between 0 and 1, one per group, as all that follow: shape (groups,).
        claims: expected number.
        severity: mean cost of a claim.
        variation: variance of the cost of a claim over its squared mean.
        error: relative standard error of the expected number.
    """
    scatter = np.maximum(variation, LEAST_SPREAD)
    error = np.maximum(error, LEAST_SPREAD)
    found = np.zeros(len(claims))
    many = claims >= MANY_CLAIMS
    relative = (1 + scatter[many]) / claims[many] + error[many] ** 2
    found[many] = stats.gamma.ppf(probability[many], 1 / relative, scale=claims[many] * relative)
    few = (claims > 0) & ~many
    found[few] = _by_halving(probability[few], claims[few], scatter[few], error[few])
    return found * severity


def chance_of_none(claims: Array, error: Array) -> Array:
    """Probability that nothing happens, shape (groups,)."""
    size = np.maximum(error, LEAST_SPREAD) ** -2
    return np.asarray((size / (size + claims)) ** size)


def _by_halving(probability: Array, claims: Array, scatter: Array, error: Array) -> Array:
    """Quantiles in units of the mean claim, by bisection on the distribution function."""
    if not len(claims):
        return np.zeros(0)
    size = error**-2
    law = stats.nbinom(size[:, None], (size / (size + claims))[:, None])
    number = np.arange(int(law.ppf(1 - TAIL).max()) + 1)[None, :]
    weight = law.pmf(number)
    shape = number / scatter[:, None]

    def reached(cost: Array) -> Array:
        # With nothing to sum over, the distribution function is one.
        part = np.where(number > 0, special.gammainc(np.maximum(shape, TAIL), cost[:, None]), 1.0)
        return np.asarray((weight * part).sum(axis=1))

    # In units of the scale of a claim, where its distribution function takes no other parameter.
    lower, upper = np.zeros(len(claims)), np.full(len(claims), 1.0)
    while (short := reached(upper) < probability).any():
        upper = np.where(short, upper * 2, upper)
    for _ in range(HALVINGS):
        middle = (lower + upper) / 2
        below = reached(middle) < probability
        lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
    return np.where(weight[:, 0] >= probability, 0.0, upper * scatter)
