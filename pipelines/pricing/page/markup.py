"""Pieces of the page: escaped text, figures as they are written, tables, folds."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from pipelines.progress import LOGGER

Kind = Literal["text", "quarter", "share", "change", "percent", "move"] | int
"""How a value is written: as text, a quarter, a percentage, one with its sign, or to so many decimals.

`percent` and `move` are a percentage, and one with its sign, as they are printed: 4.2 %, −66.0 %.
"""

NOTHING = "–"
SHORT = 20
"""Rows up to which a table stays on one page."""

HARD_SPACE = "\N{NO-BREAK SPACE}"


def text(value: object) -> str:
    """A value as text that HTML cannot take for markup."""
    return html.escape(str(value))


def words(name: str) -> str:
    """A name of ours as words: `own_damage` is own damage."""
    return name.replace("_", " ")


def whole_page(title: str, style: str, header: str, contents: str, main: str) -> bytes:
    """A page that needs nothing else: its style is in it, and it runs no script.

    Args:
        title: plain text, for the window and the heading.
        style: the style sheet.
        header: what stands under the heading.
        contents: list items of the table of contents.
        main: everything else. All but the title is markup already.
    """
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>{text(title)}</title><style>{style}</style></head><body>",
        f"<header><h1>{text(title)}</h1>{header}</header>",
        f"<nav aria-label='Contents'><ol>{contents}</ol></nav>",
        f"<main>\n{main}\n</main></body></html>",
    ]
    return "\n".join(parts).encode()


def link(key: str, title: str) -> str:
    """A link to a place on the page."""
    return f"<a href='#{key}'>{text(title)}</a>"


def quarter_name(day: dt.date) -> str:
    """The quarter a day lies in, such as 2025 Q3."""
    return f"{day.year} Q{(day.month + 2) // 3}"


def written(value: Any, kind: Kind) -> str:
    """A value as it stands in a table or a sentence; what is missing or no number is a dash."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(kind, int):
        return f"{value:,.{kind}f}".replace("-", "−")
    return WRITERS[kind](value)


def _printed(value: float, *, signed: bool) -> str:
    """A percentage that no line breaks apart; what rounds to nothing has no sign."""
    rounded = round(100 * float(value), 1) or 0.0
    sign = "−" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.1f}{HARD_SPACE}%"


WRITERS: dict[str, Callable[[Any], str]] = {
    "text": text,
    "quarter": quarter_name,
    "share": "{:.1%}".format,
    "change": "{:+.1%}".format,
    "percent": lambda value: _printed(value, signed=False),
    "move": lambda value: _printed(value, signed=True),
}


def table(
    columns: Sequence[tuple[str, Kind]],
    rows: Iterable[Sequence[Any]],
    *,
    groups: Sequence[tuple[str, int]] = (),
    pale: Sequence[bool] = (),
    strong: Sequence[bool] = (),
) -> str:
    """A table.

    Args:
        columns: heading and kind of each.
        rows: a value per column.
        groups: headings above the headings, each with the number of columns it spans.
        pale: of every row, whether it rests on too little to be read closely.
        strong: of every row, whether it is a sum.
    """
    head = "".join(f"<th{_aligned(kind)}>{text(title)}</th>" for title, kind in columns)
    over = "".join(f"<th colspan='{span}'>{text(title)}</th>" for title, span in groups)
    over = f"<tr class='over'>{over}</tr>" if groups else ""
    styles = {"pale": pale, "sum": strong}
    drawn = [
        _row_head(at, styles)
        + "".join(_cell(value, kind) for value, (_, kind) in zip(row, columns, strict=True))
        + "</tr>"
        for at, row in enumerate(rows)
    ]
    css = "wide short" if len(drawn) <= SHORT else "wide"
    body = f"<tbody>{''.join(drawn)}</tbody>"
    return f"<div class='{css}'><table><thead>{over}<tr>{head}</tr></thead>{body}</table></div>"


def frame_table(
    frame: pl.DataFrame, columns: Mapping[str, tuple[str, Kind]], pale: Sequence[bool] = ()
) -> str:
    """Columns of a frame as a table, under the headings and in the kinds given."""
    return table(list(columns.values()), frame.select(list(columns)).iter_rows(), pale=pale)


def sentence(reason: str) -> str:
    """A reason as a sentence of its own, escaped."""
    return text(f"{reason[:1].upper()}{reason[1:].rstrip('.')}.")


def note(content: str) -> str:
    """A quiet paragraph; the content is escaped already."""
    return f"<p class='note'>{content}</p>"


def para(content: str) -> str:
    """A paragraph; the content is escaped already."""
    return f"<p>{content}</p>"


def fold(summary: str, content: str, *, printed: bool = True) -> str:
    """Content that opens on a click; whether it is open in print is for the style of the page to say.

    Args:
        summary: what it is, plain text.
        content: markup.
        printed: False where no page prints it.
    """
    css = "" if printed else " class='screen'"
    return f"<details{css}><summary>{text(summary)}</summary>{content}</details>"


def bullets(items: Iterable[str]) -> str:
    """Plain sentences as a list."""
    return f"<ul>{''.join(f'<li>{text(item)}</li>' for item in items)}</ul>"


def remark(remarks: Sequence[str], about: str, otherwise: str) -> str:
    """Why something is missing: the remark that speaks of it, without its heading, else the reason given."""
    found = next((r for r in remarks if about in r), otherwise)
    heading, _, reason = found.partition(": ")
    return reason if reason and about in heading else found


def _row_head(at: int, styles: Mapping[str, Sequence[bool]]) -> str:
    own = [name for name, marked in styles.items() if at < len(marked) and marked[at]]
    return f"<tr class={own[0]}>" if own else "<tr>"


def _cell(value: Any, kind: Kind) -> str:
    return f"<td{_aligned(kind)}>{written(value, kind)}</td>"


def _aligned(kind: Kind) -> str:
    return "" if kind in ("text", "quarter") else " class='n'"


def part_or_reason(what: str, draw: Callable[[], str]) -> str:
    """A part of a page, or in its place why there is none: what is drawn for readers stops no price.

    Args:
        what: the part, in words.
        draw: makes its markup.
    """
    try:
        return draw()
    except Exception as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        LOGGER.warning("%s could not be drawn: %s", what, told)
        LOGGER.debug("%s could not be drawn", what, exc_info=error)
        return para(f"<b>{text(what[:1].upper() + what[1:])} could not be drawn:</b> {sentence(told)}")
