"""How far the relativities of a cover are believed, by cross-validation within the rows it learns from.

Learned priors say how far the levels of a factor differ; on few claims they say it wrongly, for chance looks
like difference. So their widths are scaled: by 1, by less, by 0, which leaves the cover flat. Each scale is
tried on vehicles that were not fitted on, and the flattest is taken that is within one standard error of the
best (Breiman et al. 1984, section 3.4.3; Hastie, Tibshirani and Friedman 2009, section 7.10): a difference
has to show. What is judged on later has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.cells import RESTATED
from models_ml.encoding import LevelEncoder
from models_ml.evaluation.losses import poisson_losses
from models_ml.frequency_severity import EXPOSURE, with_defaults
from models_ml.glm import (
    FIRST_SD,
    Array,
    Family,
    Fit,
    fit_scaled,
    fit_with_learned_priors,
    predict,
    significant,
)
from models_ml.threads import on_one_thread

SCALES = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0)
"""Widths of the priors tried, as shares of those learned, flattest first."""

FOLDS, FOLD_SEED = 5, 20
LEAST_CLAIMS = 30
"""Fewer claims than these cannot be told from chance, however they fall: the part is flat."""

COSTS_WORSE = "flat: on vehicles not fitted on, cost was forecast worse with relativities than without"

Parts = dict[Family, Array]


@dataclass(frozen=True)
class Trial:
    """What one scale of the priors did on vehicles not fitted on.

    `loss` is the deviance; `behind` is by how much it exceeds that of the best scale, and `error` the
    standard error of that difference, paired by vehicle.
    """

    scale: float
    loss: float
    behind: float
    error: float


@dataclass(frozen=True)
class PartShrinkage:
    """The scale of the priors of one part, frequency or severity, and what it was chosen by.

    Attributes:
        scale: chosen; 1 leaves the learned priors, 0 is flat.
        claims: that there were to choose by.
        trials: flattest first; empty where there was too little to try on.
        reason: why this one, in words.
    """

    scale: float
    claims: int
    trials: tuple[Trial, ...]
    reason: str

    @property
    def flat(self) -> bool:
        return self.scale <= 0


@dataclass(frozen=True)
class Shrinkage:
    """How far both parts of a cover's forecast are believed."""

    frequency: PartShrinkage
    severity: PartShrinkage

    @property
    def flat(self) -> bool:
        """Whether no fitted relativity of the cover differs from 1; a known one of use may."""
        return self.frequency.flat and self.severity.flat

    @property
    def scales(self) -> tuple[float, float]:
        """As `FrequencySeverityModel` takes them."""
        return self.frequency.scale, self.severity.scale

    def in_words(self) -> str:
        """What is believed of frequency and severity, and why."""
        return f"frequency {self.frequency.reason}; severity {self.severity.reason}"


@on_one_thread
def choose_shrinkage(
    contracts: pl.DataFrame,
    factors: Sequence[str],
    orders: Mapping[str, Sequence[str]] | None = None,
    use_factor: str | None = None,
) -> Shrinkage:
    """Choose the scale of the priors of frequency and of severity, then hold both together to flat cost.

    Args:
        contracts: of one cover, those learned from and no others: the columns that
            `FrequencySeverityModel.fit` takes, `contract_id` and `vehicle_id`. A vehicle is in one fold.
        factors, orders, use_factor: as the model has them.
    """
    fitted = [factor for factor in factors if factor != use_factor]
    rows = with_defaults(contracts, use_factor)
    claims = rows["claim_count"].to_numpy().astype(float)
    count = int(claims.sum())
    if count < LEAST_CLAIMS or rows["vehicle_id"].n_unique() < FOLDS:
        few = PartShrinkage(0.0, count, (), f"flat: {count} claims are too few to tell levels from chance")
        return Shrinkage(few, few)
    vehicle = _numbered(rows)
    tried = _tried(rows, np.random.default_rng(FOLD_SEED).permutation(vehicle.max() + 1)[vehicle] % FOLDS,
                   fitted, orders)  # fmt: skip
    exposure, amount, with_claims = rows[EXPOSURE].to_numpy(), rows[RESTATED].to_numpy(), claims > 0
    of_frequency = np.stack([poisson_losses(claims, rate * exposure) for rate in tried["poisson"]])
    mean = amount[with_claims] / claims[with_claims]
    of_severity = np.zeros_like(of_frequency)
    for at, expected in enumerate(tried["gamma"][:, with_claims]):
        ratio = mean / expected
        of_severity[at, with_claims] = 2 * claims[with_claims] * (ratio - 1 - np.log(ratio))
    chosen = Shrinkage(_chosen(of_frequency, vehicle, count), _chosen(of_severity, vehicle, count))
    return _held_to_flat_cost(chosen, tried["poisson"], tried["gamma"], exposure, amount)


def _numbered(rows: pl.DataFrame) -> Array:
    """Number of the vehicle of every row, by its first contract: hashes differ between installations."""
    first = rows.select(pl.col("contract_id").min().over("vehicle_id")).to_series()
    return np.asarray(first.rank("dense").to_numpy()).astype(int) - 1


