"""Readers: four formats give the same rows; a file that cannot be used says so in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import InputError
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.readers import Chunk, read_chunks

FRAME = pl.DataFrame({"id": ["a", "b"], "n": [1, 2]})
SOURCE = {
    "source": "contract_covers",
    "columns": {"contract_id": {"column": "id"}, "cover": {"value": "x"}},
}


def how(**options: object) -> FileMapping:
    return FileMapping.model_validate({"match": "*", "sources": [SOURCE], **options})


def read_file(path: Path, how: FileMapping) -> Chunk:
    """All chunks of a file as one."""
    chunks = list(read_chunks(path, how))
    return Chunk(
        pl.concat([c.rows for c in chunks], how="diagonal_relaxed"), pl.concat([c.malformed for c in chunks])
    )


def write_excel(path: Path) -> None:
    FRAME.write_excel(path, worksheet="S")


WRITERS: dict[str, Callable[[Path], object]] = {
    "f.csv": FRAME.write_csv,
    "f.jsonl": FRAME.write_ndjson,
    "f.parquet": FRAME.write_parquet,
    "f.xlsx": write_excel,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_rows_and_their_numbers(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    raw = read_file(tmp_path / name, how())
    assert raw.rows.select(pl.col("id"), pl.col("n").cast(pl.Int64)).to_dicts() == FRAME.to_dicts()
    headed = name.endswith((".csv", ".xlsx"))
    assert raw.rows["_row"].to_list() == [n + headed for n in (1, 2)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_read_in_the_encoding_of_the_mapping(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("id,名称\nx,车\n".encode(encoding))
    raw = read_file(path, how(encoding=encoding.removesuffix("-sig")))
    assert raw.rows["名称"].to_list() == ["车"]


def test_gb18030_read_as_utf8_names_the_offending_byte(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes("id\n车\n".encode("gb18030"))
    with pytest.raises(InputError, match=r"f\.csv: expected text in utf-8; found byte 0xb3 at offset 3"):
        read_file(tmp_path / "f.csv", how())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.csv", b"", "expected rows; found an empty file"),
        ("f.csv", b"idd,n\n1,2\n", "column 'id': expected the column that the mapping names"),
        ("f.parquet", b"PAR1xxxx", "expected a whole Parquet file"),
        ("f.xlsx", b"not a workbook", "expected an Excel workbook"),
        ("f.jsonl", b"no json\n", "expected JSON Lines"),
        ("f.pdf", b"%PDF", "expected a file type among .csv"),
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_file(tmp_path / name, how())
    assert message in str(caught.value)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "f.parquet")
    whole = (tmp_path / "f.parquet").read_bytes()
    (tmp_path / "f.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="a damaged or cut one"):
        read_file(tmp_path / "f.parquet", how())


def test_lines_the_format_cannot_hold_are_handed_back_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"id": "a"}\nbroken\n[1]\n{"id": "b"}\n')
    raw = read_file(tmp_path / "f.jsonl", how())
    assert raw.rows["_row"].to_list() == [1, 4]
    assert raw.malformed["_row"].to_list() == [2, 3]
    (tmp_path / "f.csv").write_text('id,n\na,1\nb,2,3\n"c,c",4\n')
    raw = read_file(tmp_path / "f.csv", how())
    assert raw.rows["_row"].to_list() == [2, 4]
    assert raw.malformed.select("_row", "value").rows() == [(3, "b,2,3")]
