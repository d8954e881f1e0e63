"""`ratewright deliveries`: what came, what became of its rows, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.landing.places import Places

delivered = typer.Typer(help="What has been delivered, and taking it back.", no_args_is_help=True)
console = Console(soft_wrap=True, highlight=False)
Client = Annotated[str | None, typer.Option("--client", help="Client, if several have one.")]


@delivered.command("list")
def list_deliveries(client: Client = None) -> None:
    """List deliveries in the order in which they landed, with what became of their rows."""
    from pipelines.landing.deliveries import deliveries

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("delivery", "stands for", "status"):
        table.add_column(name, no_wrap=True)
    for name in ("files", "read", "accepted", "rejected", "duplicates", "waiting"):
        table.add_column(name, justify="right")
    for view in deliveries(_places(client)):
        one, rows = view.delivery, view.counts
        numbers = [len(one.files), rows.read, rows.accepted, rows.rejected, rows.duplicates, rows.pending]
        day = str(one.delivered_on or "")
        table.add_row(one.name, day, one.status, *(f"{n:,}" for n in numbers))
    console.print(table)


@delivered.command("show")
def show_delivery(
    name: Annotated[str, typer.Argument(help="Name of the delivery's folder.")], client: Client = None
) -> None:
    """Show a delivery: its files, and why rows of it are not in the lake.

    Example: ratewright deliveries show 2025-03
    """
    from pipelines.landing.deliveries import find_delivery, reasons

    places = _places(client)
    for view in find_delivery(places, name):
        console.print(f"{view.delivery.name}  ({view.delivery.status})", style="bold")
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("file")
        for column in ("read", "accepted", "rejected", "duplicates", "waiting", "in the lake"):
            table.add_column(column, justify="right")
        for entry in view.entries:
            lake = ", ".join(f"{source} {rows:,}" for source, rows in entry.sources.items())
            counts = [entry.read, entry.accepted, entry.rejected, entry.duplicates, entry.pending]
            table.add_row(entry.file, *(f"{n:,}" for n in counts), lake or "set aside whole")
        console.print(table)
        for known in (f for f in view.delivery.files if f.known_from):
            console.print(f"  {known.file}: landed before, with {known.known_from}", markup=False)
        for why in reasons(places, view).iter_rows(named=True):
            line = f"  {why['rows']:>8,} {why['status']:<10} {why['source']}: {why['rule']}"
            console.print(line, markup=False)
            for detail in (why["reason"], why["example"]):
                if detail:
                    console.print(f"{'':>20}{detail}", markup=False, style="dim")


@delivered.command("withdraw")
def withdraw_delivery(
    name: Annotated[str, typer.Argument(help="Name of the delivery's folder.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    client: Client = None,
) -> None:
    """Take a delivery back, as if it had never come; what it restated stands again.

    Example: ratewright deliveries withdraw 2025-03
    """
    from pipelines.landing.deliveries import find_delivery, withdraw
    from pipelines.settings import settings

    places = _places(client)
    rows = sum(view.counts.accepted for view in find_delivery(places, name))
    if not yes:
        typer.confirm(f"Take {rows:,} accepted rows of {name} back?", abort=True)
    withdraw(places, name, settings().landing_memory, settings().threads)
    console.print(f"{name} is withdrawn. The warehouse follows with the next run.")


def _places(client: str | None) -> Places:
    """The places of a client; of the only one if none is named."""
    from pipelines.landing.places import Places
    from pipelines.settings import settings

    root = settings().root
    names = sorted(p.name for p in (root / "ledger").glob("*/"))
    if client is None and len(names) == 1:
        return Places.under(root, names[0])
    if client not in names:
        found = f"'{client}'" if client else "several" if names else "nothing has landed yet"
        raise InputError(
            "--client", expected=f"one of {', '.join(names) or 'those that landed'}", found=found
        )
    return Places.under(root, str(client))
