"""Contracts priced from a published version, for whoever has to quote."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile

import polars as pl

from models_ml.rating import LevelRules, Tariff, rate, rate_contracts
from models_ml.relativities import OTHER
from pipelines.csv_tables import without_marks
from pipelines.errors import InputError, nearest

TIER, PRICE = "tier", "price"
RATED_AS, LISTED = "_rated_as", "_listed"
LEVELS_SHOWN = 12
LARGEST_WHOLE = 1e15
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
            return without_marks(pl.read_csv(path, infer_schema=False, glob=False))
        if path.suffix == ".parquet":
            return _as_text(pl.read_parquet(path, glob=False))
        if path.suffix == ".xlsx":
            _check_heads(path)
            return pl.read_excel(path, engine="openpyxl", infer_schema_length=0)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, SyntaxError, BadZipFile) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(str(path), expected="a table with a head row", found=first) from error
    raise InputError(str(path), expected="a file in " + ", ".join(READERS), found=path.suffix or "no ending")


def _check_heads(path: Path) -> None:
    """Refuse a workbook whose first sheet names a column twice: one of them would be left out."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        heads = [str(v) for v in next(book.worksheets[0].iter_rows(values_only=True), ()) if v is not None]
    finally:
        book.close()
    if twice := [head for head in heads if heads.count(head) > 1]:
        raise InputError(str(path), column=twice[0], expected="a column once", found="it stands twice")


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns as text; a double that is a whole number as one, as it was typed."""
    doubles = [name for name, kind in frame.schema.items() if kind.is_float()]
    whole = (pl.col(doubles) == pl.col(doubles).floor()) & (pl.col(doubles).abs() < LARGEST_WHOLE)
    plain = pl.when(whole).then(pl.col(doubles).cast(pl.Int64, strict=False).cast(pl.String))
    return frame.with_columns(
        plain.otherwise(pl.col(doubles).cast(pl.String)), pl.all().exclude(doubles).cast(pl.String)
    )


class QuotesRefusedError(InputError):
    """Contracts that are not priced; `problems` names every value that no level takes, with its rows."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            source,
            expected="values that a level or band of the version takes",
            found=f"{len(problems)} that none takes; nothing was priced",
        )


def quote(
    tariff: Tariff, levels: LevelRules, contracts: pl.DataFrame, source: str, *, allow_unlisted: bool = False
) -> pl.DataFrame:
    """Contracts with what each cover costs in their package, its price, and the level of every factor.

    A table without packages prices every cover apart, and their total. Values are levels by their names,
    codes, or numbers that lie in a band, see `LevelRules`.

    Args:
        tariff: of the version.
        levels: of the version.
        contracts: a text column per rating factor, and `tier` where there are packages.
        source: the file, for messages.
        allow_unlisted: price what no level takes as any other, and mark it.

    Returns:
        The contracts as they came, with prices, and per factor `<factor>_rated_as`, the level, `*` where it
        is any other, and `<factor>_listed`: `yes`, `no`, or the covers of the package that do not list it.

    Raises:
        QuotesRefusedError: a value is taken by no level that the package lists.
        InputError: a column is missing, or a tier is not in the table.
    """
    factors = [name for name in tariff.factors if name != TIER]
    for name in [*([TIER] if tariff.tiers else []), *factors]:
        if name not in contracts.columns:
            found = nearest(name, contracts.columns)
            raise InputError(source, column=name, expected="a rating factor", found=found)
    told = {f"{name}{end}" for name in factors for end in (RATED_AS, LISTED)}
    # polars gives the second column of a name another one, and says nothing.
    if twice := [name for name in contracts.columns if re.search(r"_duplicated_[0-9]+$", name)]:
        own = re.sub(r"_duplicated_[0-9]+$", "", twice[0])
        raise InputError(source, column=own, expected="a column once", found="it stands twice")
    results = {*tariff.rates.covers, "total" if not tariff.tiers else PRICE, *told}
    if taken := [name for name in contracts.columns if name in results]:
        raise InputError(source, column=taken[0], expected="another name", found="that of a result")
    if tariff.tiers:
        _check_tiers(tariff, contracts, source)
    banded = levels.levels(contracts, factors)
    marks = _marks(tariff, banded, factors)
    if not allow_unlisted and (problems := _refused(contracts, banded, marks, levels, factors, source)):
        raise QuotesRefusedError(source, problems)
    priced = rate_contracts(tariff, banded) if tariff.tiers else rate(tariff.rates, banded)
    return priced.with_columns(contracts[name] for name in factors).hstack(
        [
            column
            for name in factors
            for column in (
                marks.select(pl.when(pl.col(name) == "no").then(pl.lit(OTHER)).otherwise(banded[name]))
                .to_series()
                .rename(f"{name}{RATED_AS}"),
                marks[name].rename(f"{name}{LISTED}"),
            )
        ]
    )


