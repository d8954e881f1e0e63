"""Numbers are read by one strict grammar, and half a cent goes one way from every format."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.landing.mapping import Column, Factor, FileMapping
from pipelines.landing.reading.columns import factor_level, plan_column
from pipelines.landing.reading.pseudonyms import Pseudonyms
from pipelines.landing.reading.readers import Chunk, read_chunks
from pipelines.landing.reading.validate import Checked, check

MONEY = pl.Decimal(18, 2)
COVERS = {"source": "contract_covers", "columns": {"contract_id": "id", "cover": "cover"}}
COMMA = {"thousands": ",", "decimal": "."}
POINT = {"thousands": ".", "decimal": ","}
BLANK = {"thousands": " ", "decimal": ","}
NOT_ZERO = {"where": "not_zero"}
NO_NUMBERS = [
    (COMMA, "99,90"), (COMMA, "12,5"), (COMMA, "1.234,50"), (COMMA, "1,23,456"), (COMMA, ",5"),
    (COMMA, "1,234,"), (COMMA, "1.234.567"), (COMMA, "--5"), (COMMA, "5-"), (COMMA, "1-2"), (COMMA, "1 234"),
    (COMMA, "0,123"), (COMMA, "1234,567"), (COMMA, "1,234.5,6"), (COMMA, "(12.00)"), (COMMA, "€ 12"),
    (COMMA, "12 %"), (COMMA, "1e3"), (COMMA, "NaN"), (COMMA, "inf"), (COMMA, "１２"), (COMMA, "5."),
    (COMMA, "+-5"), (COMMA, "1_000"), (COMMA, "\u221212"), (POINT, "12.50"), (POINT, "1.23"),
    (POINT, "1,234,5"), (BLANK, "12 50"), (BLANK, "1 2345"), ({}, "1,234"), ({}, "12,5"), ({}, "1 234"),
]  # fmt: skip
NUMBERS = [
    (COMMA, "1,234.50", "1234.50"), (COMMA, "354.71", "354.71"), (COMMA, "12,345,678", "12345678"),
    (COMMA, "-1,234.5", "-1234.5"), (COMMA, "+7", "7"), (COMMA, "1234.5", "1234.5"), (COMMA, ".5", "0.5"),
    (POINT, "1.234,50", "1234.50"), (POINT, "12,5", "12.5"), (BLANK, "1\u00a0234,5", "1234.5"),
    (BLANK, "1\u202f234", "1234"), ({"thousands": "'"}, "1\u2019234.5", "1234.5"), ({}, "0012", "12"),
]  # fmt: skip


def file_of(options: dict[str, Any], **source: Any) -> FileMapping:
    return FileMapping.model_validate({"match": "*", "sources": [{**COVERS, **source}], **options})


def read(values: list[Any], target: Any, options: dict[str, Any] | None = None, **spec: Any) -> list[Any]:
    frame = pl.DataFrame({"x": values}) if isinstance(values, list) else values
    column = Column.model_validate({"column": "x", **spec} if "template" not in spec else spec)
    plan = plan_column("c", column, target, frame.schema, file_of(options or {}))
    return frame.select(plan.value.alias("v"))["v"].to_list()


def checked(rows: dict[str, list[Any]], options: dict[str, Any], **source: Any) -> Checked:
    how = FileMapping.model_validate({"match": "*", "sources": [source], **options})
    frame = pl.DataFrame(rows).with_row_index("_row", offset=1).with_columns(pl.col("_row").cast(pl.Int64))
    none = pl.DataFrame(schema={"_row": pl.Int64, "value": pl.String, "reason": pl.String})
    return check(Chunk(frame, none), how, Pseudonyms("key"))


@pytest.mark.parametrize(("options", "text"), NO_NUMBERS)
def test_what_is_no_number_is_none_for_any_reader(options: dict[str, Any], text: str) -> None:
    assert read([text], MONEY, options) == [None]
    assert read([text], pl.Float64(), options) == [None]
    assert read([text], pl.Int64(), options) == [None]
    assert read([text], pl.String(), options, sign={"negative": "n", "otherwise": "p"}) == [None]
    assert read([text], pl.String(), options, template="{x:int}") == [None]
    factor = Factor(name="f", column="x", bands=(-1e9, 0, 1))
    frame = pl.DataFrame({"x": [text]})
    level, _, _ = factor_level(factor, frame.schema, file_of(options))
    assert frame.select(level.alias("l")).item() is None


@pytest.mark.parametrize(("options", "text", "number"), NUMBERS)
def test_numbers_are_what_they_say(options: dict[str, Any], text: str, number: str) -> None:
    cents = Decimal(number).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert read([text], MONEY, options) == [cents]
    assert read([text], pl.Float64(), options) == [float(number)]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([COMMA, POINT, BLANK]),
    st.lists(st.text("0123456789", min_size=1, max_size=5), min_size=1, max_size=4),
    st.none() | st.text("0123456789", min_size=1, max_size=4),
)
def test_groups_are_threes_or_there_is_no_number(
    options: dict[str, str], groups: list[str], fraction: str | None
) -> None:
    text = options["thousands"].join(groups) + ("" if fraction is None else options["decimal"] + fraction)
    first, *rest = groups
    is_grouped = not rest or (1 <= len(first) <= 3 and first[0] != "0" and all(len(g) == 3 for g in rest))
    expected = float("".join(groups) + "." + (fraction or "0")) if is_grouped else None
    assert read([text], pl.Float64(), options) == [expected]


def excel(path: Path, column: list[float]) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, ["x", *column])
    book.close()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40))
def test_half_a_cent_goes_one_way_from_every_format(tmp_path: Path, halves: list[int]) -> None:
    exact = [Decimal(2 * h + 1) / 200 for h in halves]
    cents = [e.quantize(Decimal("0.01"), ROUND_HALF_UP) for e in exact]
    doubles = [float(e) for e in exact]
    assert read([str(e) for e in exact], MONEY) == cents
    assert read(doubles, MONEY) == cents
    for scale in (3, 9):
        assert read(pl.DataFrame({"x": pl.Series(exact, dtype=pl.Decimal(30, scale))}), MONEY) == cents
    excel(tmp_path / "x.xlsx", doubles)
    how = FileMapping.model_validate(
        {"match": "*", "sources": [{**COVERS, "columns": {"contract_id": "x", "cover": {"value": "c"}}}]}
    )
    (chunk,) = read_chunks(tmp_path / "x.xlsx", how)
    assert read(chunk.rows.select("x"), MONEY) == cents


def test_units_are_exact_and_nothing_is_rounded_twice() -> None:
    assert read([1.005, 2.675, 0.125, 1.0049999999999], MONEY) == [
        Decimal(t) for t in ("1.01", "2.68", "0.13", "1.00")
    ]
    assert read(["0.0049999999999999"], MONEY) == [Decimal("0.00")]
    assert read(["100.5", "0.5", "0.4999999999999"], MONEY, unit="fen") == [
        Decimal(t) for t in ("1.01", "0.01", "0.00")
    ]
    assert read([0.0000015, 1.1], MONEY, unit="10k_yuan") == [Decimal("0.02"), Decimal("11000.00")]
    assert read(["1.00005"], pl.Int64(), unit="10k_km") == [10001]
    assert read(["9007199254740993"], pl.Int64()) == [9007199254740993]


def test_numbers_that_a_format_holds_have_no_separators() -> None:
    assert read([12.5, 1234.5], MONEY, POINT) == [Decimal("12.50"), Decimal("1234.50")]
    frame = pl.DataFrame({"x": [1.234]})
    level, _, _ = factor_level(Factor(name="f", column="x", bands=(0, 2)), frame.schema, file_of(POINT))
    assert frame.select(level.alias("l")).item() == "0-1"


@pytest.mark.parametrize("top", [0, 2])
def test_numbers_in_cells_of_a_workbook_have_no_separators(tmp_path: Path, top: int) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(tmp_path / "x.xlsx")
    sheet = book.add_worksheet()
    sheet.write_column(top, 0, ["x", 1.234, 1234.5])
    sheet.write_column(top, 1, ["y", "1.234", "1.234,5"])
    book.close()
    how = file_of(POINT, columns={"contract_id": "x", "cover": "y"})
    (chunk,) = read_chunks(tmp_path / "x.xlsx", how)
    assert read(chunk.rows.select("x"), pl.Float64(), POINT) == [1.234, 1234.5]
    assert read(chunk.rows.select(x="y"), pl.Float64(), POINT) == [1234.0, 1234.5]


def test_a_condition_that_is_no_number_rejects_its_row() -> None:
    found = checked(
        {"id": ["a", "b", "c", "d"], "cover": ["x"] * 4, "sum": ["5", "12,5", "", "0"]}, COMMA,
        **COVERS, where={"column": "sum", "is": "positive"},
    )  # fmt: skip
    assert found.frames["contract_covers"]["contract_id"].to_list() == ["a"]
    assert found.reasons.select("_row", "column", "value").rows() == [(2, "sum", "12,5")]
    assert found.unused == 2


def test_an_unpivoted_value_that_is_no_number_rejects_its_row_and_empties_count_as_nothing() -> None:
    found = checked(
        {"id": ["a", "b", "c"], "glass": ["1,234.50", "1.234,50", ""], "more": ["", "1", ""]}, COMMA,
        source="contract_covers",
        columns={"contract_id": "id", "cover": "cover", "annual_premium": "sum"},
        unpivot={"column": "cover", "values": {"glass": ["glass", "more"]}, "into": "sum"} | NOT_ZERO,
    )  # fmt: skip
    assert found.frames["contract_covers"]["annual_premium"].to_list() == [Decimal("1234.50")]
    assert found.reasons.select("_row", "column", "value").rows() == [(2, "glass", "1.234,50")]


def test_a_template_that_could_not_be_made_shows_what_the_client_wrote() -> None:
    columns = {"contract_id": {"template": "{id}-{n:int}"}, "cover": {"value": "c"}}
    found = checked({"id": ["a"], "n": ["2003.7"]}, {}, source="contract_covers", columns=columns)
    assert ("a-2003.7", "contract_id|conversion") in found.reasons.select("value", "rule").rows()
