"""The page as a whole: head, contents, and five sections in the order a sceptical reader asks."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import partial

from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.page.markup import link, note, para, part_or_reason, text, whole_page, words
from pipelines.pricing.report.covers import cover_section
from pipelines.pricing.report.method import METHOD
from pipelines.pricing.report.restated import restated, trends_of_all
from pipelines.pricing.report.stability import drift
from pipelines.pricing.report.style import STYLE
from pipelines.pricing.report.summary import summary


@dataclass(frozen=True)
class ReportHead:
    """What the page says of itself; `effective_from` to `effective_to` are the days of the rating year."""

    client: str
    title: str
    currency: str
    rating_year: int
    effective_from: dt.date
    effective_to: dt.date
    valuation_date: dt.date
    rated_by: str
    champion: str
    challenger: str


@dataclass(frozen=True)
class _Section:
    """A section: its own content, then a part per cover."""

    key: str
    title: str
    content: str
    parts: dict[str, str]


def report_html(head: ReportHead, forecast: Forecast) -> bytes:
    """The report as one HTML file that needs nothing else; the same inputs give the same bytes."""
    sections = _sections(forecast)
    title = f"Forecast for {head.rating_year}: {head.title}"
    main = "\n".join(_section(section, first=at == 0) for at, section in enumerate(sections))
    return whole_page(title, STYLE, _about(head), _contents(sections), main)


def _sections(forecast: Forecast) -> list[_Section]:
    covers = forecast.covers
    none = "" if covers else para("No cover has a forecast.")
    moved = {
        name: part_or_reason(f"restatement of {words(name)}", partial(restated, name, made.made.restatement))
        for name, made in covers.items()
    }
    judged = {name: cover_section(name, made) for name, made in covers.items()}
    return [
        _Section("summary", "1. Summary", part_or_reason("summary", partial(summary, forecast)), {}),
        _Section(
            "experience",
            "2. From experience to the rating year",
            part_or_reason("trends", partial(trends_of_all, forecast.all_covers)) + none,
            moved,
        ),
        _Section("covers", "3. Cover by cover", none, judged),
        _Section("drift", "4. Drift", part_or_reason("drift", partial(drift, forecast)), {}),
        _Section("method", "5. Method", METHOD, {}),
    ]


def _about(head: ReportHead) -> str:
    return note(
        f"Client {text(head.client)}. Rated by {text(head.rated_by)}, champion {text(head.champion)}. "
        f"Challenger: {text(head.challenger)}. In force {head.effective_from} to "
        f"{head.effective_to}, experience valued at {head.valuation_date}, amounts in {text(head.currency)}. "
        "Numbers are folded below the figures, and stay folded in print."
    )


def _contents(sections: list[_Section]) -> str:
    items = []
    for section in sections:
        inner = "".join(f"<li>{link(_key(section, part), words(part))}</li>" for part in section.parts)
        items.append(f"<li>{link(section.key, section.title)}{f'<ol>{inner}</ol>' if inner else ''}</li>")
    return "".join(items)


def _key(section: _Section, part: str) -> str:
    return f"{section.key}-{re.sub(r'[^A-Za-z0-9_-]', '-', part)}"


def _section(section: _Section, *, first: bool) -> str:
    css = " class='first'" if first else ""
    parts = "".join(
        f"<section class='{section.key}' id='{_key(section, part)}'>"
        f"<h3>{text(words(part)).capitalize()}</h3>{content}</section>"
        for part, content in section.parts.items()
    )
    return f"<h2 id='{section.key}'{css}>{text(section.title)}</h2>{section.content}{parts}"
