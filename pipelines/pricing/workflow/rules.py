"""What each action may do. Reading the log and acting on it go through the same rules.

draft -> in review -> approved -> in force -> retired; up to approved, a version may be rejected instead.
An edit retires the draft it was made from. Whoever drafted or edited a version, or one it was made from, is
its author and does not approve it. Whoever approves what breaks the plan says that they have seen it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pipelines.errors import nearest
from pipelines.landing.alike import alike
from pipelines.pricing.versions.manifest import Override
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.record import Action, Drafted, Entry


class State(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    IN_FORCE = "in force"
    RETIRED = "retired"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Move:
    """From which states an action leads where, and how it is said."""

    allowed: tuple[State, ...]
    to: State
    done: str


MOVES = {
    Action.SUBMIT: Move((State.DRAFT,), State.IN_REVIEW, "submitted"),
    Action.APPROVE: Move((State.IN_REVIEW,), State.APPROVED, "approved"),
    Action.REJECT: Move((State.DRAFT, State.IN_REVIEW, State.APPROVED), State.REJECTED, "rejected"),
    Action.PUBLISH: Move((State.APPROVED,), State.IN_FORCE, "published"),
    Action.WITHDRAW: Move((State.IN_FORCE,), State.RETIRED, "withdrawn"),
}


@dataclass(frozen=True)
class Standing:
    """A version as the log has it.

    `authors` drafted or edited it or a version it was made from. `effective_to` is the last day it rates,
    which a successor may have brought forward. `was_in_force` stays true once it is. `overrides` are
    its values that break the plan.
    """

    version: str
    state: State
    rating_year: int
    effective_from: dt.date
    effective_to: dt.date
    manifest_sha256: str
    authors: tuple[str, ...]
    parent: str | None = None
    approver: str | None = None
    was_in_force: bool = False
    last_reason: str = ""
    overrides: tuple[Override, ...] = ()


Register = Mapping[str, Standing]


def fold(entries: Iterable[Entry]) -> dict[str, Standing]:
    """Standing of every version after these entries.

    Raises:
        WorkflowError: an entry breaks a rule.
    """
    register: dict[str, Standing] = {}
    for entry in entries:
        register = apply(register, entry)
    return register


def apply(register: Register, entry: Entry) -> dict[str, Standing]:
    """The register after one entry more.

    Raises:
        WorkflowError: the rules do not allow it; says why in one line.
    """
    if entry.drafted is not None:
        return _drafted(register, entry, entry.drafted)
    mine = known(register, entry.version)
    move = MOVES[entry.action]
    if entry.automatic:
        return _first_table(register, mine, entry)
    if mine.state not in move.allowed:
        allowed = " or ".join(move.allowed)
        raise WorkflowError(f"{mine.version} is {mine.state}: only what is {allowed} can be {move.done}")
    after = replace(mine, state=move.to, last_reason=entry.reason)
    if entry.action is Action.APPROVE:
        _check_approver(mine, entry)
        after = replace(after, approver=entry.who)
    if entry.action is not Action.PUBLISH:
        return {**register, mine.version: after}
    return {
        **register,
        **_replaced(register, mine, entry.replaces),
        mine.version: replace(after, was_in_force=True),
    }


def known(register: Register, version: str) -> Standing:
    """The standing of a version.

    Raises:
        WorkflowError: there is no such version.
    """
    if version not in register:
        raise WorkflowError(f"rate table '{version}': {nearest(version, register)}")
    return register[version]


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their case, width, spaces and characters that nobody sees."""
    return alike(alike(one).casefold()) == alike(alike(other).casefold())


def _drafted(register: Register, entry: Entry, said: Drafted) -> dict[str, Standing]:
    if entry.version in register:
        raise WorkflowError(f"{entry.version} stands already ({register[entry.version].state})")
    after = dict(register)
    authors = [entry.who]
    if said.parent is not None:
        parent = known(register, said.parent)
        authors = [*parent.authors, *(w for w in authors if not _is_one_of(w, parent.authors))]
        if entry.action is Action.EDIT:
            check_editable(parent)
            reason = f"edited into {entry.version}"
            after[parent.version] = replace(parent, state=State.RETIRED, last_reason=reason)
    after[entry.version] = Standing(
        version=entry.version,
        state=State.DRAFT,
        rating_year=said.rating_year,
        effective_from=said.effective_from,
        effective_to=said.effective_to,
        manifest_sha256=said.manifest_sha256,
        authors=tuple(authors),
        parent=said.parent,
        last_reason=entry.reason,
        overrides=said.overrides,
    )
    return after


def check_editable(standing: Standing) -> None:
    """Refuse an edit of anything but a draft.

    Raises:
        WorkflowError: the version is not a draft.
    """
    if standing.state is not State.DRAFT:
        why = f" ({standing.last_reason})" if standing.state is State.RETIRED and standing.last_reason else ""
        raise WorkflowError(
            f"{standing.version} is {standing.state}{why}: only a draft can be edited; "
            f"ratewright rates draft --from {standing.version} makes one of it"
        )


def _check_approver(mine: Standing, entry: Entry) -> None:
    if _is_one_of(entry.who, mine.authors):
        authors = ", ".join(mine.authors)
        raise WorkflowError(
            f"{mine.version} was drafted or edited by {authors}: somebody else has to approve"
        )
    if mine.overrides and not entry.accepts_overrides:
        number = len(mine.overrides)
        values = "1 value breaks" if number == 1 else f"{number} values break"
        raise WorkflowError(
            f"{mine.version}: {values} the plan by override: ratewright rates show {mine.version} lists what "
            "and why; approve with --accept-overrides, or reject"
        )


def _first_table(register: Register, mine: Standing, entry: Entry) -> dict[str, Standing]:
    """The one thing a rule may do without a person: put the first draft of a client in force."""
    alone = list(register) == [mine.version] and mine.state is State.DRAFT
    if entry.action is not Action.PUBLISH or not alone:
        raise WorkflowError(f"{mine.version}: by rule, only the first draft of a client goes in force")
    after = replace(
        mine, state=State.IN_FORCE, approver=entry.who, was_in_force=True, last_reason=entry.reason
    )
    return {mine.version: after}


def _is_one_of(who: str, people: Iterable[str]) -> bool:
    return any(same_person(who, other) for other in people)


def _replaced(register: Register, mine: Standing, replaces: tuple[str, ...]) -> dict[str, Standing]:
    """What becomes of the versions that a new one takes the place of; no day is rated by two."""
    clashing = {
        s.version: s
        for s in register.values()
        if s.state is State.IN_FORCE
        and s.effective_from <= mine.effective_to
        and mine.effective_from <= s.effective_to
    }
    for name in replaces:
        if name not in clashing:
            raise WorkflowError(f"{name} is not in force on any day of {mine.version}: it cannot be replaced")
    for name, other in clashing.items():
        if name not in replaces:
            raise WorkflowError(
                f"{mine.version} ({mine.effective_from} to {mine.effective_to}) overlaps {name}, in force "
                f"{other.effective_from} to {other.effective_to}: say --replace {name} to end that one"
            )
    return {name: _ended(other, mine) for name, other in clashing.items()}


def _ended(other: Standing, mine: Standing) -> Standing:
    """A version that began earlier rates until the day before; one that did not, never again."""
    if other.effective_from < mine.effective_from:
        return replace(other, effective_to=mine.effective_from - dt.timedelta(days=1))
    return replace(other, state=State.RETIRED, last_reason=f"replaced by {mine.version}")
