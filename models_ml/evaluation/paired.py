"""Two forecasts of the same rows: how much better one is, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation.calibration import CONFIDENCE
from models_ml.evaluation.columns import Column, non_negative
from models_ml.evaluation.losses import d2, poisson_losses
from models_ml.glm import Array


@dataclass(frozen=True)
class PairedDeviance:
    """Poisson deviance x 100 per row of a `reference` and a `candidate`.

    `gain` is the reference's less the candidate's, above zero where the candidate is better, with its
    standard `error`. Paired by row, the error is far below that of either deviance.
    """

    rows: int
    reference: float
    candidate: float
    gain: float
    error: float

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Interval of the gain at this confidence, by the normal distribution."""
        reach = float(stats.norm.ppf((1 + confidence) / 2)) * self.error
        return self.gain - reach, self.gain + reach


def paired_deviance(
    claims: Column, reference: Column, candidate: Column, cluster: Array | None = None
) -> PairedDeviance:
    """Compare two forecasts of claims row by row (Diebold and Mariano 1995).

    Args:
        claims: claims per row.
        reference: claims as forecast by the one, per row.
        candidate: and by the other.
        cluster: label per row, such as the vehicle: rows of a label are not taken as independent, and
            the error grows accordingly (Liang and Zeger 1986). None takes every row by itself.

    Raises:
        BadColumnError: a value is not a number or negative, or `cluster` has another length.
        ModellingError: there are fewer than two rows or clusters.
    """
    count, old, new = non_negative(claims=claims, reference=reference, candidate=candidate)
    return paired_gain(poisson_losses(count, old), poisson_losses(count, new), cluster)


def paired_gain(losses_old: Array, losses_new: Array, cluster: Array | None = None) -> PairedDeviance:
    """Compare two forecasts by their losses of the same rows, shape (rows,); see `paired_deviance`.

    Raises:
        BadColumnError: `cluster` has another length.
        ModellingError: there are fewer than two rows or clusters.
    """
    gains = losses_old - losses_new
    gain = float(gains.mean())
    sums: Array = gains - gain
    if cluster is not None:
        if len(cluster) != len(gains):
            raise BadColumnError(f"column 'cluster' has {len(cluster)} rows, 'claims' has {len(gains)}")
        sums = np.bincount(np.unique(cluster, return_inverse=True)[1], weights=sums)
    if len(sums) < 2:
        raise ModellingError("paired comparison: at least two rows or clusters are needed")
    variance = float(np.sum(sums**2)) * len(sums) / (len(sums) - 1)
    error = float(np.sqrt(variance)) / len(gains)
    return PairedDeviance(len(gains), float(losses_old.mean()), float(losses_new.mean()), gain, error)


@dataclass(frozen=True)
class FactorLift:
    """What a set of factors adds to a forecast that has all the others; D2 against one constant."""

    factors: tuple[str, ...]
    deviance: PairedDeviance
    d2_without: float
    d2_with: float

    @property
    def sure(self) -> bool:
        """Whether the gain is above zero beyond chance, at 95 %."""
        return self.deviance.interval()[0] > 0

    def __str__(self) -> str:
        low, high = self.deviance.interval()
        return (
            f"{', '.join(self.factors)}: deviance {self.deviance.reference:.3f} without, "
            f"{self.deviance.candidate:.3f} with; gain {self.deviance.gain:.3f} "
            f"({CONFIDENCE:.0%} {low:.3f} to {high:.3f}), D2 {self.d2_without:.2%} to {self.d2_with:.2%}"
        )


def lift_of(
    factors: Sequence[str],
    exposure: Column,
    claims: Column,
    *,
    without: Column,
    with_factors: Column,
    learned_frequency: float,
    cluster: Array | None = None,
) -> FactorLift:
    """The lift of a named set of factors, such as those of telematics, over the others.

    Both models must be fitted on the same learning rows and judged on rows that neither has seen, and
    the one without must hold everything else that is known, distance above all.

    Args:
        factors: names of the factors, for the record.
        exposure: vehicle-years per row.
        claims: claims per row.
        without: claims as forecast without the factors, per row.
        with_factors: claims as forecast with them.
        learned_frequency: claims per vehicle-year of the learning rows.
        cluster: see `paired_deviance`.

    Raises:
        BadColumnError: a value is not a number or negative.
        ModellingError: no factor is named.
    """
    if not factors:
        raise ModellingError("lift: no factor is named")
    years, count = non_negative(exposure=exposure, claims=claims)
    found = paired_deviance(count, without, with_factors, cluster)
    constant = float(poisson_losses(count, learned_frequency * years).mean())
    return FactorLift(tuple(factors), found, d2(found.reference, constant), d2(found.candidate, constant))
