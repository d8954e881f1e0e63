"""Two versions side by side: base rates, relativities, and what it does to the premium of every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from models_ml.rating import BASE
from pipelines.pricing.versions.columns import cover_rates

MONEY = pl.Float64


@dataclass(frozen=True)
class Comparison:
    """What moved from an old version to a new one. `change` is new / old - 1, null where one has no value.

    `base_rates` has a row per cover, `relativities` one per level that differs, is new or is gone.
    `premiums` has a row per expanded cell of both (`exposure_years` are the new version's), largest rise
    first; None where the two show premiums by other factors. `overall` is the change of the premium of all
    those cells at the new version's exposure.
    """

    base_rates: pl.DataFrame
    relativities: pl.DataFrame
    premiums: pl.DataFrame | None
    overall: float | None

    def rises(self, top: int) -> pl.DataFrame:
        """The cells whose premium rises most."""
        return self._cells().filter(pl.col("change") > 0).head(top)

    def falls(self, top: int) -> pl.DataFrame:
        """The cells whose premium falls most."""
        return self._cells().filter(pl.col("change") < 0).reverse().head(top)

    def furthest(self) -> pl.DataFrame:
        """The relativities that differ, those that moved furthest first."""
        moved = pl.col("change").abs()
        return self.relativities.sort(moved, descending=True, nulls_last=True, maintain_order=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        return {
            "overall_change": self.overall,
            "base_rates": self.base_rates.to_dicts(),
            "relativities": self.relativities.to_dicts(),
            "premiums": None if self.premiums is None else self.premiums.to_dicts(),
        }

    def _cells(self) -> pl.DataFrame:
        return pl.DataFrame(schema={"change": pl.Float64}) if self.premiums is None else self.premiums


def compare(old: tuple[pl.DataFrame, pl.DataFrame], new: tuple[pl.DataFrame, pl.DataFrame]) -> Comparison:
    """Compare rates and expanded premiums of two versions; of the rates, those of the covers."""
    old, new = (cover_rates(old[0]), old[1]), (cover_rates(new[0]), new[1])
    premiums = _premiums(old[1], new[1])
    overall = None
    if premiums is not None and premiums.height:
        weight = pl.col("exposure_years")
        before, after = premiums.select(
            (pl.col("old") * weight).sum(), new=(pl.col("new") * weight).sum()
        ).row(0)
        overall = after / before - 1 if before else None
    return Comparison(_base_rates(old[0], new[0]), _relativities(old[0], new[0]), premiums, overall)


def _base_rates(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    def of(rates: pl.DataFrame, side: str) -> pl.DataFrame:
        amounts = [pl.col(c).cast(MONEY).alias(f"{side}_{c}") for c in ("base_rate", "fixed_amount")]
        return rates.filter(pl.col("factor") == BASE).select("cover", *amounts)

    joined = of(old, "old").join(of(new, "new"), on="cover", how="full", coalesce=True).sort("cover")
    return joined.select(
        "cover",
        pl.col("old_base_rate").alias("old"),
        pl.col("new_base_rate").alias("new"),
        (pl.col("new_base_rate") / pl.col("old_base_rate") - 1).alias("change"),
        "old_fixed_amount",
        "new_fixed_amount",
    )


def _relativities(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    def of(rates: pl.DataFrame, side: str) -> pl.DataFrame:
        own = rates.filter(pl.col("factor") != BASE).with_row_index(f"{side}_row")
        return own.select("cover", "factor", "level", f"{side}_row", pl.col("relativity").alias(side))

    joined = of(old, "old").join(of(new, "new"), on=["cover", "factor", "level"], how="full", coalesce=True)
    differing = joined.filter(pl.col("old").ne_missing(pl.col("new"))).sort(
        pl.coalesce("new_row", "old_row"), "cover", "factor", "level"
    )
    return differing.select(
        "cover", "factor", "level", "old", "new", (pl.col("new") / pl.col("old") - 1).alias("change")
    )


def _premiums(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame | None:
    shown = new.columns[: new.columns.index("exposure_years")]
    if shown != old.columns[: old.columns.index("exposure_years")]:
        return None
    before = old.select(*shown, pl.col("total").cast(MONEY).alias("old"))
    after = new.select(*shown, "exposure_years", pl.col("total").cast(MONEY).alias("new"))
    joined = after.join(before, on=shown, how="inner", maintain_order="left")
    change = (pl.col("new") / pl.col("old") - 1).alias("change")
    cells = joined.select(*shown, "exposure_years", "old", "new", change)
    return cells.sort("change", descending=True, maintain_order=True, nulls_last=True)
