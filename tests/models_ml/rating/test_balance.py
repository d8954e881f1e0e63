"""Base rates take over what moved relativities no longer bring, cover by cover."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import RateTable, RatingError, bound_relativities, on_balance, rate
from tests.models_ml.rating.book import COVERS, contracts, rates


def exposure(seed: int) -> pl.DataFrame:
    """The same contracts hold every cover, each for a part of a year."""
    book = contracts(400, seed).with_columns(exposure_years=(pl.int_range(pl.len()) % 9 + 1) / 9)
    return pl.concat([book.with_columns(cover=pl.lit(cover)) for cover in COVERS])


def premium(table: RateTable, book: pl.DataFrame, cover: str) -> float:
    """Of a cover, without fixed amounts."""
    own = book.filter(pl.col("cover") == cover)
    base = table.rates.filter((pl.col("cover") == cover) & (pl.col("factor") == "base"))
    charged = rate(table, own)[cover].cast(pl.Float64) - float(base["fixed_amount"][0])
    return float((charged * own["exposure_years"]).sum())


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1_000))
def test_bounded_relativities_bring_the_premium_that_they_brought_before(seed: int) -> None:
    before, book = rates(seed), exposure(seed)
    moved = bound_relativities(before, before.factors[0], 0.9, 1.1, "plan")
    balanced = on_balance(moved, before, book)
    for cover in COVERS:
        assert premium(balanced, book, cover) == pytest.approx(premium(before, book, cover), rel=1e-4)
    others = pl.col("factor") != "base"
    assert balanced.rates.filter(others).equals(moved.rates.filter(others))


def test_a_table_that_was_not_moved_stays_to_the_cent() -> None:
    assert on_balance(rates(3), rates(3), exposure(3)).rates.equals(rates(3).rates)


def test_a_cover_that_nobody_held_stays_as_it_is() -> None:
    before = rates(3)
    moved = bound_relativities(before, before.factors[0], 0.9, 1.1, "plan")
    held = exposure(3).filter(pl.col("cover") != COVERS[0])
    own = pl.col("cover") == COVERS[0]
    assert on_balance(moved, before, held).rates.filter(own).equals(moved.rates.filter(own))


def test_relativities_that_bring_nothing_cannot_be_balanced() -> None:
    before = rates(3)
    nothing = RateTable(before.rates.with_columns(relativity=pl.lit(0.0)))
    with pytest.raises(RatingError, match="its relativities bring no premium"):
        on_balance(nothing, before, exposure(3))
