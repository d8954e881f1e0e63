"""Charts that several sections use: bars by row, and what was seen beside what was forecast by tenth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.pricing.page.drawing import LETTER, Drawing, Scale, shortened

WIDTH, ROW, TOP = 360.0, 17.0, 6.0
MOST_NAMES = 176.0
LIFT_HEIGHT, LEFT, BELOW = 168.0, 40.0, 30.0
MARKS = ("line1", "line2")


def bar_rows(rows: Sequence[tuple[str, float, str]], label: str, caption: str = "") -> str:
    """A bar per row from nought, to the left where it is negative.

    Args:
        rows: name, value, and the value as it is written beside its bar.
        label: what is seen, plain text.
        caption: markup.
    """
    drawing = Drawing(WIDTH, TOP + ROW * max(len(rows), 1) + 4)
    names = min(max([len(name) for name, _, _ in rows], default=0) * LETTER, MOST_NAMES)
    values = [0.0, *(value for _, value, _ in rows)]
    low, high = min(values), max(values)
    # Numbers stand at the end of their bar: room at both ends where bars go both ways.
    numbers = max([len(told) for _, _, told in rows], default=0) * LETTER + 12
    start = names + (numbers if low < 0 else 6)
    end = WIDTH - (numbers if high > 0 else 6)
    scale = Scale(low, high if high > low else low + 1, start, end)
    for at, (name, value, written) in enumerate(rows):
        y = TOP + ROW * at
        drawing.label(names, y + 12, shortened(name, int(MOST_NAMES / LETTER) + 1), "", "end")
        drawing.bar(scale(0), y + 3, scale(value) - scale(0), ROW - 6, "fill down" if value < 0 else "fill")
        beside = scale(value) - 4 if value < 0 else scale(value) + 4
        drawing.label(beside, y + 12, written, "t", "end" if value < 0 else "start")
    drawing.line(scale(0), TOP, scale(0), TOP + ROW * len(rows), "one")
    return drawing.figure(label, caption)


def by_tenth(
    actual: Sequence[float], lines: Mapping[str, Sequence[float]], label: str, caption: str, digits: int = 0
) -> str:
    """Bars of what was seen by tenth, lines of what was forecast.

    Args:
        actual: by tenth.
        lines: forecasts by name, two at most.
        label: what is seen, plain text.
        caption: markup.
        digits: decimals of the axis.
    """
    drawing = Drawing(WIDTH, LIFT_HEIGHT + BELOW)
    top = max([*actual, *(v for values in lines.values() for v in values), 1e-9]) * 1.05
    scale = Scale(0, top, LIFT_HEIGHT, TOP)
    for value in scale.ticks(4):
        drawing.line(LEFT, scale(value), WIDTH - 4, scale(value), "grid")
        drawing.label(LEFT - 4, scale(value) + 3.5, f"{value:,.{digits}f}", "t", "end")
    step = (WIDTH - 4 - LEFT) / max(len(actual), 1)
    middles = [LEFT + step * (at + 0.5) for at in range(len(actual))]
    for at, (x, value) in enumerate(zip(middles, actual, strict=True), start=1):
        drawing.bar(x - step * 0.36, scale(value), step * 0.72, LIFT_HEIGHT - scale(value), "bar")
        drawing.label(x, LIFT_HEIGHT + 12, str(at), "t", "middle")
    for css, values in zip(MARKS, lines.values(), strict=False):
        points = [(x, scale(value)) for x, value in zip(middles, values, strict=True)]
        drawing.path(points, css)
        for x, y in points:
            if css == MARKS[0]:
                drawing.dot(x, y, "seld")
            else:
                drawing.diamond(x, y, "ind full")
    drawing.label(LEFT, LIFT_HEIGHT + 26, _told(list(lines)), "t")
    return drawing.figure(label, caption)


def _told(names: list[str]) -> str:
    marks = ("●", "◆")
    lines = ", ".join(f"{mark} {name}" for mark, name in zip(marks, names, strict=False))
    return f"bars: actual; {lines}"
