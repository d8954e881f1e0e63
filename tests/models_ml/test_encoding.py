"""Levels as columns: names one by one, bands step by step."""

from __future__ import annotations

import numpy as np
import polars as pl

from models_ml.encoding import LevelEncoder
from models_ml.frequency_severity import FrequencySeverityModel

AGES = ["0", "1", "2", "3", "4"]


def test_a_band_starts_where_half_of_the_exposure_lies() -> None:
    cells = pl.DataFrame({"age": AGES})
    encoder = LevelEncoder(["age"], {"age": AGES}).fit(cells, np.array([1.0, 1.0, 5.0, 1.0, 1.0]))
    assert encoder.transform(cells).toarray()[2].tolist() == [0.0] * 4
    steps = encoder.effects(np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.diff(steps).round(9).tolist() == [0.1, 0.2, 0.3, 0.4]
    assert steps[2] == 0


def test_a_level_beside_the_order_is_a_name() -> None:
    cells = pl.DataFrame({"age": [*AGES, "unknown"]})
    encoder = LevelEncoder(["age"], {"age": AGES}).fit(cells)
    assert encoder.coding_.shape == (6, 5)
    effects = encoder.effects(np.array([0.0, 0.0, 0.0, 0.0, 0.7]))
    assert effects.tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 0.7]


def test_a_level_never_seen_is_a_row_of_zeros() -> None:
    encoder = LevelEncoder(["age"], {"age": AGES}).fit(pl.DataFrame({"age": AGES}))
    assert encoder.transform(pl.DataFrame({"age": ["9"]})).toarray().tolist() == [[0.0] * 4]


def test_a_thin_band_is_drawn_to_its_neighbours_not_to_the_mean() -> None:
    cells = pl.DataFrame(
        {
            "cover": "damage",
            "cell_id": AGES,
            "age": AGES,
            "exposure_years": [1e5, 1e5, 1e5, 1.0, 1e5],
            "claim_count": [10_000, 20_000, 40_000, 0, 80_000],
            "gross_amount": [1e7, 2e7, 4e7, 0.0, 8e7],
            "recovery_amount": 0.0,
        }
    )
    relativity = {
        ordered: FrequencySeverityModel(["age"], {"age": AGES} if ordered else None, prior_sd=0.4)
        .fit(cells)
        .relativities_.filter(pl.col("level") == "3")["frequency_relativity"][0]
        for ordered in (True, False)
    }
    # Neighbours say 4 and 8 and it saw no claim in its one year: between them, not at the mean.
    assert 4.5 < relativity[True] < 8**0.5 * 2
    assert relativity[False] < 3.2
