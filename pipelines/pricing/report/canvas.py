"""Drawings whose bytes depend on the data alone: inline SVG for the page, PNG for the run's log."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipelines.drawing import figure_of, own_settings, png_bytes
from pipelines.pricing.page.markup import text
from pipelines.pricing.page.style import INK, MUTED, SOFT

Draw = Callable[[Any], None]
"""Fills a matplotlib figure."""

MOST_LETTERS = 18
LETTER, MARGINS, SLANT = 0.075, 1.4, 0.62
"""Width of a letter and of what stands beside the axes, in inches; the sine of the slant of names."""

_TAG = re.compile(r"<(?!style|/|!|\?)[^>]*>")
_FRACTION = re.compile(r"(?<![\w.#-])-?\d+\.\d{3,}(?![\w.])")
"""A number with three decimals or more inside a tag: a place, not part of a name or of text."""

_REFERRED = re.compile(r'(?<=[("])#([\w-]+)(?=[)"])')
_NAMED = re.compile(r' id="([^"]*)"')
_NUMBERED = re.compile(r'((?<=[ ])id="|(?<=[\"(])#)(\d+)(?=["\)])')

SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "ratewright",
    # Text stays text: it can be searched, and names are shown in whatever script they are written in.
    "svg.fonttype": "none",
    # A dollar sign in the name of a level is no formula.
    "text.parse_math": False,
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


def svg(draw: Draw, size: tuple[float, float], label: str, *, fitted: bool = True) -> str:
    """Draw into an inline SVG.

    Args:
        draw: what to draw.
        size: width and height in inches.
        label: what is seen, for those who hear the page.
        fitted: whether margins are fitted to what is drawn, which takes as long as the drawing.
    """
    with _drawn(draw, size, fitted) as figure:
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawing = buffer.getvalue()
    drawing = _cut(drawing[drawing.index("<svg") :])
    return f"<figure role='img' aria-label='{text(label)}'>{drawing}</figure>"


def png(draw: Draw, size: tuple[float, float], *, fitted: bool = True) -> bytes:
    """Draw into a PNG; see `svg`."""
    with _drawn(draw, size, fitted) as figure:
        return png_bytes(figure)


@contextmanager
def _drawn(draw: Draw, size: tuple[float, float], fitted: bool) -> Iterator[Any]:
    with own_settings(SETTINGS):
        figure = figure_of(size, "constrained" if fitted else None)
        draw(figure)
        yield figure


def _cut(drawing: str) -> str:
    """The drawing with its places to a hundredth of a point, and what it refers to numbered in its order.

    Sums of floats depend on the order of adding, so the ninth digit of a place differs from run to run, and
    with it the names that matplotlib makes of shapes; nobody sees either.
    """
    told = _TAG.sub(lambda tag: _FRACTION.sub(_hundredth, tag[0]), drawing)
    referred = {found: str(at) for at, found in enumerate(dict.fromkeys(_REFERRED.findall(told)))}
    numbered = _REFERRED.sub(lambda found: f"#{referred[found[1]]}", told)
    numbered = _NAMED.sub(
        lambda found: f' id="{referred[found[1]]}"' if found[1] in referred else "", numbered
    )
    # A page holds many drawings: the names of one are its own.
    own = f"d{hashlib.sha256(numbered.encode()).hexdigest()[:8]}-"
    return _NUMBERED.sub(lambda found: f"{found[1]}{own}{found[2]}", numbered)


def _hundredth(number: re.Match[str]) -> str:
    told = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if told == "-0" else told


def head(axes: Any, title: str) -> None:
    """Title and legend above the axes, one under the other, clear of what is drawn."""
    axes.set_title(title, pad=17)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(
        once.values(), once, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderpad=0, borderaxespad=0.3,
        handletextpad=0.4, columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip


def names_height(levels: Sequence[str], width: float) -> float:
    """Inches that the names of levels take below axes in a figure of this width: 0 where they lie flat."""
    longest = max((len(_short(name)) for name in levels), default=0)
    touch = len(levels) * (longest + 1.5) * LETTER > width - MARGINS
    return longest * LETTER * SLANT if touch else 0.0


def name_levels(axes: Any, levels: Sequence[str]) -> None:
    """Names of levels below the axes, slanted where they would touch."""
    slanted = names_height(levels, axes.figure.get_figwidth()) > 0
    axes.set_xticks(
        range(len(levels)),
        [_short(name) for name in levels],
        rotation=40 if slanted else 0,
        ha="right" if slanted else "center",
    )
    axes.set_xlim(-0.6, len(levels) - 0.4)


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def exposure_bars(axes: Any, exposure: Sequence[float]) -> Any:
    """Bars of exposure behind the axes, on a scale of their own at the right."""
    behind = axes.twinx()
    behind.bar(range(len(exposure)), exposure, color=SOFT, alpha=0.6, width=0.72, linewidth=0)
    behind.set_ylabel("vehicle-years")
    # Bars stay below the middle, so that lines are read against white.
    behind.set_ylim(0, 1.9 * max([*exposure, 1e-9]))
    behind.locator_params(axis="y", nbins=4)
    behind.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
    return behind


def one_line(axes: Any) -> None:
    """The line at one, where nothing differs."""
    axes.axhline(1, color=MUTED, linewidth=0.6)
