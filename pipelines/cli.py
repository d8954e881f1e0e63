"""`ratewright`: the command line. Thin: it parses, calls the rest, and turns outcomes into exit codes.

0 is well, 1 a gate or a run that did not hold, 2 bad usage or input, 3 a fault of this program.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

from pipelines.cli_deliveries import delivered
from pipelines.cli_rates import rates
from pipelines.cli_sql import sql
from pipelines.errors import InputError, RatewrightError, as_system_fault, system_fault
from pipelines.progress import LOGGER, PASSING

app = typer.Typer(
    help="From a client's repair, claim and contract files to an annual rate table.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
flags = typer.Typer(help="Claims that deserve a second look.", no_args_is_help=True)
app.add_typer(rates, name="rates")
app.add_typer(flags, name="flags")
app.add_typer(delivered, name="deliveries")
app.command()(sql)
console = Console(soft_wrap=True, highlight=False)
# While a step runs, Dagster puts a file in the place of the terminal and copies what is written there to it.
errors = Console(stderr=True, soft_wrap=True, highlight=False, force_terminal=sys.stderr.isatty() or None)


Delivery = Annotated[Path, typer.Option("--delivery", help="Folder with the client's files.")]
MappingFile = Annotated[Path, typer.Option("--mapping", help="YAML mapping of the client.")]
Client = Annotated[str | None, typer.Option("--client", help="Client, if several have one.")]


@app.command()
def run(
    delivery: Annotated[Path | None, typer.Option(help="Folder with the client's files.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML mapping of the client.")] = None,
    rating_year: Annotated[
        int, typer.Option(help="Year in which the rating year begins; default: the next.")
    ] = 0,
    valuation_date: Annotated[
        str, typer.Option(help="Day up to which experience counts; default: the mapping's.")
    ] = "",
) -> None:
    """Run the whole job: land, gate, warehouse, forecast, rate table, claim flags.

    Without a delivery it runs on a simulated portfolio of 2,000 vehicles over three years.

    Example: ratewright run --delivery deliveries/2025 --mapping data/mappings/acme.yml
    --rating-year 2026
    """
    from pipelines.running import run_job

    outcome = run_job(delivery, mapping, rating_year, valuation_date)
    for line in outcome.lines:
        console.print(line, markup=False)
    raise typer.Exit(0 if outcome.success else 1)


@app.command()
def gate(
    delivery: Delivery,
    mapping: MappingFile,
    summary: Annotated[Path | None, typer.Option(help="Also write the Markdown here.")] = None,
    docs: Annotated[Path | None, typer.Option(help="Keep the Data Docs in this folder.")] = None,
) -> None:
    """Check a delivery without keeping it: for a client's CI. Exit code 1 if it does not hold.

    Example: ratewright gate --delivery out --mapping acme.yml --summary "$GITHUB_STEP_SUMMARY"
    """
    from pipelines.gates.standalone import gate_delivery

    result, text = gate_delivery(delivery, mapping, docs)
    print(text)
    if summary is not None:
        with summary.open("a", encoding="utf-8") as stream:
            stream.write(text)
    raise typer.Exit(0 if result.passed else 1)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the files a client would send.")],
    vehicles: Annotated[int, typer.Option(min=1, help="Vehicles.")] = 2_000,
    years: Annotated[int, typer.Option(min=1, max=10, help="Years of history.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    defects: Annotated[float, typer.Option(min=0, max=0.2, help="Share of rows to spoil.")] = 0.0,
    later_months: Annotated[
        int, typer.Option(min=0, max=24, help="Months after the history, each a delivery of its own.")
    ] = 0,
) -> None:
    """Write a simulated portfolio: the files a client would send, and the truth beside them.

    Example: ratewright simulate --out brand --vehicles 5000 --defects 0.01 --later-months 2
    """
    from simulator import simulate as write_portfolio

    made = write_portfolio(
        vehicles=vehicles, years=years, seed=seed, out=out, defects=defects, later_months=later_months
    )
    for name, rows in made.files.items():
        console.print(f"{rows:>10,} rows  {out / name}")
    for later in made.later:
        console.print(f"Later delivery: {later}")
    console.print(f"Truth, for checking only: {made.truth}")


@app.command()
def status() -> None:
    """Show what has landed, been set aside and been put in force, by client."""
    from pipelines.status import client_status

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("client", no_wrap=True)
    for name in ("files", "accepted", "rejected", "duplicates", "waiting", "rates", "flags"):
        table.add_column(name, justify="right")
    rows = client_status()
    for row in rows:
        table.add_row(*row)
    console.print(table if rows else "Nothing has landed yet. Start with: ratewright run")


@app.command()
def doctor(client: Client = None) -> None:
    """Look whether everything that was written still stands: lake, serving copies, rate tables, models.

    Every file is read and held to its hash; nothing is changed. Exit code 1 if anything is wrong.

    Example: ratewright doctor --client acme
    """
    from pipelines.doctor import examine
    from pipelines.settings import settings

    wrong = 0
    for what, faults in examine(settings(), client):
        console.print(f"{what}: {'well' if not faults else f'{len(faults)} faults'}", markup=False)
        for fault in faults:
            console.print(f"  {fault}", markup=False)
        wrong += len(faults)
    raise typer.Exit(1 if wrong else 0)


@flags.command("list")
def list_flags(
    client: Client = None,
    top: Annotated[int, typer.Option(min=1, help="How many, strongest first.")] = 20,
) -> None:
    """List flagged claims, strongest first, with the reasons."""
    from pipelines.fraud.flags import load_flags
    from pipelines.settings import settings

    found = load_flags(settings(), client)
    columns = ["score", "band", "claim_id", "cover", "loss_date", "incurred_amount", "reasons"]
    for score, band, claim, cover, loss, cost, reasons in found.head(top).select(columns).iter_rows():
        style = {"high": "bold red", "medium": "yellow"}.get(band, "")
        loss_text = f"loss {loss}" if loss else "day of loss unknown"
        head = f"{score:>3} {band:<6}  claim {claim}  {cover}  {loss_text}  cost {cost:,.2f}"
        console.print(head, style=style, markup=False)
        for reason in reasons:
            console.print(f"      - {reason}", markup=False)
    console.print(f"{found.height:,} claims are flagged; shown are {min(top, found.height):,}.")


def main() -> None:
    """Entry point: errors a user can act on become one line and an exit code."""
    _log_to(errors)
    try:
        app()
    except InputError as error:
        _clear_line()
        errors.print(f"[bold red]error:[/] {_plain(error)}")
        sys.exit(2)
    except RatewrightError as error:
        _clear_line()
        errors.print(f"[bold red]error:[/] {_plain(error)}")
        sys.exit(1)
    except Exception as error:
        _clear_line()
        refused = as_system_fault(error)
        told, code = system_fault(refused) if refused else _own_fault(error)
        errors.print(f"[bold red]error:[/] {_plain(told)}")
        sys.exit(code)


def _own_fault(error: Exception) -> tuple[str, int]:
    """A fault of this program in one line; the traceback stands in a file, for whoever mends it."""
    first = (str(error).strip().splitlines() or [""])[0][:200]
    told = f"a fault of Ratewright, not of yours: {type(error).__name__}: {first}"
    try:
        handle, name = mkstemp(prefix="ratewright-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            traceback.print_exception(error, file=stream)
    except OSError:
        return told, 3
    return f"{told}; please send {name} to who keeps it", 3


def _clear_line() -> None:
    for handler in LOGGER.handlers:
        if isinstance(handler, _RichHandler):
            handler.clear()


def _plain(error: Exception | str) -> str:
    return str(error).replace("[", "\\[")


class _RichHandler(logging.Handler):
    """Progress lines: plain for what went well, coloured for what needs a look.

    What is being done right now stands in the last line of a terminal until it is done; a file or a pipe
    gets the line of every step alone.
    """

    def __init__(self, target: Console) -> None:
        super().__init__(logging.INFO)
        self.target = target
        self.passing = False

    def emit(self, record: logging.LogRecord) -> None:
        self.clear()
        if getattr(record, PASSING, False):
            if self.target.is_terminal:
                # One column is left free: a full line would move on to the next.
                told = Text(record.getMessage(), style="dim")
                told.truncate(self.target.width - 1, overflow="ellipsis")
                self.target.print(told, end="")
                self.passing = True
            return
        style = {logging.WARNING: "yellow", logging.ERROR: "bold red"}.get(record.levelno)
        self.target.print(record.getMessage(), style=style, markup=False)

    def close(self) -> None:
        self.clear()
        super().close()

    def clear(self) -> None:
        """Take away the line that says what is being done."""
        if self.passing:
            self.target.control(Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)))
            self.passing = False


def _log_to(target: Console) -> None:
    LOGGER.setLevel(logging.INFO)
    LOGGER.handlers = [_RichHandler(target)]
    LOGGER.propagate = False


if __name__ == "__main__":
    main()
