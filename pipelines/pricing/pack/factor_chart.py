"""One factor of a cover: raw, indicated with its interval, selected, last year's; exposure as bars."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.pack.levels import FactorRates
from pipelines.pricing.page.drawing import LETTER, Drawing, Scale, shortened
from pipelines.pricing.page.markup import text, words, written

WIDTH = 360.0
LEFT, RIGHT, TOP = 34.0, 354.0, 8.0
PLOT, STRIP, GAP = 128.0, 34.0, 8.0
ROW = 15.0
NAMES, BARS = 112.0, 58.0
MOST_ROWS, MOST_LETTERS = 30, 17
FARTHEST = 1.5
"""Intervals and raw values are drawn up to so many times what the relativities span."""


def factor_figure(found: FactorRates) -> str:
    """Ordered levels whose names fit as a curve, others as rows; those with most exposure of many."""
    curve = found.ordered and _fits(found)
    shown = found.levels if curve or found.ordered else found.levels.head(MOST_ROWS)
    rows = list(shown.iter_rows(named=True))
    drawing = _curve(rows) if curve else _rows(rows, joined=found.ordered)
    label = f"{words(found.cover)}, {words(found.factor)}: relativity and exposure by level"
    return drawing.figure(label, _caption(found, shown.height))


def _fits(found: FactorRates) -> bool:
    """Whether the names of the levels stand side by side below a curve."""
    longest = max((len(str(level)) + 1 for level in found.levels["level"]), default=1)
    return found.levels.height * (longest + 0.5) * LETTER <= RIGHT - LEFT


def _caption(found: FactorRates, shown: int) -> str:
    told = f"<b>{text(words(found.factor)).capitalize()}</b> spread "
    told += written(found.spread, "percent")
    if shown < found.levels.height:
        told += f"; {shown} of {found.levels.height} levels, those with most exposure"
    if found.other is not None:
        told += f"; not listed: {found.other:.3f}"
    return told


def _curve(rows: list[dict[str, Any]]) -> Drawing:
    step = (RIGHT - LEFT) / max(len(rows), 1)
    bottom = TOP + PLOT + GAP + STRIP
    drawing = Drawing(WIDTH, bottom + 16)
    scale = _scale(rows, TOP + PLOT, TOP)
    for value in scale.ticks():
        drawing.line(LEFT, scale(value), RIGHT, scale(value), "one" if value == 1 else "grid")
        drawing.label(LEFT - 4, scale(value) + 3.5, f"{value:g}", "t", "end")
    middles = [LEFT + step * (at + 0.5) for at in range(len(rows))]
    for css, points in _lines(rows, middles).items():
        drawing.path([(x, scale(value)) for x, value in points], css)
    most = _most_exposure(rows)
    drawing.label(LEFT - 4, bottom - STRIP / 2 + 3.5, "years", "t", "end")
    for x, row in zip(middles, rows, strict=True):
        with drawing.told(_told(row)):
            height = STRIP * (row["exposure_years"] or 0.0) / most
            drawing.bar(x - step * 0.36, bottom - height, step * 0.72, height, _bar(row))
            _marks(drawing, row, scale, x, upright=True)
        drawing.label(x, bottom + 12, _name(row), "", "middle")
    return drawing


def _rows(rows: list[dict[str, Any]], *, joined: bool) -> Drawing:
    top = TOP + 12
    drawing = Drawing(WIDTH, top + ROW * max(len(rows), 1) + 4)
    scale = _scale(rows, NAMES + BARS + 18, RIGHT - 4)
    head, foot = TOP + 8, top + ROW * len(rows)
    for value in scale.ticks():
        drawing.line(scale(value), head + 3, scale(value), foot, "one" if value == 1 else "grid")
        drawing.label(scale(value), head, f"{value:g}", "t", "middle")
    drawing.label(NAMES + 4, head, "years", "t")
    middles = [top + ROW * (at + 0.5) for at in range(len(rows))]
    if joined:
        for css, points in _lines(rows, middles).items():
            drawing.path([(scale(value), y) for y, value in points], css)
    most = _most_exposure(rows)
    for y, row in zip(middles, rows, strict=True):
        with drawing.told(_told(row)):
            drawing.label(NAMES, y + 3.5, _name(row), "", "end")
            width = BARS * (row["exposure_years"] or 0.0) / most
            drawing.bar(NAMES + 4, y - ROW * 0.36, width, ROW * 0.72, _bar(row))
            _marks(drawing, row, scale, y, upright=False)
    return drawing


def _lines(rows: list[dict[str, Any]], places: list[float]) -> dict[str, list[tuple[float, float]]]:
    """Lines through what is selected, and last year's where it is known, at levels that follow each other."""
    lines = {"sel": "relativity", "ly": "last_year"}
    return {
        css: [
            (at, row[name])
            for at, row in zip(places, rows, strict=True)
            if _known(row, name) and _known(row, "level_order")
        ]
        for css, name in lines.items()
    }


