"""The log: what was recorded is what is read, and whatever was touched since is named by its line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.pricing.workflow import Action, Record, WorkflowError
from pipelines.pricing.workflow.log import Log
from pipelines.pricing.workflow.record import Entry


def entry(version: str, who: str = "Ann") -> Entry:
    return Entry(
        at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
        who=who,
        login="ann",
        action=Action.SUBMIT,
        version=version,
        reason="because",
    )


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(tmp_path / "acme" / "log.jsonl", tmp_path / "ledger" / "head.json")
    for number in range(4):
        made.append(entry(f"acme-{number}"))
    return made


def lines(log: Log) -> list[str]:
    return log.path.read_text().splitlines(keepends=True)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Log(tmp_path / "log.jsonl", tmp_path / "head.json").records() == []


def test_what_was_recorded_is_read_in_its_order(log: Log) -> None:
    found = log.records()
    assert [r.version for r in found] == ["acme-0", "acme-1", "acme-2", "acme-3"]
    assert [r.number for r in found] == [1, 2, 3, 4]
    assert [r.previous for r in found[1:]] == [r.hash for r in found[:-1]]
    assert found[0].model_dump(include=set(Entry.model_fields)) == entry("acme-0").model_dump()


def test_appending_leaves_every_earlier_line_as_it_is(log: Log) -> None:
    before = lines(log)
    log.append(entry("acme-4"))
    assert lines(log)[:-1] == before


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_line_that_says_something_else_is_named(log: Log, number: int) -> None:
    changed = lines(log)
    changed[number - 1] = changed[number - 1].replace('"Ann"', '"Eve"')
    log.path.write_text("".join(changed))
    with pytest.raises(WorkflowError, match=f"line {number} of the log: it is not what was recorded"):
        log.records()


def test_a_line_that_was_changed_and_sealed_anew_breaks_the_one_after(log: Log) -> None:
    changed = lines(log)
    second = Record.model_validate_json(changed[1]).model_copy(update={"who": "Eve"})
    changed[1] = second.model_copy(update={"hash": second.own_hash()}).line()
    log.path.write_text("".join(changed))
    with pytest.raises(WorkflowError, match="line 3 of the log: it does not follow the line before"):
        log.records()


@pytest.mark.parametrize(
    ("fault", "line"), [("first gone", 1), ("middle gone", 2), ("swapped", 2), ("twice", 3)]
)
def test_a_line_taken_out_moved_or_repeated_is_named(log: Log, fault: str, line: int) -> None:
    one, two, three, four = lines(log)
    left = {
        "first gone": [two, three, four],
        "middle gone": [one, three, four],
        "swapped": [one, three, two, four],
        "twice": [one, two, two, three, four],
    }[fault]
    log.path.write_text("".join(left))
    with pytest.raises(WorkflowError, match=f"line {line} of the log"):
        log.records()


@pytest.mark.parametrize("text", ["", "{}", "not json", json.dumps({"number": 5})])
def test_a_line_that_is_no_record_is_named(log: Log, text: str) -> None:
    log.path.write_text("".join(lines(log)) + text + "\n")
    with pytest.raises(WorkflowError, match="line 5 of the log: it is not a record"):
        log.records()


def test_nothing_is_appended_to_a_log_that_is_broken(log: Log) -> None:
    log.path.write_text("".join(lines(log)[1:]))
    before = log.path.read_bytes()
    with pytest.raises(WorkflowError, match="line 1"):
        log.append(entry("acme-4"))
    assert log.path.read_bytes() == before


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["a\u2028b", "a\u2029b", "a\u0085b", "a\r\nb", "\x0b\x0c\x1c\x1d\x1e", "\x00", "\ufeff", "\U0001f600"]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reasons=st.lists(TEXTS, min_size=1, max_size=4), cut=st.booleans())
def test_whatever_a_reason_holds_the_log_is_read_and_goes_on(
    reasons: list[str], cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = Log(folder / "log.jsonl", folder / "head.json")
    for reason in reasons:
        log.append(entry("acme-1", who=f"Ann {reason}").model_copy(update={"reason": reason}))
        if cut:
            log.path.write_bytes(log.path.read_bytes().removesuffix(b"\n"))
    assert [record.reason for record in log.records()] == reasons
    assert len(log.path.read_bytes().splitlines()) == len(reasons)


def test_a_log_written_before_texts_were_escaped_is_read(log: Log) -> None:
    told = log.records()[-1].model_copy(update={"reason": "a\u2028b\u0085c", "counted": False})
    told = told.model_copy(update={"number": 5, "previous": told.hash})
    told = told.model_copy(update={"hash": told.own_hash()})
    plain = json.dumps(told.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    log.path.write_text(log.path.read_text() + plain + "\n", encoding="utf-8")
    assert log.records()[-1].reason == "a\u2028b\u0085c"


@pytest.mark.parametrize("left", [0, 1, 3])
def test_lines_cut_off_the_end_are_missed(log: Log, left: int) -> None:
    log.path.write_text("".join(lines(log)[:left]))
    gone = "it is missing" if left == 3 else f"lines {left + 1} to 4 are missing"
    with pytest.raises(WorkflowError, match=f"line {left + 1} of the log: {gone}"):
        log.records()


def test_a_log_without_the_file_that_says_where_it_ends_is_refused(log: Log) -> None:
    log.path.write_text("".join(lines(log)[:-1]))
    log.head.unlink()
    with pytest.raises(WorkflowError, match="is gone, which says where"):
        log.records()
    log.head.write_text("{}")
    with pytest.raises(WorkflowError, match="does not hold the last line"):
        log.append(entry("acme-4"))


def test_another_end_than_the_one_written_is_refused(log: Log) -> None:
    third = log.records()[2]
    other = Record.after(third, entry("acme-9"))
    log.path.write_text("".join(lines(log)[:3]) + other.line())
    with pytest.raises(WorkflowError, match="line 4 of the log: it is not the line that"):
        log.records()


def test_an_append_that_was_killed_before_its_end_was_noted_stands(log: Log) -> None:
    before = log.head.read_bytes()
    log.append(entry("acme-4"))
    log.head.write_bytes(before)
    assert [r.number for r in log.records()] == [1, 2, 3, 4, 5]
    log.append(entry("acme-5"))
    assert json.loads(log.head.read_text())["number"] == 6
