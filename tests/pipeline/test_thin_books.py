"""A book so thin that hardly anything can be said of it ends in a table, or in a reason for every cover."""

from __future__ import annotations

import pytest

from benchmarks.thin_books import forecast_book, is_well
from tests.pipeline.conftest import Installation

pytestmark = pytest.mark.pipeline


@pytest.mark.parametrize(("vehicles", "seed"), [(30, 2)])
def test_every_cover_of_a_thin_book_has_rates_or_a_reason(
    installation: Installation, vehicles: int, seed: int
) -> None:
    told = forecast_book(str(installation.data / "serving" / "simulated.duckdb"), vehicles, seed)
    assert is_well(told), told
    assert told["priced"] + told["refused"] == 6
    assert told["not_drawn"] == 0


@pytest.mark.parametrize(
    "told", [{"silent": [], "escape": "LinAlgError"}, {"silent": ["glass"]}, {"silent": [], "finite": False}]
)
def test_anything_else_would_be_noticed(told: dict[str, object]) -> None:
    assert not is_well(told)
