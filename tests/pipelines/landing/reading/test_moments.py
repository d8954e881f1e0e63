"""Days and moments: what a format says and no more, one conversion, a window of what is plausible."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.contracts.fields import WINDOWS, window_of
from pipelines.landing.mapping import Column, FileMapping, Mapping
from pipelines.landing.reading.formats import known_format
from pipelines.landing.reading.moments import text_to_date, text_to_moment
from pipelines.landing.reading.pseudonyms import Pseudonyms
from pipelines.landing.reading.readers import Chunk
from pipelines.landing.reading.validate import Checked, check

BERLIN = "Europe/Berlin"
CONTRACT = {
    "contract_id": "id",
    "vehicle_id": {"value": "v"},
    "effective_date": "start",
    "expiry_date": "end",
}
TRIP = {"vehicle_id": "id", "started_at": "start", "ended_at": "end", "distance_km": {"value": "1"}}


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def file_of(source: dict[str, Any], entry: dict[str, Any], client: dict[str, Any]) -> FileMapping:
    document = {
        "client": "acme", "title": "t", "source": "s", **client,
        "files": [{"match": "*", "sources": [source], **entry}],
    }  # fmt: skip
    return Mapping.model_validate(document).files[0]


def checked(rows: pl.DataFrame | dict[str, Any], source: dict[str, Any], entry: dict[str, Any] | None = None,
            **client: Any) -> Checked:  # fmt: skip
    frame = pl.DataFrame(rows).with_row_index("_row", offset=1).with_columns(pl.col("_row").cast(pl.Int64))
    none = pl.DataFrame(schema={"_row": pl.Int64, "value": pl.String, "reason": pl.String})
    return check(Chunk(frame, none), file_of(source, entry or {}, client), Pseudonyms("key"))


def contracts(start: list[Any], end: list[Any], entry: dict[str, Any] | None = None,
              columns: dict[str, Any] | None = None, **client: Any) -> Checked:  # fmt: skip
    rows = {"id": [f"P{n}" for n in range(len(start))], "start": start, "end": end}
    return checked(rows, {"source": "contracts", "columns": CONTRACT | (columns or {})}, entry, **client)


def trips(start: list[str], end: list[str], entry: dict[str, Any], **client: Any) -> Checked:
    rows = {"id": [f"V{n}" for n in range(len(start))], "start": start, "end": end}
    return checked(rows, {"source": "trips", "columns": TRIP}, entry, **client)


def dates(texts: list[str], *formats: str, zone: str = "UTC") -> list[dt.date | None]:
    frame = pl.DataFrame({"x": texts})
    return frame.select(text_to_date(pl.col("x"), formats, zone)).to_series().to_list()


def moments(texts: list[str], *formats: str, zone: str = "UTC") -> list[dt.datetime | None]:
    frame = pl.DataFrame({"x": texts})
    return frame.select(text_to_moment(pl.col("x"), formats, zone).value).to_series().to_list()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 99_999), st.integers(0, 3), st.sampled_from(["%d/%m/{}", "%m-%d-{}", "{}年%m月%d日"]))
def test_a_year_has_four_digits(year: int, noughts: int, shape: str) -> None:
    written = "0" * noughts + str(year)
    text = shape.format(written).replace("%d", "05").replace("%m", "03")
    (found,) = dates([text], shape.format("%Y"))
    expected = dt.date(int(written), 3, 5) if len(written) == 4 and int(written) > 0 else None
    if found is None or found.year > 0:  # the year nought is no Python date, and no window takes it
        assert found == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("+1/03/2024", "%d/%m/%Y"), ("1/ 3/2024", "%d/%m/%Y"), ("01/03/+2024", "%d/%m/%Y"),
        ("2024111", "%Y%m%d"), ("2024-3-5x", "%Y-%m-%d"), ("2024-02-31", "%Y-%m-%d"),
        ("18/02/25", "%d/%m/%Y"),
        ("240301", "%Y%m%d"), ("001/03/2024", "%d/%m/%Y"), ("２０２４-03-05", "%Y-%m-%d"),
    ],
)  # fmt: skip
def test_directives_take_what_they_say(text: str, form: str) -> None:
    assert dates([text], form) == [None]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d %Z", "%Q", "%Y-%m-%d %H", "%Y-%m-%d %I:%M", "%H:%M", "%Y-%m-%d %H:%M %p %s", "%Y-%m",
     "%Y-%m-%d %k:%M", "%Y-%m-%d%", "%c", "%s%f"],
)  # fmt: skip
def test_a_format_that_is_not_read_is_refused_when_the_mapping_is_loaded(form: str, mapping_of: Any) -> None:
    with pytest.raises(ValueError, match=r"%|day"):
        known_format(form)
    source = {"source": "contract_covers", "columns": {"contract_id": "a", "cover": "b"}}
    document = {"client": "acme", "title": "t", "source": "s",
                "files": [{"match": "*", "time_formats": [form], "sources": [source]}]}  # fmt: skip
    with pytest.raises(InputError) as error:
        mapping_of(document)
    assert "time_formats" in str(error.value)
    assert "\n" not in str(error.value)


@settings(max_examples=100, deadline=None)
@given(
    st.datetimes(at("1990-01-01"), at("2049-01-01")).map(lambda m: m.replace(microsecond=0, fold=0)),
    st.integers(-14 * 4, 14 * 4),
    st.sampled_from(["UTC", "Asia/Shanghai", BERLIN, "America/New_York", "Pacific/Apia"]),
)
def test_an_offset_says_the_moment_and_the_day_is_the_clients(
    local: dt.datetime, quarters: int, zone: str
) -> None:
    zoned = local.replace(tzinfo=dt.timezone(dt.timedelta(minutes=15 * quarters)))
    utc = zoned.astimezone(dt.UTC).replace(tzinfo=None)
    day = zoned.astimezone(ZoneInfo(zone)).date()
    for text in (f"{zoned:%Y-%m-%dT%H:%M:%S%z}", zoned.isoformat(), zoned.isoformat(sep=" ")):
        assert moments([text], "%Y-%m-%dT%H:%M:%S%z", zone=zone) == [utc]
        assert moments([text], "%Y-%m-%d %H:%M:%S", zone=zone) == [utc]
        assert dates([text], "%Y-%m-%d", zone=zone) == [day]
    assert moments([f"{utc:%Y-%m-%dT%H:%M:%S}Z"], "%Y-%m-%dT%H:%M:%S", zone=zone) == [utc]
    seconds = str(int(zoned.timestamp()))
    assert moments([seconds], "%s", zone=zone) == [utc]
    frame = pl.DataFrame({"id": ["a"], "start": [utc], "end": [utc]}).with_columns(
        pl.col("start", "end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    )
    found = checked(frame, {"source": "contracts", "columns": CONTRACT}, timezone=zone)
    assert found.frames["contracts"]["effective_date"].to_list() == [day]


def test_what_matches_its_format_is_read_and_the_rest_is_no_moment() -> None:
    half_past = at("2024-02-29T16:30:00")
    assert moments(["1709224200", "1709224200000", "x", ""], "%s") == [half_past, None, None, None]
    texts = ["2024-03-01T00:30:00+08:00", "2024-03-01T00:30:00", "2024-03-01T00:30:00 CST"]
    form = "%Y-%m-%dT%H:%M:%S%z"
    assert moments(texts, form, zone="Asia/Shanghai") == [half_past, None, None]
    assert moments(["2024-03-01 01:30 PM"], "%Y-%m-%d %I:%M %p") == [at("2024-03-01T13:30:00")]
    parts = moments(["2024-03-01 01:30:00.250"], "%Y-%m-%d %H:%M:%S.%f")
    assert parts == [at("2024-03-01T01:30:00.250")]


def test_midnight_without_an_offset_is_a_day_as_it_is_written() -> None:
    texts = ["2024-03-05 00:00:00", "2024-03-05T00:00:00.000"]
    assert dates(texts, "%Y-%m-%d", zone="America/New_York") == [dt.date(2024, 3, 5)] * 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 119), st.integers(0, 59))
def test_no_trip_is_refused_because_the_clock_was_put_back(begin: int, lasts: int) -> None:
    # From one in the morning on; the clock goes from three back to two, two hours later.
    start = dt.datetime(2024, 10, 26, 23, tzinfo=dt.UTC) + dt.timedelta(minutes=begin)
    texts = [
        m.astimezone(ZoneInfo(BERLIN)).strftime("%Y-%m-%d %H:%M:%S")
        for m in (start, start + dt.timedelta(minutes=lasts))
    ]
    found = trips(texts[:1], texts[1:], {"timezone": BERLIN})
    assert found.reasons.is_empty()
    assert found.frames["trips"].select(pl.col("ended_at") >= pl.col("started_at")).to_series().all()


def test_a_time_that_no_clock_showed_is_rejected_and_says_so() -> None:
    found = trips(["2024-03-31 02:30:00"], ["2024-03-31 03:10:00"], {"timezone": BERLIN})
    ((value, rule, reason),) = found.reasons.select("value", "rule", "reason").rows()
    assert (value, rule) == ("2024-03-31 02:30:00", "started_at|conversion")
    assert "clock" in reason


OUTSIDE = ["9999-12-31", "2205-01-01", "0023-01-01", "1899-12-31", "1900-01-01", "1970-01-01"]


@pytest.mark.parametrize("day", OUTSIDE)
@pytest.mark.parametrize("as_type", [str, dt.date, dt.datetime])
def test_a_day_outside_its_window_rejects_its_row(day: str, as_type: type) -> None:
    parsed = as_type.fromisoformat(day) if as_type is not str else day
    known = as_type.fromisoformat("2024-01-01") if as_type is not str else "2024-01-01"
    found = contracts([parsed], [known])
    assert found.frames["contracts"].is_empty()
    faults = found.reasons.filter(rule="effective_date|window").select("_row", "column", "value", "reason")
    ((row, column, value, reason),) = faults.rows()
    assert (row, column, value) == (1, "start", day)
    assert "1980-01-01 to 2049-12-31" in reason


def test_every_day_and_moment_of_every_contract_has_a_window() -> None:
    for source, contract in CONTRACTS.items():
        for name, column in contract.columns().items():
            if contract.create_empty().schema[name].is_temporal():
                assert window_of(column) in WINDOWS, f"{source}.{name}"


@settings(max_examples=60, deadline=None)
@given(st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30)), st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)))
def test_a_client_may_move_a_window(day: dt.date, first: dt.date) -> None:
    last = first + dt.timedelta(days=20_000)
    found = contracts([day], [day], windows={"contract": (first, last)})
    assert found.frames["contracts"].height == (first <= day <= last)
    moment = dt.datetime.combine(day, dt.time(12))
    rows = pl.DataFrame({"id": ["V"], "start": [moment], "end": [moment]}, schema_overrides={
        "start": pl.Datetime("us"), "end": pl.Datetime("us")})  # fmt: skip
    source = {"source": "trips", "columns": TRIP}
    found = checked(rows, source, windows={"trip": (first, last)}, timezone="Asia/Shanghai")
    assert found.frames["trips"].height == (first <= day <= last)


def test_an_open_end_is_a_declared_thing() -> None:
    ends = ["9999-12-31", "", "2024-12-31", "2205-12-31"]
    start = ["2024-01-01"] * 4
    found = contracts(start, ends, columns={"expiry_date": {"column": "end", "open_end": ["9999-12-31", ""]}})
    assert found.frames["contracts"]["expiry_date"].to_list() == [None, None, dt.date(2024, 12, 31)]
    assert found.reasons.select("_row", "rule").rows() == [(4, "expiry_date|window")]
    found = contracts(start, ends)
    assert sorted(found.reasons.select("_row", "rule").rows()) == [
        (1, "expiry_date|window"), (2, "expiry_date|nullability"), (4, "expiry_date|window"),
    ]  # fmt: skip


def test_an_open_end_is_known_in_types_that_hold_days() -> None:
    start, far = dt.date(2024, 1, 1), dt.date(9999, 12, 31)
    opened = {"expiry_date": {"column": "end", "open_end": ["9999-12-31"]}}
    for kind in (pl.Date, pl.Datetime("ms")):
        frame = pl.DataFrame({"id": ["a"], "start": [start], "end": [far]}).with_columns(
            pl.col("start", "end").cast(kind)
        )
        found = checked(frame, {"source": "contracts", "columns": CONTRACT | opened})
        assert found.frames["contracts"]["expiry_date"].to_list() == [None]


def test_a_stand_in_for_no_date_may_be_a_null_word_in_every_type() -> None:
    source = {"source": "vehicles", "columns": {"vehicle_id": "id", "in_service_date": "day"}}
    for day in ("1970-01-01", dt.date(1970, 1, 1), at("1970-01-01")):
        found = checked({"id": ["a"], "day": [day]}, source, {"null_values": ["", "1970-01-01"]})
        assert found.frames["vehicles"]["in_service_date"].to_list() == [None]


def test_open_end_belongs_to_an_end() -> None:
    with pytest.raises(ValueError, match="takes no open_end"):
        contracts(["2024-01-01"], [""], columns={"effective_date": {"column": "start", "open_end": [""]}})
    with pytest.raises(ValueError, match="open_end goes with column"):
        Column.model_validate({"value": "2024-12-31", "open_end": [""]})
