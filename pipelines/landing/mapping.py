"""The mapping: how a client's columns, codes, units, encodings and dates become ours.

A mapping is a YAML file in `data/mappings/`, one per client; docs/reference/mapping.md describes
every key. It is checked against the contracts when it is loaded, so that a typo is found before a
file is opened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from pipelines.errors import InputError, nearest
from pipelines.landing.alike import alike
from pipelines.landing.contracts import CONTRACTS, MONTHLY
from pipelines.landing.contracts.fields import WINDOWS, Window, WindowKind, takes_open_end
from pipelines.landing.expectations import Expectations
from pipelines.landing.reading.formats import a_known_format
from pipelines.landing.reading.text_formats import (
    a_decimal_mark,
    a_delimiter,
    a_separator,
    a_text_encoding,
)
from pipelines.landing.yaml_files import load_yaml

Unit = Literal["km", "mile", "10k_km", "yuan", "fen", "10k_yuan"]
UNIT_FACTORS: dict[Unit, Decimal] = {
    "km": Decimal(1),
    "mile": Decimal("1.609344"),
    "10k_km": Decimal(10_000),
    "yuan": Decimal(1),
    "fen": Decimal("0.01"),
    "10k_yuan": Decimal(10_000),
}
"""What one of a unit is in ours, exactly."""
MOST_BANDS = 200
NUMBER_OF_ROW = "_row"
FACTORS_OF_THE_WAREHOUSE = frozenset(
    {"make", "model", "powertrain", "region", "vehicle_age", "annual_mileage", "driving_score"}
)
NAMES_OF_FRAMES = frozenset(
    {
        "base", "cell_id", "claim_count", "contract_id", "cover", "exposure_years", "factor", "level",
        "price", "product", "total", "vehicle_id", "version",
    }
)  # fmt: skip
Formats = Annotated[tuple[Annotated[str, AfterValidator(a_known_format)], ...], Field(min_length=1)]
PLACEHOLDER = re.compile(r"\{([^{}:]+)(?::(int|year))?\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Sign(_Strict):
    """A word chosen by the sign of a number."""

    negative: str
    otherwise: str


class Column(_Strict):
    """How one canonical column is made; exactly one of column, value, template, fingerprint."""

    column: str | None = None
    value: str | None = None
    template: str | None = None
    fingerprint: Literal["all"] | tuple[str, ...] | None = None
    codes: dict[str, str] | None = None
    sign: Sign | None = None
    unit: Unit | None = None
    date_formats: Formats | None = None
    open_end: tuple[str, ...] | None = None
    pseudonym: bool = False
    required: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Column:
        origins = [self.column, self.value, self.template, self.fingerprint]
        if sum(o is not None for o in origins) != 1:
            raise ValueError("give exactly one of column, value, template, fingerprint")
        if self.open_end is not None and self.column is None:
            raise ValueError("open_end goes with column")
        return self

    def inputs(self) -> tuple[str, ...]:
        """Names of the client's columns this one is made of."""
        if self.column is not None:
            return (self.column,)
        if self.template is not None:
            return tuple(dict.fromkeys(m[1] for m in PLACEHOLDER.finditer(self.template)))
        if isinstance(self.fingerprint, tuple):
            return self.fingerprint
        return ()


class Where(_Strict):
    """Which rows of the file feed a source."""

    column: str
    is_: Literal["positive", "negative", "not_zero", "present"] = Field(alias="is")


class Unpivot(_Strict):
    """One canonical row per value; adds the pseudo-columns `column` and `into`."""

    column: str
    values: dict[str, str | tuple[str, ...]]
    into: str
    where: Literal["positive", "not_zero"] | None = None

    def inputs(self) -> tuple[str, ...]:
        """Names of the client's columns that are turned into rows."""
        parts = [(v,) if isinstance(v, str) else v for v in self.values.values()]
        return tuple(dict.fromkeys(name for part in parts for name in part))


