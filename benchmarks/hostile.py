"""Attack mappings, files and commands with what nobody would send on purpose: one line of JSON.

MAPPINGS=20000 FILES=20000 COMMANDS=2000 SEED=1 .venv/bin/python -m benchmarks.hostile

An escape is anything but a result or one of our own errors in one line: a traceback, a panic, an abort, or a
mapping that was taken although it says what the schema forbids. Everything is made from a seed.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import RatewrightError

WORKERS = 2
BATCH = 100
FORBIDDEN = "forbidden"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 5, 10**30, 1e400, float("nan"), "", " ", "\x00", "a" * 5_000, "../x",
    "/etc/passwd", "=1+1", "%Q", "%Y", "[", "*", "{}", "{a", "'", '"', "\n", "\u2028", "\U0001f600", "_row",
    [], [[]], [1], {}, {"a": 1}, "9999-12-31", "2025-13-45", "utf-16", "rot13", "undefined", "make",
)  # fmt: skip
TOKENS = (
    b"\x00", b'"', b"'", b"\n", b"\r", b",", b";", b"{", b"}", b"[", b"]", b"NaN", b"1e400", b"-",
    b"\xff\xfe", b"\xef\xbb\xbf", b"=1+1", b"#REF!", b"9" * 60, b"<row>", b"PAR1", b"PK\x03\x04",
    "\u674e".encode(),
)  # fmt: skip
BASE: dict[str, Any] = {
    "client": "acme",
    "title": "t",
    "source": "s",
    "valuation_date": "2024-12-31",
    "tolerated_share": 1.0,
    "files": [
        {
            "match": "policies.*",
            "sources": [
                {
                    "source": "vehicles",
                    "repeats": "last",
                    "columns": {"vehicle_id": "vin", "make": "make", "model_year": "year"},
                },
                {
                    "source": "contracts",
                    "columns": {
                        "contract_id": "policy",
                        "vehicle_id": "vin",
                        "effective_date": "from",
                        "expiry_date": "to",
                        "annual_premium": "premium",
                    },
                    "factors": [{"name": "driver_age", "column": "age", "bands": [18, 26, 41]}],
                },
            ],
        }
    ],
}
ROWS = {
    "policy": ["P1", "P2", "P3"], "vin": ["V1", "V2", "V1"], "make": ["AURORA", "DELTA", "AURORA"],
    "year": [2020, 2019, 2020], "from": ["2024-01-01", "2024-02-01", "2025-01-01"],
    "to": ["2024-12-31", "2025-01-31", "2025-12-31"], "premium": [1200.5, 900.0, 1250.0], "age": [30, 55, 31],
}  # fmt: skip
WORDS = (
    "run", "gate", "simulate", "status", "doctor", "sql", "flags", "list", "rates", "show", "diff",
    "explain", "edit", "submit", "approve", "reject", "publish", "withdraw", "pull", "pack", "quote",
    "draft", "deliveries", "forget", "--help", "--client", "--delivery", "--mapping", "--rating-year",
    "--valuation-date", "--out", "--format", "--top", "--limit", "--year", "--version", "--reason",
    "--vehicles", "--years", "--seed", "--defects", "--summary", "--docs", "--yes", "--older-than",
    "--json", "--from", "--overall-change", "--replace", "--contracts",
)  # fmt: skip
VALUES = (
    "", " ", "-1", "0", "1", "2026", "99999999999999999999", "nan", "acme", "acme-1", "../x", "/", ".",
    "nothing.csv", "a\u2028b", "\U0001f600", "csv", "xlsx", "select 1", "copy x to y", "'", "--", "=1",
    "select [1, 2] as a, {'b': 1} as c",
)  # fmt: skip
FIRST_WORDS = (("status",), ("sql",), ("rates", "list"), ("deliveries", "list"), ("gate",), ("doctor",), ())
WHOLE_LANDING = 0.1
"""Share of files that are landed as a whole; the others are read and held to their contract."""


@dataclass(frozen=True)
class Escape:
    """What was tried, and what came out of it."""

    kind: str
    number: int
    what: str


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, the document itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places_of(inner, (*path, key))


def spoiled_mapping(chance: random.Random) -> bytes:
    """A mapping with up to three of its places changed, its text then now and then as well."""
    document = copy.deepcopy(BASE)
    for _ in range(chance.randrange(4)):
        path = chance.choice(list(places_of(document)))
        owner = document
        for key in path[:-1]:
            owner = owner[key]
        change = chance.randrange(4)
        if change == 0:
            owner[path[-1]] = chance.choice(ODD)
        elif change == 1:
            del owner[path[-1]]
        elif change == 2 and isinstance(owner, dict):
            owner[str(chance.choice(ODD))] = owner[path[-1]]
        else:
            owner[path[-1]] = copy.deepcopy(chance.choice([BASE, BASE["files"], owner[path[-1]]]))
    text = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")
    return mutated(text, chance) if chance.random() < 0.3 else text


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes with bits flipped, pieces cut, doubled or spliced in, or tokens planted."""
    spoiled = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        at, until = sorted(chance.randrange(len(spoiled) + 1) for _ in range(2))
        until = min(until, at + chance.choice([1, 8, 200]))
        change = chance.randrange(5)
        if change == 0 and at < len(spoiled):
            spoiled[at] ^= 1 << chance.randrange(8)
        elif change == 1:
            del spoiled[at:until]
        elif change == 2:
            spoiled[at:at] = spoiled[at:until]
        elif change == 3:
            spoiled[at:at] = chance.choice(TOKENS)
        else:
            del spoiled[max(1, at) :]
    return bytes(spoiled)


