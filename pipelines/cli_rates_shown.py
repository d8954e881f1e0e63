"""How `ratewright rates` shows versions, comparisons and explanations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

    from pipelines.pricing.asking.comparison import Comparison
    from pipelines.pricing.asking.explanation import CoverPrice, Explanation
    from pipelines.pricing.versions.manifest import Manifest
    from pipelines.pricing.workflow import Record, Standing

STYLES = {
    "in force": "bold green",
    "approved": "green",
    "in review": "yellow",
    "rejected": "red",
    "retired": "dim",
}
HASH_SHOWN = 12
OTHER = "*"
PACKAGE_STEPS = {
    "cent": "premium apart",
    "limit": "share within the limit",
    "terms": "terms of the package",
    "cover": "cost in the package",
    "lines": "all covers and further lines",
    "load": "divided by what loads leave for cost",
    "factor": "{factor} {level}",
    "minimum": "not below the minimum",
    "maximum": "not above the maximum",
    "price": "rounded: {level}",
}
MONEY_STEPS = ("cent", "cover", "lines", "minimum", "maximum", "price")


def standing_record(standing: Standing) -> dict[str, Any]:
    """A standing as JSON has it."""
    plain = {
        k: str(v) if k in ("state", "effective_from", "effective_to") else v
        for k, v in vars(standing).items()
    }
    return {**plain, "overrides": [one.model_dump(mode="json") for one in standing.overrides]}


def print_standings(console: Console, found: list[Standing]) -> None:
    """One line per version."""
    if not found:
        console.print("There is no rate table yet. A run makes the first: ratewright run")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("", "year", "version", "state", "rates contracts from", "to", "by", "approved by"):
        table.add_column(name, no_wrap=name in ("version", "state"))
    for one in found:
        cells = [
            "*" if one.state == "in force" else "",
            str(one.rating_year),
            one.version,
            str(one.state),
            str(one.effective_from),
            str(one.effective_to),
            ", ".join(one.authors),
            one.approver or "",
        ]
        table.add_row(*(escape(cell) for cell in cells), style=STYLES.get(one.state, ""))
    console.print(table)


def print_version(
    console: Console, standing: Standing, manifest: Manifest, history: list[Record], path: Path
) -> None:
    """Standing, origin and history of a version."""
    console.print(f"{standing.version} is {standing.state}", style="bold", markup=False)
    facts = {
        "portfolio": manifest.title,
        "rates": f"contracts that begin {standing.effective_from} to {standing.effective_to}",
        "authors": ", ".join(standing.authors),
        "approved by": standing.approver or "nobody yet",
        "edited from": standing.parent or "no other version",
        "overall change": _overall_change(manifest),
        "year before": manifest.compared_with or "no version was in force",
        "files": f"{path} ({len(manifest.files)} files, each as the log has it)",
    }
    _print_facts(console, facts)
    _print_origin(console, manifest)
    console.print("History", style="bold")
    for record in history:
        who = (
            record.who if record.who == record.login or record.automatic else f"{record.who} ({record.login})"
        )
        what = record.action if record.version == standing.version else f"{record.action} of {record.version}"
        why = f": {record.reason}" if record.reason else ""
        console.print(f"  {record.at:%Y-%m-%d %H:%M}  {what} by {who}{why}", markup=False)
    for change in manifest.changes:
        moved = f"{change.before:.4f} -> {change.after:.4f}"
        what = f"{change.factor} {change.level}"
        if change.of_base_rate:
            moved, what = f"{change.before:,.2f} -> {change.after:,.2f}", "base rate"
        console.print(f"  {change.cover}, {what}: {moved}: {change.reason}", markup=False)
    print_overrides(console, manifest)


def print_overrides(console: Console, manifest: Manifest) -> None:
    """Values that break the plan, each with its reason; nothing where none does."""
    if manifest.overrides:
        console.print(f"Overrides of the plan: {len(manifest.overrides)}", style="bold yellow")
    for one in manifest.overrides:
        console.print(f"  {one.in_words()}", markup=False)


def _overall_change(manifest: Manifest) -> str:
    if manifest.overall_change is None:
        return manifest.balance_note or "none was decided"
    return f"{manifest.overall_change:+.2%} was decided; base rates are put to it"


def print_comparison(console: Console, old: str, new: str, moved: Comparison, top: int) -> None:
    """Base rates, relativities that differ, and the cells that rise and fall most."""
    console.print(f"{old} -> {new}", style="bold", markup=False)
    if moved.overall is not None:
        console.print(f"Premium of all cells, at the exposure of the new version: {moved.overall:+.2%}")
    _print_frame(console, "Base rates", moved.base_rates, moved.base_rates.height)
    _print_frame(console, "Relativities that differ, furthest first", moved.furthest(), top, places=4)
    if moved.premiums is None:
        console.print("The versions show premiums by other factors, so cells cannot be compared.")
        return
    _print_frame(console, "Largest rises of premium", moved.rises(top), top)
    _print_frame(console, "Largest falls of premium", moved.falls(top), top)


def print_explanation(console: Console, explained: Explanation, manifest: Manifest) -> None:
    """Every step of every cover's premium, then what it was made from."""
    console.print(f"{explained.version}, amounts in {manifest.currency}", style="bold", markup=False)
    if explained.assumed:
        held = ", ".join(f"{f}={explained.cell[f]}" for f in explained.assumed)
        console.print(f"Held at their base level: {held}", markup=False, style="dim")
    for price in explained.covers:
        _print_cover(console, price)
    console.print(f"Covers apart {explained.total:,.2f}", style="bold")
    if explained.package:
        _print_package(console, explained)
    elif explained.packages:
        console.print(f"Packages: --at tier={' | '.join(explained.packages)}", markup=False, style="dim")
    console.print()
    _print_origin(console, manifest)


