"""SQL that only one engine takes stands in macros/portable/ and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

DBT = PROJECT / "dbt_project"
FILES = sorted(
    [*(DBT / "models").rglob("*.sql"), *(DBT / "tests").rglob("*.sql"), *(DBT / "macros").glob("*.sql")]
)
ONE_ENGINE_ONLY = {
    "double-quoted identifier": r'"[a-z_]+"',
    "double colon cast": r"::",
    "integer division": r"(?<!:)//",
    "concat()": r"\bconcat\(",
    "safe_cast": r"safe_cast",
    "engine's own date function": r"\b(strftime|date_format|epoch|dayofweek|weekday|date_diff|datediff)\(",
    "engine's own aggregate": r"\b(quantile_cont|arg_max|arg_min|mode|list|string_agg|listagg)\(",
    "hash()": r"\bhash\(",
    "read_parquet": r"read_parquet",
    "window order without nulls last": r"order by (?:(?!nulls last|\n\s*\)).)*\n\s*\) (?:as|=)",
}


def code(path: Path) -> str:
    """The SQL without comments and without dbt's own expressions."""
    text = re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_model_speaks_both_engines(path: Path) -> None:
    found = [name for name, pattern in ONE_ENGINE_ONLY.items() if re.search(pattern, code(path), re.DOTALL)]
    assert found == []


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('select "a" from t', "double-quoted identifier"),
        ("select a::int", "double colon cast"),
        ("select arg_max(a, b)", "engine's own aggregate"),
        ("select lag(a) over (\n    order by a\n) as b", "window order without nulls last"),
    ],
)
def test_the_patterns_do_find_what_they_are_for(sql: str, name: str) -> None:
    assert re.search(ONE_ENGINE_ONLY[name], sql, re.DOTALL)
