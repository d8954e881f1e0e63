"""The page: one file, the same bytes, every cover on it, and a reason wherever something is missing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.report import ReportHead, covers, document, report_html
from tests.pipelines.pricing.report.conftest import TRICKY

VOID = {"meta", "br", "link", "path", "use", "rect"}


class Reader(HTMLParser):
    """Collects what the page says, its links, and tags that are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.links += [found["href"] or ""] if tag == "a" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def read(page: bytes) -> tuple[Reader, str]:
    reader = Reader()
    reader.feed(page.decode())
    return reader, re.sub(r"\s+", " ", " ".join(reader.said))


@pytest.fixture(scope="module")
def page(head: ReportHead, full: Forecast) -> bytes:
    return report_html(head, full)


def test_the_same_forecast_gives_the_same_bytes(head: ReportHead, sparse: Forecast) -> None:
    assert report_html(head, sparse) == report_html(head, sparse)


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(page: bytes) -> None:
    reader, _ = read(page)
    assert not reader.open
    assert not reader.tags & {"script", "link", "img", "iframe", "object"}
    assert "@import" not in page.decode()
    assert all(link.startswith("#") and link[1:] in reader.ids for link in reader.links)


def test_names_that_clients_give_stay_text(page: bytes) -> None:
    _, said = read(page)
    assert TRICKY in said
    assert b"<script" not in page
    assert "小车 A".encode() in page


def test_the_sections_stand_in_the_order_a_sceptic_asks(page: bytes) -> None:
    assert re.findall(r"<h2[^>]*>(\d\. [^<]*)", page.decode()) == [
        "1. Summary",
        "2. From experience to the rating year",
        "3. Cover by cover",
        "4. Drift",
        "5. Method",
    ]


def test_every_cover_stands_in_every_section_and_a_refused_one_with_its_reason(
    page: bytes, full: Forecast
) -> None:
    reader, said = read(page)
    for cover in full.covers:
        assert {f"experience-{cover}", f"covers-{cover}"} <= reader.ids
    assert list(full.refused) == ["theft_of_parts"]
    assert "Theft of parts is not priced." in said
    assert "has no claim with a cost before the rating year." in said


def test_the_summary_shows_the_figures_of_the_judgement(page: bytes, full: Forecast) -> None:
    _, said = read(page)
    for judged in full.judgements.values():
        assert f"{judged.deviance_model:.3f}" in said
        assert f"{1 - judged.deviance_model / judged.deviance_constant:.1%}" in said
        assert f"{judged.gini_cost_model:.3f}" in said
        assert f"{judged.actual_over_expected_amount:.3f}" in said


def test_the_verdict_on_the_challengers_names_the_covers_that_failed(page: bytes, full: Forecast) -> None:
    _, said = read(page)
    assert full.promotion is not None
    failed = full.promotion.by_cover.filter(~pl.col("passed"))["cover"].to_list()
    assert failed
    assert f"as good on {len(failed)} of 2 covers ({', '.join(failed)})" in said


def test_development_and_trend_are_shown_where_losses_have_days(page: bytes, full: Forecast) -> None:
    _, said = read(page)
    counts = full.covers["damage"].made.restatement.development.counts
    assert counts is not None
    assert f"{counts.total:,.1f} are expected in the end" in said
    assert "2024 Q4" in said
    assert "Cover glass: losses have no triangle; claims are taken as reported." in said


def test_whatever_is_missing_says_why(head: ReportHead, sparse: Forecast) -> None:
    _, said = read(report_html(head, sparse))
    for reason in (
        "No premium charged was delivered",
        "No cover has claims with days",
        "losses have no triangle",
        "No trend observed of frequency:",
        "No driving score was delivered",
        "No year was forecast from those before it: no year of 'year' has a next one",
        "No group by model and vehicle age has 50 vehicle-years",
        "Drift of damage was not judged: reference: no row has exposure.",
    ):
        assert reason in said, reason


def test_a_client_without_any_forecast_has_a_page(head: ReportHead) -> None:
    _, said = read(report_html(head, Forecast({}, {"theft": "no claims"}, {}, None)))
    for sentence in ("No cover could be forecast.", "Theft is not priced.", "No challenger was judged"):
        assert sentence in said


def test_a_part_that_cannot_be_drawn_says_so_and_the_rest_of_the_page_stands(
    head: ReportHead, sparse: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def singular(*_: object) -> str:
        raise np.linalg.LinAlgError("Singular matrix")

    whole = read(report_html(head, sparse))[1]
    monkeypatch.setattr(covers, "lift", singular)
    monkeypatch.setattr(document, "drift", singular)
    told = read(report_html(head, sparse))[1]
    assert "Order, and the challenger could not be drawn: Singular matrix." in told
    assert "Drift could not be drawn: Singular matrix." in told
    assert told.count("Year by year") == whole.count("Year by year") > 0
