"""What a tariff does to the customers who come up for renewal, and what may yet turn out otherwise."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

import polars as pl

from models_ml.rating import BASE, RatingError, Tariff, at_cost, rate_contracts, reprice
from models_ml.rating.rules import ALL
from models_ml.rating.table import MONEY
from pipelines.files import parquet_bytes
from pipelines.pricing.errors import EarlierVersionError, PublicationError
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.plan import RatingPlan
from pipelines.pricing.renewing.scenarios import outcomes
from pipelines.progress import LOGGER

RENEWALS, SCENARIOS, REPRICING = "renewals.parquet", "scenarios.parquet", "repricing.json"
PRICED = ("indicated_price", "price", "change", "bound", "not_charged")
PLACES = 6


@dataclass(frozen=True)
class Balance:
    """How the base rates were put on balance; see `models_ml.rating.Repricing`. Fractions of premium."""

    base_factor: float
    indicated_change: float
    held_change: float
    overall_change: float
    off_balance: float
    target_change: float | None


@dataclass(frozen=True)
class Book:
    """Customers who come up for renewal, and what became of their prices.

    Attributes:
        customers: as loaded, with the columns of `PRICED`; empty where nobody comes up.
        balance: None where nobody's current price is known.
        scenarios: outcomes by scenario and package; empty where there are no customers.
        packages: that the tariff prices.
        bases: base rate by cover before a change that was decided moved it.
        visits: service visits that a contract year is expected to have.
    """

    customers: pl.DataFrame
    balance: Balance | None
    scenarios: pl.DataFrame
    packages: tuple[Package, ...]
    bases: Mapping[str, Decimal]
    visits: float

    def in_words(self) -> str:
        """What becomes of who comes up for renewal, in one line."""
        number = self.customers.height
        who = f"{number:,} contract{'s come' if number != 1 else ' comes'} up for renewal"
        if self.balance is None:
            return f"{who}; no current price is known" if number else "nobody comes up for renewal"
        told = self.balance
        target = "" if told.target_change is None else f", asked for {told.target_change:+.1%}"
        base = "" if told.base_factor == 1 else f", base rates x {told.base_factor:.4f}"
        change = f"premium {told.overall_change:+.1%} (indicated {told.indicated_change:+.1%}{target})"
        return f"{who}: {change}{base}"

    def files(self) -> dict[str, bytes]:
        """The book as files of a version."""
        told = {
            "balance": self.balance and asdict(self.balance),
            "bases": {cover: str(base) for cover, base in self.bases.items()},
            "packages": [asdict(package) for package in self.packages],
            "visits": self.visits,
        }
        return {
            RENEWALS: parquet_bytes(self.customers),
            SCENARIOS: parquet_bytes(self.scenarios),
            REPRICING: (json.dumps(told, indent=1, sort_keys=True) + "\n").encode(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Book:
        """What `files` wrote.

        Raises:
            EarlierVersionError: an earlier version of Ratewright wrote the version.
        """
        if REPRICING not in files:
            raise EarlierVersionError("renewals")
        told = json.loads(files[REPRICING])
        return cls(
            customers=pl.read_parquet(io.BytesIO(files[RENEWALS])),
            balance=Balance(**told["balance"]) if told["balance"] else None,
            scenarios=pl.read_parquet(io.BytesIO(files[SCENARIOS])),
            packages=tuple(Package(**package) for package in told["packages"]),
            bases={cover: Decimal(base) for cover, base in told["bases"].items()},
            visits=told["visits"],
        )


def price_book(
    tariff: Tariff,
    customers: pl.DataFrame,
    held: Sequence[Package],
    plan: RatingPlan,
    visits: float,
    overall_change: float | None = None,
) -> tuple[Tariff, Book]:
    """Price everybody who comes up for renewal.

    Args:
        tariff: as the forecast and the plan make it.
        customers: of `load_customers`.
        held: packages of the tariff.
        plan: with the bounds of the repricing and the scenarios.
        visits: service visits that a contract year is expected to have.
        overall_change: of the premium of customers with a known price, fraction; None leaves the base
            rates as they are.

    Returns:
        The tariff, on balance where a change was asked for, and the book.

    Raises:
        PublicationError: the change cannot be met, or is asked for where no current price is known.
    """
    bases = base_rates(tariff)
    customers = customers.drop([name for name in PRICED if name in customers.columns])
    # A factor on the price that nobody's level is known of, such as the score without telematics.
    unknown = [name for name in tariff.factors if name not in customers.columns]
    customers = customers.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in unknown)
    mine = customers.filter(pl.col("tier").is_in(list(tariff.tiers)))
    if mine.height < customers.height:
        LOGGER.warning("%d customers hold what is not priced as a whole", customers.height - mine.height)
    if mine.is_empty():
        if overall_change is not None:
            raise PublicationError("nobody comes up for renewal: there is no premium to change")
        return tariff, Book(_unpriced(mine), None, pl.DataFrame(), tuple(held), bases, visits)
    balance = None
    if mine["current_price"].fill_null(0).sum() > 0:
        try:
            made = reprice(tariff, mine, plan.rules, overall_change)
        except RatingError as error:
            raise PublicationError(f"the book cannot be repriced: {error}") from error
        tariff, priced = made.tariff, made.customers
        numbers = {
            n: round(getattr(made, n), PLACES) for n in Balance.__annotations__ if n != "target_change"
        }
        balance = Balance(**numbers, target_change=overall_change)
    elif overall_change is not None:
        raise PublicationError("no current price is known: there is nothing to change")
    else:
        priced = _unpriced(rate_contracts(tariff, mine).select(*mine.columns, "price"))
    scenarios = outcomes(at_cost(tariff), priced, held, plan, visits)
    return tariff, Book(_rounded(priced), balance, _rounded(scenarios), tuple(held), bases, visits)


def base_rates(tariff: Tariff) -> dict[str, Decimal]:
    """Base rate by cover."""
    rows = tariff.rates.rates.filter(pl.col("factor") == BASE)
    return dict(rows.select("cover", "base_rate").iter_rows())


def with_base_rates(tariff: Tariff, bases: Mapping[str, Decimal]) -> Tariff:
    """The tariff with these base rates."""
    of_base = (pl.col("tier") == ALL) & (pl.col("factor") == BASE)
    moved = pl.col("cover").replace_strict(dict(bases), default=None, return_dtype=MONEY)
    return Tariff(tariff.table.with_columns(base_rate=pl.when(of_base).then(moved).otherwise("base_rate")))


def _unpriced(customers: pl.DataFrame) -> pl.DataFrame:
    """Nobody's change is known: what is charged is what is indicated."""
    if "price" not in customers.columns:
        customers = customers.with_columns(price=pl.lit(None, dtype=pl.Decimal(18, 2)))
    return customers.with_columns(
        indicated_price=pl.col("price"),
        change=pl.lit(None, dtype=pl.Float64),
        bound=pl.lit(None, dtype=pl.String),
        not_charged=pl.lit(None, dtype=pl.Decimal(18, 2)),
    )


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """Doubles to six places: the last bits of a sum depend on the order of adding."""
    return frame.with_columns(pl.col(pl.Float64).round(PLACES))
