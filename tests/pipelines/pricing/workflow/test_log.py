"""The log: what was recorded is what is read, and whatever was touched since is named by its line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

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
    made = Log(tmp_path / "acme" / "log.jsonl")
    for number in range(4):
        made.append(entry(f"acme-{number}"))
    return made


def lines(log: Log) -> list[str]:
    return log.path.read_text().splitlines(keepends=True)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Log(tmp_path / "log.jsonl").records() == []


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
