"""The data dictionary as a page, from dbt's manifest: what each mart answers, its grain, its columns.

.venv/bin/python -m pipelines.warehouse.dictionary > docs/reference/marts.md
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pipelines.warehouse.project import ensure_manifest

Node = dict[str, Any]

_HEAD = """# Marts

Made from the dbt project by `make pages`; lineage and tests are in `make docs`. Amounts are in the client's
currency, to the cent; exposure is in days, or in vehicle-years (days / 365.25). Read them with
`ratewright sql "select * from marts.cost_by_model"`, in Excel through `--out`, or with anything that opens
`data/serving/<client>.duckdb`: none of them waits for a run.

**What adds up.** Every mart is held to control totals reckoned from the landed rows: money to the cent,
exposure to the day. A day of exposure counts once, however many contracts of a product promise it; the one
that began last carries it. Claims and orders that no exposure carries stand in no triangle, ratio or cell:
they are in `claims_outside_exposure`, with the reason, and what is there and what is in the cost marts make
all that was incurred, to the cent. Contracts that carry no day are listed there too.

**How an event finds its contract.** By the client's contract number, else by vehicle and day. It lies inside
exposure where that contract carries days, holds the cover, and was in force on the day of the loss; a claim
without a day counts from the first day of its contract. A claim that names a contract which has not been
delivered waits outside the warehouse.

**What counts.** Everything up to the valuation date of the run: payments, changes of reserve, recoveries, and
workshop orders that a plan paid for. Days and months of trips are UTC.
"""
_SUBJECTS = {
    "cost": "what vehicles cost",
    "claims": "how claims come in and develop",
    "portfolio": "what is in force, and what it earns",
    "rating": "what the forecast learns from",
}


def dictionary_page() -> str:
    """Return the page as Markdown."""
    manifest = json.loads(ensure_manifest().read_text(encoding="utf-8"))
    marts = [
        n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["fqn"][1] == "marts"
    ]
    owners = {name: group["owner"]["name"] for name, group in _groups(manifest).items()}
    parts = [_HEAD, _overview(marts)]
    parts += [_section(mart, owners) for mart in sorted(marts, key=_place)]
    return "\n".join(parts)


def _groups(manifest: Node) -> dict[str, Node]:
    return {group["name"]: group for group in manifest["groups"].values()}


def _place(mart: Node) -> tuple[int, str]:
    return list(_SUBJECTS).index(mart["fqn"][2]), mart["name"]


def grain(mart: Node) -> str:
    """What one row of a mart is, from its description."""
    said: str = mart["description"].partition("Grain: one row per ")[2]
    return said.partition(".")[0].strip()


def _overview(marts: list[Node]) -> str:
    lines = []
    for subject, words in _SUBJECTS.items():
        lines += [f"## {subject}: {words}", "", "| mart | one row per | answers |", "|---|---|---|"]
        for mart in sorted((m for m in marts if m["fqn"][2] == subject), key=_place):
            answers = mart["config"]["meta"]["answers"]
            lines.append(f"| [`marts.{mart['name']}`](#{mart['name']}) | {grain(mart)} | {answers} |")
        lines.append("")
    return "\n".join(lines)


def _section(mart: Node, owners: dict[str, str]) -> str:
    lines = [
        f"### {mart['name']}",
        "",
        f"{' '.join(mart['description'].split())} Owner: {owners[mart['config']['group']]}.",
        "",
        "| column | type | what it is |",
        "|---|---|---|",
    ]
    for name, column in mart["columns"].items():
        said = " ".join(column["description"].split()).replace("|", "\\|")
        lines.append(f"| {name} | {column['data_type']} | {said} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(dictionary_page())
