"""Drawings: scales, and shapes that hold their text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pricing.page.drawing import Drawing, Scale, shortened

bounds = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))


def test_a_scale_maps_its_ends_and_holds_what_lies_beyond() -> None:
    scale = Scale(1, 3, 100, 0)
    assert [scale(v) for v in (1, 2, 3, 9, -9)] == [100, 50, 0, 0, 100]
    assert (scale.holds(3), scale.holds(3.1)) == (True, False)
    assert Scale(1, 1, 0, 10)(1) == 5


@given(bounds)
def test_ticks_are_few_and_lie_on_the_scale(ends: tuple[float, float]) -> None:
    low, width = ends
    ticks = Scale(low, low + width, 0, 1).ticks(5)
    assert len(ticks) <= 6
    assert ticks == sorted(ticks)
    slack = width * 1e-6 + 1e-9
    assert all(low - slack <= tick <= low + width + slack for tick in ticks)


def test_ticks_are_round() -> None:
    assert Scale(0.73, 2.1, 0, 1).ticks() == [1.0, 1.5, 2.0]
    assert Scale(2, 2, 0, 1).ticks() == [2]


def test_words_in_a_drawing_are_text() -> None:
    drawing = Drawing(10, 10)
    with drawing.told("<a> & b"):
        drawing.label(1, 2, "<c>")
    told = drawing.figure("d'e", "<b>f</b>")
    assert "<title>&lt;a&gt; &amp; b</title>" in told
    assert ">&lt;c&gt;</text>" in told
    assert "aria-label='d&#x27;e'" in told
    assert "<figcaption><b>f</b></figcaption>" in told


def test_places_have_a_tenth_and_no_negative_nought() -> None:
    drawing = Drawing(10, 10)
    drawing.dot(-0.04, 1.26, "a")
    drawing.bar(5, 5, -2, 1, "b")
    told = drawing.inline()
    assert "cx='0' cy='1.3'" in told
    assert "x='3' y='5' width='2' height='1'" in told


@pytest.mark.parametrize(("name", "shown"), [("short", "short"), ("a longer name", "a lon…")])
def test_long_names_are_cut(name: str, shown: str) -> None:
    assert shortened(name, 6) == shown
