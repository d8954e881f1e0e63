"""Shared fixtures: a small delivery, its mapping, and the folder with real data where there is one."""

from __future__ import annotations

import os

# Two pools of threads on two cores spin against each other: a fit takes three times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipelines.landing.mapping import Mapping, load_mapping
from pipelines.landing.places import Places

PROJECT = Path(__file__).resolve().parent.parent

MAPPING = {
    "client": "acme",
    "title": "A test portfolio",
    "source": "tests",
    "valuation_date": "2024-12-31",
    "tolerated_share": 0.5,
    "files": [
        {
            "match": "policies.csv",
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
                    "factors": [
                        {"name": "use", "column": "use"},
                        {"name": "driver_age", "column": "age", "bands": [18, 26, 41]},
                    ],
                },
            ],
        },
        {
            "match": "claims.csv",
            "sources": [
                {
                    "source": "claims",
                    "columns": {
                        "claim_id": "claim",
                        "contract_id": "policy",
                        "cover": {"value": "damage"},
                        "loss_date": "day",
                    },
                },
                {
                    "source": "claim_transactions",
                    "columns": {
                        "transaction_id": "claim",
                        "claim_id": "claim",
                        "transaction_date": "day",
                        "kind": {
                            "column": "amount",
                            "sign": {"negative": "recovery", "otherwise": "payment"},
                        },
                        "amount": "amount",
                    },
                },
            ],
        },
    ],
}

POLICIES = """policy,vin,make,year,from,to,premium,use,age
P1,V1,AURORA,2020,2024-01-01,2024-12-31,1200.50,private,30
P2,V2,DELTA,2019,2024-02-01,2025-01-31,900,taxi,55
P3,V1,AURORA,2020,2025-01-01,2025-12-31,1250,private,31
"""
CLAIMS = """claim,policy,day,amount
C1,P1,2024-03-01,500.25
C2,P2,2024-05-05,-20.10
"""


@pytest.fixture
def mapping_of(tmp_path: Path) -> Callable[..., Mapping]:
    """Write a mapping, the test portfolio's unless told otherwise, and load it."""

    def write(document: object = MAPPING) -> Mapping:
        path = tmp_path / "mapping.yml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        return load_mapping(path)

    return write


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / "policies.csv").write_text(POLICIES, encoding="utf-8")
    (folder / "claims.csv").write_text(CLAIMS, encoding="utf-8")
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path)


@pytest.fixture(scope="session")
def bench() -> Path:
    """Folder with real third-party data."""
    folder = os.environ.get("RATEWRIGHT_BENCH_DATA")
    if not folder:
        pytest.skip("RATEWRIGHT_BENCH_DATA is not set: no real data to test on")
    return Path(folder)
