"""Every defect that a simulated delivery carries is found by its rule, and no clean row is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.defects import Found, find_defects
from pipelines.landing.contracts import CONTRACTS
from pipelines.landing.land import land
from pipelines.landing.ledger import Ledger
from pipelines.landing.mapping import load_mapping
from pipelines.landing.places import Places
from pipelines.repricing import SIMULATED
from simulator import simulate


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Places, Path]:
    root = tmp_path_factory.mktemp("defects")
    made = simulate(vehicles=300, years=2, seed=11, out=root / "brand", defects=0.01)
    places = Places.under(root / "data")
    land(made.delivery, load_mapping(SIMULATED), places, "key")
    return places, made.truth


@pytest.fixture(scope="module")
def found(landed: tuple[Places, Path]) -> Found:
    places, truth = landed
    return find_defects(truth, places, "brand")


def test_every_defect_is_found_with_its_rule_and_outcome(found: Found) -> None:
    missed = found.kinds.filter(pl.col("found") < pl.col("injected"))
    assert missed.select("kind", "rule", "injected", "found").rows() == []
    assert found.kinds.height > 50


def test_every_source_has_defects(found: Found) -> None:
    spoiled = set(found.kinds["source"]) - {"(file)"}
    # Covers and factors are made from contracts; they have no file of their own.
    assert spoiled == set(CONTRACTS) - {"contract_covers", "contract_factors"}


def test_no_clean_row_is_refused(found: Found) -> None:
    assert found.clean_rejected.rows() == []


def test_copies_and_contradictions_are_no_more_than_were_injected(
    found: Found, landed: tuple[Places, Path]
) -> None:
    entries = Ledger(landed[0].ledger).entries()
    copies = found.kinds.filter(pl.col("outcome") == "duplicate")["injected"].sum()
    rejected = found.kinds.filter(pl.col("outcome") == "rejected")["injected"].sum()
    assert sum(e.duplicates for e in entries) == copies
    assert sum(e.rejected for e in entries) == rejected


def test_a_defect_that_no_rule_looks_for_would_be_missed(landed: tuple[Places, Path], tmp_path: Path) -> None:
    places, truth = landed
    defects = pl.read_parquet(truth / "defects.parquet")
    invented = defects.head(1).with_columns(row=pl.lit(10**6, pl.Int64), kind=pl.lit("invented"))
    pl.concat([defects, invented]).write_parquet(tmp_path / "defects.parquet")
    told = find_defects(tmp_path, places, "brand").kinds
    assert told.filter(pl.col("found") < pl.col("injected"))["kind"].to_list() == ["invented"]
