"""Two versions side by side: whatever moved is named, with by how much, and nothing else is."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.pricing.asking.comparison import compare
from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.versions.files import VersionParts
from pipelines.pricing.versions.manifest import Change
from tests.pipelines.pricing.versions.examples import parts


def numbers(made: VersionParts) -> tuple[pl.DataFrame, pl.DataFrame]:
    return made.rates, made.premiums


def test_a_version_does_not_differ_from_itself() -> None:
    same = compare(numbers(parts()), numbers(parts()))
    assert same.overall == 0
    assert same.relativities.height == 0
    assert set(same.base_rates["change"]) == {0.0}
    assert same.rises(10).height == same.falls(10).height == 0


def test_a_change_by_hand_shows_at_its_level_and_in_the_premiums_it_rates() -> None:
    change = Change(cover="damage", factor="use", level="taxi", before=1.5, after=1.1, reason="x")
    edited = edited_parts(parts(), (change,))
    moved = compare(numbers(parts()), numbers(edited))
    before = parts().rates.filter(pl.col("level") == "taxi")["relativity"][0]
    assert moved.relativities.rows() == [
        ("damage", "use", "taxi", before, 1.1, pytest.approx(1.1 / before - 1))
    ]
    assert moved.falls(10)["use"].to_list() == ["taxi"]
    assert moved.rises(10).height == 0
    old, new = (m.premiums.filter(pl.col("use") == "taxi")["total"][0] for m in (parts(), edited))
    assert moved.falls(1)["change"][0] == pytest.approx(float(new) / float(old) - 1)


def test_the_overall_change_is_weighted_by_exposure() -> None:
    old, new = parts(), parts(loading=0.2)
    moved = compare(numbers(old), numbers(new))
    weight = new.premiums["exposure_years"]
    worth = [float((m.premiums["total"].cast(pl.Float64) * weight).sum()) for m in (old, new)]
    assert moved.overall == pytest.approx(worth[1] / worth[0] - 1)
    assert moved.overall == pytest.approx(0.75 / 0.65 - 1, abs=1e-3)


def test_levels_that_are_new_or_gone_are_shown_without_a_change() -> None:
    other = parts(level="hire")
    moved = compare(numbers(parts()), numbers(other)).relativities
    missing = moved.filter(pl.col("change").is_null())
    assert set(missing["level"]) == {"taxi", "hire"}


def test_largest_moves_come_first() -> None:
    cells = pl.DataFrame({"use": ["a", "b", "c", "d"], "exposure_years": [1.0] * 4, "total": [100.0] * 4})
    later = cells.with_columns(total=pl.Series([120.0, 90.0, 150.0, 50.0]))
    moved = compare((parts().rates, cells), (parts().rates, later))
    assert moved.rises(2)["use"].to_list() == ["c", "a"]
    assert moved.falls(2)["use"].to_list() == ["d", "b"]


def test_premiums_by_other_factors_are_not_compared() -> None:
    other = parts().premiums.rename({"use": "power"})
    moved = compare(numbers(parts()), (parts().rates, other))
    assert moved.premiums is None
    assert moved.overall is None
    assert moved.rises(5).height == 0
