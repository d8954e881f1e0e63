"""Every double of a mart is looked at: an infinite one, or none that is a number, fails the build."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.project import ensure_manifest

NODES = json.loads(ensure_manifest().read_text(encoding="utf-8"))["nodes"].values()
MARTS = {n["name"]: n for n in NODES if n["resource_type"] == "model" and n["fqn"][1] == "marts"}
WITH_DOUBLES = {
    name: [c["name"] for c in node["columns"].values() if c["data_type"] == "double"]
    for name, node in MARTS.items()
}


@pytest.mark.parametrize("mart", sorted(name for name, columns in WITH_DOUBLES.items() if columns))
@pytest.mark.parametrize("wrong", ["inf", "-inf", "nan"])
def test_a_ratio_that_is_no_number_is_noticed(compiled: Path, mart: str, wrong: str) -> None:
    (path,) = compiled.rglob(f"is_finite_{mart}_.sql")
    sql = path.read_text(encoding="utf-8").replace(f'"marts"."{mart}"', f'"{mart}"')
    columns = WITH_DOUBLES[mart]
    for column in columns:
        of = {name: f"'{wrong}'" if name == column else "null" for name in columns}
        values = ", ".join(f"{value}::double as {name}" for name, value in of.items())
        with duckdb.connect() as con:
            con.execute(f'create table "{mart}" as select {values}')
            query = sql.replace('"none".', "")
            assert len(con.execute(query).fetchall()) == 1, column
            con.execute(f'update "{mart}" set {column} = 0.5')
            assert con.execute(query).fetchall() == []
