"""Contracts of a file are priced by the published table alone; what cannot be priced is named."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import Tariff, Tracer, price_of
from pipelines.errors import InputError
from pipelines.pricing.asking.quoting import QuotesRefusedError, quote, read_contracts
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
    priced = quote(parts().tariff, parts().levels, read_contracts(path), str(path))
    tracer = Tracer(parts().tariff)
    expected = [price_of(tracer.trace(row)) for row in CONTRACTS.iter_rows(named=True)]
    assert priced["price"].to_list() == expected
    assert priced["offer"].to_list() == ["1", "2", "3"]
    assert priced["glass"].to_list()[1] == 0


def test_a_table_without_packages_prices_every_cover_apart() -> None:
    own = parts().rates.filter(pl.col("tier") == "*")
    priced = quote(Tariff(own), parts().levels, CONTRACTS.drop("tier"), "offers.csv")
    assert (priced["total"] == priced["damage"] + priced["glass"]).all()


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "hearse",
        "Taxi",
        "taxi ",
        "-1",
        "99",
        "1.5",
        "1,0",
        "1e0",
        "+1",
        "01",
        "2024-01-01",
        "*",
        "0–4",
    ],
)
def test_what_no_level_takes_is_refused_by_row_or_priced_as_any_other_and_marked(value: str | None) -> None:
    odd = CONTRACTS.with_columns(age=pl.Series(["0", value, value], dtype=pl.String))
    with pytest.raises(QuotesRefusedError) as refused:
        quote(parts().tariff, parts().levels, odd, "offers.csv")
    (told,) = refused.value.problems
    shown = "empty" if value is None else f"'{value}'"
    assert told.startswith(f"offers.csv: rows 2-3: column 'age': {shown}: no level or band takes it; write")
    priced = quote(parts().tariff, parts().levels, odd, "offers.csv", allow_unlisted=True)
    assert priced["age_rated_as"].to_list() == ["0", "*", "*"]
    assert priced["age_listed"].to_list() == ["yes", "no", "no"]
    assert priced["age"].to_list() == odd["age"].to_list()


def test_every_value_that_is_refused_is_told_at_once() -> None:
    odd = CONTRACTS.with_columns(use=pl.Series(["hearse", "private", None]), age=pl.Series(["x", "x", "0"]))
    with pytest.raises(QuotesRefusedError) as refused:
        quote(parts().tariff, parts().levels, odd, "offers.csv")
    places = [told.split(": ")[1:4] for told in refused.value.problems]
    assert places == [
        ["row 1", "column 'use'", "'hearse'"],
        ["row 3", "column 'use'", "empty"],
        ["rows 1-2", "column 'age'", "'x'"],
    ]


def test_a_level_that_one_cover_lists_and_another_does_not_is_priced_and_told() -> None:
    priced = quote(parts().tariff, parts().levels, CONTRACTS, "offers.csv")
    assert priced["use_listed"].to_list() == ["not for glass", "yes", "not for glass"]


@settings(deadline=None, max_examples=60)
@given(
    ages=st.lists(
        st.sampled_from([0, 4, 5, 9, 10, 98]).flatmap(lambda n: st.sampled_from([str(n), f"{n}.0"])),
        min_size=1,
        max_size=6,
    ),
    use=st.sampled_from(["taxi", "private"]),
)
def test_raw_values_cost_what_their_bands_cost(ages: list[str], use: str) -> None:
    raw = pl.DataFrame({"tier": "Both", "use": use[0].upper(), "age": ages})
    bands = ["0" if float(age) < 5 else "1" if float(age) < 10 else "2" for age in ages]
    named = raw.with_columns(use=pl.lit(use), age=pl.Series(bands))
    # A name comes first: 1 and 2 are bands of this table, whatever number they are.
    assume_raw = [age not in ("0", "1", "2") or band == age for age, band in zip(ages, bands, strict=True)]
    assert all(assume_raw)
    one, other = (quote(parts().tariff, parts().levels, c, "offers.csv") for c in (raw, named))
    assert one["price"].to_list() == other["price"].to_list()
    assert one["age_rated_as"].to_list() == bands


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
        quote(parts().tariff, parts().levels, broken, "offers.csv")


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


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_column_that_stands_twice_is_refused(tmp_path: Path, ending: str) -> None:
    rows = [["tier", "use", "age", "use"], ["Both", "taxi", "0", "private"]]
    path = tmp_path / f"offers.{ending}"
    if ending == "csv":
        path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    with pytest.raises(InputError, match="column 'use': expected a column once"):
        quote(parts().tariff, parts().levels, read_contracts(path), str(path))