def sound_files() -> dict[str, bytes]:
    """The same small table in every format that is read."""
    import openpyxl
    import polars as pl

    frame = pl.DataFrame(ROWS)
    text = frame.write_csv()
    parquet, sheet, book = io.BytesIO(), io.BytesIO(), openpyxl.Workbook()
    frame.write_parquet(parquet)
    for row in [frame.columns, *frame.rows()]:
        book.active.append(list(row))
    book.save(sheet)
    return {
        "policies.csv": text.encode(),
        "policies.txt": text.replace(",", ";").encode("gb18030"),
        "policies.jsonl": frame.write_ndjson().encode(),
        "policies.parquet": parquet.getvalue(),
        "policies.xlsx": sheet.getvalue(),
    }


def attack(kind: str, start: int, count: int, seed: int) -> list[Escape]:
    """Try so many of a kind; what escaped."""
    tries: dict[str, Callable[[random.Random, Path], str]] = {
        "mappings": _try_mapping,
        "files": _try_file,
        "commands": _try_command,
    }
    found = []
    for number in range(start, start + count):
        chance = random.Random(f"{kind} {seed} {number}")  # noqa: S311 - nothing is kept secret
        with tempfile.TemporaryDirectory(prefix="ratewright-hostile-") as folder:
            told = tries[kind](chance, Path(folder))
        if told:
            found.append(Escape(kind, number, told))
    return found


def _outcome(act: Callable[[], object]) -> str:
    """Nothing where it ended well or was refused in one line; else what came out."""
    try:
        act()
    except RatewrightError as error:
        return "" if len(str(error).splitlines()) == 1 else f"{len(str(error).splitlines())} lines: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def _try_mapping(chance: random.Random, folder: Path) -> str:
    from pipelines.landing.mapping import load_mapping

    path = folder / "mapping.yml"
    path.write_bytes(spoiled_mapping(chance))
    taken: list[Any] = []
    told = _outcome(lambda: taken.append(load_mapping(path)))
    return told or (forbidden(taken[0].model_dump(by_alias=True)) if taken else "")


def forbidden(mapping: dict[str, Any]) -> str:
    """What a mapping that was taken says although it must not; nothing where it is sound."""
    for file in mapping["files"]:
        names = [factor["name"] for source in file["sources"] for factor in source["factors"]]
        told = {
            "a factor twice": len(names) != len(set(names)),
            "a factor named as a column": "make" in names,
            "a separator that is none": file["thousands"] == "" or file["decimal"] == "",
            "an encoding that is none": file["encoding"] in ("rot13", "undefined", "zip"),
            "a delimiter that is none": len(file["delimiter"]) != 1 or file["delimiter"].isalnum(),
            "no format of days": not file["date_formats"],
        }
        if wrong := [what for what, is_so in told.items() if is_so]:
            return f"{FORBIDDEN}: {wrong[0]}"
    share = mapping["tolerated_share"]
    return "" if 0 <= share <= 1 else f"{FORBIDDEN}: a share of {share}"


