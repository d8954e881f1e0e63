"""Lines of a CSV file against its records: which lines make a record, and which do not add up.

A parser that trusts quotes takes every line between a stray one and the next for one field. Here the
physical lines are looked at first: a record of several lines must close its quote, have the header's number
of fields, and not hold lines that are records by themselves. What does not add up is refused with its line.
Quoting is that of RFC 4180; a quote inside an unquoted field (`5" wheel`) is a character like any other.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

import polars as pl

LONGEST_RECORD: Final = 1_000_000
LINE_BREAK: Final = "\ue001"
"""Stands for a line break inside a field, so that every record is one line to the parser behind."""
MOST_LINES: Final = 2_000
csv.field_size_limit(32_000_000)


class Dialect:
    """Patterns of one delimiter. A field is quoted, or does not begin with a quote."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        d = f"\\{delimiter}" if delimiter in r"\^$.|?*+()[]{}-&~#" else delimiter
        quoted = r'"[^"]*(?:""[^"]*)*"'
        strict = rf'(?:[^"{d}]*|{quoted})'
        loose = rf'(?:[^"{d}][^{d}]*|{quoted}|)'
        inside = r'[^"]*(?:""[^"]*)*'
        self.strict = rf"^{strict}(?:{d}{strict})*$"
        self.whole = rf"^{loose}(?:{d}{loose})*$"
        self.opens = rf'^(?:{loose}{d})*"{inside}$'
        self.closes = rf'^{inside}"(?:{d}{loose})*$'
        self.closes_and_opens = rf'^{inside}"{d}(?:{loose}{d})*"{inside}$'
        self.still_inside = rf"^{inside}$"
        self.quoted = quoted
        self.surplus = rf"{d}\s*$"

    def fields(self, record: str) -> list[str]:
        """Fields of one whole record; none if it cannot be taken apart."""
        try:
            return next(csv.reader([record], delimiter=self.delimiter), [])
        except csv.Error:
            return []

    def plain(self, record: str) -> str:
        """A record with quotes inside unquoted fields, written as every parser reads it."""
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="").writerow(self.fields(record))
        return text.getvalue()

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """The patterns as Python's, for the few lines that are looked at one by one."""
        names = ("whole", "opens", "closes", "closes_and_opens", "still_inside")
        return {name: re.compile(getattr(self, name)) for name in names}

    def is_like(self, name: str, line: str) -> bool:
        return self.patterns[name].match(line) is not None


@dataclass(frozen=True)
class Shape:
    """How many fields a record has: all columns of the header, or those up to the last one with a name.

    `surplus`: the file ends every row in one delimiter more than its header.
    """

    width: int
    least: int
    surplus: bool = False

    @property
    def most(self) -> int:
        return self.width + self.surplus

    def fits(self, count: pl.Expr, last_is_empty: pl.Expr) -> pl.Expr:
        if self.surplus:
            return (count == self.most) & last_is_empty
        return count.is_between(self.least, self.width)


@dataclass
class Records:
    """Records of a block with the line each begins in, and lines that are no record.

    `rest` is what of the block is left for the next one: the beginning of a record that goes on.
    """

    lines: pl.Series
    texts: pl.Series
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


