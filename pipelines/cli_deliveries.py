"""`ratewright deliveries`: what came, what became of its rows, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.landing.ledger import Counts
    from pipelines.landing.places import Places

delivered = typer.Typer(help="What has been delivered, and taking it back.", no_args_is_help=True)
console = Console(soft_wrap=True, highlight=False)
Client = Annotated[str | None, typer.Option("--client", help="Client, if several have one.")]


@delivered.command("list")
def list_deliveries(client: Client = None) -> None:
    """List deliveries in the order in which they landed, with what became of their rows."""
    from pipelines.landing.deliveries import deliveries

    for view in deliveries(_places(client)):
        one = view.delivery
        day = f"stands for {one.delivered_on}" if one.delivered_on else "without a day"
        console.print(
            f"{one.name}  ({one.status}, {day}, {len(one.files)} files)", style="bold", markup=False
        )
        console.print(f"  {_told(view.counts)}", markup=False)


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
        console.print(f"{view.delivery.name}  ({view.delivery.status})", style="bold", markup=False)
        for entry in view.entries:
            lake = ", ".join(f"{source} {rows:,}" for source, rows in entry.sources.items())
            console.print(f"  {entry.file}", markup=False)
            console.print(f"    {_told(entry)}", markup=False)
            lake = lake or ("nothing, set aside whole" if entry.set_aside else "nothing")
            console.print(f"    in the lake: {lake}", markup=False, style="dim")
            if entry.not_taken_up:
                told = "contracts not taken up: cancelled before they began or from their first day"
                console.print(f"    {entry.not_taken_up:,} {told}", markup=False)
            if entry.repeated:
                told = "rows repeat another row of the file, and one of each was kept"
                console.print(f"    {entry.repeated:,} {told}", markup=False)
            for remark in entry.remarks:
                console.print(f"    {remark}", markup=False, style="dim")
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
    from pipelines.client_lock import held
    from pipelines.landing.deliveries import find_delivery, withdraw
    from pipelines.settings import settings

    places = _places(client)
    rows = sum(view.counts.accepted for view in find_delivery(places, name))
    if not yes:
        typer.confirm(f"Take {rows:,} accepted rows of {name} back?", abort=True)
    with held(settings().root, places.lake.name, f"deliveries withdraw {name}"):
        withdraw(places, name, settings().landing_memory, settings().threads)
    console.print(f"{name} is withdrawn. The warehouse follows with the next run.", markup=False)


@delivered.command("forget")
def forget_rows(
    older_than: Annotated[int, typer.Option(min=0, help="Days since they were refused, at least.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    client: Client = None,
) -> None:
    """Delete the client's own rows from quarantine; what was refused, where and why stays.

    Quarantine keeps every refused row as it was sent, so that it can be mended, readable by its owner alone.

    Example: ratewright deliveries forget --older-than 90 --yes
    """
    import datetime as dt

    from pipelines.landing.retention import forget_records

    places = _places(client)
    if not yes:
        typer.confirm(f"Delete refused rows of {older_than} days ago and older for good?", abort=True)
    rows = forget_records(places, dt.timedelta(days=older_than))
    console.print(f"{rows:,} rows were deleted from {places.quarantine}.", markup=False)


def _told(rows: Counts) -> str:
    """Counts in words, as wide as they need to be: a number that is cut off says nothing."""
    return (
        f"{rows.read:,} read = {rows.accepted:,} accepted + {rows.rejected:,} rejected "
        f"+ {rows.duplicates:,} duplicates + {rows.pending:,} waiting"
    )


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
