"""Small drawings as inline SVG: a few kilobytes each, styled by the page, the same each time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pipelines.pricing.page.markup import text

LETTER = 6.4
"""Width of a letter of the labels, in units of the drawing."""


@dataclass(frozen=True)
class Scale:
    """From values to places; `low` and `high` lie at `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a value; one beyond the scale lies at its edge."""
        held = min(max(value, self.low), self.high)
        width = self.high - self.low
        share = (held - self.low) / width if width > 0 else 0.5
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the scale."""
        return self.low <= value <= self.high

    def ticks(self, most: int = 5) -> list[float]:
        """Round values on the scale, at most so many."""
        width = self.high - self.low
        if not width > 0:
            return [self.low]
        rough = width / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough - 1e-12)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(at * step, 10) for at in range(first, last + 1)]


class Drawing:
    """Shapes on a sheet of so many units; every shape names the class that styles it."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self._parts.append(f"<path class='{css}' d='M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}'/>")

    def path(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """A line through points."""
        if len(points) > 1:
            told = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            self._parts.append(f"<path class='{css}' d='M{told}'/>")

    def bar(self, x: float, y: float, width: float, height: float, css: str) -> None:
        """A rectangle; a negative width or height reaches to the other side."""
        x, y = min(x, x + width), min(y, y + height)
        self._parts.append(
            f"<rect class='{css}' x='{_n(x)}' y='{_n(y)}' width='{_n(abs(width))}' "
            f"height='{_n(abs(height))}'/>"
        )

    def dot(self, x: float, y: float, css: str, radius: float = 3) -> None:
        """A circle."""
        self._parts.append(f"<circle class='{css}' cx='{_n(x)}' cy='{_n(y)}' r='{_n(radius)}'/>")

    def diamond(self, x: float, y: float, css: str, radius: float = 3.6) -> None:
        """A square on its corner."""
        r = radius
        told = f"M{_n(x)} {_n(y - r)}l{_n(r)} {_n(r)}l{_n(-r)} {_n(r)}l{_n(-r)} {_n(-r)}z"
        self._parts.append(f"<path class='{css}' d='{told}'/>")

    def cross(self, x: float, y: float, css: str, radius: float = 3) -> None:
        """Two strokes through a point."""
        r = radius
        told = f"M{_n(x - r)} {_n(y - r)}l{_n(2 * r)} {_n(2 * r)}m0 {_n(-2 * r)}l{_n(-2 * r)} {_n(2 * r)}"
        self._parts.append(f"<path class='{css}' d='{told}'/>")

    def label(self, x: float, y: float, content: str, css: str = "", anchor: str = "start") -> None:
        """Text that begins, has its middle or ends at a point."""
        named = f" class='{css}'" if css else ""
        anchored = "" if anchor == "start" else f" text-anchor='{anchor}'"
        self._parts.append(f"<text{named} x='{_n(x)}' y='{_n(y)}'{anchored}>{text(content)}</text>")

    @contextmanager
    def told(self, words: str) -> Iterator[None]:
        """Shapes that say something when pointed at."""
        self._parts.append(f"<g><title>{text(words)}</title>")
        yield
        self._parts.append("</g>")

    def inline(self) -> str:
        """The drawing as part of a line of text, which says what it shows."""
        return (
            f"<svg class='inline' viewBox='0 0 {_n(self.width)} {_n(self.height)}' aria-hidden='true'>"
            f"{''.join(self._parts)}</svg>"
        )

    def figure(self, label: str, caption: str = "") -> str:
        """The drawing as a figure.

        Args:
            label: what is seen, for those who hear the page; plain text.
            caption: above the drawing; markup already.
        """
        told = f"<figcaption>{caption}</figcaption>" if caption else ""
        return (
            f"<figure role='group' aria-label='{text(label)}'>{told}"
            f"<svg viewBox='0 0 {_n(self.width)} {_n(self.height)}' role='img' aria-label='{text(label)}'>"
            f"{''.join(self._parts)}</svg></figure>"
        )


def shortened(name: str, most: int) -> str:
    """A name of at most so many letters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _n(value: float) -> str:
    """A place to a tenth of a unit."""
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told
