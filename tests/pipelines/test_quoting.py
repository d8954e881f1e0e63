"""Paths in SQL and scans: a folder may be called anything, and one module puts it there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.gates.run import _batches
from pipelines.landing.deliveries import deliveries, reasons
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.parameters import latest_day, valuation_date, write_parameters
from pipelines.landing.places import Places
from pipelines.quoting import parquet_under, read_parquet_sql, scan_parquet_files, sql_text
from pipelines.settings import Settings
from pipelines.warehouse.project import dbt_environment
from pipelines.warehouse.serving import publish_serving_copy, read
from tests.conftest import PROJECT

NAMES = ["O'Brien", "[2024]", "a*b {x}", '100 % 数据 "q"', "[!a]'*", "b=1;#~$&"]
folder_names = st.text("ab'[]*?{}!,%#&;$~= é数", min_size=1, max_size=8).filter(lambda n: n.strip())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=folder_names)
def test_a_file_is_read_whatever_its_folder_is_called_and_no_other_with_it(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("any")
    for folder in (name, "ab", "a", "b", "2", "aab"):
        (root / folder).mkdir(exist_ok=True)
        if folder != name:
            pl.DataFrame({"x": ["another"]}).write_parquet(root / folder / "f.parquet")
    with duckdb.connect() as con:
        con.execute(f"copy (select 'mine' as x) to {sql_text(root / name / 'f.parquet')} (format parquet)")
        query = f"from {read_parquet_sql(parquet_under(root / name))}"
        assert con.sql(query).fetchall() == [("mine",)]
    assert scan_parquet_files(parquet_under(root / name)).collect().rows() == [("mine",)]
    assert scan_parquet_files(root / name / "f.parquet").collect().rows() == [("mine",)]


@pytest.mark.parametrize("name", NAMES)
def test_a_client_lands_is_judged_and_served_in_a_folder_of_any_name(
    tmp_path: Path, delivery: Path, mapping_of: Callable[..., Mapping], name: str
) -> None:
    root = tmp_path / name / "data"
    where = Places.under(root, "acme")
    moved = delivery.rename(delivery.with_name(f"{name} delivery"))
    with (moved / "policies.csv").open("a", encoding="utf-8") as file:
        file.write("P9,V9,A,1820,2024-01-01,2024-12-31,1,private,30\n")
    mapping = mapping_of()
    land(moved, mapping, where, "key")
    write_parameters(where.lake, mapping, 2025, None)
    assert (str(latest_day(where.lake)), str(valuation_date(where.lake))) == ("2025-01-01", "2024-12-31")
    assert len(_batches(where.lake, where.held, mapping.expect)["contracts"]) == 3
    (view,) = deliveries(where)
    assert reasons(where, view).height == 1
    # What dbt reads: the path stands in a quoted pattern, after dbt-duckdb has filled its braces in.
    lake = dbt_environment(Settings(data_dir=root), "acme")["RATEWRIGHT_LAKE"]
    pattern = f"from read_parquet('{lake.replace('{', '{{').replace('}', '}}')}/{{name}}/*.parquet')"
    with duckdb.connect() as con:
        assert len(con.sql(pattern.format_map({"name": "contracts"})).fetchall()) == 3
    with duckdb.connect(root / "warehouse.duckdb") as con:
        con.execute("create schema marts; create table marts.one as select 1 as x")
    publish_serving_copy(root / "warehouse.duckdb", root / "serving.duckdb")
    assert read(root / "serving.duckdb", "from marts.one").rows() == [(1,)]


def test_the_sources_of_dbt_double_the_braces_of_a_path() -> None:
    sources = yaml.safe_load((PROJECT / "dbt_project/models/staging/sources.yml").read_text())["sources"]
    texts = re.findall(r"read_parquet\('(.*?)/(?:\{name\}|trips)", yaml.safe_dump(sources, width=10_000))
    assert texts
    assert all("replace('{'" in t.replace("''", "'") for t in texts)


@pytest.mark.parametrize("name", ["a\\b", "a?b", "50%25"])
def test_a_data_folder_that_a_library_takes_for_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"RATEWRIGHT_DATA_DIR: expected a folder without '.+' in its path"):
        _ = Settings(data_dir=tmp_path / name).root


BY_HAND = [
    r"read_\w+\(\s*\[?'\{",  # a path put between quotes by hand
    r"\b(?:to|from|attach|copy) '\{",
    r"pl\.(?:scan|read)_(?:parquet|csv|ndjson)\((?![^)]*(?:BytesIO|glob=False|content))",
]


def test_no_other_module_puts_a_path_into_sql_or_a_scan() -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {match[0]}"
        for path in sorted((PROJECT / "pipelines").rglob("*.py"))
        if path.name != "quoting.py"
        for pattern in BY_HAND
        for match in re.finditer(pattern, path.read_text(encoding="utf-8"))
    ]
    assert found == []
