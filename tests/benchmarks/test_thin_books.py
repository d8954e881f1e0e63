"""What the sweep over thin books takes for a good end, and what it would notice; `make prove-thin` sweeps."""

from __future__ import annotations

import pytest

from benchmarks.thin_books import is_well


def test_rates_or_a_reason_for_every_cover_is_a_good_end() -> None:
    assert is_well({"silent": [], "finite": True})
    assert is_well({"silent": []})


@pytest.mark.parametrize(
    "told", [{"silent": [], "escape": "LinAlgError"}, {"silent": ["glass"]}, {"silent": [], "finite": False}]
)
def test_anything_else_would_be_noticed(told: dict[str, object]) -> None:
    assert not is_well(told)
