"""The desk: versions on disk do what the log says, whoever is at it and whatever was left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.workflow import (
    Action,
    Record,
    State,
    WorkflowError,
    clients,
    in_force,
    locate,
    registers,
)
from pipelines.settings import Settings
from tests.pipelines.pricing.versions.examples import FILES, desk, draft_of, manifest, put_in_force, tree


def pointer(root: Path, year: int = 2026) -> Path:
    return root / "published" / "rate_tables" / str(year) / "acme.latest"


def test_the_same_draft_twice_is_one(tmp_path: Path) -> None:
    first, created = desk(tmp_path).draft(manifest(), FILES)
    before = tree(tmp_path)
    second, created_again = desk(tmp_path, "Bob").draft(manifest(), FILES)
    assert (first, created, created_again) == (second, True, False)
    assert tree(tmp_path) == before


def test_a_draft_is_not_published(tmp_path: Path) -> None:
    draft_of(tmp_path)
    assert not (tmp_path / "published").exists()
    with pytest.raises(PublicationError, match=r"published: none; acme-\w+ is draft"):
        in_force(Settings(data_dir=tmp_path), 2026)


def test_what_is_published_is_in_force_and_pointed_at(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    standing = put_in_force(tmp_path, name)
    assert (standing.state, standing.approver, standing.authors) == (State.IN_FORCE, "Bob", ("Ann",))
    found, same = in_force(Settings(data_dir=tmp_path), 2026)
    assert same == standing
    assert pointer(tmp_path).read_text() == f"{name}\n"
    assert found.path(standing) == pointer(tmp_path).parent / name
    assert found.files(standing)["rate_table.csv"] == b"c"


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    put_in_force(tmp_path, name)
    before = tree(tmp_path)
    assert desk(tmp_path).publish(name).state is State.IN_FORCE
    assert tree(tmp_path) == before


def test_a_successor_ends_the_one_it_names_and_takes_its_pointer(tmp_path: Path) -> None:
    old, new = draft_of(tmp_path), draft_of(tmp_path, model="m2")
    put_in_force(tmp_path, old)
    with pytest.raises(WorkflowError, match=f"overlaps {old}"):
        put_in_force(tmp_path, new)
    assert pointer(tmp_path).read_text() == f"{old}\n"
    desk(tmp_path).publish(new, (old,))
    assert pointer(tmp_path).read_text() == f"{new}\n"
    assert desk(tmp_path).standings()[old].state is State.RETIRED
    assert (pointer(tmp_path).parent / old).is_dir()


def test_what_is_withdrawn_leaves_no_pointer(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    put_in_force(tmp_path, name)
    assert desk(tmp_path).act(Action.WITHDRAW, name, "wrong").state is State.RETIRED
    assert not pointer(tmp_path).exists()
    with pytest.raises(PublicationError, match="no rate table is published for 2026"):
        in_force(Settings(data_dir=tmp_path), 2026)


def test_years_have_pointers_of_their_own(tmp_path: Path) -> None:
    names = {year: draft_of(tmp_path, year=year) for year in (2026, 2027)}
    for name in names.values():
        put_in_force(tmp_path, name)
    for year, name in names.items():
        assert in_force(Settings(data_dir=tmp_path), year)[1].version == name
        assert pointer(tmp_path, year).read_text() == f"{name}\n"


def test_a_year_of_several_clients_asks_for_one(tmp_path: Path) -> None:
    for client in ("acme", "bolt"):
        name = desk(tmp_path, client=client).draft(manifest(client), FILES)[0].version
        desk(tmp_path, client=client).first_table(name)
    here = Settings(data_dir=tmp_path)
    assert clients(here) == ["acme", "bolt"]
    with pytest.raises(PublicationError, match=r"several clients \(acme, bolt\): name one"):
        in_force(here, 2026)
    with pytest.raises(PublicationError, match="published: 2026 acme, 2026 bolt"):
        in_force(here, 2031)
    assert in_force(here, 2026, "bolt")[1].version.startswith("bolt-")


def test_the_first_table_by_rule_is_recorded_as_nobodys_approval(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    desk(tmp_path).first_table(name)
    record = desk(tmp_path).log.records()[-1]
    assert (record.action, record.who, record.automatic) == ("publish", "rule: first table of a client", True)
    with pytest.raises(WorkflowError, match="by rule, only the first draft"):
        desk(tmp_path).first_table(draft_of(tmp_path, model="m2"))


@pytest.mark.parametrize("action", [Action.SUBMIT, Action.APPROVE, Action.PUBLISH])
def test_a_tampered_draft_goes_no_further(tmp_path: Path, action: Action) -> None:
    name = draft_of(tmp_path)
    steps = [Action.SUBMIT, Action.APPROVE, Action.PUBLISH]
    for step in steps[: steps.index(action)]:
        desk(tmp_path, "Bob").act(step, name, "well")
    (tmp_path / "rates" / "acme" / "versions" / name / "rate_table.csv").write_bytes(b"cheaper")
    before = tree(tmp_path)
    bob = desk(tmp_path, "Bob")
    with pytest.raises(PublicationError, match=r"rate_table\.csv is not what was drafted"):
        bob.publish(name) if action is Action.PUBLISH else bob.act(action, name, "well")
    assert tree(tmp_path) == before


def test_a_withdrawal_cut_off_the_log_does_not_put_a_price_back_in_force(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    put_in_force(tmp_path, name)
    desk(tmp_path).act(Action.WITHDRAW, name, "wrong")
    log = tmp_path / "rates" / "acme" / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(WorkflowError, match="line 5 of the log: it is missing; restore both files"):
        in_force(Settings(data_dir=tmp_path), 2026)
    with pytest.raises(WorkflowError, match="line 5 of the log: it is missing"):
        desk(tmp_path).publish(name)


@pytest.mark.parametrize("broken", ["not json\n", ""])
def test_one_clients_broken_log_stops_no_other_client(tmp_path: Path, broken: str) -> None:
    names = {
        client: desk(tmp_path, client=client).draft(manifest(client), FILES)[0].version
        for client in ("acme", "broken")
    }
    put_in_force(tmp_path, names["acme"])
    (tmp_path / "rates" / "broken" / "log.jsonl").write_text(broken)
    here = Settings(data_dir=tmp_path)
    assert in_force(here, 2026)[1].version == names["acme"]
    assert locate(here, names["acme"])[1].state is State.IN_FORCE
    found, errors = registers(here)
    assert list(found) == ["acme"]
    assert "broken/log.jsonl: line 1 of the log" in str(errors[0])
    with pytest.raises(WorkflowError, match="line 1 of the log"):
        in_force(here, 2026, "broken")


@pytest.mark.parametrize("reason", ["half \ud83d", "\u200b\u2060"])
def test_a_reason_that_no_file_holds_or_nobody_sees_is_refused_before_anything_is_written(
    tmp_path: Path, reason: str
) -> None:
    name = draft_of(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(WorkflowError, match="the reason holds"):
        desk(tmp_path).act(Action.SUBMIT, name, reason)
    with pytest.raises(WorkflowError, match="the name of who acts holds"):
        desk(tmp_path, f"Bob{reason}\ud83d").act(Action.SUBMIT, name)
    assert tree(tmp_path) == before


def test_a_log_and_its_end_cut_together_are_noticed_by_the_pointer(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    put_in_force(tmp_path, name)
    log = tmp_path / "rates" / "acme" / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    last = Record.model_validate_json(log.read_text().splitlines()[-1])
    head = tmp_path / "ledger" / "acme" / "rates.head"
    head.write_text(json.dumps({"number": last.number, "hash": last.hash}))
    with pytest.raises(WorkflowError, match=f"records are missing: {name} is the published table of 2026"):
        locate(Settings(data_dir=tmp_path), name)
    log.unlink()
    head.unlink()
    with pytest.raises(WorkflowError, match="records are missing"):
        in_force(Settings(data_dir=tmp_path), 2026)


def test_a_record_that_breaks_a_rule_is_named_by_its_line(tmp_path: Path) -> None:
    """Somebody who can write the log, and chain it rightly, still cannot approve their own draft."""
    name = draft_of(tmp_path)
    mine = desk(tmp_path)
    mine.act(Action.SUBMIT, name)
    mine.log.append(mine._entry(Action.APPROVE, name, "trust me"))
    with pytest.raises(WorkflowError, match=r"line 3 of the log: .* was drafted or edited by Ann"):
        mine.standings()


def test_a_pointer_that_a_killed_run_left_is_put_right_by_the_next_action(tmp_path: Path) -> None:
    old, new = draft_of(tmp_path), draft_of(tmp_path, model="m2")
    put_in_force(tmp_path, old)
    put_in_force(tmp_path, new, (old,))
    pointer(tmp_path).write_text(f"{old}\n")
    assert in_force(Settings(data_dir=tmp_path), 2026)[1].version == new
    desk(tmp_path).publish(new)
    assert pointer(tmp_path).read_text() == f"{new}\n"


def test_two_at_once_wait_for_each_other_and_then_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = draft_of(tmp_path)
    monkeypatch.setattr("pipelines.pricing.workflow.desk.PATIENCE_S", 0.05)
    with (
        FileLock(tmp_path / "rates" / "acme" / ".lock"),
        pytest.raises(WorkflowError, match="somebody else is changing the rates of acme"),
    ):
        desk(tmp_path).act(Action.SUBMIT, name)
    assert desk(tmp_path).act(Action.SUBMIT, name).state is State.IN_REVIEW


def test_the_log_tells_who_on_which_account_and_why(tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    desk(tmp_path, "Bob").act(Action.REJECT, name, "  too dear ")
    last = json.loads((tmp_path / "rates" / "acme" / "log.jsonl").read_text().splitlines()[-1])
    assert (last["who"], last["reason"], last["version"]) == ("Bob", "too dear", name)
    assert last["login"] == Settings().login
    assert [r.action for r in desk(tmp_path).history(name)] == ["draft", "reject"]


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54_321)
    assert Settings(user=" ").person == "uid 54321"
    assert Settings(user="Ann").person == "Ann"
