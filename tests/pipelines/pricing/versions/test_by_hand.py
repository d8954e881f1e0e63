"""Ten premiums reckoned by hand from what is handed out, the CSV and the workbook, are those that rate."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

import openpyxl
import polars as pl
import pytest

from models_ml.rating import rate
from pipelines.pricing.versions.files import write_parts
from tests.pipelines.pricing.versions.examples import parts

Rates = dict[str, Any]
CELLS = [
    {"use": use, "age": age} for use, age in product(["private", "taxi", "hearse"], ["0", "1", "2", "other"])
][:10]


def from_csv(files: dict[str, bytes]) -> Rates:
    rows = csv.DictReader(io.StringIO(files["rate_table.csv"].decode()))
    return read(row for row in rows if row["tier"] == "*" and row["cover"] != "*")


def from_workbook(files: dict[str, bytes]) -> Rates:
    """From the sheets that people read, not the one that holds all of it."""
    book = openpyxl.load_workbook(io.BytesIO(files["rate_table.xlsx"]))
    rows = []
    for name in ("Base rates", "Use", "Age"):
        head, *lines = book[name].iter_rows(values_only=True)
        for line in lines:
            told = dict(zip(head, line, strict=True))
            rows.append(
                {
                    "cover": told["Cover"],
                    "factor": told["Factor"],
                    "level": told["Level"],
                    "base_rate": str(told["Selected"]),
                    "fixed_amount": str(told.get("Fixed amount")),
                    "relativity": str(told["Selected"]),
                }
            )
    return read(rows)


def read(rows: Iterable[dict[str, str]]) -> Rates:
    made: Rates = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row["factor"] == "base":
            made[row["cover"]]["base"] = (Decimal(row["base_rate"]), Decimal(row["fixed_amount"]))
        else:
            made[row["cover"]][row["factor"]][row["level"]] = Decimal(row["relativity"])
    return made


@pytest.mark.parametrize("published", [from_csv, from_workbook])
def test_ten_premiums_come_out_to_the_cent(published: Any) -> None:
    made = parts()
    rates = published(write_parts(made))
    expected = rate(made.table, pl.DataFrame(CELLS))
    for cell, row in zip(CELLS, expected.iter_rows(named=True), strict=True):
        for cover in made.table.covers:
            amount, fixed = rates[cover]["base"]
            for factor, level in cell.items():
                amount *= rates[cover][factor].get(level, rates[cover][factor]["*"])
            premium = (amount + fixed).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
            assert premium == row[cover], (cell, cover)


def test_the_base_rate_is_the_premium_at_the_base_levels_that_are_printed() -> None:
    made = parts()
    book = openpyxl.load_workbook(io.BytesIO(write_parts(made)["rate_table.xlsx"]))
    method = " ".join(str(cell.value) for cell in book["Method"]["A"] if cell.value)
    printed = dict(re.findall(r"(\w+) = (\w+)", method.split("in every cover: ")[1].split(". ")[0]))
    assert printed == made.manifest.base_levels
    premiums = rate(made.table, pl.DataFrame([printed])).row(0, named=True)
    for cover, (base, fixed) in ((c, own["base"]) for c, own in from_csv(write_parts(made)).items()):
        assert premiums[cover] == base + fixed
