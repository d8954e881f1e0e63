"""The first page of the Data Docs: the verdict and what failed, readable without a network.

Great Expectations' own index loads its table from a content network; its pages per suite do not depend
on it, so this page takes the place of the index and links to them.
"""

from __future__ import annotations

import html
from pathlib import Path

from pipelines.gates.folding import folded
from pipelines.gates.result import Finding, GateResult

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;
padding:0 1rem;color:#1b1f24}
h1,h2{color:#1F3A5F}table{border-collapse:collapse;width:100%}th{background:#1F3A5F;color:#fff;text-align:left}
th,td{padding:.35rem .7rem;border:1px solid #D0D7DE}.bad{background:#FDE2E1}.warn{background:#FFF3CD}"""


def write_front_page(result: GateResult) -> None:
    """Write `index.html` beside Great Expectations' pages, whose own index becomes `all_pages.html`."""
    page = result.data_docs
    if page.exists():
        page.rename(page.with_name("all_pages.html"))
    verdict = "passed" if result.passed else "failed"
    order = sorted(folded(result.findings), key=lambda f: (f.success, f.severity != "critical"))
    rows = "".join(_row(finding) for finding in order)
    links = "".join(_link(path, page.parent) for path in sorted(page.parent.glob("validations/*/**/*.html")))
    page.write_text(
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Gate: {result.client}</title>"
        f"<style>{STYLE}</style><h1>Gate {verdict}: {html.escape(result.client)}</h1>"
        f"<p>{len(result.failed('critical'))} critical and {len(result.failed('warning'))} warnings among "
        f"{len(result.findings)} expectations.</p>"
        f"<table><tr><th>outcome</th><th>expected</th><th>found</th><th>for example</th></tr>{rows}</table>"
        f"<h2>Validation pages</h2><ul>{links}</ul></html>",
        encoding="utf-8",
    )


def _row(finding: Finding) -> str:
    kind = "" if finding.success else "bad" if finding.severity == "critical" else "warn"
    outcome = {"": "held", "bad": "failed", "warn": "warning"}[kind]
    examples = ", ".join(dict.fromkeys(finding.examples))
    cells = [outcome, finding.expected, finding.observed, examples]
    return f"<tr class='{kind}'>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>"


def _link(path: Path, root: Path) -> str:
    parts = path.relative_to(root).parts
    return f"<li><a href='{'/'.join(parts)}'>{html.escape(parts[1])}</a></li>"
