"""What a gate found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.landing.expectations import Severity

FILES = "files"
"""Source of findings about whole files."""


@dataclass(frozen=True)
class Finding:
    """One expectation and what was found. `share` is the share of rows that break it, `file` whose it is."""

    source: str
    expected: str
    observed: str
    severity: Severity
    success: bool
    share: float | None = None
    examples: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True)
class GateResult:
    """Findings of a gate, and where the Data Docs are."""

    client: str
    findings: tuple[Finding, ...]
    data_docs: Path

    @property
    def passed(self) -> bool:
        return not self.failed("critical")

    def failed(self, severity: Severity) -> list[Finding]:
        """Findings of a severity that do not hold."""
        return [f for f in self.findings if not f.success and f.severity == severity]

    def of(self, source: str) -> GateResult:
        """The part of the result that is about one source."""
        own = tuple(f for f in self.findings if f.source == source)
        return GateResult(self.client, own, self.data_docs)
