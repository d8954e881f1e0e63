"""What decides a file's fate is what the contracts declare, not how their source is written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import dataframely as dy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.landing.contracts.declared import declared, hash_of

SOURCE = '''"""Contracts of a test."""
from __future__ import annotations

import dataframely as dy
import polars as pl


class Visits(dy.Schema):
    """One row per visit."""

    visit_id = dy.String(primary_key=True, max_length=40)
    km = dy.Int64(nullable=True, min=0, max=3_000_000)
    payer = dy.String(nullable=True, regex=r"^(customer|plan)$")
    opened_on = dy.Date()
    closed_on = dy.Date(nullable=True)

    @dy.rule()
    def closed_on_or_after_opened(cls) -> pl.Expr:
        """closed_on is before opened_on"""
        return (cls.closed_on.col >= cls.opened_on.col).fill_null(True)

    @dy.rule()
    def payer_is_known(cls) -> pl.Expr:
        """payer is on the list"""
        return cls.payer.col.is_in(["customer", "plan"])
'''

WORDING = [
    ("import polars as pl\n", "import polars as pl\n\n# A remark.\n"),
    ('"""One row per visit."""', '"""A row for every visit that a workshop has seen."""'),
    ('"""closed_on is before opened_on"""', '"""closed_on lies before opened_on"""'),
    ("3_000_000", "3000000"),
    ("    opened_on = dy.Date()", "    opened_on = dy.Date()  # the day on the order"),
]
MEANING = [
    ("3_000_000", "3_000_001"),
    ("min=0", "min=1"),
    ("max_length=40", "max_length=41"),
    ("customer|plan", "customer|plan|insurer"),
    ('is_in(["customer", "plan"])', 'is_in(["customer", "goodwill"])'),
    ("cls.closed_on.col >= cls.opened_on.col", "cls.closed_on.col > cls.opened_on.col"),
    (".fill_null(True)", ".fill_null(False)"),
    ("opened_on = dy.Date()", "opened_on = dy.Date(nullable=True)"),
    ("km = dy.Int64(", "km = dy.Float64("),
    ("primary_key=True, ", ""),
    ("def payer_is_known", "def payer_is_listed"),
]


def hash_of_source(folder: Path, source: str) -> str:
    path = folder / "contract_under_test.py"
    path.write_text(source, encoding="utf-8")
    return hash_of(declared({"visits": _schema(path)}))


def _schema(path: Path) -> type[dy.Schema]:
    module = ModuleType(path.stem)
    sys.modules[path.stem] = module
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)  # noqa: S102
    schema: type[dy.Schema] = module.Visits
    return schema


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    worded=st.lists(st.sampled_from(WORDING), unique=True),
    meant=st.lists(st.sampled_from(MEANING), unique_by=lambda change: change[0], max_size=3),
)
def test_wording_changes_nothing_and_meaning_changes_the_hash(
    worded: list[tuple[str, str]], meant: list[tuple[str, str]], tmp_path: Path
) -> None:
    source = SOURCE
    for old, new in worded:
        source = source.replace(old, new)
    before = hash_of_source(tmp_path, SOURCE)
    assert hash_of_source(tmp_path, source) == before
    changed = SOURCE
    for old, new in meant:
        assert old in SOURCE
        changed = changed.replace(old, new)
    assert (hash_of_source(tmp_path, changed) == before) == (not meant)


@pytest.mark.parametrize("change", MEANING, ids=lambda change: change[1])
def test_each_change_of_meaning_is_noticed(change: tuple[str, str], tmp_path: Path) -> None:
    assert hash_of_source(tmp_path, SOURCE.replace(*change)) != hash_of_source(tmp_path, SOURCE)
