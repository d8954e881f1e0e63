"""Who pays more and who less after a repricing, who was held, and who may leave."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.renewal import CAP, FLOOR, NEW_BUSINESS

EDGES = (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2)
_UP, _DOWN = pl.col("change") > 0, pl.col("change") < 0


def distribution(customers: pl.DataFrame, edges: Sequence[float] = EDGES) -> pl.DataFrame:
    """Customers and premium by change of price.

    Args:
        customers: of a repricing; those without a current price are left out.
        edges: bounds of the bands, fractions rising; a change on an edge belongs to the band below.

    Returns:
        A row per band, empty ones too: `from_change`, `to_change` (null at the ends), `customers`,
        `customer_share`, `current_premium`, `new_premium`.

    Raises:
        RatingError: edges do not rise.
    """
    if list(edges) != sorted(set(edges)):
        raise RatingError(f"edges {list(edges)} do not rise")
    bands = pl.DataFrame(
        {
            "band": range(len(edges) + 1),
            "from_change": [None, *edges],
            "to_change": [*edges, None],
        },
        schema_overrides={"band": pl.Int64, "from_change": pl.Float64, "to_change": pl.Float64},
    )
    # A change is a quotient: one that is an edge but for its last bits belongs to it.
    rounded = pl.col("change").round(9)
    band = pl.sum_horizontal([(rounded > edge).cast(pl.Int64) for edge in edges]) if edges else pl.lit(0)
    found = (
        customers.filter(pl.col("change").is_not_null())
        .with_columns(band.cast(pl.Int64).alias("band"))
        .group_by("band")
        .agg(
            customers=pl.len().cast(pl.Int64),
            current_premium=pl.col("current_price").sum(),
            new_premium=pl.col("price").sum(),
        )
    )
    table = bands.join(found, on="band", how="left", maintain_order="left").with_columns(
        pl.col("customers", "current_premium", "new_premium").fill_null(0)
    )
    share = pl.col("customers") / pl.col("customers").sum().replace(0, None)
    return table.with_columns(customer_share=share).select(
        "from_change", "to_change", "customers", "customer_share", "current_premium", "new_premium"
    )


def winners_and_losers(customers: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """How a repricing falls on the levels of a factor, or on the book.

    Args:
        customers: of a repricing; those without a current price are left out.
        by: any column of it, such as a factor or tenure; None is the whole book.

    Returns:
        A row per level, sorted: the level, `customers`, `current_premium`, `new_premium`, `change`,
        `dearer` and `cheaper` (customers), `capped`, `floored`, `gated` (customers), `capped_premium` (new
        premium of the capped), `left_on_the_table` (indicated but not charged because of cap or gate) and
        `charged_above_indicated` (because of a floor).

    Raises:
        RatingError: there is no such column.
    """
    if by is not None and by not in customers.columns:
        raise RatingError(f"customers have no column '{by}'")
    level = by or "book"
    frame = customers.filter(pl.col("change").is_not_null())
    frame = frame if by else frame.with_columns(pl.lit("all").alias(level))
    left = pl.col("not_charged")
    held = {"capped": CAP, "floored": FLOOR, "gated": NEW_BUSINESS}
    return (
        frame.group_by(level)
        .agg(
            pl.len().cast(pl.Int64).alias("customers"),
            pl.col("current_price").sum().alias("current_premium"),
            pl.col("price").sum().alias("new_premium"),
            change=pl.col("price").sum().cast(pl.Float64) / pl.col("current_price").sum().cast(pl.Float64)
            - 1,
            dearer=_UP.sum().cast(pl.Int64),
            cheaper=_DOWN.sum().cast(pl.Int64),
            **{name: (pl.col("bound") == why).sum().cast(pl.Int64) for name, why in held.items()},
            capped_premium=pl.col("price").filter(pl.col("bound") == CAP).sum(),
            left_on_the_table=left.filter(left > 0).sum(),
            charged_above_indicated=-left.filter(left < 0).sum(),
        )
        .sort(level, nulls_last=True)
    )


def retention(
    customers: pl.DataFrame, elasticity: float, retained: float, by: str | None = None
) -> pl.DataFrame:
    """What a repricing keeps, if customers leave at a stated elasticity.

    Who renews is `retained` x (new price / current price) ^ -elasticity, at most one: demand of constant
    elasticity. It is an assumption of whoever states it, not a finding.

    Args:
        customers: of a repricing; those without a current price are left out.
        elasticity: per cent of renewals lost for each per cent of increase, from 0.
        retained: share that renews at an unchanged price, 0 to 1.
        by: any column; None is the whole book.

    Returns:
        A row per level: the level, `customers`, `kept_at_no_change`, `kept`, `premium_at_no_change`,
        `premium_kept`.

    Raises:
        RatingError: elasticity or share cannot be, or there is no such column.
    """
    if not elasticity >= 0:
        raise RatingError(f"elasticity {elasticity} is not a number from 0")
    if not 0 <= retained <= 1:
        raise RatingError(f"share retained {retained} is not from 0 to 1")
    if by is not None and by not in customers.columns:
        raise RatingError(f"customers have no column '{by}'")
    level = by or "book"
    frame = customers.filter(pl.col("change").is_not_null())
    frame = frame if by else frame.with_columns(pl.lit("all").alias(level))
    # A price of nought keeps everybody who can be kept.
    stays = (retained * (1 + pl.col("change")).pow(-elasticity)).fill_nan(1.0).clip(0.0, 1.0)
    premium, current = pl.col("price").cast(pl.Float64), pl.col("current_price").cast(pl.Float64)
    return (
        frame.with_columns(_stays=stays)
        .group_by(level)
        .agg(
            customers=pl.len().cast(pl.Int64),
            kept_at_no_change=pl.len() * retained,
            kept=pl.col("_stays").sum(),
            premium_at_no_change=current.sum() * retained,
            premium_kept=(premium * pl.col("_stays")).sum(),
        )
        .sort(level, nulls_last=True)
    )
