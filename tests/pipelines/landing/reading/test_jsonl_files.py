"""JSON Lines: a line that no row can hold is refused with its number, and the file goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.reading import blocks
from tests.pipelines.landing.reading.files import mapping_of, whole

GOOD = '{{"id": "r{n}", "amount": {n}.25, "more": {{"deep": [1, "NaN"]}}}}'
FAULTS = {
    '{{"id": "r{n}", "amount": NaN}}': "no number that can be held",
    '{{"id": "r{n}", "amount": -Infinity}}': "no number that can be held",
    '{{"id": "r{n}", "amount": 1e400}}': "no number that can be held",
    '{{"id": "r{n}", "amount": 1, "amount": 2}}': "the key 'amount' stands twice",
    '{{"id": "r{n}", "amount": 1, "am\\u006funt": 2}}': "the key 'amount' stands twice",
    '{{"id": "r{n}", "amount": 1, "amount ": 2}}': "the key 'amount' stands twice",
    '{{"id": "r{n}", "amount": "7"}}': "'amount' is text here, and a number in other lines",
    '{{"id": "r{n}", "amount": true}}': "'amount' is true or false here",
    '{{"id": "r{n}", "amount": {{"value": 7}}}}': "'amount' is an object here",
    '{{"id": "r{n}", "amount": [7]}}': "'amount' is a list here",
    '{{"id": {n}, "amount": 7}}': "'id' is a number here, and text in other lines",
    '{{"id": "r{n}", "amount": 7, "more": {{"deep": NaN}}}}': "'more' has NaN or Infinity in it",
    '{{"id": "r{n}", "amount": 90071992547409931}}': "more digits than are held exactly",
    '{{"id": "r{n}", "amount": 7': "not a JSON object",
    '["r{n}", 7]': "not a JSON object",
    '{{"id": "r{n}", "amount": 7,}}': "not a JSON object",
    '{{"id": "r{n}", "amount": 7, "more": ["a", ]}}': "not a JSON object",
    "r{n}": "not a JSON object",
    '{{"id": "\\ud800", "amount": 7}}': "not a JSON object",
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    height=st.integers(3, 12),
    planted=st.dictionaries(st.integers(0, 11), st.sampled_from(list(FAULTS)), max_size=3),
    blanks=st.sets(st.integers(0, 11), max_size=3),
    size=st.sampled_from([4_000, 4_000_000]),
)
def test_a_planted_line_is_refused_with_its_number_and_costs_no_other(
    height: int, planted: dict[int, str], blanks: set[int], size: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    sound = [n for n in range(height) if n not in planted]
    lines: list[str] = []
    expected: dict[int, str] = {}
    rows: dict[int, tuple[str, float]] = {}
    # Sound lines are the most, so that they say what kind of value a key holds.
    for n in [*range(height), *range(100, 104)]:
        lines += [""] if n in blanks else []
        lines.append(planted.get(n, GOOD).format(n=n))
        if n in planted:
            expected[len(lines)] = FAULTS[planted[n]]
        else:
            rows[len(lines)] = (f"r{n}", n + 0.25)
    (tmp_path / "f.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = whole(tmp_path / "f.jsonl", mapping_of("id", "amount"))
    assert {r["_row"]: (r["id"], r["amount"]) for r in found.rows.iter_rows(named=True)} == rows
    refused = dict(found.malformed.select("_row", "reason").iter_rows())
    assert set(refused) == set(expected)
    assert all(why in refused[at] for at, why in expected.items())
    assert len(sound) + 4 == len(rows)


def test_what_a_key_holds_is_said_once_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 200)
    lines = [json.dumps({"id": f"r{n}", "amount": n / 4}) for n in range(20)]
    lines += [json.dumps({"id": f"t{n}", "amount": "7"}) for n in range(20)]
    (tmp_path / "f.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = whole(tmp_path / "f.jsonl", mapping_of("id", "amount"))
    assert found.rows["_row"].to_list() == list(range(1, 21))
    assert found.malformed["_row"].to_list() == list(range(21, 41))


def test_whole_numbers_are_held_exactly(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"id": 9007199254740993}\n{"id": 2}\n')
    assert whole(tmp_path / "f.jsonl", mapping_of("id")).rows["id"].to_list() == [9007199254740993, 2]


def test_a_list_may_end_in_a_text_that_looks_like_anything(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"id": "a,}", "more": [1, "b,]"], "last": "\\",]"}\n')
    found = whole(tmp_path / "f.jsonl", mapping_of("id"))
    assert (found.rows["id"].to_list(), found.malformed.height) == (["a,}"], 0)


def test_the_keys_of_an_object_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"id": "a", "": 1, "a/b": 2, "c~d": 3, "_row": 9, "e.\'f": 4}\n')
    (row,) = whole(tmp_path / "f.jsonl", mapping_of("id")).rows.to_dicts()
    assert (row["_row"], row["a/b"], row["c~d"], row["e.'f"]) == (1, 2, 3, 4)


def test_a_key_that_no_line_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"id": "a", "Amount": 1}\n')
    with pytest.raises(InputError, match=r"column 'amount': .* did you mean 'Amount'"):
        whole(tmp_path / "f.jsonl", mapping_of("id", "amount"))


def test_broken_lines_alone_are_quarantined_and_a_page_is_refused(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_text('{"id": "r1", "amo\n', encoding="utf-8")
    read = whole(cut, mapping_of(cut.name))
    assert read.rows.is_empty()
    assert read.malformed.select("_row", "value").rows() == [(1, '{"id": "r1", "amo')]
    page = tmp_path / "page.jsonl"
    page.write_text("<html>\n<p>not found</p>\n</html>\n", encoding="utf-8")
    with pytest.raises(InputError, match="no line that is a sound JSON object"):
        whole(page, mapping_of(page.name))
