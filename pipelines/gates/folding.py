"""Findings as a reader takes them: the same said of many files is one, and what matters most is first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from pipelines.gates.result import FILES, Finding

SHOWN = 3
"""Files that are named of many."""


def folded(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with those that say the same of several files as one.

    Order: critical before warnings; what is odd about a source before what is odd about files, for it says
    more than which of fifty files had a bad row; then by the share of rows.
    """
    rank = {"critical": 0, "warning": 1}

    def what(finding: Finding) -> tuple[str, ...]:
        return (finding.severity, str(finding.success), *_meaning(finding))

    ordered = sorted(findings, key=what)
    groups = [_one([*group]) for _, group in groupby(ordered, key=what)]
    return sorted(groups, key=lambda f: (rank[f.severity], f.source == FILES, -_weight(f), f.expected))


def _meaning(finding: Finding) -> tuple[str, str]:
    return (
        finding.source,
        finding.expected.removeprefix(f"{finding.file}: ") if finding.file else finding.expected,
    )


def _weight(finding: Finding) -> float:
    """Share of the rows; where no share can be said, such as of a volume, all of them."""
    return 1.0 if finding.share is None else finding.share


def _one(group: Sequence[Finding]) -> Finding:
    worst, *rest = sorted(group, key=lambda f: (-_weight(f), f.file))
    if not rest or not worst.file:
        return worst
    named = ", ".join(f"{f.file} ({_weight(f):.1%})" for f in rest[: SHOWN - 1])
    more = f" and {len(rest) - SHOWN + 1} more" if len(rest) >= SHOWN else ""
    after = f"; then {named}{more}" if worst.share else ""
    return replace(
        worst,
        expected=f"{_meaning(worst)[1]} ({len(group)} files)",
        observed=f"{'most in ' if worst.share else 'such as '}{worst.file}: {worst.observed}{after}",
    )
