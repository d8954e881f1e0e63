"""`ratewright rates`: from a draft to the table in force, and everything that can be asked of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.cli_approval import STEPS, Reason, Version
from pipelines.cli_handing_out import HANDED_OUT, Client

rates = typer.Typer(
    help="Rate tables: draft, review, approve, publish, hand out.\n\n"
    "A version is draft -> in review -> approved -> in force -> retired, or rejected on the way. Whoever "
    "drafted or edited it cannot approve it. RATEWRIGHT_USER says who acts, else the account you are "
    "logged in with.",
    no_args_is_help=True,
)
console = Console(soft_wrap=True, highlight=False)


OverallChange = Annotated[
    float | None,
    typer.Option(
        help="Change of the premium of who comes up for renewal, decided for the year: 0.03 is 3 % more. "
        "Base rates are moved to meet it; left out, they stay where cost puts them."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


@rates.command("draft")
def draft_rates(
    source: Annotated[str | None, typer.Option("--from", help="Version to make a draft of.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML mapping of the client.")] = None,
    rating_year: Annotated[int, typer.Option(help="Year in which the rating year begins.")] = 0,
    overall_change: OverallChange = None,
    reason: Reason = "",
) -> None:
    """Make a draft: of the forecast of the last run, or of a version that can no longer be edited.

    A run of the pipeline makes one by itself. Use this after a change of the rating plan's loadings, or to
    change what was approved or rejected.

    Example: ratewright rates draft --mapping data/mappings/acme.yml --rating-year 2026

    Example: ratewright rates draft --mapping data/mappings/acme.yml --rating-year 2026 --overall-change 0.03

    Example: ratewright rates draft --from acme-1f0c2d3e4b --reason "parts inflation was revised"
    """
    from pipelines.pricing.changing.editing import book_of
    from pipelines.pricing.observing import tell_dagster
    from pipelines.pricing.workflow import locate
    from pipelines.settings import settings

    if (source is None) == (mapping is None or not rating_year):
        raise typer.BadParameter("either --from VERSION, or --mapping FILE with --rating-year YYYY")
    if source is not None:
        from pipelines.pricing.changing.editing import draft_again

        standing = draft_again(settings(), source, reason)
    else:
        from pipelines.pricing.versions.drafting import draft_of_last_forecast

        standing = draft_of_last_forecast(settings(), mapping or Path(), rating_year, overall_change)
    console.print(f"{standing.version} is {standing.state}.", markup=False)
    console.print(f"{book_of(settings(), standing).in_words()}.", markup=False)
    tell_dagster(settings(), locate(settings(), standing.version)[0])


@rates.command("list")
def list_rates(client: Client = None, as_json: AsJson = False) -> None:
    """List every version with its state; a star marks what is in force.

    A client whose log cannot be trusted is named, and the others are listed; the exit code is then 1.

    Example: ratewright rates list --client acme
    """
    from pipelines.cli_rates_shown import print_standings, standing_record
    from pipelines.pricing.workflow import WorkflowError, registers
    from pipelines.settings import settings

    by_client, broken = registers(settings(), client)
    found = [standing for versions in by_client.values() for standing in versions.values()]
    if as_json:
        _print_json([standing_record(standing) for standing in found])
    elif found or not broken:
        print_standings(console, found)
    if broken:
        raise WorkflowError("; ".join(str(error) for error in broken))


@rates.command("show")
def show_rates(version: Version, as_json: AsJson = False) -> None:
    """Show a version: where it stands, what it was made from, who did what to it and why.

    Every file is verified first.

    Example: ratewright rates show acme-1f0c2d3e4b
    """
    from pipelines.cli_rates_shown import print_version, standing_record
    from pipelines.pricing.renewing.book import Book
    from pipelines.pricing.versions.manifest import Manifest
    from pipelines.pricing.versions.publication import MANIFEST
    from pipelines.pricing.workflow import locate
    from pipelines.settings import settings

    desk, standing = locate(settings(), version)
    files = desk.files(standing)
    manifest, book = Manifest.model_validate_json(files[MANIFEST]), Book.from_files(files)
    history = desk.history(version)
    if as_json:
        log = [record.model_dump(mode="json") for record in history]
        _print_json(
            {**standing_record(standing), "manifest": manifest.model_dump(mode="json"), "history": log}
        )
    else:
        print_version(console, standing, manifest, history, desk.path(standing))
        console.print(f"Renewals: {book.in_words()}", markup=False)


@rates.command("diff")
def diff_rates(
    version: Version,
    against: Annotated[
        str, typer.Argument(help="Older version; default: its parent, else what is in force.")
    ] = "",
    top: Annotated[int, typer.Option(min=1, help="Rows to show of each list.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: base rates, relativities level by level, largest rises and falls of premium.

    Also lists what breaks the plan by override in the newer one.

    Example: ratewright rates diff acme-1f0c2d3e4b --top 20
    """
    from pipelines.cli_rates_shown import print_comparison, print_overrides
    from pipelines.pricing.asking.comparison import compare
    from pipelines.pricing.versions.files import read_numbers
    from pipelines.pricing.versions.manifest import Manifest
    from pipelines.pricing.versions.publication import MANIFEST
    from pipelines.pricing.workflow import locate
    from pipelines.pricing.workflow.lookup import predecessor
    from pipelines.settings import settings

    desk, new = locate(settings(), version)
    old_desk, old = locate(settings(), against) if against else (desk, predecessor(desk, new))
    files = desk.files(new)
    moved = compare(read_numbers(old_desk.files(old)), read_numbers(files))
    manifest = Manifest.model_validate_json(files[MANIFEST])
    if as_json:
        overrides = [one.model_dump(mode="json") for one in manifest.overrides]
        _print_json({"old": old.version, "new": new.version, **moved.to_dict(), "overrides": overrides})
    else:
        print_comparison(console, old.version, new.version, moved, top)
        print_overrides(console, manifest)


@rates.command("explain")
def explain_rates(
    version: Version,
    at: Annotated[
        list[str],
        typer.Option(
            "--at",
            help="FACTOR=VALUE, once per factor: level, code or number; others are at their base.",
        ),
    ] = [],  # noqa: B006
    allow_unlisted: Annotated[
        bool, typer.Option("--allow-unlisted", help="Rate what no level takes as any other.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain the price of one cell: base, relativities, fixed amount, rounding, and what they rest on.

    With a tier, also what its package makes of it.

    Example: ratewright rates explain acme-1f0c2d3e4b --at "make=Roewe" --at vehicle_age=3 --at tier=Standard
    """
    from pipelines.cli_rates_shown import print_explanation
    from pipelines.pricing.asking.explanation import explain
    from pipelines.pricing.changing.editing import version_parts
    from pipelines.pricing.workflow import locate
    from pipelines.settings import settings

    desk, standing = locate(settings(), version)
    parts = version_parts(desk, standing)
    explained = explain(parts, dict(_pair(text) for text in at), allow_unlisted=allow_unlisted)
    if as_json:
        _print_json({**explained.to_dict(), "manifest": parts.manifest.model_dump(mode="json")})
    else:
        print_explanation(console, explained, parts.manifest)


for name, action in (STEPS | HANDED_OUT).items():
    rates.command(name)(action)


def _pair(text: str) -> tuple[str, str]:
    factor, sign, level = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"--at '{text}': expected FACTOR=LEVEL")
    return factor.strip(), level.strip()


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))
