"""The gate: a clean delivery passes, every planted fault fails by name, a warning does not stop anybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.gates.facts import delivery_facts
from pipelines.gates.result import GateResult
from pipelines.gates.run import run_gate
from pipelines.gates.summary import to_markdown
from pipelines.landing.expectations import Expectations
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from tests.conftest import CLAIMS, POLICIES, PROJECT

EXPECT = {
    "contracts": {
        "rows": [3, 3],
        "between": {"annual_premium": [100, 5000]},
        "max_orphan_share": 0.0,
    },
    "claims": {"max_orphan_share": 0.0},
    "claim_transactions": {"max_zero_share": {"amount": 0.1}, "severity": "critical"},
}
Gate = Callable[..., GateResult]


@pytest.fixture
def gate(delivery: Path, places: Places, mapping_of: Callable[..., Mapping], tmp_path: Path) -> Gate:
    def run(expect: dict[str, object] = EXPECT) -> GateResult:
        mapping = mapping_of()
        land(delivery, mapping, places, "key")
        facts = delivery_facts(delivery, mapping, places.ledger)
        checked = Expectations.model_validate(expect)
        return run_gate(places, checked, tmp_path / "docs", "acme", facts)

    return run


def failed(result: GateResult) -> list[str]:
    return [f"{f.severity}: {f.expected}; found {f.observed}" for f in result.findings if not f.success]


def test_a_clean_delivery_passes_and_its_pages_are_written(gate: Gate, tmp_path: Path) -> None:
    result = gate()
    assert failed(result) == []
    assert result.passed
    page = (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert "Gate passed: acme" in page
    assert list((tmp_path / "docs").glob("validations/contracts/**/*.html"))
    assert to_markdown(result).startswith("# Gate PASSED: acme")


def test_planted_faults_are_named_with_what_was_found(delivery: Path, gate: Gate) -> None:
    (delivery / "policies.csv").write_text("\n".join(POLICIES.splitlines()[:2]) + "\n")
    (delivery / "claims.csv").write_text(CLAIMS.replace("500.25", "0.00"))
    found = failed(gate())
    assert "critical: contracts: 3 to 3 rows; found 1 rows" in found
    assert "critical: claim_transactions.amount: at most 10.0% zero; found 50.0% (1 of 2 rows)" in found
    orphans = "claims: at most 0.0% name a contract_id that contracts does not have"
    assert f"critical: {orphans}; found 50.0% (1 of 2 rows)" in found
    assert len(found) == 3


def test_a_value_out_of_range_is_shown(delivery: Path, gate: Gate) -> None:
    (delivery / "policies.csv").write_text(POLICIES.replace("1200.50", "99999"))
    result = gate()
    (finding,) = result.failed("critical")
    assert finding.examples == ("99999.0",)
    assert "99999.0" in to_markdown(result) or "33.3%" in to_markdown(result)


def test_a_warning_is_reported_and_does_not_fail(delivery: Path, gate: Gate) -> None:
    (delivery / "claims.csv").write_text(CLAIMS.replace("500.25", "0.00"))
    lenient = {
        **EXPECT,
        "claim_transactions": {"max_zero_share": {"amount": 0.1}, "severity": "warning"},
    }
    result = gate(lenient)
    assert result.passed
    assert failed(result) == [
        "warning: claim_transactions.amount: at most 10.0% zero; found 50.0% (1 of 2 rows)"
    ]


def test_shares_are_measured_where_the_mapping_says(delivery: Path, gate: Gate) -> None:
    (delivery / "claims.csv").write_text(CLAIMS + "C3,P1,2024-07-01,0\nC4,P1,2024-07-02,0\n")
    only_recoveries = {
        "claim_transactions": {
            "max_zero_share": {"amount": 0.0}, "given": {"column": "amount", "is": "negative"},
        }
    }  # fmt: skip
    assert failed(gate(only_recoveries)) == []


def test_a_file_set_aside_is_critical_and_a_rejected_row_is_a_warning(delivery: Path, gate: Gate) -> None:
    (delivery / "claims.csv").write_text(CLAIMS.replace("2024-0", "2024-9"))
    (delivery / "policies.csv").write_text(POLICIES + "P9,,A,2020,2024-01-01,2024-12-31,1,private,30\n")
    found = failed(gate({}))
    assert any(f.startswith("critical: claims.csv") and "set aside whole" in f for f in found)
    assert any(f.startswith("warning: policies.csv: no row rejected") for f in found)


def test_expected_sources_must_have_arrived(gate: Gate) -> None:
    found = failed(gate({"repair_orders": {"rows": [10, 20]}}))
    assert any("repair_orders: 10 to 20 rows; found 0 rows" in f for f in found)


def test_the_code_location_loads_without_the_heavy_libraries() -> None:
    heavy = "great_expectations", "sklearn", "pandas", "matplotlib", "scipy"
    code = (
        "import sys, pipelines.definitions\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
