"""The gate's result as Markdown: the verdict, what failed and why, then what holds."""

from __future__ import annotations

from pipelines.gates.folding import folded
from pipelines.gates.result import Finding, GateResult


def to_markdown(result: GateResult) -> str:
    """Markdown for a CI job's summary or an asset check's metadata."""
    critical, warnings = result.failed("critical"), result.failed("warning")
    verdict = "PASSED" if result.passed else "FAILED"
    lines = [
        f"# Gate {verdict}: {result.client}",
        "",
        f"{len(critical)} critical and {len(warnings)} warnings among {len(result.findings)} expectations.",
    ]
    for title, findings in (("Critical", critical), ("Warnings", warnings)):
        if findings:
            lines += ["", f"## {title}", ""]
            lines += [_bullet(f) for f in folded(findings)]
    held = folded(f for f in result.findings if f.success)
    if held:
        lines += ["", "## Held", "", "| expected | found |", "|---|---|"]
        lines += [f"| {f.expected} | {f.observed} |" for f in held]
    return "\n".join(lines) + "\n"


def _bullet(finding: Finding) -> str:
    shown = ""
    if finding.examples and len(set(finding.examples)) > 1:
        shown = f" For example: {', '.join(dict.fromkeys(finding.examples))}."
    return f"- **{finding.expected}**; found {finding.observed}.{shown}"
