"""The workbook: the same bytes, the same numbers, and text that stays text."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import polars as pl

from models_ml.evaluation import Judgement
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import CoverLoading, RateTable, build_rate_table, expand
from pipelines.pricing.workbook import workbook_bytes
from tests.models_ml.evaluation.test_judgement import judged
from tests.models_ml.test_frequency_severity import portfolio
from tests.pipelines.pricing.test_publication import manifest

FORMULA = '=HYPERLINK("http://x","y")'


def made() -> tuple[RateTable, pl.DataFrame, dict[str, Judgement]]:
    data = portfolio(2_000).with_columns(pl.col("use").replace("taxi", FORMULA))
    model = FrequencySeverityModel(["use", "age"]).fit(data)
    # Glass is not sold to taxis: a level that one cover has and another has not.
    private = data.filter(pl.col("use") == "private")
    glass = FrequencySeverityModel(["use", "age"]).fit(private)
    orders = pl.DataFrame({"factor": ["age"] * 3, "level": ["0", "1", "2"], "level_order": [0, 1, 2]})
    loading = CoverLoading(0.1, 0.1, 0.05)
    models, loadings = {"damage": model, "glass": glass}, {"damage": loading, "glass": loading}
    table = build_rate_table(models, loadings, orders)
    return table, expand(table, data, ("use", "age"), {}), dict.fromkeys(models, judged())


def test_the_same_inputs_give_the_same_bytes() -> None:
    table, premiums, judgements = made()
    assert workbook_bytes(manifest(), table, premiums, judgements) == workbook_bytes(
        manifest(), table, premiums, judgements
    )


def test_the_workbook_holds_a_sheet_per_factor_and_every_premium_to_the_cent() -> None:
    table, premiums, judgements = made()
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(manifest(), table, premiums, judgements)))
    assert book.sheetnames == ["Summary", "Use", "Age", "Premiums", "Actual v expected"]
    head, *rows = book["Premiums"].iter_rows(values_only=True)
    total = head.index("Total")
    assert [Decimal(str(row[total])).quantize(Decimal("0.01")) for row in rows] == premiums["total"].to_list()
    assert book["Premiums"].freeze_panes == "D2"


def test_text_from_a_client_never_runs_as_a_formula() -> None:
    table, premiums, judgements = made()
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(manifest(), table, premiums, judgements)))
    cell = next(c for row in book["Use"].iter_rows() for c in row if c.value == FORMULA)
    assert cell.data_type == "s"
    assert cell.hyperlink is None
