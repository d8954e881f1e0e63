from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.bands import UNSEEN, BandEncoder
from models_ml.errors import ModellingError


def test_few_numbers_are_levels_of_their_own() -> None:
    levels = BandEncoder(["age"]).fit(pl.DataFrame({"age": [3, 1, 1, 7]}), np.ones(4)).levels_["age"]
    assert levels.bounds == ((1.0, 1.0), (3.0, 3.0), (7.0, 7.0))
    assert levels.ordered


def test_many_numbers_are_bands_of_about_equal_exposure() -> None:
    km = np.arange(1000.0)
    exposure = np.where(km < 500, 3.0, 1.0)
    levels = BandEncoder(["km"], most_levels=4).fit(pl.DataFrame({"km": km}), exposure).levels_["km"]
    held = np.bincount(levels.codes(pl.Series(km)), exposure)
    assert held == pytest.approx([500.0] * 4, abs=3.0)


def test_a_band_holds_its_upper_end_and_the_outermost_what_lies_beyond() -> None:
    encoder = BandEncoder(["age"]).fit(pl.DataFrame({"age": [0.0, 2.0, 4.0]}), np.ones(3))
    assert encoder.levels_["age"].edges.tolist() == [1.0, 3.0]
    assert encoder.transform(pl.DataFrame({"age": [-9.0, 1.0, 1.1, 99.0]})).ravel().tolist() == [0, 0, 1, 2]


def test_names_and_numbers_not_seen_have_no_level() -> None:
    frame = pl.DataFrame({"use": ["taxi", "private"], "age": [1.0, 2.0]})
    encoder = BandEncoder(["use", "age"]).fit(frame, np.ones(2))
    unseen = pl.DataFrame({"use": ["hearse", None], "age": [float("nan"), None]}, schema=frame.schema)
    assert (encoder.transform(unseen) == UNSEEN).all()


def test_bands_made_before_keep_their_order() -> None:
    frame = pl.DataFrame({"band": ["10+", "0-4", "5-9"]})
    levels = BandEncoder(["band"], {"band": ["0-4", "5-9", "10+"]}).fit(frame, np.ones(3)).levels_["band"]
    assert levels.names == ("0-4", "5-9", "10+")
    assert levels.ordered


def test_groups_of_levels_have_names_people_read() -> None:
    frame = pl.DataFrame({"age": [1, 2, 3], "fuel": ["gas", "oil", "sun"], "band": ["a", "b", "c"]})
    levels = BandEncoder(list(frame.columns), {"band": ["a", "b", "c"]}).fit(frame, np.ones(3)).levels_
    assert levels["age"].label([1]) == "2"
    assert levels["age"].label([0, 1]) == "1-2"
    assert levels["fuel"].label([0, 2]) == "gas + sun"
    assert levels["band"].label([0, 1]) == "a to b"


def test_a_factor_without_a_value_is_refused() -> None:
    frame = pl.DataFrame({"age": [None, None]}, schema={"age": pl.Int64})
    with pytest.raises(ModellingError, match="age holds no value"):
        BandEncoder(["age"]).fit(frame, np.ones(2))


def test_more_names_than_can_be_told_apart_are_refused() -> None:
    frame = pl.DataFrame({"shop": [str(n) for n in range(300)]})
    with pytest.raises(ModellingError, match="shop has 300 names; 254 can be told apart"):
        BandEncoder(["shop"]).fit(frame, np.ones(300))
