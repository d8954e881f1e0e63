"""Triangles: complete, in order, of finite numbers, or refused by name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.triangles import Triangle, triangle, triangle_of_movements, triangles_by_cover
from models_ml.errors import BadTriangleError

Q1, Q2, Q3 = dt.date(2025, 4, 1), dt.date(2025, 7, 1), dt.date(2025, 10, 1)


def long(rows: list[tuple[dt.date | None, int | None, float | None]]) -> pl.DataFrame:
    schema = {"origin": pl.Date, "development": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


FULL = [(Q1, 1, 10.0), (Q1, 2, 14.0), (Q1, 3, 15.0), (Q2, 1, 20.0), (Q2, 2, 26.0), (Q3, 1, 30.0)]


def test_rows_in_any_order_become_a_triangle_with_its_latest_diagonal() -> None:
    found = triangle("glass", long(FULL[::-1]))
    assert found.origins == (Q1, Q2, Q3)
    assert found.ages.tolist() == [3, 2, 1]
    assert found.latest.tolist() == [15, 26, 30]
    assert found.increments[0].tolist() == [10, 4, 1]
    assert np.isnan(found.values).sum() == 3


def test_decimals_and_counts_are_taken_as_they_come() -> None:
    frame = pl.DataFrame({"origin": [Q1], "development": [1], "value": [Decimal("10.25")]})
    assert triangle("glass", frame).latest.tolist() == [10.25]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "cover glass: a triangle of no rows"),
        (FULL[:1] + FULL[2:], "quarter 2025-04-01, development 2: is missing"),
        ([FULL[0], FULL[1], FULL[2], FULL[5]], "quarter 2025-07-01, development 1: is missing"),
        ([*FULL, FULL[3]], "quarter 2025-07-01, development 1: comes 2 times"),
        ([*FULL, (Q3, 2, 31.0)], "quarter 2025-10-01, development 2: later than the newest quarter"),
        ([*FULL[:5], (Q3, 1, float("nan"))], "quarter 2025-10-01, development 1: value is nan"),
        ([*FULL[:5], (Q3, 1, float("inf"))], "quarter 2025-10-01, development 1: value is inf"),
        ([*FULL[:5], (Q3, 1, None)], "quarter 2025-10-01, development 1: value is None"),
        ([*FULL[:5], (Q3, 0, 1.0)], "development 0: development is not 1 or more"),
        ([*FULL[:5], (dt.date(2025, 11, 1), 1, 1.0)], "quarter 2025-11-01, .*does not begin a quarter"),
        ([*FULL[:5], (dt.date(2025, 10, 2), 1, 1.0)], "quarter 2025-10-02, .*does not begin a quarter"),
        ([*FULL, (None, 1, 1.0)], "quarter None, development 1: origin does not begin a quarter"),
    ],
)
def test_what_is_no_triangle_is_refused_with_cover_and_quarter(
    rows: list[tuple[dt.date | None, int | None, float | None]], message: str
) -> None:
    with pytest.raises(BadTriangleError, match=message) as caught:
        triangle("glass", long(rows))
    assert "cover glass" in str(caught.value)


def moves(rows: list[tuple[dt.date, int, float]]) -> pl.DataFrame:
    return long(rows).rename({"value": "amount"})


def test_movements_add_up_and_quarters_without_any_stay_where_they_were() -> None:
    found = triangle_of_movements("glass", moves([(Q1, 1, 10.0), (Q1, 1, 5.0), (Q1, 3, -2.0), (Q3, 1, 7.0)]))
    assert found.origins == (Q1, Q2, Q3)
    assert found.values[0].tolist() == [15, 15, 13]
    assert found.latest.tolist() == [13, 0, 7]


def test_movements_after_the_quarter_it_is_looked_at_are_not_known() -> None:
    seen = triangle_of_movements("glass", moves([(Q1, 1, 10.0), (Q1, 3, 90.0), (Q3, 1, 7.0)]), last=Q2)
    assert seen.origins == (Q1, Q2)
    assert seen.latest.tolist() == [10, 0]


def test_quarters_can_be_named_for_a_cover_that_never_moved() -> None:
    empty = triangle_of_movements("glass", moves([]), first=Q1, last=Q3)
    assert empty.latest.tolist() == [0, 0, 0]
    with pytest.raises(BadTriangleError, match="no movements, and no quarters named"):
        triangle_of_movements("glass", moves([]))


@pytest.mark.parametrize(
    ("rows", "first", "last", "message"),
    [
        ([(Q1, 1, 1.0)], Q2, Q3, "a loss before the first quarter 2025-07-01"),
        ([(Q3, 1, 1.0)], Q3, Q1, "last quarter 2025-04-01 is before the first"),
        ([(Q1, 1, float("nan"))], None, None, "quarter 2025-04-01, development 1: amount is nan"),
    ],
)
def test_movements_that_make_no_triangle_are_refused(
    rows: list[tuple[dt.date, int, float]], first: dt.date | None, last: dt.date | None, message: str
) -> None:
    with pytest.raises(BadTriangleError, match=message):
        triangle_of_movements("glass", moves(rows), first, last)


def test_a_triangle_is_cut_to_what_was_known_earlier() -> None:
    early = triangle("glass", long(FULL)).cut(Q2)
    assert early.origins == (Q1, Q2)
    assert early.latest.tolist() == [14, 20]
    assert np.isnan(early.values).sum() == 1
    with pytest.raises(BadTriangleError, match="no quarter 2024-01-01"):
        early.cut(dt.date(2024, 1, 1))


def test_a_triangle_since_a_quarter_lacks_the_older_ones() -> None:
    old, middle, new = (dt.date(2025, month, 1) for month in (4, 7, 10))
    nan = float("nan")
    whole = Triangle("glass", (old, middle, new), np.array([[1.0, 2, 3], [4, 5, nan], [6, nan, nan]]))
    cut = whole.since(middle)
    assert cut.origins == (middle, new)
    assert np.array_equal(cut.values, [[4, 5], [6, nan]], equal_nan=True)
    assert cut.latest.tolist() == [5, 6]
    assert whole.since(dt.date(2020, 1, 1)).origins == whole.origins
    with pytest.raises(BadTriangleError, match="no quarter of losses from 2026-01-01 on"):
        whole.since(dt.date(2026, 1, 1))


def test_a_mart_becomes_a_triangle_per_cover_without_its_undated_rows() -> None:
    mart = pl.DataFrame(
        {
            "cover": ["glass", "glass", "roadside"],
            "accident_quarter": [Q1, None, Q1],
            "development_quarter": [1, None, 1],
            "reported_count": [3, 9, 4],
        }
    )
    found = triangles_by_cover(mart, "reported_count")
    assert {cover: t.latest.tolist() for cover, t in found.items()} == {"glass": [3], "roadside": [4]}
