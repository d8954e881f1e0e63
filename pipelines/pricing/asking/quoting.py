"""Contracts priced from a published version, for whoever has to quote."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import polars as pl

from models_ml.rating import Tariff, rate, rate_contracts
from models_ml.relativities import OTHER
from pipelines.errors import InputError, nearest
from pipelines.progress import LOGGER

TIER, PRICE = "tier", "price"
READERS = (".csv", ".parquet", ".xlsx")


def read_contracts(path: Path) -> pl.DataFrame:
    """Contracts of a file, every column as text.

    Raises:
        InputError: the file is missing, of another kind, or cannot be read.
    """
    if not path.is_file():
        raise InputError(str(path), expected="a file with contracts", found="no such file")
    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False)
        if path.suffix == ".parquet":
            return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
        if path.suffix == ".xlsx":
            return pl.read_excel(path, engine="openpyxl", infer_schema_length=0)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, SyntaxError, BadZipFile) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(str(path), expected="a table with a head row", found=first) from error
    raise InputError(str(path), expected="a file in " + ", ".join(READERS), found=path.suffix or "no ending")


def quote(tariff: Tariff, contracts: pl.DataFrame, source: str) -> pl.DataFrame:
    """Contracts with what each cover costs in their package, and its price.

    A table without packages prices every cover apart, and their total. A level that the table does not
    list rates as any other; how many there are is said.

    Args:
        tariff: of the version.
        contracts: a text column per rating factor, and `tier` where there are packages.
        source: the file, for messages.

    Raises:
        InputError: a column is missing, or a tier is not in the table.
    """
    needed = [*([TIER] if tariff.tiers else []), *(f for f in tariff.factors if f != TIER)]
    for name in needed:
        if name not in contracts.columns:
            found = nearest(name, contracts.columns)
            raise InputError(source, column=name, expected="a rating factor", found=found)
    results = {*tariff.rates.covers, "total" if not tariff.tiers else PRICE}
    if taken := [name for name in contracts.columns if name in results]:
        raise InputError(source, column=taken[0], expected="another name", found="that of a result")
    if not tariff.tiers:
        _warn_of_unlisted(tariff, contracts)
        return rate(tariff.rates, contracts)
    strange = contracts.with_row_index("row", offset=1).filter(
        ~pl.col(TIER).is_in(list(tariff.tiers)).fill_null(value=False)
    )
    if strange.height:
        row, tier = strange.select("row", TIER).row(0)
        sold = "one of " + ", ".join(tariff.tiers)
        raise InputError(f"{source}: row {row}", column=TIER, expected=sold, found=f"'{tier}'")
    _warn_of_unlisted(tariff, contracts)
    return rate_contracts(tariff, contracts)


def _warn_of_unlisted(tariff: Tariff, contracts: pl.DataFrame) -> None:
    listed = tariff.table.filter(pl.col("level") != OTHER).select("factor", "level").unique()
    for factor in tariff.factors:
        levels = listed.filter(pl.col("factor") == factor)["level"].to_list()
        unlisted = contracts.filter(~pl.col(factor).is_in(levels).fill_null(value=False))
        if unlisted.height:
            example = unlisted[factor][0]
            LOGGER.warning(
                "%d contracts have a %s that the table does not list, such as %s: rated as any other",
                unlisted.height,
                factor,
                "nothing" if example is None else f"'{example}'",
            )
