"""What the plan's order and bounds cost: premium that they move between levels, at what is charged."""

from __future__ import annotations

import polars as pl

from models_ml.rating.engine import multiplied_out
from models_ml.rating.table import BASE, RateTable

SAME = 5e-5


def plan_costs(table: RateTable, contracts: pl.DataFrame, granted: pl.Series) -> pl.DataFrame:
    """Premium that the plan's rules move, per cover and factor with a moved relativity.

    A factor's relativities are put back to the indicated ones, all others stay as planned, and the cover's
    base rate is put on balance over the same contracts: what is left is what the rule takes from some levels
    and charges to others.

    Args:
        table: rates with `indicated_relativity`, `planned_relativity` and `base_rate`.
        contracts: a text column per rating factor, a row per contract.
        granted: the covers of each contract, lists.

    Returns:
        `cover`, `factor`, `contracts`, `premium` (of the cover, fixed amounts apart), `given_up` (less than
        indicated, summed over the contracts that pay less), `moved` (its share of the premium), and of the
        level that gives up most: `level`, `indicated`, `planned`, `level_given_up`. Amounts of a contract
        year; most given up first.
    """
    planned = RateTable(table.rates.with_columns(relativity=pl.coalesce("planned_relativity", "relativity")))
    differs = (pl.col("planned_relativity") - pl.col("indicated_relativity")).abs() > SAME
    moved = table.rates.filter((pl.col("factor") != BASE) & differs)
    rows = []
    for cover, factor in moved.select("cover", "factor").unique(maintain_order=True).iter_rows():
        own = contracts.filter(granted.list.contains(cover))
        base = table.rates.filter((pl.col("cover") == cover) & (pl.col("factor") == BASE))["base_rate"]
        if own.height:
            rows.append(_cost(planned, cover, factor, own, float(base[0])))
    found = pl.concat(rows) if rows else pl.DataFrame(schema=_SCHEMA)
    return found.sort("given_up", "cover", "factor", descending=[True, False, False])


_SCHEMA = {
    "cover": pl.String,
    "factor": pl.String,
    "contracts": pl.Int64,
    "premium": pl.Float64,
    "given_up": pl.Float64,
    "moved": pl.Float64,
    "level": pl.String,
    "indicated": pl.Float64,
    "planned": pl.Float64,
    "level_given_up": pl.Float64,
}


def _cost(planned: RateTable, cover: str, factor: str, own: pl.DataFrame, base: float) -> pl.DataFrame:
    of_factor = (pl.col("cover") == cover) & (pl.col("factor") == factor)
    back = pl.when(of_factor).then("indicated_relativity").otherwise("relativity")
    indicated = RateTable(planned.rates.with_columns(relativity=back))
    after = multiplied_out(planned, cover, own)
    before = multiplied_out(indicated, cover, own)
    balance = float(after.sum()) / float(before.sum())
    lost = own.select(level=factor, less=(before * balance - after) * base)
    levels = planned.rates.filter(of_factor).select(
        "level", indicated="indicated_relativity", planned="relativity"
    )
    worst = (
        lost.with_columns(pl.when(pl.col("level").is_in(levels["level"].to_list())).then("level"))
        .group_by(pl.col("level").fill_null("*"))
        .agg(level_given_up=pl.col("less").sum())
        .sort("level_given_up", "level", descending=[True, False])
        .head(1)
        .join(levels, on="level", how="left")
    )
    premium = float(after.sum()) * base
    given_up = float(lost["less"].clip(lower_bound=0.0).sum())
    row = pl.DataFrame(
        [(cover, factor, own.height, premium, given_up, given_up / premium if premium else 0.0)],
        schema=dict(list(_SCHEMA.items())[:6]),
        orient="row",
    )
    return row.join(worst, how="cross").select(list(_SCHEMA))
