"""Who comes up for renewal in the simulated portfolio, what they have cost, and what they are to pay."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from models_ml.rating import Tracer, price_of, rate_contracts
from pipelines.pricing.renewing.book import Book
from pipelines.pricing.versions.files import VersionParts, read_parts
from tests.models_ml.rating.test_engine import in_sql
from tests.pipeline.conftest import MAPPING, Installation

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def files(installation: Installation) -> Mapping[str, bytes]:
    """Files of the published version."""
    return {name.rpartition("/")[2]: content for name, content in installation.published().items()}


@pytest.fixture(scope="module")
def version(files: Mapping[str, bytes]) -> VersionParts:
    return read_parts(files)


def marts(installation: Installation, query: str) -> pl.DataFrame:
    with duckdb.connect(installation.warehouse, read_only=True) as con:
        return con.sql(query).pl()


def test_everybody_who_comes_up_for_renewal_has_a_price(
    installation: Installation, version: VersionParts
) -> None:
    due = marts(installation, "select contract_id, annual_premium from marts.renewals order by 1")
    priced = version.book.customers.sort("contract_id")
    assert priced["contract_id"].to_list() == due["contract_id"].to_list()
    assert priced["current_price"].to_list() == due["annual_premium"].to_list()
    assert priced["price"].null_count() == 0
    assert set(priced["tier"]) == {"Basic", "Standard", "Premium"}


def test_a_customer_renews_a_year_older_than_the_contract_that_ends(
    installation: Installation, version: VersionParts
) -> None:
    began = marts(
        installation,
        """
        select renewals.contract_id, levels.level as began_at from marts.renewals as renewals
        join marts.rating_cell_levels as levels using (cell_id) where levels.factor = 'vehicle_age'
        """,
    )
    both = version.book.customers.join(began, on="contract_id")
    single = both.filter(pl.col("began_at").is_in(["1", "2", "3"]))
    assert single.height > 0
    assert (single["vehicle_age"].cast(pl.Int64) == single["began_at"].cast(pl.Int64) + 1).all()


def test_sql_trace_and_polars_agree_on_the_price_of_everybody(version: VersionParts) -> None:
    customers = version.book.customers.drop("price").sort("contract_id")
    priced = rate_contracts(version.tariff, customers)["price"].to_list()
    tracer = Tracer(version.tariff)
    assert [price_of(tracer.trace(row)) for row in customers.iter_rows(named=True)] == priced
    assert in_sql(version.tariff, customers) == priced


def test_the_indicated_price_is_the_tariffs_times_the_own_factor(version: VersionParts) -> None:
    customers = version.book.customers
    priced = rate_contracts(version.tariff, customers.drop("price"))["price"].cast(pl.Float64)
    rules = version.tariff.tiers
    least, most = (
        customers["tier"].replace_strict({tier: bound(rule) / 100 for tier, rule in rules.items()})
        for bound in (lambda rule: rule.minimum, lambda rule: rule.maximum)
    )
    own = (priced * customers["own_factor"]).clip(least, most)
    # Prices are whole hundreds.
    assert (customers["indicated_price"].cast(pl.Float64) - own).abs().max() <= 50.01


def test_of_each_customer_all_together_cost_what_was_expected_of_them(version: VersionParts) -> None:
    customers = version.book.customers
    assert customers["own_factor"].mean() == pytest.approx(1.0, abs=0.02)
    assert customers.filter(~pl.col("own_factor").is_between(0.9, 1.3)).is_empty()
    told = customers.filter(pl.col("referred"))
    assert told["referral_reason"].null_count() == 0
    assert customers["own_reason"].null_count() == 0


def test_the_own_record_counts_the_claims_that_the_customer_caused(
    installation: Installation, version: VersionParts
) -> None:
    insured = "('own_damage', 'glass', 'third_party_injury', 'third_party_property')"
    caused = marts(
        installation,
        f"""
        select renewals.contract_id, count(*) as caused
        from marts.renewals as renewals
        join marts.contract_experience as held
            on held.vehicle_id = renewals.vehicle_id and held.effective_date >= renewals.customer_since
        join marts.claim_features as claims
            on claims.contract_id = held.contract_id and claims.cover = held.cover
        where held.cover in {insured} and claims.incurred_amount > 0 and coalesce(claims.at_fault, true)
            and held.period = 'learn'
        group by 1
        """,
    )
    told = version.book.customers.select(
        "contract_id", claims=pl.col("own_reason").str.extract(r"^(\d+) claims").cast(pl.Int64)
    ).join(caused, on="contract_id", how="left")
    known = told.drop_nulls("claims")
    assert known["claims"].sum() > 0
    assert (known["claims"] == known["caused"].fill_null(0)).all()


def test_the_published_table_holds_the_tiers_and_their_evidence(files: Mapping[str, bytes]) -> None:
    rates = pl.read_parquet(io.BytesIO(files["rate_table.parquet"]))
    assert set(rates["tier"]) == {"*", "Basic", "Standard", "Premium"}
    fitted = rates.filter((pl.col("tier") == "*") & (pl.col("level") != "*") & (pl.col("factor") != "base"))
    known = fitted.drop_nulls("relativity_lower")
    assert known.height > 0.5 * fitted.height
    assert (known["relativity_lower"] <= known["indicated_relativity"]).all()
    assert (known["indicated_relativity"] <= known["relativity_upper"]).all()
    assert known["credibility"].drop_nulls().is_between(0, 1).all()


def test_what_was_read_back_is_what_was_written(version: VersionParts) -> None:
    assert Book.from_files(version.book.files()).in_words() == version.book.in_words()


def test_a_change_that_was_decided_is_drafted_beside_what_cost_indicates(
    installation: Installation, tmp_path: Path
) -> None:
    mine = replace(installation, data=tmp_path / "data")
    for folder in (
        "forecasts",
        "models",
        "serving",
        "ledger",
        "published",
        "rates",
        "lake/simulated/run_parameters",
    ):
        shutil.copytree(installation.data / folder, mine.data / folder)
    draft = ("rates", "draft", "--mapping", str(MAPPING), "--rating-year", "2026", "--overall-change")
    done = mine.ratewright(*draft, "0.02")
    assert done.returncode == 0, done.stderr
    assert "premium +2.0% (indicated +" in done.stdout
    assert "asked for +2.0%" in done.stdout
    forecasts = mine.data / "forecasts" / "simulated"
    shutil.copytree(forecasts / "2026", forecasts / "2027")
    another = mine.ratewright(*("2027" if word == "2026" else word for word in draft), "0.02")
    assert another.returncode == 1
    assert "the warehouse of simulated was built last for 2026: run for 2027 first" in another.stderr
    refused = mine.ratewright(*draft, "0.9")
    assert refused.returncode == 1
    assert "target change 0.9 lies beyond floor -0.2000 and cap 0.2000" in refused.stderr
