"""Queries of anybody: one select on the marts, which reaches no file, no setting and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.warehouse.query import answer, write_answer


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("serving")
    for client in ("acme", "other"):
        with duckdb.connect(root / f"{client}.duckdb") as con:
            con.execute("create schema marts; create table marts.cost as select 'A' as model, 1.5 as amount")
    (root / "pseudonym.key").write_text("a secret")
    return root / "acme.duckdb"


def everything(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "query",
    [
        "select * from marts.cost",
        "from marts.cost select amount;",
        "with a as (select * from marts.cost) select * from a",
        "describe marts.cost",
        "show tables",
        "explain select * from marts.cost",
        "values (1)",
    ],
)
def test_a_select_is_answered(serving: Path, query: str) -> None:
    assert answer(serving, query).width


OUTSIDE = [
    "select * from read_text('{root}/pseudonym.key')",
    "select * from read_blob('{root}/pseudonym.key')",
    "select * from '{root}/pseudonym.key'",
    "select * from sniff_csv('{root}/pseudonym.key')",
    "select * from glob('{root}/*')",
    "select * from read_csv('{root}/pseudonym.key')",
    "select * from read_duckdb('{root}/other.duckdb', schema_name := 'marts', table_name := 'cost')",
    "copy marts.cost to '{root}/out.csv'",
    "copy (select 1) to '{root}/out.parquet' (format parquet)",
    "export database '{root}/exported'",
    "import database '{root}'",
    "attach '{root}/other.duckdb' as other",
    "attach ':memory:' as scratch",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset enable_external_access",
    "pragma enable_external_access",
    "set lock_configuration = false",
    "set memory_limit = '1TB'",
    "create table marts.mine as select 1",
    "create temp table mine as select 1",
    "drop table marts.cost",
    "insert into marts.cost values ('B', 2)",
    "update marts.cost set amount = 0",
    "select 1; select 2",
    "select 1; copy marts.cost to '{root}/out.csv'",
    "call pragma_version()",
    "checkpoint",
    "select * from query('copy marts.cost to ''{root}/out.csv'' ')",
    "-- nothing",
    "",
    "select * from serving",
]


@pytest.mark.parametrize("query", OUTSIDE)
def test_anything_else_is_refused_in_one_line_and_leaves_everything_as_it_is(
    serving: Path, query: str
) -> None:
    before = everything(serving.parent)
    with pytest.raises(InputError) as refused:
        answer(serving, query.format(root=serving.parent))
    assert "a secret" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert everything(serving.parent) == before


@settings(max_examples=60, deadline=None)
@given(
    query=st.sampled_from(OUTSIDE),
    before=st.sampled_from(
        ["", " ", "/* a */", "--\n", "with x as (select 1) ", "explain ", "explain analyze "]
    ),
    after=st.sampled_from(["", ";", ";;", " -- b", "; select 1", " union all select null"]),
)
def test_however_it_is_wrapped_it_reaches_nothing(serving: Path, query: str, before: str, after: str) -> None:
    kept = everything(serving.parent)
    try:
        told = str(answer(serving, before + query.format(root=serving.parent) + after).rows())
    except InputError as refused:
        told = str(refused)
    assert "a secret" not in told
    assert everything(serving.parent) == kept


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_an_answer_with_lists_is_written_as_text_where_a_cell_holds_one_value(
    serving: Path, tmp_path: Path, ending: str
) -> None:
    found = answer(
        serving, "select [1, 2] as a, {'b': 'x'} as s, '\\xAB'::blob as raw, model from marts.cost"
    )
    out = tmp_path / f"answer.{ending}"
    write_answer(found, out)
    if ending == "parquet":
        assert pl.read_parquet(out)["a"].to_list() == [[1, 2]]
    else:
        read = pl.read_csv(out) if ending == "csv" else pl.read_excel(out)
        assert read.row(0) == ("[1, 2]", "{'b': x}", "\\xAB", "A")
