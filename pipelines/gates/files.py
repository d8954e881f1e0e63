"""What the gate says of a file by the counts of landing alone."""

from __future__ import annotations

from dataclasses import replace

from pipelines.gates.result import FILES, Finding
from pipelines.landing.expectations import MOST_NOT_TAKEN_UP, FileFacts


def file_findings(facts: FileFacts) -> list[Finding]:
    """What the counts of one file say: bad rows, rows that repeat another, contracts not taken up."""
    share = facts.rejected / facts.read if facts.read else 0.0
    observed = f"{facts.read:,} read, {facts.accepted:,} accepted, {facts.rejected:,} rejected, " + (
        f"{facts.duplicates:,} duplicates, {facts.pending:,} waiting"
    )
    observed = "; ".join([observed, *facts.remarks])
    findings = [
        Finding(
            FILES,
            f"{facts.file}: within the tolerated share of bad rows",
            "set aside whole: " + observed if facts.set_aside else observed,
            "critical",
            not facts.set_aside,
            share,
        ),
        Finding(
            FILES,
            f"{facts.file}: no row rejected",
            observed,
            "warning",
            not facts.rejected,
            share,
        ),
        *_repeat_findings(facts),
        *_take_up_findings(facts),
    ]
    return [replace(finding, file=facts.file) for finding in findings]


def _repeat_findings(facts: FileFacts) -> list[Finding]:
    """Rows of a file that say the same: one is kept, so how many there are is told and judged."""
    share = facts.repeated / facts.read if facts.read else 0.0
    observed = f"{facts.repeated:,} of {facts.read:,} rows repeat another row of the file ({share:.1%})"
    if facts.repeated and not facts.says_what_repeats_are:
        unsaid = f"{observed}, and one of each was kept; its rows have no key"
        expected = (
            f"{facts.file}: the mapping says what identical rows are, `rows: every` (each a record of its "
            "own) or `rows: distinct` (one record told again)"
        )
        return [Finding(FILES, expected, unsaid, "critical", False, share)]
    tolerated = share <= facts.tolerated_repeats
    return [
        Finding(
            FILES,
            f"{facts.file}: at most {facts.tolerated_repeats:.1%} of its rows repeat another",
            observed,
            "critical",
            tolerated,
            share,
        ),
        Finding(
            FILES,
            f"{facts.file}: no row repeats another",
            observed,
            "warning",
            not facts.repeated or not tolerated,
            share,
        ),
    ]


def _take_up_findings(facts: FileFacts) -> list[Finding]:
    if not facts.not_taken_up:
        return []
    share = facts.not_taken_up / facts.contracts
    return [
        Finding(
            FILES,
            f"{facts.file}: at most {MOST_NOT_TAKEN_UP:.0%} of its contracts were not taken up",
            f"{facts.not_taken_up:,} of {facts.contracts:,} contracts ({share:.1%}) were cancelled before "
            "they began or from their first day: no exposure, no premium",
            "warning",
            share <= MOST_NOT_TAKEN_UP,
            share,
        )
    ]
