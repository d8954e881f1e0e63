"""Names: what looks alike is the same, what stands twice is ambiguous, what differs is said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.mapping import Mapping
from pipelines.landing.reading.names import no_column, settled
from tests.conftest import MAPPING
from tests.pipelines.landing.reading.files import mapping_of, record, whole
from tests.pipelines.landing.reading.test_excel_files import workbook

DISGUISES = {
    "as it is": lambda s: s,
    "decomposed": lambda s: unicodedata.normalize("NFD", s),
    "a blank behind": lambda s: s + " ",
    "a hard blank": lambda s: "\u00a0" + s.replace(" ", "\u00a0"),
    "two blanks": lambda s: s.replace(" ", "  "),
    "an invisible mark": lambda s: s[:1] + "\u200b" + s[1:],
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
}
names = st.sampled_from(["Prämie netto", "total", "Montant réglé", "金额", "id 2"])


def write(path: Path, header: list[str]) -> Path:
    """A file of any format with one row under the header."""
    row = [f"v{n}" for n in range(len(header))]
    if path.suffix == ".csv":
        path.write_text(f"{record(header)}\n{record(row)}\n", encoding="utf-8")
    elif path.suffix == ".xlsx":
        cells = {(0, n): name for n, name in enumerate(header)}
        workbook(path, cells | {(1, n): value for n, value in enumerate(row)})
    else:
        pq.write_table(pa.Table.from_arrays([pa.array([v]) for v in row], names=header), path)
    return path


formats = st.sampled_from(["f.csv", "f.xlsx", "f.parquet"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=formats, name=names, disguise=st.sampled_from(list(DISGUISES)), at=st.integers(0, 2))
def test_a_column_is_found_however_its_name_is_written(
    file: str, name: str, disguise: str, at: int, tmp_path: Path
) -> None:
    header = ["a", "b"]
    header.insert(at, DISGUISES[disguise](name))
    assert whole(write(tmp_path / file, header), mapping_of(name)).rows[name].to_list() == [f"v{at}"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=formats, name=names, one=st.sampled_from(list(DISGUISES)), two=st.sampled_from(list(DISGUISES)),
    first=st.integers(0, 2), gap=st.integers(0, 2),
)  # fmt: skip
def test_a_mapped_column_that_stands_twice_is_ambiguous_and_both_places_are_named(
    file: str, name: str, one: str, two: str, first: int, gap: int, tmp_path: Path
) -> None:
    header = [f"c{n}" for n in range(5)]
    header.insert(first, DISGUISES[one](name))
    header.insert(first + 1 + gap, DISGUISES[two](name))
    with pytest.raises(InputError) as caught:
        whole(write(tmp_path / file, header), mapping_of(name))
    assert f"column '{name}': expected a column that stands once" in str(caught.value)
    for place in (first + 1, first + 2 + gap):
        assert f" {place}" in str(caught.value).partition("as columns")[2]


def test_a_doubled_column_that_nobody_maps_is_said_and_the_file_is_read(tmp_path: Path) -> None:
    for file in ("f.csv", "f.xlsx"):
        remarks: list[str] = []
        path = write(tmp_path / file, ["id", "total", "", "total", ""])
        assert whole(path, mapping_of("id"), remarks).rows["id"].to_list() == ["v0"]
        assert remarks == ["column 'total' stands 2 times (columns 2, 4) and is not mapped"]


def test_a_name_that_only_looks_the_same_is_told_apart_by_code_point() -> None:
    error = no_column("f.csv", "total", ["id", "t\u043etal"])
    assert "has U+043E where the mapping has U+006F" in str(error)


def test_the_number_of_a_row_is_ours_whatever_the_client_calls_a_column() -> None:
    assert settled("f", ["id"], ["_row", "id"], []) == ["_row (column 1)", "id"]


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_file_is_known_however_its_name_is_written(disguise: str) -> None:
    document = {**MAPPING, "files": [{**MAPPING["files"][0], "match": "Verträge [2024] *.csv"}]}
    name = DISGUISES[disguise]("Verträge [2024] *") + ".csv"
    assert Mapping.model_validate(document).file_for(name) is not None


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xlsx", "parquet"])
def test_values_are_composed_so_that_one_make_is_one_make(tmp_path: Path, suffix: str) -> None:
    make = unicodedata.normalize("NFD", "Citroën")
    path = tmp_path / f"f.{suffix}"
    frame = pl.DataFrame({"id": [make, "Citroën"]})
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet,
     "xlsx": frame.write_excel}[suffix](path)  # fmt: skip
    assert set(whole(path, mapping_of("id")).rows["id"]) == {"Citroën"}