def _check_tiers(tariff: Tariff, contracts: pl.DataFrame, source: str) -> None:
    strange = contracts.with_row_index("row", offset=1).filter(
        ~pl.col(TIER).is_in(list(tariff.tiers)).fill_null(value=False)
    )
    if strange.height:
        row, tier = strange.select("row", TIER).row(0)
        sold = "one of " + ", ".join(tariff.tiers)
        raise InputError(f"{source}: row {row}", column=TIER, expected=sold, found=f"'{tier}'")


def _marks(tariff: Tariff, banded: pl.DataFrame, factors: list[str]) -> pl.DataFrame:
    """Per factor whether the covers of a contract's package list its level."""
    rates = tariff.rates.rates
    by_tier: dict[str | None, list[str]] = {name: list(rules.shares) for name, rules in tariff.tiers.items()}
    granted = list(by_tier.items()) or [(None, tariff.rates.covers)]
    columns = []
    for factor in factors:
        rows = []
        on_price = tariff.price_factors.filter(pl.col("factor") == factor)["level"].to_list()
        own = rates.filter((pl.col("factor") == factor) & (pl.col("level") != OTHER))
        rated = dict(own.group_by("cover", maintain_order=True).agg("level").iter_rows())
        every = {level for known in rated.values() for level in known} | {x for x in on_price if x != OTHER}
        for tier, covers in granted:
            concerned = [cover for cover in covers if cover in rated]
            for level in sorted(every):
                lacking = [cover for cover in concerned if level not in rated[cover]]
                mark = "yes" if not lacking else "no" if len(lacking) == len(concerned) else None
                rows.append((tier, level, mark or f"not for {', '.join(lacking)}"))
        table = pl.DataFrame(rows, schema=["_tier", factor, "_mark"], orient="row").cast(pl.String)
        keyed = banded.select(pl.col(factor), _tier=TIER if tariff.tiers else pl.lit(None, dtype=pl.String))
        joined = keyed.join(table, on=["_tier", factor], how="left", nulls_equal=True, maintain_order="left")
        columns.append(joined["_mark"].fill_null("no").rename(factor))
    return pl.DataFrame(columns)


def _refused(
    contracts: pl.DataFrame,
    banded: pl.DataFrame,
    marks: pl.DataFrame,
    levels: LevelRules,
    factors: list[str],
    source: str,
) -> list[str]:
    """Every value that is not taken, with all its rows and what to do."""
    found = []
    for factor in factors:
        rows = pl.DataFrame({"value": contracts[factor], "level": banded[factor], "mark": marks[factor]})
        bad = rows.with_row_index("row", offset=1).filter(pl.col("mark") == "no")
        for value, level, at in bad.group_by("value", "level", maintain_order=True).agg("row").iter_rows():
            shown = "empty" if value is None else f"'{value}'"
            why = "no level or band takes it"
            if level:
                why = f"is '{level}', which the table does not list for this package"
            known = ", ".join(levels.known(factor)[:LEVELS_SHOWN])
            more = ", ..." if len(levels.known(factor)) > LEVELS_SHOWN else ""
            found.append(
                f"{source}: {_rows(at)}: column '{factor}': {shown}: {why}; write one of {known}{more}, or a "
                "number in a band, or price it as any other with --allow-unlisted"
            )
    return found


def _rows(numbers: list[int]) -> str:
    """Rows in words, those that follow each other as from and to."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    told = ", ".join("-".join(str(n) for n in run) for run in runs)
    return f"row {told}" if len(numbers) == 1 else f"rows {told}"
