"""From a client's text to a value: exact for money, unguessed for dates, never silently wrong."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.landing.mapping import Column, Factor, FileMapping
from pipelines.landing.reading.columns import band_labels, factor_level, plan_column

SOURCE = {
    "source": "contract_covers",
    "columns": {"contract_id": {"column": "x"}, "cover": {"value": "x"}},
}


def convert(values: list[object], target: pl.DataType, options: dict[str, object] | None = None,
            **spec: object) -> list[object]:  # fmt: skip
    how = FileMapping.model_validate({"match": "*", "sources": [SOURCE], **(options or {})})
    frame = pl.DataFrame({"x": values})
    column = Column.model_validate({"column": "x", **spec})
    return frame.select(plan_column("x", column, target, frame.schema, how).value.alias("v"))["v"].to_list()


MONEY = pl.Decimal(18, 2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.50", "1234.50"),
        ("2.675", "2.68"),
        ("-0.10", "-0.10"),
        (" 7 ", "7.00"),
        ("x", None),
        ("", None),
    ],
)
def test_money_is_exact_and_thousands_are_separators(text: str, amount: str | None) -> None:
    expected = None if amount is None else Decimal(amount)
    assert convert([text], MONEY, {"thousands": ","}) == [expected]


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_any_number_of_cents_survives_text_and_float(cents: int) -> None:
    exact = Decimal(cents) / 100
    assert convert([f"{exact:.2f}", None], MONEY)[0] == exact
    assert convert([float(exact), None], MONEY)[0] == exact


def test_decimal_commas_and_units() -> None:
    assert convert(["1.234,50"], MONEY, {"thousands": ".", "decimal": ","}) == [Decimal("1234.50")]
    assert convert(["1.2345"], MONEY, unit="10k_yuan") == [Decimal("12345.00")]
    assert convert(["100"], pl.Int64(), unit="mile") == [161]


def test_dates_take_the_formats_of_the_mapping_in_turn_and_no_other() -> None:
    formats = {"date_formats": ["%Y-%m-%d", "%Y/%m/%d"]}
    found = convert(["2024-03-05", "2024/3/5", "05.03.2024", "2024-02-31"], pl.Date(), formats)
    assert [str(v) for v in found] == ["2024-03-05", "2024-03-05", "None", "None"]


def test_a_whole_number_is_not_guessed_from_a_fraction() -> None:
    assert convert(["12", "12.0", "12.5"], pl.Int64()) == [12, 12, None]
    assert convert([12.0, float("nan")], pl.Int64()) == [12, None]


def test_codes_outside_the_mapping_are_no_value() -> None:
    assert convert(["EV", "??"], pl.String(), codes={"EV": "bev"}) == ["bev", None]


def test_whole_floats_lose_their_point_in_names() -> None:
    how = FileMapping.model_validate({"match": "*", "sources": [SOURCE]})
    frame = pl.DataFrame({"x": ["A"], "year": [2003.0], "day": ["2004-05-06"]})
    column = Column(template="{x}-{year:int}-{day:year}")
    plan = plan_column("c", column, pl.String(), frame.schema, how)
    assert frame.select(plan.value).item() == "A-2003-2004"


def test_bands_are_closed_below_and_open_above() -> None:
    factor = Factor(name="age", column="x", bands=(18, 26, 41))
    how = FileMapping.model_validate({"match": "*", "sources": [SOURCE]})
    frame = pl.DataFrame({"x": [17, 18, 25, 26, 41, 99]})
    level, order, _ = factor_level(factor, frame.schema, how)
    assert frame.select(level.alias("l"))["l"].to_list() == [
        None,
        "18-25",
        "18-25",
        "26-40",
        "41+",
        "41+",
    ]
    assert frame.select(order.alias("o"))["o"].to_list() == [None, 0, 0, 1, 2, 2]
    assert band_labels((0.5, 0.6, 1.0)) == ["0.5 to <0.6", "0.6 to <1", "1+"]
