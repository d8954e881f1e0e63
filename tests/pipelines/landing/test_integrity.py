"""What stands is what was written: a lake that lost rows is noticed at the next landing, and made whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.doctor import examine
from pipelines.errors import RunError
from pipelines.landing.integrity import faults_of_bytes, faults_of_rows
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import EMPTY, Places
from pipelines.settings import Settings
from tests.pipelines.landing.test_replays import MappingOf


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    return mapping_of()


def lake_files(places: Places) -> list[Path]:
    return sorted(p for p in places.lake.rglob("*.parquet") if p.name != EMPTY)


def content(places: Places) -> dict[str, bytes]:
    folders = (places.lake, places.ledger, places.held)
    files = (p for f in folders for p in f.rglob("*") if p.is_file() and p.suffix != ".lock")
    return {str(p): p.read_bytes() for p in files}


def test_nothing_is_wrong_with_what_landed(delivery: Path, places: Places, mapping: Mapping) -> None:
    land(delivery, mapping, places, "key")
    assert faults_of_rows(places, Ledger(places.ledger).entries()) == []
    assert faults_of_bytes(places) == []


@pytest.mark.parametrize("damage", ["deleted", "cut", "emptied"])
def test_a_delivery_that_is_landed_again_brings_back_what_the_lake_lost(
    delivery: Path, places: Places, mapping: Mapping, damage: str
) -> None:
    land(delivery, mapping, places, "key")
    before = content(places)
    files = lake_files(places)
    for path in files if damage == "deleted" else files[:2]:
        if damage == "deleted":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:50] if damage == "cut" else b"")
        assert faults_of_rows(places, Ledger(places.ledger).entries()), path
        assert land(delivery, mapping, places, "key").landed, path
        assert content(places) == before, path


def test_another_delivery_is_not_landed_on_a_damaged_lake(
    delivery: Path, places: Places, mapping: Mapping
) -> None:
    land(delivery, mapping, places, "key")
    (claims,) = (p for p in lake_files(places) if p.parent.name == "claims")
    claims.unlink()
    before = content(places)
    later = delivery.with_name("2024-06")
    later.mkdir()
    (later / "claims.csv").write_text("claim,policy,day,amount\nC9,P1,2024-04-01,7.00\n")
    told = "claims.csv of delivery: the ledger has 2 rows of claims, the lake 0; land delivery again"
    with pytest.raises(RunError, match=told):
        land(later, mapping, places, "key")
    assert content(places) == before
    land(delivery, mapping, places, "key")
    assert land(later, mapping, places, "key").landed


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_a_bit_that_flipped_anywhere_in_the_lake_is_found(
    delivery: Path, places: Places, mapping: Mapping, seed: int
) -> None:
    land(delivery, mapping, places, "key")
    chance = random.Random(seed)
    path = chance.choice(lake_files(places))
    sound = path.read_bytes()
    spoiled = bytearray(sound)
    spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    path.write_bytes(spoiled)
    assert faults_of_bytes(places) == [f"{path} is not what landing wrote"]
    path.write_bytes(sound)


def test_the_doctor_names_what_is_wrong_and_changes_nothing(
    delivery: Path, tmp_path: Path, mapping: Mapping
) -> None:
    places = Places.under(tmp_path, "acme")
    land(delivery, mapping, places, "key")
    here = Settings(data_dir=tmp_path)
    assert all(faults == [] for _, faults in examine(here))
    (claims,) = (p for p in lake_files(places) if p.parent.name == "claims")
    claims.unlink()
    (here.root / "serving").mkdir()
    here.serving("acme").write_bytes(b"cut")
    before = content(places)
    found = dict(examine(here, "acme"))
    assert found["rows of the lake of acme"][0].startswith("claims.csv of delivery: the ledger has 2 rows")
    assert found["files of the lake of acme"] == [f"{claims} is gone"]
    assert "cannot be opened" in found["serving copy of acme"][0]
    assert content(places) == before