def _try_file(chance: random.Random, folder: Path) -> str:
    from pipelines.landing.land import land
    from pipelines.landing.mapping import load_mapping
    from pipelines.landing.places import Places
    from pipelines.landing.reading.pseudonyms import Pseudonyms
    from pipelines.landing.reading.readers import read_chunks
    from pipelines.landing.reading.validate import check

    if not _SOUND:
        _SOUND.update(sound_files())
    name, data = chance.choice(sorted(_SOUND.items()))
    delivery = folder / "delivery"
    delivery.mkdir()
    (delivery / name).write_bytes(mutated(data, chance))
    document = copy.deepcopy(BASE)
    if name.endswith(".txt"):
        document["files"][0] |= {"delimiter": ";", "encoding": "gb18030"}
    path = folder / "mapping.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    mapping = load_mapping(path)
    if chance.random() < WHOLE_LANDING:
        return _outcome(lambda: land(delivery, mapping, Places.under(folder / "data"), "key"))
    hidden, how = Pseudonyms("key"), mapping.file_for(name)
    assert how is not None  # noqa: S101
    return _outcome(lambda: [check(chunk, how, hidden) for chunk in read_chunks(delivery / name, how)])


_SOUND: dict[str, bytes] = {}


def _try_command(chance: random.Random, folder: Path) -> str:
    """A line of words and values, most of them senseless; run in this process as the command line does."""
    from unittest.mock import patch

    from pipelines.cli import main
    from pipelines.settings import settings

    senseless = (
        chance.choice(WORDS if chance.random() < 0.5 else VALUES) for _ in range(chance.randrange(5))
    )
    words = [*chance.choice(FIRST_WORDS), *senseless]
    if words and words[0] in ("run", "simulate") and "--help" not in words:
        words.append("--help")  # what takes minutes when it is understood is tried as a mapping and as a file
    out, err = io.StringIO(), io.StringIO()
    environment = {**os.environ, "RATEWRIGHT_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"}
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["ratewright", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        settings.cache_clear()
        try:
            main()
            code: object = 0
        except SystemExit as left:
            code = left.code
        except BaseException as error:
            return f"{words}: {type(error).__name__}: {str(error)[:200]}"
        finally:
            settings.cache_clear()
    if code not in (0, 1, 2, None) or "Traceback" in err.getvalue() + out.getvalue():
        return f"{words}: exit {code}: {err.getvalue()[-300:]}"
    return ""


def run(counts: dict[str, int], seed: int, workers: int = WORKERS) -> tuple[dict[str, Any], list[Escape]]:
    """Attack in batches, each in a process that may die of it."""
    began = time.perf_counter()
    found: list[Escape] = []
    for kind, count in counts.items():
        starts = range(0, count, BATCH)
        pending = list(starts)
        while pending:
            with ProcessPoolExecutor(workers, get_context("spawn"), logging.disable) as pool:
                sizes = {start: min(BATCH, count - start) for start in pending}
                jobs = {start: pool.submit(attack, kind, start, size, seed) for start, size in sizes.items()}
                pending = []
                for start, job in jobs.items():
                    try:
                        found += job.result()
                    except BrokenProcessPool:
                        # Whose fault it was is not known: every one that was under way is tried alone.
                        pending.append(start)
            if len(pending) == len(jobs):
                found += [Escape(kind, start, "the process died within this batch") for start in pending]
                pending = []
            print(f"{kind}: {count:,} tried, {len(found)} escapes so far", file=sys.stderr, flush=True)
    told = {**counts, "escapes": len(found), "seconds": round(time.perf_counter() - began, 1)}
    return told, found


def main() -> None:
    """Attack, print one line, and list what escaped; exit 1 where anything did."""
    counts = {
        kind: int(os.environ.get(kind.upper()) or usual)
        for kind, usual in (("mappings", 20_000), ("files", 20_000), ("commands", 2_000))
    }
    told, found = run(counts, int(os.environ.get("SEED") or 1))
    for escape in found[:50]:
        print(f"{escape.kind} {escape.number}: {escape.what}", file=sys.stderr)
    print(json.dumps(told))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