class Factor(_Strict):
    """A client rating factor: a column, and the lower bounds of its bands if it is a number."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    column: str
    bands: tuple[float, ...] | None = None
    codes: dict[str, str] | None = None

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in FACTORS_OF_THE_WAREHOUSE:
            raise ValueError(f"a name of its own: {name} is a factor that is made of other columns already")
        if name in NAMES_OF_FRAMES:
            raise ValueError(f"a name of its own: {name} is a column of the tables that factors stand in")
        return name

    @field_validator("bands")
    @classmethod
    def _rising(cls, bands: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if bands is None:
            return None
        if len(bands) < 2 or not all(map(math.isfinite, bands)) or list(bands) != sorted(set(bands)):
            raise ValueError("bands are at least two lower bounds in rising order")
        if len(bands) > MOST_BANDS:
            raise ValueError(f"at most {MOST_BANDS} bands: nobody could tell that many apart")
        return bands


class SourceMapping(_Strict):
    """How a file feeds one canonical source."""

    source: str
    columns: dict[str, Column]
    repeats: Literal["last"] | None = None
    where: Where | None = None
    unpivot: Unpivot | None = None
    factors: tuple[Factor, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        columns = data.get("columns") if isinstance(data, dict) else None
        if isinstance(columns, dict):
            full = {k: {"column": v} if isinstance(v, str) else v for k, v in columns.items()}
            return {**data, "columns": full}
        return data

    @model_validator(mode="after")
    def _fits_the_contract(self) -> SourceMapping:
        if self.source not in CONTRACTS:
            raise ValueError(f"source '{self.source}': {nearest(self.source, CONTRACTS)}")
        contract = CONTRACTS[self.source].columns()
        for name in self.columns:
            if name not in contract:
                raise ValueError(f"column '{name}' of {self.source}: {nearest(name, contract)}")
        needed = [n for n, c in contract.items() if not c.nullable or takes_open_end(c)]
        missing = [n for n in needed if n not in self.columns]
        if missing:
            raise ValueError(f"{self.source} needs the columns {', '.join(missing)}")
        for name, spec in self.columns.items():
            if spec.open_end is not None and not takes_open_end(contract[name]):
                raise ValueError(f"column '{name}' of {self.source} takes no open_end")
        if self.factors and self.source != "contracts":
            raise ValueError("factors belong to the source contracts")
        names = [factor.name for factor in self.factors]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"factor '{twice[0]}' stands twice")
        return self

    def inputs(self) -> tuple[str, ...]:
        """Names of the client's columns this source reads."""
        made = {self.unpivot.column, self.unpivot.into} if self.unpivot else set()
        names = [n for spec in self.columns.values() for n in spec.inputs() if n not in made]
        names += [f.column for f in self.factors]
        names += [self.where.column] if self.where else []
        names += self.unpivot.inputs() if self.unpivot else ()
        return tuple(dict.fromkeys(names))


@cache
def zones() -> frozenset[str]:
    """Names of all time zones: listing them reads hundreds of files."""
    return frozenset(available_timezones())


def _a_known_zone(value: str) -> str:
    if value not in zones():
        raise ValueError(f"a time zone like Asia/Shanghai; {nearest(value, sorted(zones()))}")
    return value


TimeZone = Annotated[str, AfterValidator(_a_known_zone)]


Separator = Annotated[str, AfterValidator(a_separator)]


class FileMapping(_Strict):
    """How one kind of file is read, and what it feeds."""

    match: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\x00][^\x00]*$")]
    encoding: Annotated[str, AfterValidator(a_text_encoding)] = "utf-8"
    delimiter: Annotated[str, AfterValidator(a_delimiter)] = ","
    sheet: str | None = None
    thousands: Separator | None = None
    decimal: Annotated[str, AfterValidator(a_decimal_mark)] = "."
    date_formats: Formats = ("%Y-%m-%d",)
    time_formats: Formats = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
    timezone: TimeZone | None = None
    null_values: tuple[str, ...] = ("",)
    rows: Literal["every", "distinct"] | None = None
    sources: Annotated[tuple[SourceMapping, ...], Field(min_length=1)]
    _client_zone: str | None = PrivateAttr(default=None)
    _windows: dict[WindowKind, Window] = PrivateAttr(default_factory=lambda: dict(WINDOWS))

    @model_validator(mode="after")
    def _separators_differ(self) -> FileMapping:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both '{self.decimal}'")
        return self

    @model_validator(mode="after")
    def _names_are_free(self) -> FileMapping:
        if NUMBER_OF_ROW in self.inputs():
            raise ValueError(f"a column of another name: {NUMBER_OF_ROW} is the number of the row here")
        return self

    @model_validator(mode="after")
    def _monthly_sources_stand_alone(self) -> FileMapping:
        named = [s.source for s in self.sources]
        if len(named) > 1 and (monthly := [s for s in named if s in MONTHLY]):
            raise ValueError(f"a file that feeds {monthly[0]} feeds nothing else")
        return self

    @model_validator(mode="after")
    def _rows_are_told_where_there_is_no_key(self) -> FileMapping:
        if self.rows is not None and not self.has_no_key:
            raise ValueError(
                "rows says what identical rows without a key are, and no column of this file is a fingerprint"
            )
        return self

    @property
    def has_no_key(self) -> bool:
        """Whether a key is made of what a row says, because the client's rows have none."""
        return any(
            spec.fingerprint is not None and name in CONTRACTS[s.source].primary_key()
            for s in self.sources
            for name, spec in s.columns.items()
        )

    def of_client(self, zone: str | None, windows: dict[WindowKind, Window]) -> FileMapping:
        """The same file, told what its client's mapping says of every file (zone None: nothing)."""
        told = self.model_copy()
        told._client_zone, told._windows = zone, windows  # noqa: SLF001 - a copy of its own
        return told

    @property
    def zone(self) -> str:
        """In which moments without an offset are local; UTC unless the file's entry says otherwise."""
        return self.timezone or "UTC"

    @property
    def day_zone(self) -> str:
        """In which the client counts days."""
        return self._client_zone or self.timezone or "UTC"

    @property
    def windows(self) -> dict[WindowKind, Window]:
        """What is plausible, by kind of day or moment."""
        return self._windows

    @property
    def is_monthly(self) -> bool:
        return self.sources[0].source in MONTHLY

    def inputs(self) -> tuple[str, ...]:
        """Names of the client's columns this file must have."""
        return tuple(dict.fromkeys(n for s in self.sources for n in s.inputs()))

    def fingerprint(self) -> str:
        """Hash of everything that decides what becomes of the file's bytes."""
        handed = f"{self._client_zone} {sorted((k, str(w)) for k, w in self._windows.items())}"
        return hashlib.sha256((self.model_dump_json(by_alias=True) + handed).encode()).hexdigest()


