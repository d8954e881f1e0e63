"""One figure in all places: what marts, rate table, workbook, pricing pack and model report say of a cover.

The simulated brand is held here at every run; `make prove-figures` holds pg17, a real book, as well.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from models_ml.rating import BASE
from tests.conftest import PROJECT
from tests.pipeline.conftest import Installation
from tests.pipelines.pricing.pack.reading import Page
from tests.pipelines.pricing.workbook.reading import rows as rows_of

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module", params=["simulated", "pg17"])
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    if request.param == "simulated":
        made: Installation = request.getfixturevalue("installation")
        return made
    if not os.environ.get("RATEWRIGHT_PROOFS"):
        pytest.skip("a run of two minutes: make prove-figures")
    delivery: Path = request.getfixturevalue("bench") / "pg17"
    made = Installation(tmp_path_factory.mktemp("pg17") / "data", delivery, "pg17")
    mapping = str(PROJECT / "data" / "mappings" / "pg17.yml")
    done = made.ratewright("run", "--delivery", str(delivery), "--mapping", mapping, "--rating-year", "2018")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def file(book: Installation, name: str) -> bytes:
    (found,) = [content for path, content in book.published().items() if path.endswith(f"/{name}")]
    return found


def experience(book: Installation, period: str) -> pl.DataFrame:
    """What a period holds of every cover, in the words and with the places that people read."""
    return book.query(
        f"""
        select replace(cover, '_', ' ') as cover, claim_count, reported_count, gross_amount, incurred_amount,
            exposure_years, round(gross_cost_per_year, 4) as cost
        from marts.cover_experience where period = '{period}' order by cover
        """
    )


def number(told: str) -> float:
    return float(told.replace(",", ""))


def test_rate_table_workbook_and_pack_show_the_claims_and_cost_of_the_marts(book: Installation) -> None:
    table = pl.read_parquet(io.BytesIO(file(book, "rate_table.parquet")))
    base = table.filter(pl.col("factor") == BASE).sort("cover")
    learned = experience(book, "learn").filter(
        pl.col("cover").is_in(base["cover"].str.replace_all("_", " ").implode())
    )
    assert base["claim_count"].to_list() == learned["claim_count"].to_list()
    assert base["exposure_years"].to_list() == learned["exposure_years"].round(4).to_list()
    assert base["burning_cost"].to_list() == learned["cost"].to_list()

    in_sheet = rows_of(openpyxl.load_workbook(io.BytesIO(file(book, "rate_table.xlsx")))["Base rates"])
    shown = pl.DataFrame(in_sheet, infer_schema_length=None).sort("Cover")
    assert shown["Claims"].to_list() == learned["claim_count"].to_list()
    assert shown["Gross cost per vehicle year"].to_list() == learned["cost"].to_list()

    covers = Page(file(book, "pricing_pack.html")).table("cover", "observed cost per vehicle-year")
    for row in learned.iter_rows(named=True):
        told = covers.row(row["cover"])
        assert number(told["claims"]) == row["claim_count"]
        assert number(told["vehicle-years"]) == pytest.approx(row["exposure_years"], abs=0.5)
        assert number(told["observed cost per vehicle-year"]) == pytest.approx(row["cost"], abs=0.005)


def test_levels_of_a_factor_add_up_to_the_claims_of_their_cover(book: Installation) -> None:
    table = pl.read_parquet(io.BytesIO(file(book, "rate_table.parquet")))
    rated = table.filter(pl.col("relativity").is_not_null() & pl.col("claim_count").is_not_null())
    sums = rated.group_by("cover", "factor").agg(pl.col("claim_count").sum(), pl.col("exposure_years").sum())
    learned = {row["cover"]: row for row in experience(book, "learn").iter_rows(named=True)}
    assert sums.height
    for row in sums.iter_rows(named=True):
        whole = learned[row["cover"].replace("_", " ")]
        assert row["claim_count"] == whole["claim_count"], row
        assert row["exposure_years"] == pytest.approx(whole["exposure_years"], rel=1e-4), row


def test_what_the_model_report_says_is_known_is_what_the_triangles_and_marts_hold(book: Installation) -> None:
    page = Page(file(book, "model_report.html")).text
    known = re.findall(r"([\d,]+) claims are known.*?Cost known ([\d,-]+),", page)
    triangles = book.query(
        """
        select cover, cast(sum(reported_count) as bigint) as claims, sum(incurred_amount) as cost
        from marts.claim_triangles
        where accident_quarter is not null
            and valuation_quarter = (select max(valuation_quarter) from marts.claim_triangles)
        group by cover
        """
    )
    latest = {(claims, round(float(cost))) for claims, cost in triangles.select("claims", "cost").iter_rows()}
    # Claims that were sent without a day, as in pg17, have no triangle.
    assert bool(known) == bool(triangles.height)
    assert {(number(claims), number(cost)) for claims, cost in known} <= latest


def test_what_is_judged_is_the_same_in_report_pack_and_evaluation(book: Installation) -> None:
    heads = ("cover", "vehicle-years", "claims")
    report, pack = (
        Page(file(book, name)).table(*heads, "tenths within chance")
        for name in ("model_report.html", "pricing_pack.html")
    )
    for cells in report.rows:
        one, other = report.row(cells[0]), pack.row(cells[0])
        assert [one[head] for head in heads] == [other[head] for head in heads]


def test_the_pack_names_what_lies_outside_exposure(book: Installation) -> None:
    told = Page(file(book, "pricing_pack.html")).text
    outside = book.query("select example_id, item_count from marts.claims_outside_exposure")
    assert outside.height or "that landed lies within exposure" in told
    for example, count in outside.group_by("example_id").agg(pl.col("item_count").first()).iter_rows():
        assert count
        assert example in told or outside.height > 1
