"""The lake is a function of what has landed: not of the order, the files, or a run that died."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.deliveries import deliveries, find_delivery, reasons, withdraw
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger, day_of
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from tests.conftest import CLAIMS, MAPPING, POLICIES

MappingOf = Callable[..., Mapping]
POLICY_HEADER, CLAIM_HEADER = POLICIES.splitlines()[0], CLAIMS.splitlines()[0]


def content(places: Places) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every source without where they came from, sorted."""
    return {
        source: sorted(
            pl.read_parquet(places.lake / source / "**/*.parquet", hive_partitioning=False)
            .select(contract.column_names())
            .rows(),
            key=repr,
        )
        for source, contract in CONTRACTS.items()
    }


def deliver(root: Path, name: str, policies: list[str], claims: list[str], files: int = 1) -> Path:
    """A delivery folder whose rows are dealt out to so many files of each kind."""
    folder = root / name
    for kind, header, rows in [("policies", POLICY_HEADER, policies), ("claims", CLAIM_HEADER, claims)]:
        for number in range(files):
            dealt = rows[number::files]
            if dealt:
                folder.mkdir(parents=True, exist_ok=True)
                text = "\n".join([header, *dealt]) + "\n"
                (folder / f"{kind}_{number}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    files = [{**f, "match": f["match"].replace(".csv", "*.csv")} for f in MAPPING["files"]]
    return mapping_of({**MAPPING, "files": files, "tolerated_share": 1.0})


POLICY = "P1,V1,AURORA,2020,2024-01-01,2024-12-31,{premium},private,30"
CLAIM = "C1,P1,2024-03-01,{amount}"


def test_a_later_delivery_restates_a_row_and_the_earlier_one_is_kept(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    for name, premium in [("2024-01", 100), ("2024-02", 110)]:
        land(deliver(tmp_path, name, [POLICY.format(premium=premium)], []), mapping, places, "key")
    assert [str(r[7]) for r in content(places)["contracts"]] == ["110.00"]
    (first, second) = deliveries(places)
    assert (first.counts.accepted, second.counts.accepted) == (1, 1)
    # The whole row is restated: its vehicle and its factors go with its contract.
    assert first.entries[0].superseded == {"vehicles": 1, "contracts": 1, "contract_factors": 2}
    told = reasons(places, first)
    restated = told.filter(pl.col("status") == "superseded")
    assert set(restated["reason"]) == {"row 2 of policies_0.csv"}
    assert set(restated["source"]) == {"vehicles", "contracts", "contract_factors"}


def test_a_late_delivery_does_not_undo_a_newer_one(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    for name, premium in [("2024-02", 110), ("2024-01", 100)]:
        land(deliver(tmp_path, name, [POLICY.format(premium=premium)], []), mapping, places, "key")
    assert [str(r[7]) for r in content(places)["contracts"]] == ["110.00"]


def test_a_claim_waits_for_its_contract(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    land(deliver(tmp_path, "2024-01", [], [CLAIM.format(amount=5)]), mapping, places, "key")
    (waiting,) = Ledger(places.ledger).entries()
    assert (waiting.accepted, waiting.pending) == (0, 1)
    assert content(places)["claims"] == []
    land(deliver(tmp_path, "2024-02", [POLICY.format(premium=1)], []), mapping, places, "key")
    found = next(e for e in Ledger(places.ledger).entries() if e.file == "claims_0.csv")
    assert (found.accepted, found.pending) == (1, 0)
    assert [r[0] for r in content(places)["claims"]] == ["C1"]
    assert len(content(places)["claim_transactions"]) == 1
    assert not list(places.held.rglob("*.parquet"))


def test_a_withdrawn_delivery_leaves_what_it_had_restated(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    for name, premium in [("2024-01", 100), ("2024-02", 110)]:
        land(deliver(tmp_path, name, [POLICY.format(premium=premium)], []), mapping, places, "key")
    withdraw(places, "2024-02")
    assert [str(r[7]) for r in content(places)["contracts"]] == ["100.00"]
    assert [v.delivery.status for v in deliveries(places)] == ["landed", "withdrawn"]
    with pytest.raises(InputError, match="withdrawn already"):
        withdraw(places, "2024-02")
    with pytest.raises(InputError, match="did you mean '2024-02'"):
        find_delivery(places, "2024-20")


def test_a_file_that_two_deliveries_brought_stays_when_one_is_withdrawn(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    rows = [POLICY.format(premium=100)]
    for name in ("2024-01", "2024-02"):
        land(deliver(tmp_path, name, rows, []), mapping, places, "key")
    withdraw(places, "2024-01")
    assert len(content(places)["contracts"]) == 1
    (entry,) = Ledger(places.ledger).entries()
    assert entry.delivery == "2024-02"


def test_a_withdrawn_delivery_no_longer_speaks_for_a_file_that_stays_with_another(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    first = deliver(tmp_path, "2024-01", [POLICY.format(premium=n) for n in (100, 110)], [], files=2)
    second = deliver(tmp_path, "2024-02", [POLICY.format(premium=110)], [])
    land(first, mapping, places, "key")
    assert content(places)["contracts"] == []
    land(second, mapping, places, "key")
    assert [str(r[7]) for r in content(places)["contracts"]] == ["110.00"]
    withdraw(places, "2024-02")
    assert content(places)["contracts"] == []


policy_row = st.builds(
    "P{},V{},{},2020,2024-01-01,2024-12-31,{},private,30".format,
    st.integers(1, 3), st.integers(1, 2), st.sampled_from(["A", ""]), st.sampled_from([1, 2]),
)  # fmt: skip
claim_row = st.builds(
    "C{},P{},2024-03-01,{}".format, st.integers(1, 3), st.integers(1, 4), st.sampled_from(["1", "2", "x"])
)
one_delivery = st.tuples(st.lists(policy_row, max_size=4), st.lists(claim_row, max_size=4)).filter(any)


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes seconds: no shrinking
)
@given(
    brought=st.lists(one_delivery, min_size=1, max_size=3),
    order=st.permutations(range(3)),
    files=st.integers(1, 3),
    back=st.integers(0, 2),
)
def test_neither_order_nor_files_nor_a_withdrawal_change_what_the_rest_says(
    brought: list[tuple[list[str], list[str]]],
    order: list[int],
    files: int,
    back: int,
    tmp_path_factory: pytest.TempPathFactory,
    mapping_of: MappingOf,
) -> None:
    # Vehicles here are not folded: where a source folds, the order of a delivery's files has a meaning.
    spec = [{**f, "match": f["match"].replace(".csv", "*.csv")} for f in MAPPING["files"]]
    folding, contracts = spec[0]["sources"]
    vehicles = {k: v for k, v in folding.items() if k != "repeats"}
    spec = [
        {"match": "policies*.csv", "sources": [{**contracts, "factors": []}]},
        spec[1],
        {"match": "cars*.csv", "sources": [vehicles]},
    ]
    mapping = mapping_of({**MAPPING, "files": spec, "tolerated_share": 1.0})
    root = tmp_path_factory.mktemp("any")
    cars = root / "2023-12"
    cars.mkdir()
    (cars / "cars.csv").write_text("vin,make,year\nV1,A,2020\n", encoding="utf-8")
    names = [f"2024-{n + 1:02d}" for n in range(len(brought))]

    def landed(where: str, sequence: list[int], count: int) -> Places:
        places = Places.under(root / where)
        land(cars, mapping, places, "key")
        for n in sequence:
            land(deliver(root / where / "in", names[n], *brought[n], count), mapping, places, "key")
        return places

    straight = landed("straight", list(range(len(brought))), 1)
    shuffled = landed("shuffled", [n for n in order if n < len(brought)], files)
    assert content(straight) == content(shuffled)
    for places in (straight, shuffled):
        for entry in Ledger(places.ledger).entries():
            assert entry.read == entry.accepted + entry.rejected + entry.duplicates + entry.pending
    gone = back % len(brought)
    withdraw(shuffled, names[gone])
    without = landed("without", [n for n in range(len(brought)) if n != gone], 1)
    assert content(shuffled) == content(without)


def _land_in_another_process(delivery: Path, mapping: Mapping, places: Places) -> None:
    land(delivery, mapping, places, "key")


def test_two_deliveries_may_land_at_once(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    folders = [
        deliver(tmp_path, f"2024-0{n}", [POLICY.replace("P1", f"P{n}").format(premium=n)], [])
        for n in range(1, 4)
    ]
    spawn = multiprocessing.get_context("spawn")
    runs = [spawn.Process(target=_land_in_another_process, args=(f, mapping, places)) for f in folders]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0, 0]
    assert [r[0] for r in content(places)["contracts"]] == ["P1", "P2", "P3"]
    assert [d.sequence for d in Ledger(places.ledger).deliveries()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-03", "2024-03-01"),
        ("acme_20240315_final", "2024-03-15"),
        ("2024-03-31", "2024-03-31"),
        ("2024-02-31", "None"),
        ("simulated", "None"),
        ("brand-2023_2024-01", "2024-01-01"),
        ("order-123456789", "None"),
    ],
)
def test_a_delivery_stands_for_the_day_in_its_name(name: str, day: str) -> None:
    assert str(day_of(name)) == day
