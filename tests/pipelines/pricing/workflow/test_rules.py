"""The rules: every way from draft to in force that there is, and no other."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise, product
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pricing.workflow import Action, State, WorkflowError
from pipelines.pricing.workflow.record import Drafted, Entry
from pipelines.pricing.workflow.rules import MOVES, Register, apply, fold, same_person


def entry(action: Action, version: str = "a", who: str = "Ann", **more: Any) -> Entry:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Entry(at=at, who=who, login="x", action=action, version=version, **more)


def draft(
    version: str = "a",
    who: str = "Ann",
    days: tuple[str, str] = ("2026-01-01", "2026-12-31"),
    parent: str | None = None,
    action: Action = Action.DRAFT,
) -> Entry:
    start, end = (dt.date.fromisoformat(day) for day in days)
    said = Drafted(
        rating_year=start.year, effective_from=start, effective_to=end, manifest_sha256="0", parent=parent
    )
    return entry(action, version, who, drafted=said)


def in_force(version: str, days: tuple[str, str] = ("2026-01-01", "2026-12-31")) -> list[Entry]:
    return [draft(version, days=days), *to_force(version)]


def to_force(version: str, approver: str = "Bob") -> list[Entry]:
    return [
        entry(Action.SUBMIT, version),
        entry(Action.APPROVE, version, approver),
        entry(Action.PUBLISH, version),
    ]


PATHS = {
    State.DRAFT: [draft()],
    State.IN_REVIEW: [draft(), entry(Action.SUBMIT)],
    State.APPROVED: [draft(), *to_force("a")[:2]],
    State.IN_FORCE: in_force("a"),
    State.RETIRED: [*in_force("a"), entry(Action.WITHDRAW)],
    State.REJECTED: [draft(), entry(Action.REJECT)],
}


@pytest.mark.parametrize(("state", "action"), product(State, MOVES))
def test_an_action_leads_where_it_should_or_is_refused(state: State, action: Action) -> None:
    register = fold(PATHS[state])
    assert register["a"].state is state
    step = entry(action, who="Bob")
    if state in MOVES[action].allowed:
        assert apply(register, step)["a"].state is MOVES[action].to
    else:
        with pytest.raises(WorkflowError, match=f"a is {state}: only what is "):
            apply(register, step)


@pytest.mark.parametrize("who", ["Ann", "ann", " ANN "])
def test_an_author_does_not_approve(who: str) -> None:
    with pytest.raises(WorkflowError, match="a was drafted or edited by Ann: somebody else has to approve"):
        apply(fold(PATHS[State.IN_REVIEW]), entry(Action.APPROVE, who=who))


def test_whoever_drafted_what_was_edited_is_an_author_of_the_edit() -> None:
    edited = draft("b", "Bob", parent="a", action=Action.EDIT)
    register = fold([draft("a", "Ann"), edited, entry(Action.SUBMIT, "b")])
    assert register["b"].authors == ("Ann", "Bob")
    for who in ("Ann", "Bob"):
        with pytest.raises(WorkflowError, match="somebody else has to approve"):
            apply(register, entry(Action.APPROVE, "b", who))
    assert apply(register, entry(Action.APPROVE, "b", "Cai"))["b"].approver == "Cai"


def test_two_names_of_one_person_are_one() -> None:
    assert same_person("Li  Wei", " li wei")
    assert not same_person("Li Wei", "Li Weiwei")


UNSEEN = "\u200b\u2060\u00ad\ufeff\u3164\ufe0f\u034f\U000e0041\x07\u2800"


@given(
    name=st.sampled_from(["Ann", "李伟", "Jürgen Groß", "O'Neil"]),
    unseen=st.lists(st.sampled_from(UNSEEN), max_size=3),
    at=st.integers(0, 3),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    wide=st.booleans(),
)
def test_nobody_becomes_somebody_else_by_what_cannot_be_seen(
    name: str, unseen: list[str], at: int, form: Literal["NFC", "NFD", "NFKC", "NFKD"], *, wide: bool
) -> None:
    told = name[:at] + "".join(unseen) + name[at:].upper()
    if wide:
        told = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in told)
    assert same_person(name, unicodedata.normalize(form, told))


@pytest.mark.parametrize("state", [s for s in State if s is not State.DRAFT])
def test_only_a_draft_is_edited(state: State) -> None:
    with pytest.raises(WorkflowError, match=rf"a is {state}.*: only a draft can be edited"):
        apply(fold(PATHS[state]), draft("b", parent="a", action=Action.EDIT))


def test_an_edit_retires_the_draft_it_was_made_from_so_nobody_edits_it_twice() -> None:
    register = fold([draft("a"), draft("b", parent="a", action=Action.EDIT)])
    assert (register["a"].state, register["b"].state) == (State.RETIRED, State.DRAFT)
    with pytest.raises(WorkflowError, match=r"a is retired \(edited into b\)"):
        apply(register, draft("c", parent="a", action=Action.EDIT))


def test_what_was_approved_can_be_drafted_again_and_stays_approved() -> None:
    register = apply(fold(PATHS[State.APPROVED]), draft("b", "Cai", parent="a"))
    assert (register["a"].state, register["b"].state) == (State.APPROVED, State.DRAFT)
    assert register["b"].authors == ("Ann", "Cai")


def test_a_version_that_nobody_drafted_is_named() -> None:
    with pytest.raises(WorkflowError, match="rate table 'acmee': none of that name; did you mean 'acme'"):
        apply(fold([draft("acme")]), entry(Action.SUBMIT, "acmee"))


def test_no_day_is_rated_by_two_versions() -> None:
    register = fold([*in_force("a"), draft("b"), *to_force("b")[:2]])
    clash = r"b \(2026-01-01 to 2026-12-31\) overlaps a, in force 2026-01-01 to 2026-12-31: say --replace a"
    with pytest.raises(WorkflowError, match=clash):
        apply(register, entry(Action.PUBLISH, "b"))
    after = apply(register, entry(Action.PUBLISH, "b", replaces=("a",)))
    assert (after["a"].state, after["b"].state) == (State.RETIRED, State.IN_FORCE)


def test_a_version_that_began_earlier_rates_until_the_day_before() -> None:
    later = ("2026-07-01", "2027-06-30")
    register = fold([*in_force("a"), draft("b", days=later), *to_force("b")[:2]])
    after = apply(register, entry(Action.PUBLISH, "b", replaces=("a",)))
    assert (after["a"].state, after["a"].effective_to) == (State.IN_FORCE, dt.date(2026, 6, 30))


def test_years_that_do_not_overlap_are_in_force_side_by_side_whichever_came_first() -> None:
    this, other = in_force("a"), in_force("b", ("2027-01-01", "2027-12-31"))
    for register in (fold([*this, *other]), fold([*other, *this])):
        assert {s.state for s in register.values()} == {State.IN_FORCE}


def test_only_what_is_in_force_on_the_same_days_can_be_replaced() -> None:
    next_year = draft("b", days=("2027-01-01", "2027-12-31"))
    register = fold([*in_force("a"), next_year, *to_force("b")[:2]])
    with pytest.raises(WorkflowError, match="a is not in force on any day of b"):
        apply(register, entry(Action.PUBLISH, "b", replaces=("a",)))


def test_by_rule_only_the_first_draft_of_a_client_goes_in_force() -> None:
    rule = entry(Action.PUBLISH, who="rule", automatic=True)
    assert apply(fold([draft("a")]), rule)["a"].state is State.IN_FORCE
    others: list[Register] = [
        fold([draft("a"), draft("b")]),
        fold([draft("a"), entry(Action.SUBMIT)]),
        fold([draft("a"), entry(Action.REJECT)]),
        fold(PATHS[State.RETIRED]),
    ]
    for register in others:
        with pytest.raises(WorkflowError, match="by rule, only the first draft"):
            apply(register, rule)
    with pytest.raises(WorkflowError, match="by rule"):
        apply(fold(PATHS[State.IN_REVIEW]), entry(Action.APPROVE, who="rule", automatic=True))


people = st.sampled_from(["Ann", "Bob", "Cai"])
names = st.sampled_from(["a", "b", "c"])
halves = st.sampled_from(
    [("2026-01-01", "2026-12-31"), ("2026-07-01", "2027-06-30"), ("2027-01-01", "2027-12-31")]
)
beginnings = st.tuples(*(st.builds(draft, st.just(name), people, halves) for name in "abc"))
edits = st.builds(draft, st.sampled_from(["d", "e"]), people, halves, names, st.just(Action.EDIT))
decisions = st.builds(entry, st.sampled_from([Action.SUBMIT, Action.APPROVE]), names, people)
replaced = st.lists(names, max_size=2).map(tuple)
publications = st.builds(entry, st.just(Action.PUBLISH), names, replaces=replaced)
withdrawals = st.builds(entry, st.just(Action.WITHDRAW), names)


def tried(register: Register, steps: list[Entry]) -> Iterator[Register]:
    """The register after each step that is allowed; those that are refused change nothing."""
    for step in steps:
        with suppress(WorkflowError):
            register = apply(register, step)
            yield register


@given(beginnings, st.lists(st.one_of(edits, decisions), min_size=15, max_size=40))
def test_whatever_is_tried_no_author_approves(begun: tuple[Entry, ...], steps: list[Entry]) -> None:
    for register in tried(fold(begun), steps):
        for one in register.values():
            assert one.approver is None or not any(same_person(one.approver, a) for a in one.authors)
            assert one.state is not State.APPROVED or one.approver


@given(beginnings, st.lists(st.one_of(publications, withdrawals), min_size=5, max_size=20))
def test_whatever_is_published_no_day_is_rated_twice(begun: tuple[Entry, ...], steps: list[Entry]) -> None:
    approved = [step for one in begun for step in (one, *to_force(one.version, "Dan")[:2])]
    for register in tried(fold(approved), steps):
        held = [s for s in register.values() if s.state is State.IN_FORCE]
        held.sort(key=lambda s: s.effective_from)
        assert all(one.effective_to < other.effective_from for one, other in pairwise(held))
