"""Raw values find their bands alike in SQL, in polars and one by one, at every edge; nothing else does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import jinja2
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import LevelRules, Tracer, level_rules, price_of, rate_contracts
from tests.models_ml.rating.book import contracts, tariff

MACROS = Path(__file__).parents[3] / "dbt_project" / "macros"
SCHEMA = {"factor": pl.String, "level": pl.String, "lower_bound": pl.Float64, "upper_bound": pl.Float64}
AGES = {"0": (0.0, 1.0), "1": (1.0, 2.0), "2": (2.0, 5.0), "5-6": (5.0, 7.0)}
BANDS = pl.DataFrame(
    [("vehicle_age", name, low, high) for name, (low, high) in AGES.items()]
    + [("annual_mileage", "low", 0.0, 10_000.5), ("annual_mileage", "high", 10_000.5, None)],
    schema=SCHEMA,
    orient="row",
)
EDGES = {
    "vehicle_age": ["-1", "0", "1", "2", "3", "4", "5", "6", "7", "6.0", "6.5", "4.999", "30"],
    "annual_mileage": ["-0.5", "0", "0.5", "10000", "10000.4", "10000.5", "10000.6", "999999", "1e5"],
}
ODD = [None, "", "12,000", " 5", "5 ", "+5", "05", "0x5", "5-6 ", "5–6", "2024-05-06", "NaN", "inf", "*", "٥"]


def rules() -> LevelRules:
    listed = tariff().table.filter((pl.col("tier") == "*") & (pl.col("factor") != "base"))
    return level_rules(listed, BANDS, {"annual_mileage": {"L": "low", "7": "high"}})


def in_sql(book: pl.DataFrame, factors: list[str]) -> tuple[pl.DataFrame, list[Decimal]]:
    """Levels and prices by the macros alone."""
    table = tariff()
    source = "".join((MACROS / name).read_text() for name in ("money.sql", "rating.sql"))
    render = jinja2.Environment().from_string  # noqa: S701  (SQL, not HTML)
    levels = render(source + "{{ levels_of_values('book', 'rules', factors) }}").render(factors=factors)
    covers = table.rates.factors
    on_price = table.price_factors["factor"].unique(maintain_order=True).to_list()
    call = "{{ rate_contracts('banded', 'rates', covers, on_price) }}"
    prices = render(source + call).render(covers=covers, on_price=on_price)
    with duckdb.connect() as con:
        con.register("book", book.to_arrow())
        con.register("rules", rules().rules.to_arrow())
        con.register("rates", table.table.to_arrow())
        con.execute(f"create table banded as {levels}")
        names = ["contract_id", "tier", *factors]
        rows = con.execute("select * from banded order by contract_id").fetchall()
        banded = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
        return banded, [price for _, price in con.execute(f"{prices} order by contract_id").fetchall()]


@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_sql_polars_and_trace_agree_on_raw_and_banded_contracts(data: st.DataObject) -> None:
    book = contracts(8).with_columns(contract_id=pl.int_range(8).cast(pl.String))
    for factor, edges in EDGES.items():
        values = st.lists(st.sampled_from([*edges, *ODD]), min_size=8, max_size=8)
        book = book.with_columns(pl.Series(factor, data.draw(values), dtype=pl.String))
    factors = tariff().factors
    banded = rules().levels(book, factors)
    in_rows, prices = in_sql(book, factors)
    for factor in factors:
        assert in_rows[factor].to_list() == banded[factor].to_list(), factor
    assert rate_contracts(tariff(), banded)["price"].to_list() == prices
    tracer = Tracer(tariff(), rules())
    assert [price_of(tracer.trace(row)) for row in book.iter_rows(named=True)] == prices


@settings(deadline=None, max_examples=100)
@given(number=st.decimals(-5, 40, places=2))
def test_a_number_lies_in_the_band_between_whose_bounds_it_is(number: Decimal) -> None:
    found = rules().level("annual_mileage", str(number))
    # 7 is a code of this client, and a code comes before a band.
    if str(number) == "7" or number < 0:
        return
    assert found == "low"
    age = rules().level("vehicle_age", str(number))
    inside = [name for name, (low, high) in AGES.items() if low <= number < high]
    assert age == (inside[0] if inside and number == int(number) else None)


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_plain_number_and_no_name_finds_no_level(value: str | None) -> None:
    assert rules().level("vehicle_age", value) is None


def test_a_name_comes_before_a_code_and_a_code_before_a_band() -> None:
    bands = pl.DataFrame([("zone", "1", 10.0, 20.0), ("zone", "2", 0.0, 10.0)], schema=SCHEMA, orient="row")
    listed = pl.DataFrame({"factor": ["zone", "zone"], "level": ["1", "2"]})
    made = level_rules(listed, bands, {"zone": {"1": "2", "5": "1"}})
    assert [made.level("zone", value) for value in ("1", "5", "6", "12")] == ["1", "1", "2", "1"]


def test_a_model_is_looked_up_behind_its_make() -> None:
    listed = pl.DataFrame({"factor": ["make", "model"], "level": ["Roewe", "Roewe D3"]})
    made = level_rules(listed, pl.DataFrame(schema=SCHEMA), {})
    assert made.level("model", "D3", {"make": "Roewe"}) == "Roewe D3"
    assert made.level("model", "Roewe D3", {"make": "Roewe"}) == "Roewe D3"
    assert made.level("model", "D3", {"make": "MG"}) is None
