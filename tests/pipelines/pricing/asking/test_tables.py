"""Tables beside the rate table are handed out as they are kept, in each format."""

from __future__ import annotations

import io

import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.pricing.asking.tables import TABLES, table_bytes
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.files import write_parts
from tests.pipelines.pricing.pack.examples import nobody
from tests.pipelines.pricing.versions.examples import parts


@pytest.mark.parametrize("table", TABLES)
def test_every_format_holds_every_row(table: str) -> None:
    files = write_parts(parts())
    kept = pl.read_parquet(io.BytesIO(files[TABLES[table]]))
    assert_frame_equal(pl.read_parquet(io.BytesIO(table_bytes(files, table, "parquet"))), kept)
    lines = table_bytes(files, table, "csv").decode().splitlines()
    assert (lines[0], len(lines)) == (",".join(kept.columns), kept.height + 1)
    sheet = openpyxl.load_workbook(io.BytesIO(table_bytes(files, table, "xlsx"))).active
    assert sheet.max_row == kept.height + 1
    assert sheet.max_column == kept.width


def test_the_same_table_gives_the_same_bytes() -> None:
    files = write_parts(parts())
    assert table_bytes(files, "renewals", "xlsx") == table_bytes(files, "renewals", "xlsx")


def test_a_version_without_renewals_says_so() -> None:
    with pytest.raises(PublicationError, match="the version has no renewals"):
        table_bytes(write_parts(nobody(parts())), "renewals", "csv")
