"""Contracts: every rule has a sentence and a severity, and any rows of any source are all accounted for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.landing.contracts import CONTRACTS, MONTHLY, REFERENCES, RULES
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places

WORDS = st.sampled_from(["A", "B", "C", "", "ice", "payment", "labour", "accepted", "customer", "x" * 200])
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 4)).map(str) | st.just("2024-02-31")
MOMENTS = st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)).map(  # noqa: DTZ001 - UTC by contract
    lambda m: m.strftime("%Y-%m-%d %H:00:00")
)
NUMBERS = st.sampled_from(["0", "1", "-1", "10", "1e3", "many", "", "99999999"])


def cell(dtype: pl.DataType) -> st.SearchStrategy[str]:
    """Text for a column, often right, sometimes not."""
    if dtype == pl.Date:
        return DAYS
    if isinstance(dtype, pl.Datetime):
        return MOMENTS | st.just("soon")
    if dtype == pl.Boolean:
        return st.sampled_from(["yes", "no", "", "perhaps"])
    return NUMBERS if dtype.is_numeric() else WORDS


def rows_of(source: str) -> st.SearchStrategy[list[tuple[str, ...]]]:
    schema = CONTRACTS[source].create_empty().schema
    return st.lists(st.tuples(*(cell(t) for t in schema.dtypes())), min_size=1, max_size=8)


@pytest.mark.parametrize("source", CONTRACTS)
def test_rules_are_named_once_and_say_what_happens(source: str) -> None:
    rules = RULES[source]
    assert len({r.name for r in rules}) == len(rules)
    assert all(r.sentence and "breaks the rule" not in r.sentence for r in rules), [r.sentence for r in rules]
    assert {"row", "file"} <= {r.severity for r in rules}
    assert ("wait" in {r.severity for r in rules}) == (source in REFERENCES)


@pytest.mark.parametrize("source", CONTRACTS)
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_any_rows_of_any_source_are_all_accounted_for(
    data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = CONTRACTS[source].column_names()
    rows = data.draw(rows_of(source))
    mapping = Mapping.model_validate(_mapping(source, names))
    root = tmp_path_factory.mktemp("any")
    (root / "in").mkdir()
    frame = pl.DataFrame(rows, schema=names, orient="row")
    frame.write_csv(root / "in" / "rows.csv", quote_style="always")
    places = Places.under(root)
    land(root / "in", mapping, places, "key")
    (entry,) = Ledger(places.ledger).entries()
    assert entry.read == len(rows)
    assert entry.read == entry.accepted + entry.rejected + entry.duplicates + entry.pending
    lake = pl.read_parquet(places.lake / source / "**/*.parquet", hive_partitioning=False)
    assert lake.height == entry.sources[source] <= entry.accepted
    assert lake.select(CONTRACTS[source].primary_key()).is_duplicated().sum() == 0
    if source in REFERENCES:
        assert lake[REFERENCES[source][0]].is_null().all()
    if source not in MONTHLY:
        kept = lake.height + sum(pl.read_parquet(p).height for p in (places.held / source).rglob("*.parquet"))
        assert kept == entry.read - entry.refused


def _mapping(source: str, names: list[str]) -> dict[str, Any]:
    return {
        "client": "any",
        "title": "Any rows",
        "source": "tests",
        "tolerated_share": 1.0,
        "files": [{"match": "rows.csv", "sources": [{"source": source, "columns": {n: n for n in names}}]}],
    }


def test_money_stays_decimal() -> None:
    for contract in CONTRACTS.values():
        for name, dtype in contract.create_empty().schema.items():
            if name.endswith(("amount", "price", "premium")):
                assert dtype == pl.Decimal(18, 2), name
    assert Decimal("0.01")