def _print_package(console: Console, explained: Explanation) -> None:
    """What the package makes of the premiums of its covers."""
    title = f"package {explained.cell.get('tier', '')}".strip()
    table = Table(box=box.SIMPLE_HEAD, title=escape(title), title_justify="left", title_style="bold")
    for name in ("step", "cover", "value", "amount"):
        table.add_column(name, justify="right" if name in ("value", "amount") else "left")
    for step in explained.package:
        if step.kind == "limit" and step.value == 1:
            continue
        value = f"{step.value:,.2f}" if step.kind in MONEY_STEPS else f"x {step.value:.4f}"
        words = escape(PACKAGE_STEPS.get(step.kind, step.kind).format(factor=step.factor, level=step.level))
        last = step.kind == "price"
        table.add_row(
            words, "" if step.cover == "*" else escape(step.cover), value, f"{step.amount:,.4f}",
            style="bold" if last else "",
        )  # fmt: skip
    console.print(table)
    console.print(f"Price {explained.price:,.2f}", style="bold")


def _print_cover(console: Console, price: CoverPrice) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=price.cover, title_justify="left", title_style="bold")
    for name in ("step", "level", "relativity", "amount", "vehicle-years", "claims", "remark"):
        table.add_column(
            name, justify="right" if name in ("relativity", "amount", "vehicle-years", "claims") else "left"
        )
    remark = ""
    if price.base_rate != price.indicated_base_rate:
        remark = escape(f"indicated {price.indicated_base_rate:,.2f}; {price.selection_reason}")
    table.add_row("base rate", "", "", f"{price.base_rate:,.2f}", "", "", remark)
    for step in price.steps:
        remarks = []
        if step.rated_as == OTHER:
            remarks.append("not listed for this cover, rated as any other")
        elif step.rated_as != step.level:
            remarks.append(f"rated as {step.rated_as}")
        if step.relativity != step.indicated_relativity:
            remarks.append(f"indicated {step.indicated_relativity:.4f}; {step.selection_reason}")
        table.add_row(
            escape(step.factor),
            escape(step.level),
            f"x {step.relativity:.4f}",
            f"{step.amount:,.4f}",
            f"{step.exposure_years:,.0f}",
            f"{step.claim_count:,}",
            escape("; ".join(remarks)),
        )
    table.add_row("fixed amount", "", "", f"+ {price.fixed_amount:,.2f}", "", "", "")
    table.add_row(
        "rounded", "", "", f"{price.premium:,.2f}", "", "", f"from {price.unrounded:,.6f}", style="bold"
    )
    console.print(table)


def _print_origin(console: Console, manifest: Manifest) -> None:
    console.print("Made from", style="bold")
    seeds = ", ".join(f"{n} {h[:HASH_SHOWN]}" for n, h in manifest.seeds.items())
    facts = {
        "rated by": manifest.rated_by or "not named",
        "champion": manifest.champion or "not named",
        "challenger": manifest.challenger or "none",
        "priced to": manifest.priced_to_in_words(),
        "code": manifest.code_revision,
        "rating plan": seeds or "no seeds",
        "mapping": manifest.mapping_sha256[:HASH_SHOWN],
        "valued on": str(manifest.valuation_date),
        "marts": "marts.contract_experience by marts.rating_cell_levels (ratewright sql)",
    }
    _print_facts(console, facts)
    for file in manifest.deliveries:
        told = f"{file.accepted:,} of {file.read:,} rows, {file.sha256[:HASH_SHOWN]}"
        console.print(f"  {'delivery':<12} {file.file}: {told}", markup=False)


def _print_facts(console: Console, facts: dict[str, str]) -> None:
    for label, value in facts.items():
        console.print(f"  {label:<12} {value}", markup=False)


def _print_frame(console: Console, title: str, frame: pl.DataFrame, top: int, places: int = 2) -> None:
    if not frame.height:
        console.print(f"{title}: none")
        return
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for name, kind in frame.schema.items():
        table.add_column(name.replace("_", " "), justify="right" if kind.is_numeric() else "left")
    for row in frame.head(top).iter_rows(named=True):
        table.add_row(*(_cell(name, value, places) for name, value in row.items()))
    console.print(table)
    if frame.height > top:
        console.print(f"{frame.height:,} in all, {top} shown (--top, --json)")


def _cell(name: str, value: object, places: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:+.2%}" if name == "change" else f"{value:,.{places}f}"
    return escape(str(value))