def _tried(
    rows: pl.DataFrame, fold: Array, factors: list[str], orders: Mapping[str, Sequence[str]] | None
) -> Parts:
    """Frequency and mean claim of every row at every scale, by fits that have not seen its vehicle.

    Each of shape (scales, rows).
    """
    found: Parts = {
        "poisson": np.zeros((len(SCALES), rows.height)),
        "gamma": np.zeros((len(SCALES), rows.height)),
    }
    start: dict[Family, Array | None] = {"poisson": None, "gamma": None}
    for held in range(FOLDS):
        out = fold == held
        cells = (
            rows.filter(pl.Series(~out))
            .group_by(factors or [pl.lit(0).alias("all")])
            .agg(pl.col("exposure_years", "claim_count", EXPOSURE, RESTATED).sum())
            .sort(factors or ["all"])
        )
        encoder = LevelEncoder(factors, orders).fit(cells, cells["exposure_years"].to_numpy())
        unseen = encoder.transform(rows.filter(pl.Series(out)))
        for part in found:
            observed, weight, design = _response(part, cells, encoder)
            if len(observed) < 2:
                found[part][:, out] = float(observed[0]) if len(observed) else 1.0
                continue
            learned = fit_with_learned_priors(part, design, observed, weight, encoder.groups_, start[part])
            # A factor with one level in this fold has no column, and none of its own width to begin at.
            widths = np.full(len(factors), FIRST_SD)
            widths[encoder.groups_] = learned.prior_sds
            start[part] = widths
            for at, scale in enumerate(SCALES):
                fit = fit_scaled(part, design, observed, weight, learned, scale)
                found[part][at, out] = _balanced(fit, design, observed, weight) * predict(fit, unseen)
    return found


def _response(part: Family, cells: pl.DataFrame, encoder: LevelEncoder) -> tuple[Array, Array, object]:
    """Response, weight and design of a part."""
    if part == "poisson":
        weight = cells[EXPOSURE].to_numpy()
        return cells["claim_count"].to_numpy() / weight, weight, encoder.transform(cells)
    cells = cells.filter(pl.col("claim_count") > 0)
    weight = cells["claim_count"].to_numpy().astype(float)
    return cells[RESTATED].to_numpy() / weight, weight, encoder.transform(cells)


def _balanced(fit: Fit, design: object, observed: Array, weight: Array) -> float:
    return float((observed @ weight) / (predict(fit, design) @ weight))


def _chosen(losses: Array, vehicle: Array, claims: int) -> PartShrinkage:
    """The flattest scale within one standard error of the best; losses of shape (scales, rows)."""
    total = losses.sum(axis=1)
    # Equal to nine digits is equal: which scale is best must not hang on the last bit of a sum.
    total = np.array([significant(float(loss)) for loss in total])
    best = int(np.argmin(total))
    trials = []
    for scale, loss, of in zip(SCALES, total, losses, strict=True):
        behind = np.bincount(vehicle, of - losses[best])
        error = float(np.sqrt(len(behind) * behind.var()))
        trials.append(Trial(scale, float(loss), significant(float(loss - total[best])), significant(error)))
    picked = next(trial for trial in trials if trial.behind <= trial.error)
    return PartShrinkage(picked.scale, claims, tuple(trials), _why(picked, trials))


def _why(picked: Trial, trials: Sequence[Trial]) -> str:
    flat, best = trials[0], min(trials, key=lambda trial: (trial.loss, trial.scale))
    if picked.scale <= 0 and best.scale <= 0:
        return "flat: nothing forecasts better on vehicles not fitted on"
    if picked.scale <= 0:
        return (
            f"flat: the best scale, {best.scale:g} of the learned prior, is better on vehicles not fitted on "
            f"by {flat.behind / flat.error:.2f} standard errors only"
        )
    share = (flat.loss - picked.loss) / flat.loss if flat.loss else 0.0
    return (
        f"at {picked.scale:g} of the learned prior, with {share:.1%} less deviance than flat on vehicles not "
        "fitted on"
    )


def _held_to_flat_cost(
    chosen: Shrinkage, frequency: Array, severity: Array, exposure: Array, amount: Array
) -> Shrinkage:
    """Flatten severity, then frequency, where together they forecast cost worse than flat."""

    def loss(scale_of_frequency: float, scale_of_severity: float) -> float:
        rate = frequency[SCALES.index(scale_of_frequency)] * severity[SCALES.index(scale_of_severity)]
        expected = rate * (amount.sum() / (rate @ exposure))
        # Tweedie deviance of power 1.5, up to what does not hang on the forecast.
        return significant(
            float(exposure @ (4 * np.sqrt(expected) + 4 * amount / exposure / np.sqrt(expected)))
        )

    flat = loss(0.0, 0.0)
    part = chosen.severity
    if not part.flat and loss(*chosen.scales) > flat:
        why = f"{COSTS_WORSE} (at {part.scale:g} of the learned prior)"
        chosen = Shrinkage(chosen.frequency, PartShrinkage(0.0, part.claims, part.trials, why))
    part = chosen.frequency
    if not part.flat and loss(*chosen.scales) > flat:
        why = f"{COSTS_WORSE} (at {part.scale:g} of the learned prior)"
        chosen = Shrinkage(PartShrinkage(0.0, part.claims, part.trials, why), chosen.severity)
    return chosen
