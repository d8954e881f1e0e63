"""`ratewright rates pull`, `pack` and `quote`: what leaves the installation, verified first."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli_approval import Version

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

Client = Annotated[str | None, typer.Option("--client", help="Client, if several have one.")]


class FileFormat(StrEnum):
    """Formats a table is handed out in."""

    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"


class Table(StrEnum):
    """Tables of a version."""

    RATES = "rates"
    PREMIUMS = "premiums"
    RENEWALS = "renewals"
    SCENARIOS = "scenarios"


def pull_rates(
    out: Annotated[Path, typer.Option(help="File or folder to write to.")],
    year: Annotated[int, typer.Option(help="Rating year: its version in force.")] = 0,
    version: Annotated[str | None, typer.Option(help="A version by its name, in place of a year.")] = None,
    not_in_force: Annotated[
        bool, typer.Option("--not-in-force", help="With --version: also a draft, or one that is retired.")
    ] = False,
    file_format: Annotated[FileFormat, typer.Option("--format", help="xlsx, csv or parquet.")] = (
        FileFormat.XLSX
    ),
    table: Annotated[Table, typer.Option(help="What to fetch of the version.")] = Table.RATES,
    client: Client = None,
) -> None:
    """Fetch a rate table, or a table that stands beside it, verified against the manifest and the log.

    Renewals hold a row per contract, with its number: not for handing out.

    Example: ratewright rates pull --year 2026 --format xlsx --out rates.xlsx

    Example: ratewright rates pull --version acme-1f0c2d3e4b --not-in-force --out draft.xlsx

    Example: ratewright rates pull --year 2026 --table renewals --format csv --out renewals.csv
    """
    from pipelines.pricing.asking.tables import table_bytes
    from pipelines.pricing.versions.publication import hand_out, write_out
    from pipelines.pricing.workflow import State, in_force, locate
    from pipelines.pricing.workflow.lookup import check_in_force
    from pipelines.settings import settings

    if (version is None) == (year == 0):
        raise typer.BadParameter("either --year YYYY or --version NAME")
    desk, standing = locate(settings(), version) if version else in_force(settings(), year, client)
    if not not_in_force:
        check_in_force(standing)
    in_words = "" if standing.state is State.IN_FORCE else f".{standing.state.replace(' ', '-')}"
    files, name = desk.files(standing), standing.version + in_words
    if table is Table.RATES:
        target = hand_out(files, name, file_format, out)
    else:
        data = table_bytes(files, table, file_format)
        target = write_out(data, f"{name}.{table}.{file_format}", out)
    console.print(f"{standing.version} ({standing.state}) -> {target}", markup=False)


def pack_rates(
    version: Version, out: Annotated[Path, typer.Option(help="File or folder to write to.")]
) -> None:
    """Write the pricing pack of a version: one HTML page that a pricing committee reads, prints and signs.

    Every file is verified first. The page needs nothing else: it opens offline and prints on A4. It says
    where the version stands today and who has signed, by the log.

    Example: ratewright rates pack acme-1f0c2d3e4b --out pack.html
    """
    from pipelines.pricing.asking.packing import write_pack
    from pipelines.settings import settings

    standing, target = write_pack(settings(), version, out)
    console.print(f"{standing.version} ({standing.state}) -> {target}", markup=False)


def quote_rates(
    contracts: Annotated[
        Path, typer.Option(help="Contracts as .csv, .parquet or .xlsx: tier and a column per rating factor.")
    ],
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    year: Annotated[int, typer.Option(help="Rating year: its version in force.")] = 0,
    version: Annotated[str | None, typer.Option(help="A version by its name, in place of a year.")] = None,
    client: Client = None,
    allow_unlisted: Annotated[
        bool, typer.Option("--allow-unlisted", help="Price what no level takes as any other, marked so.")
    ] = False,
) -> None:
    """Price contracts from a version's published table alone, verified against the manifest and the log.

    Values are levels as the table names them, codes of the mapping, or plain numbers, which are put into the
    bands of the version. What no level takes is refused, each value with its rows, and nothing is written.
    The file says per factor which level rated and whether the table lists it.

    A version that is named need not be in force: so a draft can be tried.

    Example: ratewright rates quote --year 2026 --contracts offers.csv --out quotes.csv
    """
    from models_ml.rating import Tariff
    from pipelines.csv_tables import csv_bytes
    from pipelines.errors import InputError
    from pipelines.files import parquet_bytes
    from pipelines.pricing.asking.quoting import QuotesRefusedError, quote, read_contracts
    from pipelines.pricing.versions.files import read_numbers
    from pipelines.pricing.versions.levels import levels_from
    from pipelines.pricing.versions.publication import write_out
    from pipelines.pricing.workflow import in_force, locate
    from pipelines.settings import settings

    if (version is None) == (year == 0):
        raise typer.BadParameter("either --year YYYY or --version NAME")
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(str(out), expected="a file in .csv or .parquet", found=out.suffix or "no ending")
    desk, standing = locate(settings(), version) if version else in_force(settings(), year, client)
    files = desk.files(standing)
    tariff, levels = Tariff(read_numbers(files)[0]), levels_from(files)
    try:
        priced = quote(
            tariff, levels, read_contracts(contracts), str(contracts), allow_unlisted=allow_unlisted
        )
    except QuotesRefusedError as refused:
        for problem in refused.problems:
            errors.print(f"  {problem}", markup=False)
        raise
    data = parquet_bytes(priced) if out.suffix == ".parquet" else csv_bytes(priced)
    write_out(data, out.name, out)
    console.print(
        f"{priced.height:,} contracts priced by {standing.version} ({standing.state}) -> {out}", markup=False
    )


HANDED_OUT: dict[str, Callable[..., None]] = {"pull": pull_rates, "pack": pack_rates, "quote": quote_rates}
