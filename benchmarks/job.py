"""Run the job that users run on simulated brands, one after the other: one line of JSON per brand.

VEHICLES=2000 SEEDS=1-20 .venv/bin/python -m benchmarks.job

Each brand is simulated for three years and run by `ratewright run` in a data folder of its own: landing,
gates, dbt with its tests, forecast, publication. It has ended well (`rc` 0) when the command did and a rate
table stands. The first two small brands (with REPEATS=N, every brand) are then run twice (N times) more, with
other numbers of threads for what sums: each run has to end well and leave every file of every version as it
was. Else `reason` is what it said last. Without VEHICLES: 2,000 vehicles with seeds 1 to 20, then 50,000 with
1 to 5. Lines are kept in results/job.jsonl with a hash of the code: what has ended well with this code is not
run again, so that a proof that was broken off goes on. Folders of finished brands are removed. SCRATCH=DIR
says where they lie meanwhile: about 8 GB for 50,000 vehicles.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT_ROOT

RESULTS = Path(__file__).with_name("results") / "job.jsonl"
SIZES = ((2_000, "1-20"), (50_000, "1-5"))
YEARS = 3
LAST_LINES = 6
REPEATS, REPEATED, MOST_REPEATED = 2, (1, 2), 5_000
"""Runs of a brand after its first, and seeds and size of those run again unless REPEATS says so."""
_CODE = ("pipelines", "models_ml", "simulator", "dbt_project", "data/mappings")
_MADE = {"target", "logs", "__pycache__"}


def seeds_of(text: str) -> list[int]:
    """Seeds named one by one or from the first to the last: `7` or `1-5,9`.

    Raises:
        SystemExit: what is written is no seed.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not found:
            sys.exit(f"SEEDS={text}: expected numbers like 1-5,9")
        seeds += range(int(found[1]), int(found[2] or found[1]) + 1)
    return seeds


def brands() -> list[tuple[int, int]]:
    """Vehicles and seed of every brand asked for."""
    vehicles = os.environ.get("VEHICLES")
    sizes = SIZES if not vehicles else ((int(vehicles), os.environ.get("SEEDS") or "1-5"),)
    return [(size, seed) for size, seeds in sizes for seed in seeds_of(seeds)]


def code() -> str:
    """Hash of what the job is made of."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for folder in _CODE:
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.is_file() and not _MADE & set(path.parts):
                yield path


def ratewright(data: Path, *words: str, **more: str) -> tuple[int, str]:
    """Run a command on a data folder, with more environment; its exit code and what it said last."""
    own = {"RATEWRIGHT_DATA_DIR": str(data), "NO_COLOR": "1", "COLUMNS": "300"}
    environment = {**os.environ, **own, **more}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    return done.returncode, " | ".join(said[-LAST_LINES:])


def run_job(folder: Path, vehicles: int, seed: int) -> dict[str, Any]:
    """Simulate a brand and run the job on it; how it ended."""
    began = time.perf_counter()
    delivery = folder / "brand"
    size = ("--vehicles", str(vehicles), "--years", str(YEARS), "--seed", str(seed))
    rc, said = ratewright(folder / "data", "simulate", "--out", str(delivery), *size)
    mapping = PROJECT_ROOT / "data" / "mappings" / "simulated.yml"
    words = ("--delivery", str(delivery), "--mapping", str(mapping))
    if rc == 0:
        rc, said = ratewright(folder / "data", "run", *words)
    if rc == 0 and not has_table(folder / "data"):
        rc, said = 1, f"no rate table stands; {said}"
    change = indicated_change(folder / "data") if rc == 0 else None
    asked = os.environ.get("REPEATS")
    repeats = int(asked) if asked else REPEATS if vehicles <= MOST_REPEATED and seed in REPEATED else 0
    if rc == 0:
        rc, said = repeat(folder / "data", words, repeats)
    seconds = round(time.perf_counter() - began, 1)
    return {
        "vehicles": vehicles, "seed": seed, "rc": rc, "seconds": seconds, "repeats": repeats,
        "indicated_change": change, "reason": said if rc else "",
    }  # fmt: skip


def repeat(data: Path, words: tuple[str, ...], times: int) -> tuple[int, str]:
    """Run the same job again and again; the first that does not end well in the same files says why."""
    before = files_of_tables(data)
    for number in range(1, times + 1):
        # Sums of floats depend on the order of adding, and that on who adds.
        threads = str(1 + number % 2)
        rc, said = ratewright(data, "run", *words, POLARS_MAX_THREADS=threads)
        if rc:
            return rc, f"run {number + 1} of the same: {said}"
        after = files_of_tables(data)
        if other := sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n)):
            told = f"run {number + 1} of the same left {len(other)} files otherwise, such as {other[0]}"
            return 1, f"{told}; {other_inputs(data)}"
    return 0, ""


def other_inputs(data: Path) -> str:
    """In what the manifests of the versions under a data folder differ."""
    manifests = [json.loads(p.read_bytes()) for p in sorted((data / "rates").rglob("manifest.json"))]
    names = {name for made in manifests for name in made if any(made[name] != m.get(name) for m in manifests)}
    return f"{len(manifests)} versions, whose manifests differ in {', '.join(sorted(names)) or 'nothing'}"


def files_of_tables(data: Path) -> dict[str, str]:
    """Hashes of the files of every version, drafted or published, by their path."""
    files = [p for part in ("published", "rates") for p in (data / part).rglob("*") if p.is_file()]
    tables = [p for p in files if "rate_tables" in p.parts or "versions" in p.parts]
    return {str(p.relative_to(data)): hashlib.sha256(p.read_bytes()).hexdigest() for p in tables}


def indicated_change(data: Path) -> float | None:
    """Indicated change of the premium of those who renew, a fraction, in the version that stands."""
    for path in sorted((data / "published" / "rate_tables").rglob("repricing.json")):
        balance = json.loads(path.read_text(encoding="utf-8"))["balance"]
        return float(balance["indicated_change"]) if balance else None
    return None


def has_table(data: Path) -> bool:
    """Whether a rate table was published or drafted under a data folder."""
    return any((data / "published" / "rate_tables").rglob("rate_table.parquet")) or any(
        (data / "rates").rglob("rate_table.parquet")
    )


def done_before(of_code: str) -> dict[tuple[int, int], dict[str, Any]]:
    """Brands on which this code has ended well."""
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    return {(k["vehicles"], k["seed"]): k for k in lines if k["code"] == of_code and k["rc"] == 0}


def main() -> None:
    """Run every brand that has not ended well before; exit 1 where one did not."""
    of_code = code()
    before = done_before(of_code)
    failed = 0
    for vehicles, seed in brands():
        if (vehicles, seed) in before:
            print(json.dumps(before[vehicles, seed]), flush=True)
            continue
        folder = Path(
            tempfile.mkdtemp(prefix=f"ratewright-job-{vehicles}-{seed}-", dir=os.environ.get("SCRATCH"))
        )
        try:
            found = {**run_job(folder, vehicles, seed), "code": of_code}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        failed += found["rc"] != 0
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(found) + "\n")
        print(json.dumps(found), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
