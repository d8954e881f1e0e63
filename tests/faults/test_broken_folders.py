"""Folders that are broken, full or in the way: one line that says the way out, and nobody stuck for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.fraud.flags import flags_path
from pipelines.landing.integrity import faults_of_bytes
from pipelines.landing.journal import JOURNAL
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.settings import Settings
from tests.commands import Done, ratewright
from tests.conftest import PROJECT
from tests.pipelines.landing.test_replays import MappingOf, content

COMMANDS = {
    "status": ("status",),
    "sql": ("sql", "select 1"),
    "flags": ("flags", "list"),
    "rates": ("rates", "list"),
    "deliveries": ("deliveries", "list"),
    "doctor": ("doctor",),
    "gate": ("gate", "--delivery", ".", "--mapping", "nothing.yml"),
    "simulate": ("simulate", "--vehicles", "1", "--years", "1", "--out", "README.md"),
}


def one_line(done: Done) -> str:
    """The error, which is one line, and no traceback."""
    assert done.returncode in (1, 2), done.stdout
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("error:"))
    return line


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    return mapping_of()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_folder_that_is_a_file_is_said_in_one_line_or_is_nothing_yet(
    tmp_path: Path, command: str
) -> None:
    data = tmp_path / "data"
    data.write_text("a file")
    done = ratewright(data, *COMMANDS[command])
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode in (0, 1, 2)
    assert done.returncode == 0 or one_line(done)
    assert data.read_text() == "a file"


def test_a_run_into_a_data_folder_that_is_a_file_says_where_and_what_to_do(
    tmp_path: Path, delivery: Path, mapping_of: MappingOf
) -> None:
    mapping_of()
    (tmp_path / "data").write_text("a file")
    words = ("--delivery", str(delivery), "--mapping", str(tmp_path / "mapping.yml"), "--rating-year", "2026")
    line = one_line(ratewright(tmp_path / "data", "run", *words))
    assert "a file stands where a folder is needed: name another place" in line


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    journal=st.binary(max_size=40)
    | st.sampled_from(
        [
            b"",
            b"{}",
            b"[]",
            b'{"moves": 1, "deletes": 2}',
            b'{"moves": [["a"]], "deletes": []}',
            b'{"moves": [], "deletes": [["lake", "../../keep"]]}',
            b'{"moves": [], "deletes": [["/", "keep"]]}',
            b'{"moves": [["../../keep", "lake", "x"]], "deletes": []}',
            b'{"moves": [["x", "lake", "/keep"]], "deletes": []}',
            b'{"moves": [["x", "staging", "y"]], "deletes": []}',
            b"[" * 2_000,
        ]
    )
)
def test_a_journal_that_is_none_stops_nobody_and_reaches_nothing(
    journal: bytes, tmp_path_factory: pytest.TempPathFactory, delivery: Path, mapping: Mapping
) -> None:
    root = tmp_path_factory.mktemp("journal")
    places = Places.under(root / "data", "acme")
    (root / "data" / "keep").parent.mkdir(parents=True)
    (root / "data" / "keep").write_text("not of this client")
    places.staging.mkdir(parents=True)
    (places.staging / JOURNAL).write_bytes(journal)
    assert land(delivery, mapping, places, "key").landed
    assert (root / "data" / "keep").read_text() == "not of this client"
    assert not places.staging.exists()


def test_a_landing_whose_journal_was_lost_half_way_is_landed_anew(
    delivery: Path, places: Places, mapping: Mapping
) -> None:
    land(delivery, mapping, places, "key")
    expected = content(places)
    for entry in places.ledger.glob("*.json"):
        entry.unlink()
    strange = sorted((places.lake / "claims").glob("*.parquet"))
    assert strange
    assert land(delivery, mapping, places, "key").landed
    assert content(places) == expected
    assert faults_of_bytes(places) == []


@pytest.mark.parametrize("left", [0, 30])
def test_a_serving_copy_or_flags_that_were_cut_are_named_with_the_way_out(tmp_path: Path, left: int) -> None:
    here = Settings(data_dir=tmp_path)
    serving, flags = here.serving("acme"), flags_path(here, "acme")
    for path in (serving, flags):
        path.parent.mkdir(parents=True)
    pl.DataFrame({"claim_id": ["C1"]}).write_parquet(flags)
    flags.write_bytes(flags.read_bytes()[:left])
    serving.write_bytes(b"x" * left)
    (tmp_path / "ledger" / "acme").mkdir(parents=True)
    assert f"{serving}" in one_line(ratewright(tmp_path, "sql", "select 1"))
    assert f"{flags} cannot be read: the next run writes it anew" in one_line(
        ratewright(tmp_path, "flags", "list")
    )
    assert ratewright(tmp_path, "status").returncode == 0


def test_an_answer_or_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_text("a file")
    line = one_line(ratewright(tmp_path, "simulate", "--vehicles", "1", "--years", "1", "--out", str(made)))
    assert f"{made}" in line


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from pathlib import Path
from pipelines.cli import main
sys.argv = ["ratewright", *sys.argv[2:]]
main()
"""


def test_a_disk_that_fills_up_leaves_nothing_half_written_and_the_next_landing_ends_well(
    tmp_path: Path, delivery: Path, places: Places, mapping: Mapping
) -> None:
    rows = "\n".join(f"C{n},P1,2024-03-01,{n}.25" for n in range(20_000))
    (delivery / "claims.csv").write_text(f"claim,policy,day,amount\n{rows}\n")
    script = (
        "from pipelines.landing.land import land\n"
        "from pipelines.landing.mapping import load_mapping\n"
        "from pipelines.landing.places import Places\n"
        "import pipelines.cli as cli\n"
        "cli.app = lambda: land(Path(sys.argv[1]), load_mapping(Path(sys.argv[2])), "
        "Places.under(Path(sys.argv[3])), 'key')\n"
    )
    words = [str(delivery), str(tmp_path / "mapping.yml"), str(tmp_path)]
    code = FULL.replace("main()\n", "") + script + "main()\n"
    done = subprocess.run(
        [sys.executable, "-c", code, "20000", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error:")
    assert "run again: nothing half-written counts" in last
    assert not [p for p in places.ledger.rglob("*") if p.is_file()]
    assert land(delivery, mapping, places, "key").landed
    assert faults_of_bytes(places) == []