class Splitter:
    """Splits blocks of lines of one file into records.

    Args:
        dialect: the file's delimiter.
        shape: how many fields its header says.
    """

    def __init__(self, dialect: Dialect, shape: Shape) -> None:
        self.dialect = dialect
        self.shape = shape

    def split(self, lines: list[str], first: int, *, last: bool) -> Records:
        """Records of some lines.

        Args:
            lines: whole physical lines, without their ends.
            first: number of the first of them in the file.
            last: nothing follows them.
        """
        frame = pl.DataFrame(
            {"line": pl.int_range(first, first + len(lines), eager=True), "text": lines},
            schema={"line": pl.Int64, "text": pl.String},
        )
        quotes = frame.with_row_index("at").filter(pl.col("text").str.contains('"', literal=True))
        if quotes.is_empty():
            return self._judged(frame, [], [])
        kinds = quotes.with_columns(
            kind=pl.when(pl.col("text").str.contains(self.dialect.strict)).then(pl.lit("strict"))
            .when(pl.col("text").str.contains(self.dialect.whole)).then(pl.lit("whole"))
            .when(pl.col("text").str.contains(self.dialect.opens)).then(pl.lit("opens"))
            .otherwise(pl.lit("broken"))
        )  # fmt: skip
        return self._with_quotes(frame, kinds, lines, first, last=last)

    def _with_quotes(
        self, frame: pl.DataFrame, kinds: pl.DataFrame, lines: list[str], first: int, *, last: bool
    ) -> Records:
        odd = dict(kinds.filter(pl.col("kind") != "strict").select("at", "kind").iter_rows())
        quoted = kinds["at"].to_list()
        after = dict(pairwise(quoted))
        joined, faults, cut = self._joined(lines, odd, after, first, last=last)
        inner = {n for at, end in joined.items() for n in range(at + 1, end + 1)}
        texts = {at: "\n".join(lines[at : end + 1]) for at, end in joined.items()}
        for at, kind in odd.items():
            if at in inner or at in texts or at >= cut:
                continue
            if kind == "whole":
                texts[at] = lines[at]
            elif kind == "broken":
                faults.setdefault(at, "text follows the quote that ends a field")
        told = [(first + at, lines[at], why) for at, why in faults.items() if at < cut]
        gone = sorted({*faults, *inner, *range(cut, len(lines))})
        plain = {at: self.dialect.plain(text).replace("\n", LINE_BREAK) for at, text in texts.items()}
        kept = _replaced(frame, plain, gone)
        return self._judged(kept, told, lines[cut:])

    def _joined(
        self, lines: list[str], odd: dict[int, str], after: dict[int, int], first: int, *, last: bool
    ) -> tuple[dict[int, int], dict[int, str], int]:
        """Records of several lines by their first one, lines at fault, and where the next block begins.

        Only lines whose quotes do not close within them come here, never a file's many plain ones.
        """
        joined: dict[int, int] = {}
        faults: dict[int, str] = {}
        free = 0
        for at in (n for n, kind in odd.items() if kind == "opens"):
            if at < free:
                continue
            end, closed = self._close(lines, at, after)
            if closed is None and not last and self._may_go_on(lines, at):
                return joined, faults, at
            if not closed:
                faults[at] = f"a quote opens in line {first + at} and does not close where a field ends"
                continue
            reason, whole = self._against(lines, at, end, first)
            if reason is None:
                joined[at] = end
            elif whole:
                faults.update(dict.fromkeys(range(at, end + 1), reason))
            else:
                faults[at] = faults[end] = reason
                continue
            free = end + 1
        return joined, faults, len(lines)

    def _close(self, lines: list[str], at: int, after: dict[int, int]) -> tuple[int, bool | None]:
        """The line in which the quote that opens in line `at` closes, and whether it does; None: not yet."""
        here, size = at, len(lines[at])
        while (then := after.get(here)) is not None:
            size += sum(len(text) for text in lines[here + 1 : then + 1])
            if size > LONGEST_RECORD or then - at > MOST_LINES:
                return at, False
            here = then
            if self.dialect.is_like("closes", lines[here]):
                return here, True
            goes_on = ("closes_and_opens", "still_inside")
            if not any(self.dialect.is_like(kind, lines[here]) for kind in goes_on):
                return at, False
        return at, None

    def _may_go_on(self, lines: list[str], at: int) -> bool:
        return len(lines) - at <= MOST_LINES and sum(map(len, lines[at:])) <= LONGEST_RECORD

    def _against(self, lines: list[str], at: int, end: int, first: int) -> tuple[str | None, bool]:
        """Why the lines from `at` to `end` are not one record, and whether that holds for all of them."""
        told = f"a quote opens in line {first + at} and closes in line {first + end}"
        count = len(fields := self.dialect.fields("\n".join(lines[at : end + 1])))
        if not self._fits(fields):
            return f"{told}, which makes {count} fields; the header has {self.shape.width}", False
        counts = [text.count(self.dialect.delimiter) + 1 for text in lines[at : end + 1] if text.strip()]
        # Lines wholly inside a field: one that has the fields of a record is hardly a part of a remark.
        inside = [text for text in lines[at + 1 : end] if text.strip() and '"' not in text]
        width = self.shape.most
        alone = any(text.count(self.dialect.delimiter) + 1 == width for text in inside)
        if width > 1 and (all(count == width for count in counts) or (width > 2 and alone)):
            return f"{told}, and lines in it have the fields of a record each: is it stray?", True
        return None, True

    def _fits(self, fields: list[str]) -> bool:
        if self.shape.surplus:
            return len(fields) == self.shape.most and not fields[-1].strip()
        return self.shape.least <= len(fields) <= self.shape.width

    def _judged(self, frame: pl.DataFrame, faults: list[tuple[int, str, str]], rest: list[str]) -> Records:
        """Count the fields of every record, and set aside those that do not have the header's number."""
        frame = frame.filter(pl.col("text").str.strip_chars() != "")
        delimiter = self.dialect.delimiter
        bare = pl.col("text").str.replace_all(self.dialect.quoted, "")
        counted = frame.with_columns(
            fields=bare.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1,
            ends=pl.col("text").str.strip_chars_end(" \t\r").str.ends_with(delimiter),
        )
        fits = self.shape.fits(pl.col("fields"), pl.col("ends"))
        wrong = counted.filter(~fits)
        if wrong.height:
            counted = counted.filter(fits)
            told = wrong.with_columns(
                why=pl.format("line has {} fields, the header has {}", "fields", pl.lit(self.shape.most))
            )
            faults = [*faults, *told.select("line", "text", "why").iter_rows()]
        if self.shape.surplus:
            counted = counted.with_columns(pl.col("text").str.replace(self.dialect.surplus, ""))
        return Records(counted["line"], counted["text"], sorted(faults), rest)


def _replaced(frame: pl.DataFrame, texts: dict[int, str], gone: list[int]) -> pl.DataFrame:
    if texts:
        at = pl.Series(list(texts), dtype=pl.UInt32)
        frame = frame.with_columns(text=frame["text"].scatter(at, pl.Series(list(texts.values()))))
    if not gone:
        return frame
    dropped = pl.DataFrame({"at": pl.Series(sorted(gone), dtype=pl.UInt32)})
    return frame.with_row_index("at").join(dropped, on="at", how="anti", maintain_order="left").drop("at")
