"""The client's own rows: for their owner's eyes, masked where they are shown, forgotten when asked."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.deliveries import deliveries, find_delivery, reasons
from pipelines.landing.identities import LEAST, masked
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.landing.retention import forget_records
from tests.conftest import MAPPING
from tests.pipelines.landing.test_replays import MappingOf

VIN = "LSVAA4182E2123456"
CUSTOMER = "\u674e\u4f1f 13800138000"
POLICIES = f"""policy,vin,make,year,from,to,premium,use,age
P1,{VIN},AURORA,2020,2024-01-01,2024-12-31,a lot,private,30
P2,{VIN}{VIN}{VIN},DELTA,2019,2024-02-01,2025-01-31,900,taxi,55
P3,V3,DELTA,2019,2024-02-01,2025-01-31,900,taxi,55,{VIN},{CUSTOMER}
P4,V4,AURORA,2020,2024-01-01,2024-12-31,1200,private,30
"""


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    document = {**MAPPING, "files": [MAPPING["files"][0]]}  # type: ignore[index]
    return mapping_of({**document, "tolerated_share": 1.0})


@pytest.fixture
def landed(tmp_path: Path, mapping: Mapping, places: Places) -> Path:
    folder = tmp_path / "2024-01"
    folder.mkdir()
    (folder / "policies.csv").write_text(POLICIES, encoding="utf-8")
    land(folder, mapping, places, "key")
    return folder


def quarantined(places: Places) -> pl.DataFrame:
    return pl.concat(
        [pl.read_parquet(p) for p in sorted(places.quarantine.glob("*.parquet"))], how="diagonal"
    )


def test_quarantine_is_readable_by_its_owner_alone(landed: Path, places: Places) -> None:
    assert landed.exists()
    assert places.quarantine.stat().st_mode & 0o777 == 0o700
    files = list(places.quarantine.rglob("*.parquet"))
    assert files
    assert {p.stat().st_mode & 0o777 for p in files} == {0o600}


def test_what_is_shown_of_a_refused_row_is_no_identity_and_the_row_can_still_be_mended(
    landed: Path, places: Places
) -> None:
    told = reasons(places, find_delivery(places, landed.name)[0])
    shown = " ".join(told["example"].drop_nulls().to_list() + told["reason"].drop_nulls().to_list())
    assert VIN not in shown
    assert CUSTOMER not in shown
    assert "a lot" in shown
    assert "a line of" in shown
    assert VIN in " ".join(quarantined(places)["record"].drop_nulls())


@given(text=st.text(max_size=30))
def test_a_masked_identity_keeps_two_characters_at_either_end_of_a_long_one(text: str) -> None:
    (told,) = pl.DataFrame({"x": [text]}).select(masked(pl.col("x"))).to_series()
    assert told == (f"{text[:2]}\u2026{text[-2:]}" if len(text) >= LEAST else "\u2026")


@pytest.mark.usefixtures("landed")
def test_rows_are_forgotten_by_their_age_and_counts_places_and_reasons_stay(places: Places) -> None:
    before, counts = quarantined(places), deliveries(places)[0].counts
    assert forget_records(places, dt.timedelta(days=1)) == 0
    old = (dt.datetime.now(dt.UTC) - dt.timedelta(days=2)).timestamp()
    for path in places.quarantine.glob("*.parquet"):
        os.utime(path, (old, old))
    assert forget_records(places, dt.timedelta(days=1)) == before.select("file", "row").n_unique()
    after = quarantined(places)
    columns = ["file", "row", "status", "source", "column", "rule", "reason"]
    assert after.select(columns).equals(before.select(columns))
    everything = " ".join(str(value) for row in after.rows() for value in row)
    assert VIN not in everything
    assert CUSTOMER not in everything
    assert deliveries(places)[0].counts == counts
    assert forget_records(places, dt.timedelta(0)) == 0
    assert places.quarantine.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("what", ["file", "folder", "chain", "hidden in a folder"])
def test_a_link_out_of_the_delivery_is_refused_by_name(
    tmp_path: Path, mapping: Mapping, places: Places, what: str
) -> None:
    folder, outside = tmp_path / "2024-01", tmp_path / "outside"
    for made in (folder, outside, folder / "more"):
        made.mkdir()
    (outside / "secret.csv").write_text(POLICIES)
    (folder / "policies.csv").write_text(POLICIES)
    link = folder / ("more/policies.csv" if what == "hidden in a folder" else "linked.csv")
    if what == "chain":
        (outside / "next").symlink_to(outside / "secret.csv")
        link.symlink_to(outside / "next")
    else:
        link.symlink_to(outside if what == "folder" else outside / "secret.csv")
    with pytest.raises(InputError, match=f"{link.relative_to(folder)}: .*found a link that leads out of it"):
        land(folder, mapping, places, "key")
    assert not places.lake.exists() or not list(places.lake.rglob("*.parquet"))


def test_a_link_within_the_delivery_is_read_and_a_pipe_or_a_broken_link_is_refused(
    tmp_path: Path, mapping: Mapping, places: Places
) -> None:
    folder = tmp_path / "2024-01"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "_policies").write_text(POLICIES)
    (folder / "policies.csv").symlink_to("data/_policies")
    assert land(folder, mapping, places, "key").landed
    (folder / "broken.csv").symlink_to("nowhere.csv")
    with pytest.raises(InputError, match="broken link, a pipe or a device"):
        land(folder, mapping, places, "key")
    (folder / "broken.csv").unlink()
    os.mkfifo(folder / "pipe.csv")
    with pytest.raises(InputError, match="broken link, a pipe or a device"):
        land(folder, mapping, places, "key")
