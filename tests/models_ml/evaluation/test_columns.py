"""A column that is no number is refused by its name, before it turns a figure into NaN."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.errors import BadColumnError
from models_ml.evaluation.columns import finite, non_negative, positive


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_is_refused_by_name_and_row(bad: float) -> None:
    with pytest.raises(BadColumnError, match="column 'expected': 1 not a number, first in row 1"):
        finite(claims=np.ones(3), expected=np.array([1.0, bad, 2.0]))


def test_a_null_is_not_a_number() -> None:
    with pytest.raises(BadColumnError, match="column 'claims': 1 not a number, first in row 0"):
        finite(claims=pl.Series([None, 1]))


def test_columns_must_be_as_long_as_each_other_and_have_rows() -> None:
    with pytest.raises(BadColumnError, match="column 'expected' has 2 rows, 'claims' has 3"):
        finite(claims=np.ones(3), expected=np.ones(2))
    with pytest.raises(BadColumnError, match="column 'claims' has no rows"):
        finite(claims=np.empty(0))


def test_signs_are_refused_by_name_too() -> None:
    with pytest.raises(BadColumnError, match="column 'claims' is -1 in row 1"):
        non_negative(exposure=np.ones(2), claims=np.array([0, -1]))
    with pytest.raises(BadColumnError, match="column 'exposure' is 0 in row 0; it must be above zero"):
        positive(exposure=np.array([0.0, 1.0]))


def test_whole_numbers_and_series_come_back_as_doubles_in_their_order() -> None:
    claims, years = finite(claims=pl.Series([1, 2]), exposure=np.array([3, 4]))
    assert claims.dtype == years.dtype == np.float64
    assert (claims.tolist(), years.tolist()) == ([1.0, 2.0], [3.0, 4.0])
