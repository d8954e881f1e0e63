"""The command line: help that teaches, one clear line for bad input, and exit codes that CI can trust."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.commands import ratewright
from tests.conftest import CLAIMS, MAPPING, POLICIES, PROJECT


def in_a_process_of_its_own(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=PROJECT,
        env={**os.environ, "RATEWRIGHT_DATA_DIR": str(data), "NO_COLOR": "1", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yml"
    path.write_text(yaml.safe_dump(MAPPING))
    return path


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "gate",
        "simulate",
        "status",
        "doctor",
        "rates draft",
        "rates list",
        "rates show",
        "rates diff",
        "rates explain",
        "rates edit",
        "rates submit",
        "rates approve",
        "rates reject",
        "rates publish",
        "rates withdraw",
        "rates pull",
        "flags list",
        "deliveries list",
        "deliveries show",
        "deliveries withdraw",
        "deliveries forget",
        "sql",
    ],
)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    done = ratewright(tmp_path, *command.split(), "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    assert "Example: ratewright" in done.stdout or " " not in command or "list" in command


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no delivery", "expected a delivery folder; found no such folder"),
        ("no mapping", "expected a mapping file; found no such file"),
        ("typo", "did you mean 'vehicles'?"),
        ("stranger", "extra.csv: expected a file that the mapping of acme names"),
        ("unknown type", "policies.docx"),
        ("bad date", "valuation date: expected a day like 2025-12-31; found 'soon'"),
        ("empty", "claims.csv: expected rows; found an empty file"),
        (
            "missing column",
            "claims.csv: column 'amount': expected the column that the mapping names",
        ),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(
    tmp_path: Path, delivery: Path, mapping: Path, fault: str, message: str
) -> None:
    extra: list[str] = []
    if fault == "no delivery":
        delivery = tmp_path / "nowhere"
    elif fault == "no mapping":
        mapping = tmp_path / "nowhere.yml"
    elif fault == "typo":
        mapping.write_text(mapping.read_text().replace("source: vehicles", "source: vehicels"))
    elif fault == "stranger":
        (delivery / "extra.csv").write_text("a\n1\n")
    elif fault == "unknown type":
        mapping.write_text(mapping.read_text().replace("policies.csv", "policies.docx"))
        (delivery / "policies.csv").rename(delivery / "policies.docx")
    elif fault == "bad date":
        extra = ["--valuation-date", "soon"]
    elif fault == "empty":
        (delivery / "claims.csv").write_text("")
    elif fault == "missing column":
        (delivery / "claims.csv").write_text(CLAIMS.replace("amount", "amout"))
    data = tmp_path / "data"
    done = ratewright(data, "run", "--delivery", str(delivery), "--mapping", str(mapping),
                      "--rating-year", "2025", *extra)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
    assert "Traceback" not in done.stderr
    left = [p for d in ("lake", "warehouse", "published") for p in (data / d).rglob("*") if p.is_file()]
    assert [p.name for p in left] in ([], [".landing.lock"])


def test_a_run_that_the_gate_stops_is_exit_1_and_publishes_nothing(
    tmp_path: Path, delivery: Path, mapping: Path
) -> None:
    mapping.write_text(yaml.safe_dump({**MAPPING, "expect": {"contracts": {"rows": [100, 200]}}}))
    words = ["--delivery", str(delivery), "--mapping", str(mapping), "--rating-year", "2026"]
    done = in_a_process_of_its_own(tmp_path / "data", "run", *words)
    assert done.returncode == 1
    assert "gate: contracts: 100 to 200 rows; found 3 rows" in done.stderr
    assert "nothing was published" in done.stdout
    assert not (tmp_path / "data" / "published").exists()
    assert not (tmp_path / "data" / "warehouse").exists()


def test_bad_usage_is_exit_2(tmp_path: Path) -> None:
    assert ratewright(tmp_path, "rates", "pull", "--year", "soon", "--out", "x").returncode == 2
    assert ratewright(tmp_path, "run", "--delivery", str(tmp_path)).returncode == 2


def test_what_is_not_there_is_exit_1(tmp_path: Path) -> None:
    done = ratewright(tmp_path, "rates", "pull", "--year", "2031", "--out", str(tmp_path / "x"))
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "error: no rate table is published for 2031; published: none",
    )


def test_the_gate_is_0_for_a_good_delivery_and_1_for_a_bad_one(
    tmp_path: Path, delivery: Path, mapping: Path
) -> None:
    expect = {"expect": {"contracts": {"rows": [3, 5]}}}
    mapping.write_text(yaml.safe_dump({**MAPPING, **expect}))
    summary = tmp_path / "summary.md"
    words = [
        "gate",
        "--delivery",
        str(delivery),
        "--mapping",
        str(mapping),
        "--summary",
        str(summary),
    ]
    assert ratewright(tmp_path / "data", *words).returncode == 0
    (delivery / "policies.csv").write_text("\n".join(POLICIES.splitlines()[:2]) + "\n")
    done = ratewright(tmp_path / "data", *words)
    assert done.returncode == 1
    assert "contracts: 3 to 5 rows**; found 1 rows" in done.stdout
    assert "# Gate FAILED: acme" in summary.read_text()
    assert not (tmp_path / "data" / "lake").exists()