def _most_exposure(rows: list[dict[str, Any]]) -> float:
    return max([*(row["exposure_years"] or 0.0 for row in rows), 1e-9])


def _bar(row: dict[str, Any]) -> str:
    return "bar thin" if row["thin"] else "bar"


def _marks(drawing: Drawing, row: dict[str, Any], scale: Scale, at: float, *, upright: bool) -> None:
    """The marks of one level, along the scale; `at` is the place across it."""

    def place(value: float) -> tuple[float, float]:
        return (at, scale(value)) if upright else (scale(value), at)

    if _known(row, "relativity_lower") and _known(row, "relativity_upper"):
        drawing.line(*place(row["relativity_lower"]), *place(row["relativity_upper"]), "ci")
    if _known(row, "raw_relativity"):
        # What lies beyond the scale is drawn at its edge, smaller.
        drawing.dot(*place(row["raw_relativity"]), "raw", 2.6 if scale.holds(row["raw_relativity"]) else 1.6)
    if _known(row, "last_year"):
        drawing.cross(*place(row["last_year"]), "lym")
    if _known(row, "indicated_relativity"):
        drawing.diamond(*place(row["indicated_relativity"]), "ind", 4.6)
    drawing.dot(*place(row["relativity"]), "seld thin" if row["thin"] else "seld", 2.6)


def _scale(rows: list[dict[str, Any]], start: float, end: float) -> Scale:
    """A scale that holds every relativity, and intervals and raw values as far as they are not far off."""
    firm = [1.0, *(row[n] for row in rows for n in ("relativity", "indicated_relativity", "last_year"))]
    firm = [value for value in firm if value is not None]
    wide = [row[n] for row in rows for n in ("relativity_lower", "relativity_upper", "raw_relativity")]
    room = max(max(firm) - min(firm), 0.2) * (FARTHEST - 1)
    low, high = max(min(firm) - room, 0.0), max(firm) + room
    drawn = [*firm, *(min(max(value, low), high) for value in wide if value is not None)]
    edge = 0.04 * (max(drawn) - min(drawn)) + 0.02
    return Scale(max(min(drawn) - edge, 0.0), max(drawn) + edge, start, end)


def _known(row: dict[str, Any], name: str) -> bool:
    return row[name] is not None


def _name(row: dict[str, Any]) -> str:
    name = shortened(str(row["level"]), MOST_LETTERS)
    return f"{name}°" if row["thin"] else name


def _told(row: dict[str, Any]) -> str:
    """The numbers of a level in words."""
    parts = [f"{row['level']}: selected {row['relativity']:.3f}"]
    if _known(row, "indicated_relativity"):
        parts.append(f"indicated {row['indicated_relativity']:.3f}")
    if _known(row, "relativity_lower") and _known(row, "relativity_upper"):
        parts.append(f"90 % {row['relativity_lower']:.2f} to {row['relativity_upper']:.2f}")
    if _known(row, "raw_relativity"):
        parts.append(f"raw {row['raw_relativity']:.2f}")
    if _known(row, "last_year"):
        parts.append(f"last year {row['last_year']:.3f}")
    parts.append(
        f"{written(row['exposure_years'], 0)} vehicle-years, {written(row['claim_count'], 0)} claims"
    )
    return ", ".join(parts)