class Mapping(_Strict):
    """One client's mapping."""

    client: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    title: str
    source: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    timezone: TimeZone = "UTC"
    valuation_date: dt.date | None = None
    rating_year_start: Annotated[str, Field(pattern=r"^\d\d-\d\d$")] = "01-01"
    tolerated_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    tolerated_repeats: Annotated[float, Field(ge=0, le=1)] = 0.02
    first_rate_table: Literal["review", "in_force"] = "review"
    ignore: tuple[str, ...] = ()
    files: Annotated[tuple[FileMapping, ...], Field(min_length=1)]
    windows: dict[str, tuple[dt.date, dt.date]] = Field(default_factory=dict)
    expect: Expectations = Field(default_factory=Expectations)

    @field_validator("windows")
    @classmethod
    def _windows_of_known_kinds(
        cls, windows: dict[str, tuple[dt.date, dt.date]]
    ) -> dict[str, tuple[dt.date, dt.date]]:
        for kind, (first, last) in windows.items():
            if kind not in WINDOWS:
                raise ValueError(f"kind '{kind}': {nearest(kind, WINDOWS)}")
            if first > last:
                raise ValueError(f"kind '{kind}': a first day and a last day, not {first} and {last}")
        return windows

    @model_validator(mode="after")
    def _tell_the_files(self) -> Mapping:
        zone = self.timezone if "timezone" in self.model_fields_set else None
        windows = {k: Window(*self.windows[k]) if k in self.windows else w for k, w in WINDOWS.items()}
        # The model is frozen for its readers; here it is still being made.
        self.__dict__["files"] = tuple(entry.of_client(zone, windows) for entry in self.files)
        return self

    @field_validator("rating_year_start")
    @classmethod
    def _a_day_of_every_year(cls, value: str) -> str:
        dt.date.fromisoformat(f"2023-{value}")
        return value

    def rating_year(self, year: int) -> tuple[dt.date, dt.date]:
        """First and last day of the rating year that starts in `year`."""
        start = dt.date.fromisoformat(f"{year}-{self.rating_year_start}")
        return start, start.replace(year=year + 1) - dt.timedelta(days=1)

    def file_for(self, name: str) -> FileMapping | None:
        """Return how the file `name` is read, None if it is to be ignored.

        Raises:
            InputError: no entry matches, so nobody has said what the file is.
        """
        for entry in self.files:
            if _is_named(name, entry.match):
                return entry
        if any(_is_named(name, pattern) for pattern in self.ignore):
            return None
        patterns = ", ".join(entry.match for entry in self.files)
        raise InputError(
            name,
            expected=f"a file that the mapping of {self.client} names ({patterns}) or ignores",
            found="a file it does not mention",
        )


def _is_named(name: str, pattern: str) -> bool:
    """Whether a pattern means a file: what looks alike is the same, and a name needs no escapes."""
    own, wanted = (alike(text).replace(" .", ".").replace(" /", "/") for text in (name, pattern))
    return own == wanted or fnmatchcase(own, wanted)


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping.

    Raises:
        InputError: the file is missing, is not YAML, or says something no contract knows.
    """
    document = load_yaml(path)
    try:
        return Mapping.model_validate(document)
    except ValidationError as error:
        raise _as_input_error(path, error, document) from None


def _as_input_error(path: Path, error: ValidationError, document: Any) -> InputError:
    """The first fault of the mapping as one line: place, what was expected, what was found."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"]) or "mapping"
    if fault["type"] == "extra_forbidden":
        known = _known_keys(fault["loc"])
        key = str(fault["loc"][-1])
        return InputError(str(path), column=place, expected="a known key", found=nearest(key, known))
    found = document if fault["type"] == "missing" else fault.get("input")
    shown = "nothing" if fault["type"] == "missing" else repr(found)[:80]
    expected = fault["msg"].removeprefix("Value error, ")
    return InputError(str(path), column=place, expected=expected, found=shown)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys that may stand where an unknown one was found."""
    owners: dict[str, type[BaseModel]] = {
        "columns": Column,
        "factors": Factor,
        "unpivot": Unpivot,
        "where": Where,
        "sources": SourceMapping,
        "files": FileMapping,
    }
    for part in reversed(location[:-1]):
        if isinstance(part, str) and part in owners:
            fields = owners[part].model_fields
            return [field.alias or name for name, field in fields.items()]
    return list(Mapping.model_fields)
