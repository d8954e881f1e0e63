"""Contracts of a file are priced by the published table alone; what cannot be priced is named."""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl
import pytest

from models_ml.rating import Tariff, Tracer, price_of
from pipelines.errors import InputError
from pipelines.pricing.asking.quoting import quote, read_contracts
from tests.pipelines.pricing.versions.examples import parts

CONTRACTS = pl.DataFrame(
    {
        "offer": ["1", "2", "3"],
        "tier": ["Both", "Damage only", "Both"],
        "use": ["taxi", "private", "taxi"],
        "age": ["0", "1", "2"],
    }
)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_each_kind_of_file_gives_the_same_prices(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"offers.{ending}"
    writers = {"csv": CONTRACTS.write_csv, "parquet": CONTRACTS.write_parquet, "xlsx": CONTRACTS.write_excel}
    writers[ending](path)
    priced = quote(parts().tariff, read_contracts(path), str(path))
    tracer = Tracer(parts().tariff)
    expected = [price_of(tracer.trace(row)) for row in CONTRACTS.iter_rows(named=True)]
    assert priced["price"].to_list() == expected
    assert priced["offer"].to_list() == ["1", "2", "3"]
    assert priced["glass"].to_list()[1] == 0


def test_a_table_without_packages_prices_every_cover_apart() -> None:
    own = parts().rates.filter(pl.col("tier") == "*")
    priced = quote(Tariff(own), CONTRACTS.drop("tier"), "offers.csv")
    assert (priced["total"] == priced["damage"] + priced["glass"]).all()


def test_a_level_that_is_not_listed_is_priced_and_told(caplog: pytest.LogCaptureFixture) -> None:
    odd = CONTRACTS.with_columns(use=pl.Series(["hearse", "private", None]))
    logger = logging.getLogger("ratewright")
    logger.propagate = True
    with caplog.at_level(logging.WARNING, logger="ratewright"):
        priced = quote(parts().tariff, odd, "offers.csv")
    assert priced["price"].null_count() == 0
    assert (
        "2 contracts have a use that the table does not list, such as 'hearse': rated as any other"
        in caplog.text
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (CONTRACTS.drop("age"), "offers.csv: column 'age': expected a rating factor"),
        (CONTRACTS.drop("tier"), "offers.csv: column 'tier': expected a rating factor"),
        (
            CONTRACTS.with_columns(tier=pl.Series(["Both", "Bath", "Both"])),
            "offers.csv: row 2: column 'tier': expected one of Both, Damage only; found 'Bath'",
        ),
    ],
)
def test_what_cannot_be_priced_is_named(broken: pl.DataFrame, said: str) -> None:
    with pytest.raises(InputError, match=said):
        quote(parts().tariff, broken, "offers.csv")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "no such file"),
        ("offers.txt", b"tier", "found .txt"),
        ("offers.parquet", b"not a table", "expected a table with a head row"),
        ("offers.xlsx", b"not a workbook", "expected a table with a head row"),
        ("offers.csv", b"", "expected a table with a head row"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        read_contracts(tmp_path / name)
    assert len(str(refused.value).splitlines()) == 1
