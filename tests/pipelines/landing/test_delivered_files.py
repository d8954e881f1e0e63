"""Files as they come: without rows, damaged, odd in ways that no reader foresaw; nothing is lost."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.gates.facts import delivery_facts
from pipelines.gates.files import file_findings
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.landing.reading import readers
from tests.conftest import CLAIMS, MAPPING, POLICIES
from tests.pipelines.landing.reading.files import mapping_of as how
from tests.pipelines.landing.test_land import all_files, quarantine

MappingOf = Callable[..., Mapping]


def claims_as(name: str) -> dict[str, object]:
    document = copy.deepcopy(MAPPING)
    document["files"][1]["match"] = name
    return document


NO_CLAIMS: dict[str, Callable[[Path], object]] = {
    "claims.csv": lambda p: p.write_text(CLAIMS.splitlines()[0] + "\n"),
    "claims.txt": lambda p: p.write_text("\n" + CLAIMS.splitlines()[0] + "\r\n\r\n  \n"),
    "claims.jsonl": lambda p: p.write_bytes(b""),
    "claims.ndjson": lambda p: p.write_text("\n\n"),
    "claims.xlsx": lambda p: pl.read_csv(CLAIMS.encode()).clear().write_excel(p),
    "claims.parquet": lambda p: pl.read_csv(CLAIMS.encode()).clear().write_parquet(p),
}


@pytest.mark.parametrize("name", NO_CLAIMS)
def test_a_source_without_rows_lands_as_nothing_and_is_said(
    delivery: Path, places: Places, mapping_of: MappingOf, name: str
) -> None:
    (delivery / "claims.csv").unlink()
    NO_CLAIMS[name](delivery / name)
    mapping = mapping_of(claims_as(name))
    report = land(delivery, mapping, places, "key")
    entry = next(e for e in report.landed if e.file == name)
    assert (entry.read, entry.accepted, entry.set_aside) == (0, 0, False)
    assert entry.remarks == ("it holds no rows",)
    facts = next(f for f in delivery_facts(delivery, mapping, places.ledger) if f.file == name)
    findings = file_findings(facts)
    assert "it holds no rows" in findings[0].observed
    assert all(f.success for f in findings)
    before = all_files(places)
    assert not land(delivery, mapping, places, "key").landed
    assert all_files(places) == before


def test_two_files_without_a_byte_are_known_the_second_time(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    document = claims_as("claims.jsonl")
    document["files"].append({**copy.deepcopy(document["files"][1]), "match": "more.jsonl"})  # type: ignore[attr-defined]
    (delivery / "claims.csv").unlink()
    for name in ("claims.jsonl", "more.jsonl"):
        (delivery / name).write_bytes(b"")
    land(delivery, mapping_of(document), places, "key")
    assert not land(delivery, mapping_of(document), places, "key").landed


def test_vehicles_may_not_be_missing_but_a_month_may_bring_no_new_one(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    header = POLICIES.splitlines()[0] + "\n"
    month = delivery.with_name("2024-06")
    month.mkdir()
    (month / "policies.csv").write_text(header)
    with pytest.raises(InputError, match=r"policies\.csv: expected vehicles; found no rows in it"):
        land(month, mapping_of(), places, "key")
    assert [f for f in all_files(places) if not f.endswith(".landing.lock")] == []
    land(delivery, mapping_of(), places, "key")
    (entry,) = land(month, mapping_of(), places, "key").landed
    assert (entry.file, entry.read) == ("policies.csv", 0)


def test_lines_that_do_not_add_up_are_counted_and_told(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    lines = [*CLAIMS.splitlines(), "", "C3,P1,2024-03-01", 'C4,"P1,2024-03-01,5', "C5,P1,2024-04-01,6"]
    (delivery / "claims.csv").write_text("\n".join(lines) + "\n")
    entry = next(e for e in land(delivery, mapping_of(), places, "key").landed if e.file == "claims.csv")
    assert (entry.read, entry.accepted, entry.rejected) == (5, 3, 2)
    told = quarantine(places).filter(pl.col("file") == "claims.csv").sort("row")
    assert told.select("row", "rule", "reason").rows() == [
        (5, "malformed", "line has 3 fields, the header has 4"),
        (6, "malformed", "a quote opens in line 6 and does not close where a field ends"),
    ]


FRAME = pl.DataFrame({"id": ["a", "bé", None], "n": [1, 2, 3]})
WRITERS: dict[str, Callable[[Path], object]] = {
    "f.csv": FRAME.write_csv,
    "f.jsonl": FRAME.write_ndjson,
    "f.parquet": FRAME.write_parquet,
    "f.xlsx": FRAME.write_excel,
}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(WRITERS)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 40)), max_size=4),
)
def test_a_damaged_file_gives_rows_or_one_line_that_names_it(
    name: str, cuts: list[tuple[float, bytes, int]], tmp_path: Path
) -> None:
    """Bytes are cut out and put in anywhere; whatever the library makes of it stays behind the reader."""
    WRITERS[name](tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for share, put_in, cut_out in cuts:
        at = int(share * len(content))
        content = content[:at] + put_in + content[at + cut_out :]
    (tmp_path / name).write_bytes(content)
    try:
        for chunk in readers.read_chunks(tmp_path / name, how("id")):
            assert chunk.rows["_row"].null_count() == 0
    except InputError as error:
        told = str(error)
        assert told.startswith(name)
        assert "\n" not in told


@pytest.mark.parametrize("error", [RuntimeError("odd\nthing"), pl.exceptions.PanicException("odd thing")])
def test_what_no_reader_foresaw_is_one_line_and_the_file_stays_out_whole(
    delivery: Path, places: Places, mapping_of: MappingOf, monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:  # fmt: skip
    def breaking(*words: object) -> Iterator[readers.Chunk]:
        yield from list(csv(*words))
        raise error

    csv = readers._READERS["csv"]
    monkeypatch.setitem(readers._READERS, "csv", breaking)
    message = r"policies\.csv: expected a readable file \(csv\); found one that cannot be read: odd thing$"
    with pytest.raises(InputError, match=message):
        land(delivery, mapping_of(), places, "key")
    assert [f for f in all_files(places) if not f.endswith(".landing.lock")] == []


@pytest.mark.parametrize(
    ("name", "shown"), [("claims\udcff.csv", r"claims\xff.csv"), ("a\nb.csv", r"a\nb.csv")]
)
def test_a_file_name_that_is_no_text_is_refused(
    delivery: Path, places: Places, mapping_of: MappingOf, name: str, shown: str
) -> None:
    (delivery / name).write_text(CLAIMS)
    with pytest.raises(InputError) as caught:
        land(delivery, mapping_of(), places, "key")
    assert str(caught.value).startswith(f"{shown}: expected a file name of printable letters in UTF-8")
