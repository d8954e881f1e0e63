"""Monthly sources: judged chunk by chunk, and the same lake whatever the chunks, files and deliveries."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.deliveries import withdraw
from pipelines.landing.judging.months import spans_of
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.local_time import local, local_sql, offsets
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.landing.reading import parquet_files
from tests.pipelines.landing.test_replays import MappingOf, content

TRIPS = {
    "match": "trips*.parquet",
    "sources": [
        {
            "source": "trips",
            "columns": {
                "vehicle_id": "vin",
                "started_at": "start",
                "ended_at": "end",
                "distance_km": "km",
                "night_km": "night",
            },
        }
    ],
}
CARS = {"match": "cars.csv", "sources": [{"source": "vehicles", "columns": {"vehicle_id": "vin"}}]}
NEW_YEAR = dt.datetime(2024, 1, 30)  # noqa: DTZ001 - the lake keeps UTC without a zone


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    return mapping_of(
        {"client": "acme", "title": "t", "source": "s", "tolerated_share": 1.0, "files": [CARS, TRIPS]}
    )


def trips(vehicles: str = "ABC", count: int = 40) -> pl.DataFrame:
    """Trips over the end of a month: hourly, half an hour each."""
    hours = pl.DataFrame({"hour": range(count)})
    rows = pl.DataFrame({"vin": list(vehicles)}).join(hours, how="cross")
    start = pl.lit(NEW_YEAR) + pl.duration(hours=pl.col("hour") * 2)
    return rows.select(
        "vin", start=start, end=start + pl.duration(minutes=30), km=10.0 + pl.col("hour"), night=pl.lit(0.0)
    )


def deliver(folder: Path, cars: str, **files: pl.DataFrame) -> Path:
    folder.mkdir()
    if cars:
        (folder / "cars.csv").write_text("vin\n" + "\n".join(cars) + "\n", encoding="utf-8")
    for name, rows in files.items():
        rows.write_parquet(folder / f"{name}.parquet")
    return folder


def test_trips_lie_in_the_folder_of_their_month_sorted_by_vehicle(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    land(deliver(tmp_path / "in", "ABC", trips=trips().sort("start")), mapping, places, "key")
    months = sorted(p.name for p in (places.lake / "trips").glob("month=*"))
    assert months == ["month=2024-01", "month=2024-02"]
    for month in months:
        rows = pl.read_parquet(places.lake / "trips" / month / "*.parquet", hive_partitioning=False)
        assert (rows["started_at"].dt.strftime("month=%Y-%m") == month).all()
        assert rows.select("vehicle_id", "started_at").equals(
            rows.select("vehicle_id", "started_at").sort("vehicle_id", "started_at")
        )


@pytest.mark.parametrize("chunk", [7, 1_000])
@pytest.mark.parametrize("order", [["vin", "start"], ["start"], ["km", "vin"]])
def test_neither_chunks_nor_files_nor_order_change_the_lake(
    tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch, chunk: int, order: list[str]
) -> None:
    rows = pl.concat([trips(), trips("A", 3), trips("B", 2).with_columns(km=pl.lit(1.0)), trips("X", 2)])
    straight, split = Places.under(tmp_path / "straight"), Places.under(tmp_path / "split")
    land(deliver(tmp_path / "2024-01", "ABC", trips=rows), mapping, straight, "key")
    monkeypatch.setattr(parquet_files, "CHUNK_ROWS", chunk)
    monkeypatch.setattr(parquet_files, "_LEAST_ROWS", 1)
    shuffled = rows.sort(order)
    dealt = {f"trips_{n}": shuffled.gather_every(2, n) for n in (0, 1)}
    (tmp_path / "other").mkdir()
    land(deliver(tmp_path / "other" / "2024-01", "ABC", **dealt), mapping, split, "key")
    assert content(straight) == content(split)
    for places in (straight, split):
        counts = [e for e in Ledger(places.ledger).entries() if e.file.startswith("trips")]
        # Three copies; two moments with two distances; two trips of a car that nobody knows.
        assert sum(e.duplicates for e in counts) == 3
        assert sum(e.rejected for e in counts) == 4
        assert sum(e.pending for e in counts) == 2
        assert sum(e.read for e in counts) == rows.height
    flags = [pl.read_parquet(p.lake / "row_flags" / "*.parquet").drop("landed_file", "landed_row")
             for p in (straight, split)]  # fmt: skip
    assert flags[0].equals(flags[1])


def test_trips_of_an_unknown_car_wait_for_it(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    land(deliver(tmp_path / "2024-01", "AB", trips=trips()), mapping, places, "key")
    assert len(content(places)["trips"]) == 80
    land(deliver(tmp_path / "2024-02", "C"), mapping, places, "key")
    assert len(content(places)["trips"]) == 120
    assert sum(e.pending for e in Ledger(places.ledger).entries()) == 0


def test_a_later_file_restates_trips_of_its_months_only(
    tmp_path: Path, places: Places, mapping: Mapping
) -> None:
    land(deliver(tmp_path / "2024-01", "ABC", trips=trips()), mapping, places, "key")
    february = {p: p.read_bytes() for p in (places.lake / "trips" / "month=2024-02").iterdir()}
    before = content(places)
    restated = trips("A", 2).with_columns(km=pl.lit(3.5))
    land(deliver(tmp_path / "2024-02", "", trips=restated), mapping, places, "key")
    after = sorted(content(places)["trips"], key=lambda r: r[:2])
    assert [r[3] for r in after[:3]] == [3.5, 3.5, 12.0]
    assert {p: p.read_bytes() for p in february} == february
    withdraw(places, "2024-02")
    assert content(places) == before


def test_odd_trips_are_accepted_and_flagged(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    far = trips("A", 12).with_columns(
        start=pl.col("start"), end=pl.col("start") + pl.duration(minutes=110), km=pl.lit(200.0)
    )
    late = trips("B", 3).with_columns(end=pl.col("start") + pl.duration(minutes=130))
    land(deliver(tmp_path / "in", "AB", trips=pl.concat([far, late])), mapping, places, "key")
    flags = pl.read_parquet(places.lake / "row_flags" / "*.parquet")
    told = flags.group_by("rule", "entity_id").agg(pl.len()).sort("rule").rows()
    assert told == [("overlapping_trips", "B", 2), ("too_far_in_a_day", "A", 1)]
    assert len(content(places)["trips"]) == 15


def test_a_trip_that_no_car_can_drive_is_refused(tmp_path: Path, places: Places, mapping: Mapping) -> None:
    rows = trips("A", 4).with_columns(km=pl.Series([10.0, 10.0, 10.0, 400.0]))
    land(deliver(tmp_path / "in", "A", trips=rows), mapping, places, "key")
    told = pl.read_parquet(places.quarantine / "*.parquet")
    assert told.select("file", "row", "column", "value", "rule").rows() == [
        (
            "trips.parquet",
            4,
            "start, end, km",
            "2024-01-30T06:00:00, 2024-01-30T06:30:00, 400",
            "speed_is_possible",
        )
    ]


def test_spans_tell_where_a_vehicle_begins_and_its_longest_day() -> None:
    rows = trips("AB", 20).rename(
        {"vin": "vehicle_id", "start": "started_at", "end": "ended_at", "km": "distance_km"}
    )
    spans = spans_of(rows, "vehicle_id", "started_at")
    by_day = rows.group_by("vehicle_id", pl.col("started_at").dt.date()).agg(pl.col("distance_km").sum())
    longest = by_day.group_by("vehicle_id").agg(pl.col("distance_km").max()).sort("vehicle_id")
    assert spans["longest_day_km"].to_list() == longest["distance_km"].to_list()
    assert spans["first_at"].to_list() == [NEW_YEAR, NEW_YEAR]
    assert not spans["overlapping"].any()


def zoned(mapping_of: MappingOf, zone: str) -> Mapping:
    document = {"client": "acme", "title": "t", "source": "s", "tolerated_share": 1.0, "timezone": zone}
    return mapping_of({**document, "files": [CARS, TRIPS]})


ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
]
MOMENTS = st.datetimes(dt.datetime(2010, 12, 1), dt.datetime(2031, 3, 31)) | st.sampled_from(  # noqa: DTZ001
    [
        dt.datetime.fromisoformat(text)
        for text in (
            "2024-03-31T00:59:59", "2024-03-31T01:00:00", "2024-10-27T00:59:59", "2024-10-27T01:00:00",
            "2024-02-29T16:30:00", "2024-03-31T21:59:59", "2024-03-31T22:00:00", "2011-12-30T10:00:00",
            "2024-12-31T23:00:00", "2026-10-31T23:30:00",
        )
    ]
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(zone=st.sampled_from(ZONES), moments=st.lists(MOMENTS, min_size=1, max_size=8))
@example(
    zone="Europe/Paris",
    moments=[
        dt.datetime(2019, 8, 30, 1, 30, 58, 2138),  # noqa: DTZ001 - UTC without a zone, as the lake keeps it
        dt.datetime(2024, 10, 27, 1),  # noqa: DTZ001
    ],
)
def test_one_conversion_gives_the_clock_of_the_zone_in_polars_and_in_sql(
    zone: str, moments: list[dt.datetime]
) -> None:
    known = offsets(zone, min(moments), max(moments))
    frame = pl.DataFrame({"moment": moments}, schema={"moment": pl.Datetime("us")})
    clock = [m.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for m in moments]
    assert frame.select(local(pl.col("moment"), known)).to_series().to_list() == clock
    with duckdb.connect() as con:
        con.register("frame", frame)
        assert [t for (t,) in con.sql(f"select {local_sql('moment', known)} from frame").fetchall()] == clock


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(zone=st.sampled_from(ZONES), moments=st.lists(MOMENTS, min_size=1, max_size=6, unique=True))
def test_a_trip_lies_in_the_month_of_the_clients_zone(
    zone: str, moments: list[dt.datetime], tmp_path_factory: pytest.TempPathFactory, mapping_of: MappingOf
) -> None:
    root = tmp_path_factory.mktemp("zone")
    places = Places.under(root)
    start = pl.Series(moments, dtype=pl.Datetime("us"))
    rows = pl.DataFrame({"vin": "A", "start": start}).with_columns(
        end=pl.col("start") + pl.duration(minutes=5), km=pl.lit(1.0), night=pl.lit(0.0)
    )
    land(deliver(root / "in", "A", trips=rows), zoned(mapping_of, zone), places, "key")
    found = {
        (folder.name, moment)
        for folder in (places.lake / "trips").glob("month=*")
        for moment in pl.read_parquet(folder / "*.parquet", hive_partitioning=False)["started_at"]
    }
    clock = ((m, m.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))) for m in moments)
    assert found == {(f"month={at:%Y-%m}", m) for m, at in clock}


def test_kilometres_of_a_day_are_those_of_the_local_day(
    tmp_path: Path, places: Places, mapping_of: MappingOf
) -> None:
    # Two to ten in the evening in Shanghai on the 30th: 1,800 km, but 540 and 1,260 on two days of UTC.
    local_day = trips("A", 10).with_columns(
        start=pl.col("start") - pl.duration(hours=6), end=pl.col("start") - pl.duration(hours=4), km=180.0
    )
    mapping = zoned(mapping_of, "Asia/Shanghai")
    land(deliver(tmp_path / "in", "A", trips=local_day), mapping, places, "key")
    flags = pl.read_parquet(places.lake / "row_flags" / "*.parquet")
    assert flags["value"].to_list() == ["1800.0 km on 2024-01-30"]


def test_a_changed_zone_is_refused_while_other_files_stand_in_the_old_one(
    tmp_path: Path, places: Places, mapping_of: MappingOf
) -> None:
    shanghai, paris = zoned(mapping_of, "Asia/Shanghai"), zoned(mapping_of, "Europe/Paris")
    land(deliver(tmp_path / "2024-01", "A", trips=trips("A", 8)), shanghai, places, "key")
    # The same delivery is landed anew, whole, in the new zone.
    land(tmp_path / "2024-01", paris, places, "key")
    later = trips("A", 3).with_columns(pl.col("start", "end") + pl.duration(days=40))
    second = deliver(tmp_path / "2024-02", "", trips=later)
    with pytest.raises(InputError, match=r"timezone.: expected Europe/Paris, in which 2 files of 2024-01"):
        land(second, shanghai, places, "key")
    land(second, paris, places, "key")
    withdraw(places, "2024-01")
    withdraw(places, "2024-02")
    land(second, shanghai, places, "key")
