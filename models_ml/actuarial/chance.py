"""How much of a sum of claims is chance, whatever a small triangle shows.

A compound Poisson sum of mean m has variance claim unit x m, where the claim unit is the second moment of a
claim over its first: 1 for counts (Klugman, Panjer and Willmot, Loss Models, chapter 9).
"""

from __future__ import annotations

import numpy as np

from models_ml.glm import Array

SILENT_CLAIMS = 0.5
"""Claims assumed to be still to come over all ages at which none ever came.

The mean of a Poisson rate of which nothing was seen, under the prior of Jeffreys (1946).
"""
MIN_FOR_DECLINE = 3


def claim_unit(severities: Array) -> float:
    """Second moment of a claim over its first, in currency: what one claim weighs in a sum's variance.

    Recoveries count by their size.

    Args:
        severities: cost of each claim; zeros change nothing. Empty or all zero gives 0.

    Example:
        >>> claim_unit(np.array([100.0, 300.0]))
        250.0
    """
    size = np.abs(np.asarray(severities, dtype=float))
    return float((size**2).sum() / size.sum()) if size.sum() > 0 else 0.0


def least_variance(moved: Array, volume: Array, origins: Array, unit: float) -> Array:
    """Least variance per unit of volume of the step to each next age.

    What is expected of a step is what was seen to move, up or down; all steps in which nothing ever
    moved share half a claim.

    Args:
        moved: sum of absolute increments of each step.
        volume: what the increments are measured by: claims known before, or expected loss.
        origins: number of origins seen to make the step. The volume counts for at least a claim each, so
            that none of nought has an endless rate.
        unit: the claim unit; 0 has no least variance.
    """
    if unit == 0:
        return np.zeros(len(moved))
    silent = moved == 0
    expected = np.where(silent, SILENT_CLAIMS * unit / max(int(silent.sum()), 1), moved)
    return np.asarray(unit * expected / np.maximum(volume, unit * np.maximum(origins, 1)))


def variance_beyond(variance: Array, moved: Array, origins: Array) -> float:
    """Variance per unit of volume of all that comes after the last age seen.

    Where nothing moved in the last two steps, 0: claims are taken to be settled. Else the variances of
    the steps are continued along their log-linear decline (Mack 1999, ASTIN Bulletin 29, on sigma
    beyond the triangle) for as many steps again as were seen; they are never continued upwards.

    Args:
        variance: variance per unit of volume of each step.
        moved: sum of absolute increments of each step.
        origins: number of origins seen to make the step, the weight of its variance.
    """
    if not moved[-2:].any():
        return 0.0
    steps = np.arange(len(variance), dtype=float)
    known = (moved > 0) & (variance > 0)
    if known.sum() < MIN_FOR_DECLINE:
        return float(variance[-1])
    slope, level = np.polyfit(steps[known], np.log(variance[known]), 1, w=np.sqrt(origins[known]))
    decline = min(float(slope), 0.0)
    last = float(np.exp(level + slope * steps[-1]))
    return last * float(np.exp(decline * (steps + 1)).sum())
