"""Drawings of the report: the same each time, names legible."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.report.canvas import names_height, svg


def test_a_drawing_is_the_same_each_time_and_its_text_stays_text() -> None:
    def draw(figure: Any) -> None:
        figure.subplots().set_title("a $dollar$ & 小车")

    first = svg(draw, (3, 2), "a <label>")
    assert first == svg(draw, (3, 2), "a <label>")
    assert "a $dollar$ &amp; 小车" in first
    assert "aria-label='a &lt;label&gt;'" in first


def test_names_are_slanted_only_where_they_would_touch() -> None:
    assert names_height(["a", "b", "c"], 4.75) == 0
    assert names_height(["a long name"] * 8, 4.75) > 0.4
