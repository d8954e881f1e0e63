"""Base rates of the covers: what they rest on, where cost puts them, and a column to select in."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.evaluation import Judgement
from models_ml.rating import BASE
from pipelines.pricing.versions.columns import cover_rates
from pipelines.pricing.workbook.book import Book
from pipelines.pricing.workbook.selecting import (
    INDICATED,
    experience_columns,
    selection_columns,
    selection_sheet,
)

ABOUT = "What every cover costs at the base level of all factors; can be selected"


def base_rates_sheet(
    book: Book,
    limits: pl.DataFrame,
    judgements: Mapping[str, Judgement],
    last_year: pl.DataFrame | None,
) -> None:
    """A row per cover.

    Args:
        book: the workbook.
        limits: rows of the covers with what may be selected, and `override_reason`.
        judgements: of the forecast, by cover.
        last_year: the table in force the year before.
    """
    own = limits.filter(pl.col("factor") == BASE)
    before = []
    if last_year is not None:
        old = cover_rates(last_year).filter(pl.col("factor") == BASE)
        own = own.join(
            old.select("cover", pl.col("base_rate").cast(pl.Float64).alias("last_year")),
            on="cover",
            how="left",
            maintain_order="left",
        )
        before = ["last_year"]
    judged = [judgements.get(cover) for cover in own["cover"]]
    frame = own.select(
        *experience_columns(),
        INDICATED,
        *before,
        *selection_columns(),
        pl.col("fixed_amount"),
        pl.Series("gini_on_unseen_contracts", [j and j.gini_model for j in judged], dtype=pl.Float64),
        pl.Series(
            "actual_over_expected_claims",
            [j and j.actual_over_expected_claims for j in judged],
            dtype=pl.Float64,
        ),
    )
    kinds = dict.fromkeys(("vehicle_years", "claims"), "whole")
    kinds |= dict.fromkeys(("gross_cost_per_vehicle_year", "fixed_amount"), "money")
    kinds |= dict.fromkeys(("gini_on_unseen_contracts", "actual_over_expected_claims"), "rel")
    selection_sheet(book, BASE, frame, kinds, ABOUT, money=True)
