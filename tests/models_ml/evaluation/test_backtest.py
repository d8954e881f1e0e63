"""Splits: nothing that is judged was learned."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.errors import BadColumnError, ModellingError
from models_ml.evaluation import grouped_folds, grouped_split, rolling_origins


def test_each_year_is_judged_by_what_came_before_it() -> None:
    frame = pl.DataFrame({"year": [2021, 2022, 2022, 2023, 2025], "row": range(5)})
    found = list(rolling_origins(frame, "year"))
    assert [o.year for o in found] == [2021, 2022]  # 2024 has no rows: neither judged nor skipped over
    assert found[1].learn["row"].to_list() == [0, 1, 2]
    assert found[1].judge["row"].to_list() == [3]
    assert [o.year for o in rolling_origins(frame, "year", first=2022)] == [2022]


def test_a_year_that_is_missing_or_not_whole_or_has_no_next_one_is_refused() -> None:
    with pytest.raises(BadColumnError, match="'year': 1 rows without a year"):
        list(rolling_origins(pl.DataFrame({"year": [2021, None, 2022]}), "year"))
    with pytest.raises(BadColumnError, match="'year' is Float64"):
        list(rolling_origins(pl.DataFrame({"year": [2021.0, float("nan")]}), "year"))
    with pytest.raises(ModellingError, match="no year of 'year' has a next one"):
        list(rolling_origins(pl.DataFrame({"year": [2021, 2023]}), "year"))


rows = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2, None])), min_size=12, max_size=60)


@given(rows, st.integers(0, 5))
def test_rows_with_the_same_values_share_a_fold_in_any_order(
    pairs: list[tuple[str, int | None]], seed: int
) -> None:
    frame = pl.DataFrame(pairs, schema={"use": pl.String, "age": pl.Int64}, orient="row")
    if frame.n_unique() < 2:
        return
    fold = grouped_folds(frame, ["use", "age"], 2, seed)
    assert frame.with_columns(fold=fold).unique().height == frame.n_unique()
    turned = grouped_folds(frame.reverse(), ["use", "age"], 2, seed)
    assert (turned[::-1] == fold).all()


def fleet(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "power": rng.integers(4, 16, count),
            "driver_age": rng.integers(18, 90, count),
            "density": rng.integers(1, 2_000, count).astype(float),
            "region": pl.Series(rng.choice(["R11", "R24", "R53", "R82"], count)),
        }
    )


def test_folds_hold_about_equally_many_rows_and_depend_on_the_seed() -> None:
    frame = fleet(20_000)
    fold = grouped_folds(frame, frame.columns, 5, seed=1)
    assert np.bincount(fold) == pytest.approx(4_000, rel=0.02)
    assert (fold == grouped_folds(frame, frame.columns, 5, seed=1)).all()
    assert (fold != grouped_folds(frame, frame.columns, 5, seed=2)).mean() == pytest.approx(0.8, abs=0.03)


def test_as_many_folds_as_different_rows_hold_one_each() -> None:
    frame = pl.DataFrame({"use": ["taxi", "private", "company"] * 4})
    assert np.bincount(grouped_folds(frame, ["use"], 3, seed=0)).tolist() == [4, 4, 4]


def test_a_split_has_the_share_asked_for_and_no_row_of_the_test_a_twin_outside() -> None:
    frame = fleet(20_000).select("power", "driver_age")
    test = grouped_split(frame, frame.columns, 0.1, seed=1)
    assert test.mean() == pytest.approx(0.1, abs=0.01)
    assert frame.filter(test).join(frame.filter(~test), on=frame.columns).height == 0


def test_seven_hundred_thousand_rows_are_dealt_out_in_seconds() -> None:
    frame = fleet(700_000)
    began = time.perf_counter()
    grouped_folds(frame, frame.columns, 5, seed=1)
    assert time.perf_counter() - began < 10  # about one second on one idle core


def test_what_cannot_be_split_is_refused() -> None:
    same = pl.DataFrame({"use": ["taxi"] * 4})
    with pytest.raises(ModellingError, match="2 folds of 1 different rows"):
        grouped_folds(same, ["use"], 2, seed=0)
    with pytest.raises(ModellingError, match="one side is empty"):
        grouped_split(same, ["use"], 0.2, seed=0)
    with pytest.raises(ModellingError, match="between 0 and 1"):
        grouped_split(same, ["use"], 1.0, seed=0)
    with pytest.raises(ModellingError, match="at least one column"):
        grouped_folds(same, [], 2, seed=0)
