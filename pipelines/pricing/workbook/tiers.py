"""What is sold at one price: customers and premium of every package, and the cost stack of planned tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from models_ml.rating import Tariff, rate_contracts
from models_ml.rating.rules import ALL, COST_SHARE, LIMIT, LINES, MAXIMUM, MINIMUM, ROUNDING, TERMS
from pipelines.pricing.workbook.book import Book

if TYPE_CHECKING:
    from pipelines.pricing.renewing.book import Book as Renewals

SHEET = "Tiers"
ABOUT = "Every package: who renews, premium now and to come, and the cost stack of planned tiers"
EVERYTHING = "all"
MONEY = (
    "average_price_charged", "average_cost_of_covers", "covers_in_price", "average_cost", "average_in_price",
    "further_lines", "minimum", "maximum",
    "rounding_step",
)  # fmt: skip
KINDS = {
    **dict.fromkeys(MONEY, "money"),
    **dict.fromkeys(("customers", "with_a_current_price"), "whole"),
    **dict.fromkeys(("current_premium", "indicated_premium", "charged_premium"), "whole"),
    **dict.fromkeys(("indicated_change", "charged_change"), "share"),
    **dict.fromkeys(("cost_share", "terms", "share_within_limit", "factor_on_the_price"), "exact"),
}

AVERAGE_COST, AVERAGE_IN_PRICE = "average_cost", "average_in_price"


def tiers_sheet(book: Book, tariff: Tariff, cost: Tariff, renewals: Renewals) -> None:
    """Left out where nothing is sold as a whole."""
    if not renewals.packages:
        return
    sheet = book.sheet(SHEET, about=ABOUT)
    planned = [package.name for package in renewals.packages if package.planned]
    rules = tariff.table.filter(pl.col("tier").is_in(planned))
    covers = cover_costs(tariff, cost, rules, renewals.customers)
    top = book.section(sheet, 0, "Packages", packages_held(renewals), KINDS)
    if planned:
        top = book.section(sheet, top, "Cost stack of planned tiers", stacks(rules, covers), KINDS)
        top = book.section(sheet, top, "Covers of planned tiers", covers, KINDS)
        note = (
            "Terms: what a cover costs inside the tier, as a share of its price apart. The price of a tier "
            "is the sum of its covers as they are in the price and further lines, over its cost share, times "
            "the factors on the price, between minimum and maximum, rounded."
        )
        sheet.merge_range(top, 0, top + 1, 8, note, book.formats["note"])
        top += 3
    if tariff.price_factors.height:
        factors = tariff.price_factors.rename({"relativity": "factor_on_the_price"})
        book.section(sheet, top, "Factors on the price", factors, KINDS)


def packages_held(renewals: Renewals) -> pl.DataFrame:
    """A row per package and one for all.

    Premiums and changes are of customers whose current price is known; where none is, of all, and then
    there is nothing to compare with.
    """
    customers = renewals.customers
    kinds = pl.DataFrame(
        [
            (p.name, p.product, "planned cost stack" if p.planned else "sum of its covers")
            for p in renewals.packages
        ],
        schema=["tier", "product", "price"],
        orient="row",
    )
    if customers.is_empty():
        return kinds.rename({"tier": "package"})
    seen = pl.concat([customers, customers.with_columns(tier=pl.lit(EVERYTHING))])
    compared = customers["current_price"].is_not_null().any()
    known = pl.col("current_price").is_not_null() if compared else pl.lit(value=True)
    by_tier = seen.group_by("tier", maintain_order=True).agg(
        customers=pl.len().cast(pl.Int64),
        with_a_current_price=pl.col("current_price").count().cast(pl.Int64),
        current_premium=pl.col("current_price").sum(),
        indicated_premium=pl.col("indicated_price").filter(known).sum(),
        charged_premium=pl.col("price").filter(known).sum(),
        average_price_charged=pl.col("price").sum().cast(pl.Float64) / pl.len(),
    )
    current = pl.when(pl.col("current_premium") > 0).then(pl.col("current_premium").cast(pl.Float64))
    changes = {
        f"{name}_change": pl.col(f"{name}_premium").cast(pl.Float64) / current - 1
        for name in ("indicated", "charged")
    }
    total = pl.DataFrame({"tier": [EVERYTHING], "product": [""], "price": [""]})
    table = pl.concat([kinds, total]).join(by_tier, on="tier", how="left", maintain_order="left")
    table = table.with_columns(**changes).rename({"tier": "package"})
    empty = () if compared else ("with_a_current_price", "current_premium", *changes)
    return table.with_columns(pl.col("customers").fill_null(0)).drop(empty)


def cover_costs(tariff: Tariff, cost: Tariff, rules: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """A row per tier and cover: its terms and limit, what its customers who renew are expected to cost on
    average, and what their price has for it, which selections and a decided change may have moved."""
    terms = rules.filter(pl.col("factor") == TERMS).select(
        pl.col("tier").alias("package"), "cover", pl.col("level").alias("line"), terms="relativity"
    )
    limits = rules.filter(pl.col("factor") == LIMIT).select(
        pl.col("tier").alias("package"), "cover", limit="level", share_within_limit="relativity"
    )
    key = ["package", "cover"]
    table = terms.join(limits, on=key, how="left", maintain_order="left")
    mine = customers.filter(pl.col("tier").is_in(terms["package"].unique().to_list()))
    if mine.is_empty():
        return table
    mine = mine.select(list(dict.fromkeys(("tier", *tariff.factors))))
    for name, one in ((AVERAGE_COST, cost), (AVERAGE_IN_PRICE, tariff)):
        means = _means(one, mine, name)
        table = table.join(means, on=key, how="left", maintain_order="left")
    return table.with_columns(pl.col(AVERAGE_COST, AVERAGE_IN_PRICE).round(2))


def _means(tariff: Tariff, customers: pl.DataFrame, name: str) -> pl.DataFrame:
    """Mean amount of every cover inside each tier."""
    covers = tariff.rates.covers
    rated = rate_contracts(tariff, customers)
    means = rated.group_by("tier").agg(pl.col(covers).sum().cast(pl.Float64) / pl.len())
    long = means.unpivot(covers, index="tier", variable_name="cover", value_name=name)
    return long.rename({"tier": "package"})


def stacks(rules: pl.DataFrame, covers: pl.DataFrame) -> pl.DataFrame:
    """A row per tier: what its covers cost on average, and its rules as the tariff has them."""
    own = rules.filter(pl.col("cover") == ALL)

    def rule(name: str, column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("factor") == name).first()

    table = own.group_by(pl.col("tier").alias("package"), maintain_order=True).agg(
        further_lines=rule(LINES, "fixed_amount"),
        cost_share=rule(COST_SHARE, "relativity"),
        minimum=rule(MINIMUM, "fixed_amount"),
        maximum=rule(MAXIMUM, "fixed_amount"),
        rounding_step=rule(ROUNDING, "fixed_amount"),
        rounding=rule(ROUNDING, "level"),
    )
    if AVERAGE_COST not in covers.columns:
        return table
    sums = covers.group_by("package").agg(
        average_cost_of_covers=pl.col(AVERAGE_COST).sum(), covers_in_price=pl.col(AVERAGE_IN_PRICE).sum()
    )
    joined = table.join(sums, on="package", how="left", maintain_order="left")
    first = ["package", "average_cost_of_covers", "covers_in_price"]
    return joined.select(*first, pl.exclude(first))
