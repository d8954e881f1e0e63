"""Mappings: a typo is found before a file is opened, and the message says where and what was meant."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.landing.mapping import Mapping, load_mapping
from tests.conftest import MAPPING, PROJECT

Change = Callable[[dict], None]


def rename_column(m: dict) -> None:
    m["files"][0]["sources"][1]["columns"]["annual_premum"] = "premium"


def unknown_source(m: dict) -> None:
    m["files"][0]["sources"][0]["source"] = "vehicle"


def unknown_key(m: dict) -> None:
    m["files"][0]["encodng"] = "utf-8"


def no_key_column(m: dict) -> None:
    del m["files"][0]["sources"][1]["columns"]["contract_id"]


def unknown_expectation(m: dict) -> None:
    m["expect"] = {"claims": {"max_zero_share": {"amont": 0.1}}}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (rename_column, "did you mean 'annual_premium'?"),
        (unknown_source, "did you mean 'vehicles'?"),
        (unknown_key, "did you mean 'encoding'?"),
        (no_key_column, "contracts needs the columns contract_id"),
        (unknown_expectation, "column 'amont' of claims"),
    ],
)
def test_a_typo_is_named_with_what_was_meant(
    spoil: Change, message: str, mapping_of: Callable[..., Mapping]
) -> None:
    document = copy.deepcopy(MAPPING)
    spoil(document)
    with pytest.raises(InputError) as caught:
        mapping_of(document)
    assert message in str(caught.value)
    assert "mapping.yml" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- just\n- a list\n", ""])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yml").write_text(text)
    with pytest.raises(InputError, match="expected a YAML mapping"):
        load_mapping(tmp_path / "m.yml")


@pytest.mark.parametrize("path", sorted((PROJECT / "data" / "mappings").glob("*.yml")), ids=lambda p: p.stem)
def test_every_mapping_in_the_repository_loads(path: Path) -> None:
    assert load_mapping(path).client == path.stem


def test_a_file_nobody_mentioned_is_an_error_and_an_ignored_one_is_not(
    mapping_of: Callable[..., Mapping],
) -> None:
    mapping = mapping_of({**MAPPING, "ignore": ["*.md"]})
    assert mapping.file_for("readme.md") is None
    with pytest.raises(InputError, match=r"extra\.csv"):
        mapping.file_for("extra.csv")


def test_a_rating_year_may_begin_in_july(mapping_of: Callable[..., Mapping]) -> None:
    start, end = mapping_of({**MAPPING, "rating_year_start": "07-01"}).rating_year(2017)
    assert (str(start), str(end)) == ("2017-07-01", "2018-06-30")
