"""Rows without a key: kept one by one or folded aloud, never in silence."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.gates.facts import delivery_facts
from pipelines.gates.files import file_findings
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.landing.reading import parquet_files

MappingOf = Callable[..., Mapping]
FLEET: dict[str, Any] = {
    "client": "fleet",
    "title": "A fleet's book without numbers",
    "source": "tests",
    "valuation_date": "2024-12-31",
    "tolerated_share": 0.5,
    "files": [
        {
            "match": "book*",
            "sources": [
                {
                    "source": "contracts",
                    "columns": {
                        "contract_id": {"fingerprint": "all"},
                        "vehicle_id": "car",
                        "effective_date": {"value": "2024-01-01"},
                        "expiry_date": {"value": "2024-12-31"},
                    },
                    "factors": [{"name": "use", "column": "use"}],
                },
                {
                    "source": "claims",
                    "where": {"column": "paid", "is": "positive"},
                    "columns": {
                        "claim_id": {"fingerprint": "all"},
                        "contract_id": {"fingerprint": "all"},
                        "cover": {"value": "damage"},
                    },
                },
                {
                    "source": "claim_transactions",
                    "where": {"column": "paid", "is": "positive"},
                    "columns": {
                        "transaction_id": {"fingerprint": "all"},
                        "claim_id": {"fingerprint": "all"},
                        "kind": {"value": "payment"},
                        "amount": "paid",
                    },
                },
            ],
        },
        {"match": "cars.csv", "sources": [{"source": "vehicles", "columns": {"vehicle_id": "car"}}]},
    ],
}


def fleet(rows: str | None) -> dict[str, Any]:
    document = copy.deepcopy(FLEET)
    if rows is not None:
        document["files"][0]["rows"] = rows
    return document


def deliver(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    folder.mkdir(parents=True)
    (folder / "cars.csv").write_text("car\nA\nB\n", encoding="utf-8")
    pl.DataFrame(rows, schema=["car", "use", "paid"], orient="row").write_parquet(folder / "book.parquet")
    return folder


def lake(places: Places, source: str) -> pl.DataFrame:
    return pl.read_parquet(places.lake / source / "*.parquet")


def paid(places: Places) -> Decimal:
    return Decimal(str(lake(places, "claim_transactions")["amount"].sum() or 0))


def told(places: Places, delivery: Path, mapping: Mapping) -> dict[str, tuple[str, bool]]:
    facts = delivery_facts(delivery, mapping, places.ledger)
    return {f.expected: (f.severity, f.success) for one in facts for f in file_findings(one)}


row = st.tuples(st.sampled_from("AB"), st.sampled_from(["own", "hire"]), st.sampled_from(["", "0", "12.50"]))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=1, max_size=14), data=st.data(), chunk=st.sampled_from([3, 1_000]))
def test_every_row_without_a_key_is_kept_whatever_repeats_and_in_whatever_order(
    rows: list[tuple[str, str, str]],
    data: st.DataObject,
    chunk: int,
    tmp_path_factory: pytest.TempPathFactory,
    mapping_of: MappingOf,
) -> None:
    root = tmp_path_factory.mktemp("fleet")
    mapping = mapping_of(fleet("every"))
    places, other = Places.under(root), Places.under(root / "other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_files, "CHUNK_ROWS", chunk)
        patch.setattr(parquet_files, "_LEAST_ROWS", 1)
        land(deliver(root / "2024-01", rows), mapping, places, "key")
    assert lake(places, "contracts").height == len(rows)
    assert lake(places, "contract_factors").height == len(rows)
    assert paid(places) == sum((Decimal(r[2] or 0) for r in rows), Decimal(0))
    cars = Counter(r[0] for r in rows)
    assert dict(lake(places, "contracts").group_by("vehicle_id").len().iter_rows()) == cars
    # The same book in another order, from another system or a month later, brings the same identities.
    again = data.draw(st.permutations(rows))
    land(deliver(root / "in" / "2024-01", again), mapping, other, "key")
    land(deliver(root / "2024-02", again), mapping, places, "key")
    for source in ("contracts", "claims", "claim_transactions"):
        key = lake(places, source).columns[0]
        assert lake(places, source)[key].sort().equals(lake(other, source)[key].sort())


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=1, max_size=10))
def test_what_is_folded_is_counted_and_judged(
    rows: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory, mapping_of: MappingOf
) -> None:
    root = tmp_path_factory.mktemp("fleet")
    for said in ("distinct", None):
        mapping, places = mapping_of(fleet(said)), Places.under(root / str(said))
        delivery = deliver(root / f"in-{said}" / "2024-01", rows)
        land(delivery, mapping, places, "key")
        book = next(e for e in Ledger(places.ledger).entries() if e.file == "book.parquet")
        assert (book.duplicates, book.repeated) == (len(rows) - len(set(rows)),) * 2
        findings = told(places, delivery, mapping)
        broken = {k: v[0] for k, v in findings.items() if k.startswith("book.parquet") and not v[1]}
        if not book.repeated:
            assert not broken
        elif said is None:
            assert [s for k, s in broken.items() if "rows: every" in k] == ["critical"]
        else:
            assert set(broken.values()) == {"critical"}
            assert "repeat another" in next(iter(broken))


def test_the_same_file_twice_is_a_no_op_and_a_row_more_is_one_row_more(
    tmp_path: Path, places: Places, mapping_of: MappingOf
) -> None:
    mapping = mapping_of(fleet("every"))
    book = [("A", "own", "5.00")] * 3
    land(deliver(tmp_path / "2024-01", book), mapping, places, "key")
    before = {p: p.read_bytes() for p in places.lake.rglob("*.parquet")}
    assert land(tmp_path / "2024-01", mapping, places, "key").landed == ()
    assert {p: p.read_bytes() for p in places.lake.rglob("*.parquet")} == before
    land(deliver(tmp_path / "2024-02", [*book, ("A", "own", "5.00")]), mapping, places, "key")
    assert paid(places) == Decimal("20.00")


def test_a_few_repeats_of_rows_with_a_key_are_a_warning(
    tmp_path: Path, places: Places, mapping_of: MappingOf
) -> None:
    document = fleet(None)
    document["tolerated_repeats"] = 0.3
    document["files"][0]["sources"] = [
        {"source": "contracts", "columns": {
            "contract_id": "use", "vehicle_id": "car",
            "effective_date": {"value": "2024-01-01"}, "expiry_date": {"value": "2024-12-31"}}}
    ]  # fmt: skip
    mapping = mapping_of(document)
    delivery = deliver(tmp_path / "2024-01", [("A", f"P{n}", "") for n in (1, 2, 3, 1)])
    land(delivery, mapping, places, "key")
    findings = told(places, delivery, mapping)
    assert findings["book.parquet: no row repeats another"] == ("warning", False)
    assert all(held for said, (severity, held) in findings.items() if severity == "critical")


def test_what_repeats_is_only_said_of_rows_without_a_key(mapping_of: MappingOf) -> None:
    document = fleet(None)
    document["files"][1]["rows"] = "every"
    with pytest.raises(InputError, match="no column of this file is a fingerprint"):
        mapping_of(document)
