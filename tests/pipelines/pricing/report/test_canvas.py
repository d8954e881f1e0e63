"""Drawings of the report: the same each time, names legible."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pricing.report.canvas import Draw, names_height, png, svg


def test_a_drawing_is_the_same_each_time_and_its_text_stays_text() -> None:
    def draw(figure: Any) -> None:
        figure.subplots().set_title("a $dollar$ & 小车")

    first = svg(draw, (3, 2), "a <label>")
    assert first == svg(draw, (3, 2), "a <label>")
    assert "a $dollar$ &amp; 小车" in first
    assert "aria-label='a &lt;label&gt;'" in first


def curve(heights: list[float]) -> Draw:
    """A line, an area between two lines, dots and bars at these heights."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        x = list(range(len(heights)))
        axes.plot(x, heights, marker="o", label="0.1234567 as it is")
        axes.fill_between(x, heights, [h / 2 for h in heights])
        axes.legend()

    return draw


@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    heights=st.lists(st.floats(0.1, 1e5), min_size=3, max_size=8),
    noise=st.lists(st.floats(1e-9, 2e-9), min_size=8, max_size=8),
)
def test_the_last_digits_of_what_is_drawn_change_no_byte(heights: list[float], noise: list[float]) -> None:
    moved = [height * (1 + more) for height, more in zip(heights, noise, strict=False)]
    same = [svg(curve(drawn), (3, 2), "a", fitted=False) for drawn in (heights, moved)]
    assert same[0] == same[1]


def test_what_is_read_in_a_drawing_is_not_cut() -> None:
    assert "0.1234567 as it is" in svg(curve([1, 2, 3]), (3, 2), "a")


def test_every_reference_of_a_drawing_leads_somewhere_and_no_two_drawings_share_a_name() -> None:
    drawings = [svg(curve(heights), (3, 2), "a") for heights in ([1, 2, 3], [2, 1, 4])]
    names = [re.findall(r' id="([^"]+)"', drawing) for drawing in drawings]
    for drawing, own in zip(drawings, names, strict=True):
        assert sorted(set(re.findall(r'["(]#([\w-]+)', drawing))) == sorted(own)
    assert not set(names[0]) & set(names[1])


@pytest.mark.parametrize("render", [svg, png])
def test_what_the_process_drew_before_changes_no_byte(render: Any) -> None:
    import matplotlib as mpl

    given = {"label": "a"} if render is svg else {}
    before = render(curve([1, 2, 3]), (3, 2), **given)
    with mpl.rc_context(
        {"font.size": 20, "axes.spines.right": False, "lines.linewidth": 5, "xtick.color": "r"}
    ):
        assert render(curve([1, 2, 3]), (3, 2), **given) == before
        assert mpl.rcParams["font.size"] == 20


def test_names_are_slanted_only_where_they_would_touch() -> None:
    assert names_height(["a", "b", "c"], 4.75) == 0
    assert names_height(["a long name"] * 8, 4.75) > 0.4
