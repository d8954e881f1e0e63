"""Tiers: what every package earns now and will, and the cost stack that the plan has for it."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from models_ml.rating import CostLine, Limit, Rounding, TierPlan
from pipelines.pricing.renewing.book import Book
from pipelines.pricing.renewing.packages import Package
from pipelines.pricing.renewing.tariff import tariff_of
from pipelines.pricing.versions.columns import published, stamped
from pipelines.pricing.versions.files import VersionParts
from tests.pipelines.pricing.versions.examples import parts
from tests.pipelines.pricing.workbook.reading import opened, section


def without(made: VersionParts, **changes: object) -> VersionParts:
    return replace(made, book=dataclasses.replace(made.book, **changes))  # type: ignore[arg-type]


def planned() -> VersionParts:
    """The package of both covers has a cost stack."""
    made = parts()
    plan = TierPlan(
        "Both",
        ("damage", "glass"),
        (CostLine("insurance", 1, Decimal(500), Decimal("0.1")), CostLine("roadside", 2, Decimal(30))),
        {"glass": Limit("2", 0.9)},
        commission=Decimal("0.05"),
        minimum=Decimal(100),
        maximum=Decimal(9_000),
        rounding=Rounding(Decimal(10), "up"),
    )
    tiers = {
        Package("Both", "motor", planned=True): plan,
        Package("Damage only", "motor", planned=False): TierPlan("Damage only", ("damage",), ()),
    }
    table = made.table
    built = table.rates.rename({"selection_reason": "reason"}).with_columns(
        smoothed_relativity="indicated_relativity"
    )
    tariff = tariff_of(type(table)(built.drop("tier")), tiers, made.plan)
    rates = stamped(made.manifest, published(tariff))
    # The driving score rates no cover here, so the plan has it on the price.
    customers = made.book.customers.with_columns(driving_score=pl.lit("80-89"))
    return replace(without(made, packages=tuple(tiers), customers=customers), rates=rates)


def test_a_package_shows_who_renews_and_their_premium_now_indicated_and_charged() -> None:
    customers = parts().book.customers
    both = next(row for row in section(opened(parts())["Tiers"], "Packages") if row["Package"] == "Both")
    mine = customers.filter(pl.col("tier") == "Both")
    known = mine.filter(pl.col("current_price").is_not_null())
    assert (both["Customers"], both["With a current price"]) == (mine.height, known.height)
    assert known.height < mine.height
    sums = [float(known[name].sum()) for name in ("current_price", "indicated_price", "price")]
    shown = [both[f"{name} premium"] for name in ("Current", "Indicated", "Charged")]
    assert shown == sums
    assert both["Indicated change"] == pytest.approx(sums[1] / sums[0] - 1)
    assert both["Charged change"] == pytest.approx(sums[2] / sums[0] - 1)


def test_the_last_row_is_all_of_them() -> None:
    *each, total = section(opened(parts())["Tiers"], "Packages")
    assert total["Package"] == "all"
    for name in ("Customers", "Current premium", "Charged premium"):
        assert total[name] == pytest.approx(sum(row[name] for row in each))


def test_a_planned_tier_shows_its_cost_stack_as_the_tariff_has_it() -> None:
    book = opened(planned())["Tiers"]
    (stack,) = section(book, "Cost stack of planned tiers")
    assert stack["Further lines"] == 60
    assert (stack["Cost share"], stack["Minimum"], stack["Maximum"]) == (0.95, 100, 9_000)
    assert (stack["Rounding step"], stack["Rounding"]) == (10, "up")
    damage, glass = section(book, "Covers of planned tiers")
    assert (damage["Line"], damage["Terms"], damage["Limit"]) == ("insurance", 0.9, None)
    assert (glass["Limit"], glass["Share within limit"]) == ("2", 0.9)
    score = section(book, "Factors on the price")
    assert [row["Factor on the price"] for row in score] == list(planned().plan.score.values())
    assert stack["Average cost of covers"] == pytest.approx(damage["Average cost"] + glass["Average cost"])


def test_where_no_package_is_planned_there_is_no_cost_stack() -> None:
    with pytest.raises(StopIteration):
        section(opened(parts())["Tiers"], "Cost stack of planned tiers")


def test_without_current_prices_there_is_nothing_to_compare() -> None:
    nothing = pl.lit(None, dtype=pl.Decimal(18, 2)).alias("current_price")
    made = without(parts(), customers=parts().book.customers.with_columns(nothing), balance=None)
    both = section(opened(made)["Tiers"], "Packages")[0]
    assert "Current premium" not in both
    assert "Charged change" not in both
    assert both["Charged premium"] > 0


def test_without_renewals_packages_are_named_alone_and_without_packages_nothing_is() -> None:
    nobody = without(parts(), customers=parts().book.customers.clear(), balance=None)
    assert list(section(opened(nobody)["Tiers"], "Packages")[0]) == ["Package", "Product", "Price"]
    assert "Tiers" not in opened(without(parts(), packages=())).sheetnames


def test_a_book_that_was_read_back_gives_the_same_sheet() -> None:
    again = replace(parts(), book=Book.from_files(parts().book.files()))
    assert section(opened(again)["Tiers"], "Packages") == section(opened(parts())["Tiers"], "Packages")
