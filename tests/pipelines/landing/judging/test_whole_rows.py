"""A row that feeds several sources stands or falls as a whole: contradicted, waiting, restated, withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.landing.deliveries import withdraw
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import LANDED_FILE, LANDED_ROW, Places
from tests.pipelines.landing.test_replays import MappingOf, content

HEADER = "policy,car,premium,claim,paid,old_policy"
SOURCES = ("contracts", "claims", "claim_transactions")
DOCUMENT: dict[str, Any] = {
    "client": "acme",
    "title": "One row is a policy and its claim",
    "source": "tests",
    "tolerated_share": 1.0,
    "files": [
        {
            "match": "book*.csv",
            "sources": [
                {
                    "source": "contracts",
                    "columns": {
                        "contract_id": "policy",
                        "vehicle_id": "car",
                        "effective_date": {"value": "2024-01-01"},
                        "expiry_date": {"value": "2024-12-31"},
                        "annual_premium": "premium",
                    },
                },
                {
                    "source": "claims",
                    "where": {"column": "claim", "is": "present"},
                    "columns": {
                        "claim_id": "claim",
                        "contract_id": "old_policy",
                        "cover": {"value": "damage"},
                    },
                },
                {
                    "source": "claim_transactions",
                    "where": {"column": "claim", "is": "present"},
                    "columns": {
                        "transaction_id": "claim",
                        "claim_id": "claim",
                        "kind": {"value": "payment"},
                        "amount": "paid",
                    },
                },
            ],
        },
        {"match": "cars*.csv", "sources": [{"source": "vehicles", "columns": {"vehicle_id": "car"}}]},
    ],
}


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    return mapping_of(DOCUMENT)


def deliver(root: Path, name: str, rows: list[str], files: int = 1, cars: str = "AB") -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "cars.csv").write_text("car\n" + "\n".join(cars) + "\n", encoding="utf-8")
    for number in range(files):
        if dealt := rows[number::files]:
            text = "\n".join([HEADER, *dealt]) + "\n"
            (folder / f"book_{number}.csv").write_text(text, encoding="utf-8")
    return folder


def keys(places: Places, source: str) -> list[str]:
    return sorted(str(row[0]) for row in content(places)[source])


def rows_in_lake(places: Places, source: str) -> set[tuple[str, int]]:
    rows = pl.read_parquet(places.lake / source / "*.parquet")
    return set(rows.select(LANDED_FILE, LANDED_ROW).iter_rows())


def test_a_row_contradicted_in_its_claim_brings_no_contract(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    rows = ["P1,A,100,C1,5,P1", "P2,B,100,C1,6,P2", "P3,A,100,C3,7,P3"]
    land(deliver(tmp_path, "2024-01", rows), mapping, places, "key")
    assert [keys(places, s) for s in SOURCES] == [["P3"], ["C3"], ["C3"]]
    book = next(e for e in Ledger(places.ledger).entries() if e.file.startswith("book"))
    assert (book.accepted, book.rejected) == (1, 2)
    told = pl.read_parquet(places.quarantine / "*.parquet")
    assert set(told.filter(pl.col("source") == "contracts")["reason"]) == {
        "the row is refused as a whole: what it says in another source is contradicted"
    }


def test_a_row_that_waits_for_one_reference_waits_as_a_whole(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    land(deliver(tmp_path, "2024-01", ["P1,A,100,C1,5,P0", "P2,B,100,C2,6,P2"]), mapping, places, "key")
    assert [keys(places, s) for s in SOURCES] == [["P2"], ["C2"], ["C2"]]
    assert sum(e.pending for e in Ledger(places.ledger).entries()) == 1
    land(deliver(tmp_path, "2024-02", ["P0,A,90,,,"]), mapping, places, "key")
    assert [keys(places, s) for s in SOURCES] == [["P0", "P1", "P2"], ["C1", "C2"], ["C1", "C2"]]
    withdraw(places, "2024-02")
    assert keys(places, "contracts") == ["P2"]


def test_a_correction_replaces_all_of_a_row(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    land(deliver(tmp_path, "2024-01", ["P1,A,100,C1,5,P1", "P2,B,100,C2,6,P2"]), mapping, places, "key")
    land(deliver(tmp_path, "2024-02", ["P1,A,100,,,"]), mapping, places, "key")
    assert [keys(places, s) for s in SOURCES] == [["P1", "P2"], ["C2"], ["C2"]]
    withdraw(places, "2024-02")
    assert [keys(places, s) for s in SOURCES] == [["P1", "P2"], ["C1", "C2"], ["C1", "C2"]]


def test_a_correction_that_contradicts_itself_leaves_what_it_would_correct(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    land(deliver(tmp_path, "2024-01", ["P1,A,100,C1,5,P1"]), mapping, places, "key")
    land(deliver(tmp_path, "2024-02", ["P1,A,120,C1,7,P1", "P2,B,90,C1,8,P2"]), mapping, places, "key")
    assert [r[7] for r in content(places)["contracts"]] == [100]
    assert [r[4] for r in content(places)["claim_transactions"]] == [5]


def test_a_contract_that_several_rows_tell_is_no_row_of_its_own(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    land(deliver(tmp_path, "2024-01", ["P1,A,100,C1,5,P1", "P1,A,100,C2,6,P1"]), mapping, places, "key")
    land(deliver(tmp_path, "2024-02", ["P1,A,110,C3,7,P1"]), mapping, places, "key")
    assert [keys(places, s) for s in SOURCES] == [["P1"], ["C1", "C2", "C3"], ["C1", "C2", "C3"]]
    assert [r[7] for r in content(places)["contracts"]] == [110]


book_row = st.builds(
    "P{0},{1},{2},{3},{4},P{5}".format, st.integers(1, 3), st.sampled_from("ABX"), st.sampled_from([1, 2]),
    st.sampled_from(["C1", "C2", "C3", ""]), st.sampled_from([5, 6]), st.integers(1, 4),
)  # fmt: skip


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    brought=st.lists(st.lists(book_row, min_size=1, max_size=5), min_size=1, max_size=3),
    order=st.permutations(range(3)),
    files=st.integers(1, 3),
    back=st.integers(0, 2),
)
def test_no_row_stands_by_half_and_the_lake_is_a_function_of_what_landed(
    brought: list[list[str]],
    order: list[int],
    files: int,
    back: int,
    tmp_path_factory: pytest.TempPathFactory,
    mapping_of: MappingOf,
) -> None:
    root, mapping = tmp_path_factory.mktemp("whole"), mapping_of(DOCUMENT)
    names = [f"2024-{n + 1:02d}" for n in range(len(brought))]

    def landed(where: str, sequence: list[int], count: int) -> Places:
        places = Places.under(root / where)
        for n in sequence:
            folder = deliver(root / where / "in", names[n], brought[n], count)
            land(folder, mapping, places, "key")
            assert_whole(places)
        return places

    straight = landed("straight", list(range(len(brought))), 1)
    shuffled = landed("shuffled", [n for n in order if n < len(brought)], files)
    assert content(straight) == content(shuffled)
    if len(brought) == 1:
        return
    gone = back % len(brought)
    withdraw(shuffled, names[gone])
    assert_whole(shuffled)
    without = landed("without", [n for n in range(len(brought)) if n != gone], 1)
    assert {s: content(shuffled)[s] for s in SOURCES} == {s: content(without)[s] for s in SOURCES}


def assert_whole(places: Places) -> None:
    """No row has one part in the lake while another part of it is refused or waits; references hold."""
    for source in SOURCES:
        held = [p for s in SOURCES for p in (places.held / s).glob("*.parquet")]
        if held:
            bad = pl.concat([pl.read_parquet(p).select(LANDED_FILE, LANDED_ROW, "row_status") for p in held])
            bad = bad.filter(pl.col("row_status").is_in(["contradiction", "pending"]))
            # Files of two deliveries may share a name: only one delivery's are compared with themselves.
            names = {e.file for e in Ledger(places.ledger).entries()}
            if len(names) == len(Ledger(places.ledger).entries()):
                assert not rows_in_lake(places, source) & set(bad.select(LANDED_FILE, LANDED_ROW).iter_rows())
    lake = content(places)
    contracts = {r[0] for r in lake["contracts"]}
    claims = {r[0] for r in lake["claims"]}
    assert {r[1] for r in lake["claims"]} <= contracts
    assert {r[1] for r in lake["claim_transactions"]} <= claims
    for entry in Ledger(places.ledger).entries():
        assert entry.read == entry.accepted + entry.rejected + entry.duplicates + entry.pending
