"""The challenger of a cover: claims by boosted trees of pairs, as few small tables, at the champion's cost.

It says what one-way relativities miss. It takes the champion's place only where `models_ml.promotion` finds
it not worse on every cover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.compact import CompactModel
from models_ml.boosting.tables import FactorTables, tabulate
from models_ml.cells import AT_RISK
from models_ml.cover_forecast import Rating
from models_ml.evaluation import poisson_loss
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import Array, repeatable
from models_ml.relativities import OTHER
from models_ml.threads import on_one_thread

LEARNING_RATE, MOST_TREES, EVERY, FOLDS = 0.1, 160, 10, 3
MOST_NAMES = 200
"""Names of a factor that are told apart, those with most exposure."""

MOST_PAIRS, MOST_CELLS, MAIN_CELLS = 12, 2_500, 500


@dataclass(frozen=True)
class Challenger:
    """Frequency as tables, severity and recoveries as the champion has them.

    Attributes:
        tables: claims per vehicle-year, at most `MOST_PAIRS` two-way tables, `MOST_CELLS` cells in all.
        boosted: the model of all pairs that says which of them earn their place.
        trees: number of its trees, chosen by cross-validation.
        kept: names that are told apart, by factor that has too many.
        champion: what a claim costs.
    """

    tables: FactorTables
    boosted: BoostedModel
    trees: int
    kept: dict[str, list[str]]
    champion: FrequencySeverityModel

    def predict_frequency(self, frame: pl.DataFrame) -> Array:
        """Claims per vehicle-year of every row."""
        return self.tables.predict(_told_apart(frame, self.kept))

    def predict_burning_cost(self, frame: pl.DataFrame) -> Array:
        """Net cost per vehicle-year of every row."""
        champion = self.champion.predict_burning_cost(frame) / self.champion.predict_frequency(frame)
        return np.asarray(self.predict_frequency(frame) * champion)


@on_one_thread
def fit_challenger(
    cells: pl.DataFrame, rating: Rating, champion: FrequencySeverityModel, seed: int, trees: int | None = None
) -> Challenger:
    """Fit the frequency of a cover's cells by boosted trees of pairs.

    Args:
        cells: as the champion was fitted on.
        rating: factors and the order of their levels.
        champion: fitted on these cells.
        seed: of folds.
        trees: their number; None chooses it by cross-validation over cells.

    Raises:
        ModellingError: see `BoostedModel.fit`.
    """
    weight_of = AT_RISK if AT_RISK in cells.columns else "exposure_years"
    cells = cells.filter(pl.col(weight_of) > 0).sort("cell_id")
    kept = _names_kept(cells, rating)
    # Exposure is summed by as many threads as there are: its last bits differ from run to run.
    frame, weight = _told_apart(cells, kept), repeatable(cells[weight_of].to_numpy())
    rate = cells["claim_count"].to_numpy() / weight
    chosen = trees or _number_of_trees(frame, rate, weight, rating, seed)
    boosted = _boosted(rating, chosen).fit(frame, rate, weight)
    every_pair = tabulate(boosted, frame, weight)
    stages = _boosted(rating, chosen), _boosted(rating, max(chosen // 2, 1))
    compact = CompactModel(every_pair, *stages, MOST_PAIRS, MOST_CELLS, MAIN_CELLS).fit(frame, rate, weight)
    return Challenger(compact.tables_, boosted, chosen, kept, champion)


def _boosted(rating: Rating, trees: int) -> BoostedModel:
    # A row is a cell, which may hold a year or ten thousand: the ridge, in claims, guards thin leaves.
    return BoostedModel(
        list(rating.factors),
        orders=rating.orders,
        learning_rate=LEARNING_RATE,
        max_iter=trees,
        min_samples_leaf=1,
    )


def _number_of_trees(frame: pl.DataFrame, rate: Array, weight: Array, rating: Rating, seed: int) -> int:
    """The number with the least deviance on cells that were not fitted on."""
    fold = np.random.default_rng(seed).permutation(len(rate)) % FOLDS
    curve = np.zeros(MOST_TREES // EVERY)
    for held in range(FOLDS):
        out = fold == held
        if not (rate[~out] @ weight[~out] > 0 and weight[out].sum() > 0):
            return EVERY
        model = _boosted(rating, MOST_TREES).fit(frame.filter(~out), rate[~out], weight[~out])
        design = model.design(model.encoder_.transform(frame.filter(out)))
        claims = rate[out] * weight[out]
        staged = enumerate(model.staged(design), start=1)
        curve += [poisson_loss(claims, mean * weight[out]) for at, mean in staged if at % EVERY == 0]
    return (int(np.argmin(curve)) + 1) * EVERY


def _names_kept(cells: pl.DataFrame, rating: Rating) -> dict[str, list[str]]:
    named = [f for f in rating.factors if f not in rating.orders and cells[f].n_unique() > MOST_NAMES]
    return {
        factor: cells.group_by(factor)
        .agg(pl.col("exposure_years").sum())
        .sort("exposure_years", factor, descending=[True, False])[factor]
        .head(MOST_NAMES)
        .to_list()
        for factor in named
    }


def _told_apart(frame: pl.DataFrame, kept: dict[str, list[str]]) -> pl.DataFrame:
    """Put names that are too many to be told apart under one."""
    return frame.with_columns(
        pl.when(pl.col(factor).is_in(names)).then(factor).otherwise(pl.lit(OTHER)).alias(factor)
        for factor, names in kept.items()
    )
