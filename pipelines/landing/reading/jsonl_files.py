"""JSON Lines: one object a line; a line that is none, or whose values have no one shape, is handed back.

JSON says more than a row can hold: `NaN`, a number beyond any type, a key that stands twice, an object where
the file has numbers. Such a line is refused with its number and the file goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.landing.alike import alike
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.blocks import text_blocks
from pipelines.landing.reading.chunks import ROW, Chunk, malformed

if TYPE_CHECKING:
    import duckdb

NUMBER, TEXT, TRUTH = "a number", "text", "true or false"
_KINDS: Final = {
    "VARCHAR": TEXT,
    "BIGINT": NUMBER,
    "UBIGINT": NUMBER,
    "DOUBLE": NUMBER,
    "BOOLEAN": TRUTH,
    "OBJECT": "an object",
    "ARRAY": "a list",
}
_WHOLE: Final = ["BIGINT", "UBIGINT"]
_EXACT: Final = 2**53
# What stands outside the texts of a nested value.
_STRING: Final = r'"(?:\\.|[^"\\])*"'


def read_jsonl(path: Path, how: FileMapping, remarks: list[str]) -> Iterator[Chunk]:
    """Rows of a JSON Lines file, and the lines that make none.

    Raises:
        InputError: text that is not in the encoding.
    """
    import duckdb

    del remarks  # keys have no header in which one could stand twice
    at = 1
    objects = Objects(how)
    with duckdb.connect(config={"threads": 2}) as con:
        for block in text_blocks(path, how.encoding):
            lines = pl.DataFrame({"value": block[:-1].split("\n")})
            lines = lines.with_columns(pl.int_range(at, at + pl.len(), dtype=pl.Int64).alias(ROW))
            at += lines.height
            lines = lines.filter(pl.col("value").str.strip_chars() != "")
            if lines.height:
                yield objects.chunk(con, lines)


class Objects:
    """The lines of one file as rows; what kind of value a key holds is said once and holds for the file."""

    def __init__(self, how: FileMapping) -> None:
        self.wanted = {alike(name): name for name in how.inputs()}
        self.kinds: dict[str, str] = {}

    def chunk(self, con: duckdb.DuckDBPyConnection, lines: pl.DataFrame) -> Chunk:
        """Rows of some lines (`_row`, `value`), and those that are refused."""
        con.register("lines", lines)
        con.execute(
            f"create or replace temp table valid as select {ROW}, value, json_keys(value) as names "
            "from lines where json_valid(value) and json_type(value) = 'OBJECT' "
            # DuckDB lets a comma stand before a closing bracket; whoever wrote it may have lost a value.
            # Texts are looked past, as a value each: a list may end in one.
            "and not regexp_matches(regexp_replace(value, $string, '0', 'g'), ',[[:space:]]*[]}]')",
            {"string": _STRING},
        )
        con.unregister("lines")
        held = con.sql(f"select {ROW}, names from valid order by {ROW}").pl()
        names = held["names"].explode().drop_nulls().unique().sort().to_list()
        paths = [f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names]
        cells = con.sql(
            f"select {ROW}, json_type(value, $paths) as types, json_extract_string(value, $paths) as texts "
            f"from valid order by {ROW}",
            params={"paths": paths or [""]},
        ).pl()
        faults = [
            lines.join(held, on=ROW, how="anti").select(ROW, reason=pl.lit("line is not a JSON object")),
            held.filter(pl.col("names").list.len() > pl.col("names").list.n_unique()).select(
                ROW,
                reason=pl.format(
                    "the key '{}' stands twice",
                    pl.col("names").list.filter(pl.element().is_duplicated()).list.first(),
                ),
            ),
        ]
        columns: dict[str, list[pl.DataFrame]] = {}
        for position, name in enumerate(names):
            cell = cells.select(
                ROW, type=pl.col("types").list.get(position), text=pl.col("texts").list.get(position)
            )
            mapped = self.wanted.get(alike(name))
            faults += self._faults(name, mapped, cell)
            columns.setdefault(mapped or _free(name), []).append(cell)
        faults += [_written_twice(name, own) for name, own in columns.items() if len(own) > 1]
        told = pl.concat(faults).unique(maintain_order=True)
        told = told.group_by(ROW, maintain_order=True).agg(pl.col("reason").str.join("; ")).sort(ROW)
        sound = held.select(ROW).join(told, on=ROW, how="anti", maintain_order="left")
        rows = sound.with_columns(_column(sound, own).alias(name) for name, own in columns.items())
        refused = lines.join(told, on=ROW, maintain_order="right").select(ROW, "value", "reason")
        return Chunk(rows, malformed(refused.iter_rows()))

    def _faults(self, name: str, mapped: str | None, cell: pl.DataFrame) -> list[pl.DataFrame]:
        """Lines whose value of one key cannot stand: no number, or of another kind than in other lines."""
        number = pl.col("text").cast(pl.Float64, strict=False)
        shown = pl.col("text").str.head(60)
        nested = pl.col("type").is_in(["OBJECT", "ARRAY"])
        outside = pl.col("text").str.replace_all(_STRING, "").str.to_lowercase()
        found = [
            (
                (pl.col("type") == "DOUBLE") & ~number.is_finite().fill_null(False),
                pl.format("'{}' is {}, which is no number that can be held", pl.lit(name), shown),
            ),
            (
                nested & outside.str.contains("nan|inf"),
                pl.format("'{}' has NaN or Infinity in it", pl.lit(name)),
            ),
        ]
        if mapped is not None and (kind := self._kind(mapped, cell)) is not None:
            here = pl.col("type").replace_strict(_KINDS, default=None)
            found.append(
                (
                    here.is_not_null() & (here != kind),
                    pl.format("'{}' is {} here, and {} in other lines", pl.lit(name), here, pl.lit(kind)),
                )
            )
            if kind == NUMBER:
                # A column with a fraction in it is held in doubles, whose whole numbers end at 2**53.
                rounded = (cell["type"] == "DOUBLE").any()
                large = ~pl.col("text").str.contains(r"[.eE]") & (number.abs() >= _EXACT) & number.is_finite()
                found.append(
                    (
                        large & pl.lit(rounded),
                        pl.format("'{}' is {}, more digits than are held exactly", pl.lit(name), shown),
                    )
                )
        return [cell.filter(mask.fill_null(False)).select(ROW, reason=why) for mask, why in found]

    def _kind(self, mapped: str, cell: pl.DataFrame) -> str | None:
        """What most lines of the first block that has the key hold; never a list or an object."""
        if mapped not in self.kinds:
            single = [kind for kind in _KINDS.values() if kind in (TEXT, NUMBER, TRUTH)]
            counts = (
                cell.select(kind=pl.col("type").replace_strict(_KINDS, default=None))
                .filter(pl.col("kind").is_in(single))
                .group_by("kind", maintain_order=True)
                .len()
                .sort("len", descending=True, maintain_order=True)
            )
            if counts.is_empty():
                return "a single value" if cell["type"].is_in(["OBJECT", "ARRAY"]).any() else None
            self.kinds[mapped] = counts["kind"][0]
        return self.kinds[mapped]


def _written_twice(name: str, own: list[pl.DataFrame]) -> pl.DataFrame:
    """Lines in which two keys that come to the same name both hold something."""
    there = pl.concat([cell.filter(pl.col("type").is_not_null()).select(ROW) for cell in own])
    return there.filter(pl.col(ROW).is_duplicated()).unique().select(
        ROW, reason=pl.lit(f"the key '{name}' stands twice")
    )  # fmt: skip


def _column(sound: pl.DataFrame, own: list[pl.DataFrame]) -> pl.Series:
    """A key's values in the sound lines: numbers as numbers, everything else as text."""
    cells = [sound.join(cell, on=ROW, how="left", maintain_order="left") for cell in own]
    text = pl.DataFrame([c["text"].alias(str(n)) for n, c in enumerate(cells)]).select(pl.coalesce(pl.all()))
    types = pl.concat([c["type"] for c in cells]).drop_nulls()
    types = types.filter(types != "NULL")
    values = text.to_series()
    if types.is_empty() or not types.is_in([*_WHOLE, "DOUBLE"]).all():
        return values
    numbers = values.cast(pl.Int64 if types.is_in(_WHOLE).all() else pl.Float64, strict=False)
    return values if numbers.null_count() > values.null_count() else numbers


def _free(name: str) -> str:
    return f"{name} (key)" if name == ROW or not name else name
