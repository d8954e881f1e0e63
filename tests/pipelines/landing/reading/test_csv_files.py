"""CSV: what does not add up is refused with its line; everything else is read as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.reading import blocks, csv_records
from tests.pipelines.landing.reading.files import mapping_of, record, whole

HEADER = ("id", "name", "amount", "note")
plain = st.text("abc 5ü", min_size=1, max_size=5).map(lambda s: s.strip() or "x")
written = st.one_of(plain, st.text('ab,"\n ', min_size=1, max_size=8).map(lambda s: "x" + s + "x"))
plain_row = st.tuples(plain, plain, plain, plain)
any_row = st.tuples(written, written, written, written)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.write_bytes((end.join([record(HEADER), *lines]) + end).encode())
    return path


def read(path: Path) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Accepted rows and refused lines, by line number."""
    found = whole(path, mapping_of("id"))
    rows = {row["_row"]: tuple(row[n] for n in HEADER) for row in found.rows.iter_rows(named=True)}
    return rows, dict(found.malformed.select("_row", "reason").iter_rows())


def lines_of(records: list[str]) -> list[int]:
    """Line of the file in which each record begins, below a header of one line."""
    at, found = 2, []
    for text in records:
        found.append(at)
        at += text.count("\n") + 1
    return found


@quick
@given(
    rows=st.lists(any_row, min_size=1, max_size=9),
    blanks=st.sets(st.integers(0, 8)),
    size=st.sampled_from([40, 4_000_000]),
)
def test_what_is_written_well_is_read_as_it_was_written(
    rows: list[tuple[str, ...]], blanks: set[int], size: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Quoted delimiters, quotes and line breaks, blank lines between records, blocks cut anywhere."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    # A field that holds a whole row is the one thing that cannot be told from a stray quote.
    rows = [tuple(t if t.count(",") < 3 else t.replace(",", ";") for t in row) for row in rows]
    rows = [row if "\n" not in "".join(row) else tuple(t.replace(",", ";") for t in row) for row in rows]
    texts: list[str] = []
    for n, row in enumerate(rows):
        texts += [""] if n in blanks else []
        texts.append(record(row))
    found, refused = read(write(tmp_path / "f.csv", texts))
    at = [line for line, text in zip(lines_of(texts), texts, strict=True) if text]
    assert refused == {}
    assert found == dict(zip(at, rows, strict=True))


faults = st.sampled_from(["cut", "more", "stray", "stray_first", "after_quote"])


def spoiled(row: tuple[str, ...], fault: str) -> str:
    if fault == "cut":
        return record(row[:2])
    if fault == "more":
        return record([*row, "more"])
    if fault == "stray":
        return record([row[0]]) + ',"' + record(row[1:])
    if fault == "stray_first":
        return '"' + record(row)
    return record(row[:3]) + ',"' + row[3] + '"x'


@quick
@given(
    rows=st.lists(plain_row, min_size=1, max_size=9),
    planted=st.dictionaries(st.integers(0, 8), faults, min_size=1, max_size=3),
    size=st.sampled_from([40, 4_000_000]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=[("a", "b", "c", "d")] * 3, planted={0: "stray", 2: "stray"}, size=4_000_000, end="\n")
def test_a_planted_fault_is_refused_with_its_line_and_costs_no_other_row(
    rows: list[tuple[str, ...]], planted: dict[int, str], size: int, end: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    texts = [spoiled(row, planted[n]) if n in planted else record(row) for n, row in enumerate(rows)]
    found, refused = read(write(tmp_path / "f.csv", texts, end))
    bad = {n + 2 for n in planted if n < len(rows)}
    assert set(refused) == bad
    assert found == {n + 2: row for n, row in enumerate(rows) if n + 2 not in bad}


@quick
@given(rows=st.lists(plain_row, min_size=2, max_size=9), data=st.data())
def test_rows_between_two_stray_quotes_are_refused_and_never_one_field(
    rows: list[tuple[str, ...]], data: st.DataObject, tmp_path: Path
) -> None:
    """The first quote opens a field, the second closes one: to a parser that trusts quotes it is a record."""
    first = data.draw(st.integers(0, len(rows) - 2))
    last = data.draw(st.integers(first + 1, len(rows) - 1))
    texts = [record(row) for row in rows]
    texts[first] = f'{rows[first][0]},{rows[first][1]},"{rows[first][2]},{rows[first][3]}'
    texts[last] = f'{rows[last][0]},{rows[last][1]},{rows[last][2]}",{rows[last][3]}'
    found, refused = read(write(tmp_path / "f.csv", texts))
    assert set(refused) == {n + 2 for n in range(first, last + 1)}
    assert set(found.values()) <= {tuple(row) for row in rows}
    assert len(found) + len(refused) == len(rows)


def test_a_stray_quote_in_a_large_file_takes_no_more_memory_than_a_record_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2_000)
    monkeypatch.setattr(csv_records, "MOST_LINES", 50)
    held: list[int] = []
    split = csv_records.Splitter.split

    def watched(
        self: csv_records.Splitter, lines: list[str], first: int, *, last: bool
    ) -> csv_records.Records:
        held.append(len(lines))
        return split(self, lines, first, last=last)

    monkeypatch.setattr(csv_records.Splitter, "split", watched)
    texts = [f"{n},a,1,b" for n in range(5_000)]
    texts[7] = '7,"a,1,b'
    found, refused = read(write(tmp_path / "f.csv", texts))
    assert (len(found), list(refused)) == (4_999, [9])
    assert "a quote opens in line 9" in refused[9]
    assert max(held) < 600


def test_an_inch_mark_inside_a_field_is_a_character(tmp_path: Path) -> None:
    found, refused = read(write(tmp_path / "f.csv", ['1,5" wheel,2,"a ""b"""', '2,Ac"me" Ltd,3,4"']))
    assert (found, refused) == ({2: ("1", '5" wheel', "2", 'a "b"'), 3: ("2", 'Ac"me" Ltd', "3", '4"')}, {})


@pytest.mark.parametrize(
    ("text", "rows", "refused"),
    [
        ("id,n\na,1,\nb,2,\n", [2, 3], []),  # every row ends in a delimiter
        ("id,n\na,1,\nb,2\nc,3,x\n", [2], [3, 4]),
        ("id,n,\na,1,\nb,2\n", [2, 3], []),  # the header does, too
        ("id,n\na,1\nb,2,\n", [2], [3]),
        ("\n\nid,n\n\na,1\n   \nb,2\n\n", [5, 7], []),
        ("id,n\ra,1\rb,2\r", [2, 3], []),
        ('"id","n\nm"\na,1\nb,2\n', [3, 4], []),
        ("id,n\na\x0b,1\nb\u2028,2\x1c\n", [2, 3], []),  # no line ends there
        ("id\na\n\n\"\"\nb\n", [2, 4, 5], []),
        ("id,n\na,1\nb", [2], [3]),
    ],
)  # fmt: skip
def test_lines_have_the_numbers_that_an_editor_shows(
    tmp_path: Path, text: str, rows: list[int], refused: list[int]
) -> None:
    (tmp_path / "f.csv").write_bytes(text.encode())
    found = whole(tmp_path / "f.csv", mapping_of("id"))
    assert (found.rows["_row"].to_list(), found.malformed["_row"].to_list()) == (rows, refused)


def test_a_long_line_is_read_and_a_line_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "x" * 300_000
    found, _ = read(write(tmp_path / "f.csv", [f"1,{long},1,b", f'2,"{long}\n",1,b', "3,a,1,b"]))
    assert sorted(found) == [2, 3, 5]
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 10_000)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 100_000)
    with pytest.raises(InputError, match=r"f\.csv: expected lines of at most 100,000 characters"):
        read(tmp_path / "f.csv")
