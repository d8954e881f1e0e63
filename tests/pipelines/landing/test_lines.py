"""Landing says one line per kind of file, and names a file that was set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.progress import LOGGER
from tests.conftest import CLAIMS, MAPPING


@pytest.fixture
def said() -> Iterator[list[str]]:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, level = Kept(), LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    yield lines
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(level)


@pytest.fixture
def mapping(mapping_of: Callable[..., Mapping]) -> Mapping:
    document = deepcopy(MAPPING)
    document["files"][1]["match"] = "claims*.csv"  # type: ignore[index]
    return mapping_of(document)


def test_files_of_one_kind_are_one_line(
    delivery: Path, mapping: Mapping, places: Places, said: list[str]
) -> None:
    for number in range(2, 7):
        (delivery / f"claims{number}.csv").write_text(CLAIMS.replace("C", f"C{number}"), encoding="utf-8")
    land(delivery, mapping, places, "key")
    told = [line.split("  ") for line in said if line.startswith("landing ")]
    assert [line[0] for line in told] == ["landing policies.csv", "landing 6 claims*.csv"]
    assert told[1][-2:] == ["12 rows", "claims 12, claim_transactions 12"]


def test_a_file_of_many_that_is_set_aside_is_named(
    delivery: Path, mapping: Mapping, places: Places, said: list[str]
) -> None:
    (delivery / "claims2.csv").write_text(CLAIMS.replace("C", "D").replace("2024-0", "2024-9"))
    land(delivery, mapping, places, "key")
    assert [line for line in said if "SET ASIDE WHOLE" in line] == [
        "claims2.csv: SET ASIDE WHOLE: more than 50.0% of its rows are bad"
    ]
