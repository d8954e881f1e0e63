"""Landing: every row of every file ends in the lake, in quarantine, or as a duplicate; none is lost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from tests.conftest import CLAIMS, MAPPING, POLICIES

MappingOf = Callable[..., Mapping]


def lake(places: Places, source: str) -> pl.DataFrame:
    return pl.read_parquet(places.lake / source / "*.parquet")


def quarantine(places: Places) -> pl.DataFrame:
    return pl.read_parquet(places.quarantine / "*.parquet")


def all_files(places: Places) -> dict[str, bytes]:
    roots = [places.lake, places.quarantine, places.ledger, places.held]
    return {str(p): p.read_bytes() for r in roots for p in r.rglob("*") if p.is_file()}


def test_a_clean_delivery_lands_in_every_source(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    report = land(delivery, mapping_of(), places, "key")
    assert [(e.file, e.read, e.accepted) for e in report.landed] == [
        ("policies.csv", 3, 3),
        ("claims.csv", 2, 2),
    ]
    assert lake(places, "contracts")["annual_premium"].cast(pl.String).to_list() == [
        "1200.50",
        "900.00",
        "1250.00",
    ]
    assert lake(places, "claim_transactions")["kind"].to_list() == ["payment", "recovery"]


def test_rows_that_repeat_a_vehicle_are_folded_into_one(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    report = land(delivery, mapping_of(), places, "key")
    assert lake(places, "vehicles")["vehicle_id"].to_list() == ["V1", "V2"]
    assert report.landed[0].folded == {"vehicles": 1}


def test_client_factors_travel_with_the_contract(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    land(delivery, mapping_of(), places, "key")
    levels = lake(places, "contract_factors").filter(pl.col("contract_id") == "P2")
    assert dict(levels.select("factor", "level").iter_rows()) == {
        "use": "taxi",
        "driver_age": "41+",
    }


def test_a_source_that_was_not_delivered_is_an_empty_file(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    land(delivery, mapping_of(), places, "key")
    assert lake(places, "repair_orders").height == 0


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        ("P9,V9,A,2020,2024-02-30,2024-12-31,1,private,30", "from", "2024-02-30", "a date like"),
        ("P9,V9,A,2020,2024-01-01,2023-12-31,1,private,30", "from, to", "2024-01-01, 2023-12-31",
         "expiry_date is before effective_date"),
        ("P9,V9,A,2020,2024-01-01,2024-12-31,-1,private,30", "premium", "-1", "at least 0"),
        ("P9,V9,A,2020,2024-01-01,2024-12-31,lots,private,30", "premium", "lots", "an amount"),
        ("P9,V9,A,1820,2024-01-01,2024-12-31,1,private,30", "year", "1820", "at least 1900"),
        (",V9,A,2020,2024-01-01,2024-12-31,1,private,30", "policy", "(empty)", "must not be empty"),
        ("P9,V9,A,2020,2024-01-01,2024-12-31,1,private,17", "age", "17", "lies in no band"),
        ("P9,V9,A,2020,2024-01-01,2024-12-31,1,private,30,more", "(line)", None, "10 fields"),
    ],
)  # fmt: skip
def test_a_bad_row_is_set_aside_with_file_row_column_value_and_reason(
    delivery: Path, places: Places, mapping_of: MappingOf,
    line: str, column: str, value: str | None, reason: str,
) -> None:  # fmt: skip
    (delivery / "policies.csv").write_text(POLICIES + line + "\n", encoding="utf-8")
    report = land(delivery, mapping_of(), places, "key")
    assert (report.landed[0].accepted, report.landed[0].rejected) == (3, 1)
    faults = quarantine(places).filter(pl.col("column") == column)
    assert (faults["file"][0], faults["row"][0]) == ("policies.csv", 5)
    assert reason in faults["reason"][0]
    assert value is None or faults["value"][0] == value
    assert lake(places, "contracts").height == 3


def test_a_row_refused_for_its_vehicle_brings_no_contract_either(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    bad = "P9,V9,A,1820,2024-01-01,2024-12-31,1,private,30\n"
    (delivery / "policies.csv").write_text(POLICIES + bad, encoding="utf-8")
    land(delivery, mapping_of(), places, "key")
    assert "P9" not in lake(places, "contracts")["contract_id"]
    assert "P9" not in lake(places, "contract_factors")["contract_id"]


def test_an_exact_copy_of_a_row_is_a_duplicate_not_a_fault(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    (delivery / "policies.csv").write_text(POLICIES + POLICIES.splitlines()[1] + "\n")
    report = land(delivery, mapping_of(), places, "key")
    assert (report.landed[0].duplicates, report.landed[0].rejected) == (1, 0)
    told = quarantine(places)
    assert set(told["status"]) == {"duplicate"}
    assert set(told["row"]) == {5}
    assert told["reason"].unique().to_list() == ["the same content stands in row 2 of policies.csv"]


def test_the_same_delivery_again_changes_nothing(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    land(delivery, mapping_of(), places, "key")
    before = all_files(places)
    report = land(delivery, mapping_of(), places, "key")
    assert (len(report.landed), len(report.known)) == (0, 2)
    assert all_files(places) == before


def test_a_changed_mapping_lands_the_file_anew(delivery: Path, places: Places, mapping_of: MappingOf) -> None:
    land(delivery, mapping_of(), places, "key")
    changed = copy.deepcopy(MAPPING)
    changed["files"][0]["sources"][1]["columns"]["channel"] = {"value": "app"}
    report = land(delivery, mapping_of(changed), places, "key")
    assert [e.file for e in report.landed] == ["policies.csv"]
    assert lake(places, "contracts")["channel"].unique().to_list() == ["app"]
    assert lake(places, "contracts").height == 3


def test_one_delivery_that_gives_a_key_two_contents_loses_both(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    twin = "P1,V9,A,2020,2024-01-01,2024-12-31,1,private,30\n"
    (delivery / "policies.csv").write_text(POLICIES + twin, encoding="utf-8")
    report = land(delivery, mapping_of(), places, "key")
    policies = next(e for e in report.landed if e.file == "policies.csv")
    assert (policies.accepted, policies.rejected) == (2, 2)
    told = quarantine(places).filter(pl.col("source") == "contracts").sort("row")
    assert told["row"].to_list() == [2, 5]
    assert [r.partition("also in ")[2] for r in told["reason"]] == [
        "row 5 of policies.csv",
        "row 2 of policies.csv",
    ]
    assert "P1" not in lake(places, "contracts")["contract_id"]


def test_a_file_with_too_many_bad_rows_is_set_aside_whole(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    (delivery / "claims.csv").write_text(CLAIMS.replace("2024-0", "2024-9"), encoding="utf-8")
    report = land(delivery, mapping_of(), places, "key")
    entry = next(e for e in report.landed if e.file == "claims.csv")
    assert entry.set_aside
    assert (entry.accepted, entry.rejected) == (0, 2)
    assert lake(places, "claims").height == 0
    (kept,) = (places.quarantine / "files").iterdir()
    assert kept.read_bytes() == (delivery / "claims.csv").read_bytes()


def test_nothing_is_written_when_a_later_file_cannot_be_read(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    (delivery / "claims.csv").write_bytes(CLAIMS.encode() + b"C9,\xff\xfe,2024-01-01,1\n")
    with pytest.raises(InputError, match=r"claims\.csv: expected text in utf-8; found byte 0xff"):
        land(delivery, mapping_of(), places, "key")
    assert [f for f in all_files(places) if not f.endswith(".landing.lock")] == []


def test_identities_are_hashed_alike_in_every_file_and_only_under_the_same_key(
    delivery: Path, tmp_path: Path, mapping_of: MappingOf
) -> None:
    hidden = copy.deepcopy(MAPPING)
    for source in hidden["files"][0]["sources"]:
        source["columns"]["vehicle_id"] = {"column": "vin", "pseudonym": True}
    hashes = []
    for key in ("one", "other"):
        where = Places.under(tmp_path / key)
        land(delivery, mapping_of(hidden), where, key)
        vehicles = set(lake(where, "vehicles")["vehicle_id"])
        assert set(lake(where, "contracts")["vehicle_id"]) == vehicles
        assert vehicles.isdisjoint({"V1", "V2"})
        hashes.append(vehicles)
    assert hashes[0].isdisjoint(hashes[1])


row = st.tuples(
    st.sampled_from(["C1", "C2", "C3", "C4", ""]),
    st.sampled_from(["P1", "P2", ""]),
    st.sampled_from(["2024-03-01", "2024-02-31", "yesterday", ""]),
    st.sampled_from(["1.00", "-3", "1e3", "many", ""]),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=1, max_size=12))
def test_rows_read_are_rows_accepted_rejected_duplicates_or_waiting(
    rows: list[tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory, mapping_of: MappingOf
) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / "in").mkdir()
    text = "claim,policy,day,amount\n" + "".join(",".join(r) + "\n" for r in rows)
    (root / "in" / "claims.csv").write_text(text, encoding="utf-8")
    places = Places.under(root)
    land(root / "in", mapping_of({**MAPPING, "tolerated_share": 1.0}), places, "key")
    (entry,) = Ledger(places.ledger).entries()
    told = entry.accepted + entry.rejected + entry.duplicates + entry.pending
    assert entry.read == len(rows) == told
    assert lake(places, "claims").height == entry.accepted
    in_quarantine = entry.rejected + entry.duplicates
    faults = quarantine(places) if in_quarantine else pl.DataFrame({"row": [], "status": []})
    assert faults["row"].n_unique() == in_quarantine


def test_a_file_that_contradicts_itself_in_most_rows_is_set_aside_and_the_rest_lands(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    twin = POLICIES.splitlines()[1:]
    other = [line.replace(",2020,", ",2021,").replace("1200.50", "7").replace("900", "8").replace("1250", "9")
             for line in twin]  # fmt: skip
    (delivery / "policies.csv").write_text("\n".join([*POLICIES.splitlines(), *other]) + "\n")
    report = land(delivery, mapping_of(), places, "key")
    by_file = {e.file: e for e in report.landed}
    assert by_file["policies.csv"].set_aside
    assert (by_file["policies.csv"].accepted, by_file["policies.csv"].rejected) == (0, 6)
    assert lake(places, "contracts").is_empty()
    # Its claims wait for contracts that are not there.
    assert by_file["claims.csv"].pending == 2


def test_a_delivery_landed_again_under_a_changed_mapping_keeps_its_place(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    land(delivery, mapping_of(), places, "key")
    land(delivery, mapping_of({**MAPPING, "tolerated_share": 0.4}), places, "key")
    assert [d.sequence for d in Ledger(places.ledger).deliveries()] == [1]
    assert lake(places, "contracts").height == 3
