"""Where a version stands and who signed for it, by the log; lines to sign where nothing has happened yet."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, note, table, text
from pipelines.pricing.workflow.record import Action, Record
from pipelines.pricing.workflow.rules import MOVES

UNSIGNED = "draft when this page was written, not signed"
STEPS = {
    Action.DRAFT: "Drafted",
    Action.EDIT: "Edited",
    Action.SUBMIT: "Submitted to review",
    Action.APPROVE: "Approved",
    Action.REJECT: "Rejected",
    Action.PUBLISH: "Put in force",
    Action.WITHDRAW: "Withdrawn",
}
AHEAD = (Action.SUBMIT, Action.APPROVE, Action.PUBLISH)
ENDED = (Action.REJECT, Action.WITHDRAW)


def status(version: str, history: Sequence[Record]) -> str:
    """Where a version stands after its history, in words."""
    now = UNSIGNED
    for record in history:
        if version in record.replaces:
            now = f"replaced by {record.version}"
        elif record.version == version:
            now = str(MOVES[record.action].to) if record.action in MOVES else "draft"
        elif record.action is Action.EDIT:
            now = f"retired: edited into {record.version}"
    return now


def signoffs(matter: Matter) -> str:
    """Everything that was done to the version, then what is still to be signed."""
    history = matter.history
    done = [record for record in history if record.version == matter.version]
    told = table(
        [("step", "text"), ("by", "text"), ("on", "text"), ("reason", "text")],
        [(STEPS[r.action], _who(r), f"{r.at:%Y-%m-%d %H:%M} UTC", r.reason or "none given") for r in done],
    )
    others = [record for record in history if record.version != matter.version]
    later = "".join(note(text(_other(record, matter.version))) for record in others)
    intro = note(
        f"Version <b>{text(matter.version)}</b>: {text(status(matter.version, history))}. "
        + ("The log of the client is what counts; this page repeats it." if done else _unsigned(matter))
    )
    return intro + _overrides(matter) + (told if done else "") + later + _to_sign(done)


def _overrides(matter: Matter) -> str:
    """Values that break the plan's rules, which whoever approves has to accept."""
    standing = matter.parts.manifest.overrides
    if not standing:
        return note("No value breaks the plan's bounds, order or corridor.")
    columns: list[tuple[str, Kind]] = [
        ("cover", "text"),
        ("factor", "text"),
        ("level", "text"),
        ("planned", 4),
        ("selected", 4),
        ("breaks", "text"),
        ("override because", "text"),
    ]
    rows = [(o.cover, o.factor, o.level, o.planned, o.value, o.breaks, o.reason) for o in standing]
    number = "1 value breaks" if len(rows) == 1 else f"{len(rows):,} values break"
    rule = note(f"{number} the plan's rules by override. Whoever approves accepts each of them.")
    return f"<h3>Overrides of the plan</h3>{rule}{table(columns, rows)}"


def _to_sign(done: Sequence[Record]) -> str:
    """Empty lines for the steps that lie ahead; none where the version came to an end."""
    taken = {record.action for record in done}
    first = [] if taken & {Action.DRAFT, Action.EDIT} else ["Drafted"]
    # A rule that put the first table in force took the place of every step before.
    over = taken & {*ENDED, Action.PUBLISH}
    ahead = [] if over else [STEPS[step] for step in AHEAD if step not in taken]
    lines = "".join(
        f"<div class='sign'><b>{name}</b><span>Name</span><span>Date</span><span>Signature</span></div>"
        for name in [*first, *ahead]
    )
    if not lines:
        return ""
    rule = note("Whoever drafted or edited a version does not approve it.")
    return f"<h3>To be signed</h3>{rule}{lines}"


def _unsigned(matter: Matter) -> str:
    return (
        "This page was written with the draft, before anybody signed. Its sign-offs of the day: "
        f"<code>ratewright rates pack {text(matter.version)} --out FILE</code>."
    )


def _who(record: Record) -> str:
    if record.automatic:
        return f"{record.who}; no person approved it"
    return record.who if record.who == record.login else f"{record.who} (account {record.login})"


def _other(record: Record, version: str) -> str:
    day = f"{record.at:%Y-%m-%d}"
    if version in record.replaces:
        return f"{record.version} took its place on {day}."
    what = "Edited into" if record.action is Action.EDIT else "Drafted again as"
    return f"{what} {record.version} on {day} by {record.who}."
