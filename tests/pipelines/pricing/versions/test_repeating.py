"""A version made twice is one version: inputs and tables decide, not the last digit of a page."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.publication import MANIFEST, PAGES, keep_version, seal
from pipelines.pricing.workflow import Action
from pipelines.progress import LOGGER
from tests.pipelines.pricing.versions.examples import FILES, desk, manifest, tree

TABLES = ("rate_table.csv", "rate_table.parquet", "renewals.parquet", "rating_plan.json")
PAGE = "<h1>Rates</h1><svg><path d='M1 {place}'/></svg><p>Gini {figure}</p>"


def made(place: str = "82.52", figure: str = "0.331", **tables: bytes) -> dict[str, bytes]:
    """Files of a version whose pages draw one place and say one figure."""
    page = PAGE.format(place=place, figure=figure).encode()
    own = {name: name.encode() for name in TABLES} | {"rate_table.xlsx": b"PK" + place.encode()}
    pages = {
        "model_report.html": page,
        "pricing_pack.html": page,
        "evaluation.json": f'{{"a": {figure}}}'.encode(),
    }
    return own | pages | {name.replace("__", "."): data for name, data in tables.items()}


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(LOGGER, "propagate", True)
    caplog.set_level(logging.WARNING)
    return caplog


# A decimal of nine digits and the next one: what a sum of floats in another order makes of a place.
digits = st.integers(100_000_000, 999_999_998)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=digits)
def test_a_page_that_differs_in_nothing_a_reader_sees_is_the_same_in_silence(
    number: int, tmp_path_factory: pytest.TempPathFactory, warned: pytest.LogCaptureFixture
) -> None:
    root = tmp_path_factory.mktemp("kept")
    first = seal(manifest(), made(place=f"0.{number}", figure=f"0.33100{number}"))
    again = seal(manifest(), made(place=f"0.{number + 1}", figure=f"0.33100{number + 1}"))
    assert keep_version(root / "v", first) == first
    before = tree(root)
    assert keep_version(root / "v", again) == first
    assert tree(root) == before
    assert warned.messages == []


def test_a_page_that_says_something_else_stands_as_drafted_and_that_is_said(
    tmp_path: Path, warned: pytest.LogCaptureFixture
) -> None:
    first = seal(manifest(), made())
    keep_version(tmp_path / "v", first)
    assert keep_version(tmp_path / "v", seal(manifest(), made(figure="0.332"))) == first
    (told,) = warned.messages
    pages = "evaluation.json, model_report.html, pricing_pack.html"
    assert told == f"v stands as drafted; this run words {pages} otherwise"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_differs_is_another_version_and_never_written_over(tmp_path: Path, name: str) -> None:
    keep_version(tmp_path / "v", seal(manifest(), made()))
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=rf"{name} stands already with other content"):
        keep_version(tmp_path / "v", seal(manifest(), made() | {name: b"other"}))
    assert tree(tmp_path) == before


def test_other_inputs_under_the_same_name_are_refused(tmp_path: Path) -> None:
    keep_version(tmp_path / "v", seal(manifest(), made()))
    with pytest.raises(PublicationError, match=r"manifest\.json stands already with other content"):
        keep_version(tmp_path / "v", seal(manifest(model="m2"), made()))


@pytest.mark.parametrize("name", [*PAGES, TABLES[0]])
def test_a_file_that_somebody_changed_is_noticed_however_little(tmp_path: Path, name: str) -> None:
    drafts = desk(tmp_path)
    standing, _ = drafts.draft(manifest(), made())
    path = drafts.path(standing) / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PublicationError, match=rf"{name} is not what was drafted"):
        drafts.draft(manifest(), made())


def test_a_draft_whose_run_was_killed_before_the_log_is_taken_as_it_lies(tmp_path: Path) -> None:
    drafts, name = desk(tmp_path), manifest().version()
    lay = seal(manifest(), made(place="82.520451"))
    keep_version(drafts.folder / "versions" / name, lay)
    standing, created = drafts.draft(manifest(), made(place="82.520452"))
    assert created
    assert drafts.files(standing) == lay
    drafts.act(Action.SUBMIT, name)
    assert drafts.draft(manifest(), made(place="82.520453"))[0].state == "in review"


def test_files_that_are_no_page_decide() -> None:
    assert set(PAGES) == {n for n in made() if n.endswith((".html", ".xlsx")) or n == "evaluation.json"}
    assert MANIFEST not in PAGES
    assert set(FILES) - set(PAGES) == {"rate_table.csv", "rate_table.parquet"}
