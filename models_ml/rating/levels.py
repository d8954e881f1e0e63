"""The level at which a value rates: a level by its name, a code or a number by the rules of the version.

`dbt_project/macros/rating.sql` says the same in SQL (`levels_of_values`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.relativities import OTHER

SCHEMA: dict[str, type[pl.DataType]] = {
    "factor": pl.String,
    "kind": pl.String,
    "value": pl.String,
    "level": pl.String,
    "lower_bound": pl.Float64,
    "upper_bound": pl.Float64,
    "whole": pl.Boolean,
}
LABEL, CODE, BAND = "label", "code", "band"
NUMBER = r"^-?(0|[1-9][0-9]{0,14})([.][0-9]{1,15})?$"
"""A plain number: no sign but a minus, no separator of thousands, no exponent, no leading noughts."""
MAKE, MODEL = "make", "model"


@dataclass(frozen=True)
class LevelRules:
    """How values find their levels.

    `rules` has a row per level with kind `label` (`value` is its name), per code (`value` is the code), and
    per band (`lower_bound` in it, `upper_bound` not, null where it is open; `whole` where all bounds of the
    factor are whole numbers, and then only whole numbers lie in it). What is both a name and something else
    is taken by its name; what is a code by the code before a band. A model that is no level by itself is
    looked up behind its make.
    """

    rules: pl.DataFrame

    def __post_init__(self) -> None:
        if dict(self.rules.schema) != SCHEMA:
            raise RatingError(f"rules of levels have the columns {', '.join(SCHEMA)}")

    def levels(self, contracts: pl.DataFrame, factors: Sequence[str]) -> pl.DataFrame:
        """The contracts with the level of every factor in place of the value; null where none takes it.

        Args:
            contracts: a text column per factor.
            factors: to be looked up; others stay.
        """
        return contracts.with_columns(self._level(name, contracts.columns).alias(name) for name in factors)

    def level(
        self, factor: str, value: str | None, beside: Mapping[str, str | None] | None = None
    ) -> str | None:
        """The level of one value; see `levels`.

        Args:
            factor: its name.
            value: what the contract has.
            beside: values of other factors, such as the make of a model.
        """
        row = {**(beside or {}), factor: value}
        frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
        found: str | None = self.levels(frame, [factor])[factor][0]
        return found

    def known(self, factor: str) -> list[str]:
        """Names of the levels of a factor."""
        return self._of(factor, LABEL)["level"].to_list()

    def _of(self, factor: str, kind: str) -> pl.DataFrame:
        return self.rules.filter((pl.col("factor") == factor) & (pl.col("kind") == kind))

    def _level(self, factor: str, columns: Sequence[str]) -> pl.Expr:
        labels = self._of(factor, LABEL)
        found = [_looked_up(pl.col(factor), labels), _looked_up(pl.col(factor), self._of(factor, CODE))]
        found.append(_banded(pl.col(factor), self._of(factor, BAND)))
        if factor == MODEL and MAKE in columns:
            found.append(_looked_up(pl.col(MAKE) + " " + pl.col(MODEL), labels))
        return pl.coalesce(found)


def level_rules(
    listed: pl.DataFrame, bands: pl.DataFrame, codes: Mapping[str, Mapping[str, str]]
) -> LevelRules:
    """The rules of a version.

    Args:
        listed: `factor` and `level` of every row that rates; `*` and further columns are left out.
        bands: `factor`, `level`, `lower_bound`, `upper_bound` (null where open).
        codes: level by code, by factor.
    """
    factors = listed["factor"].unique().sort().to_list()
    own = bands.filter(pl.col("factor").is_in(factors)).with_columns(
        whole=((pl.col("lower_bound") % 1 == 0) & (pl.col("upper_bound").fill_null(0.0) % 1 == 0))
        .all()
        .over("factor"),
        kind=pl.lit(BAND),
        value=pl.lit(None, dtype=pl.String),
    )
    coded = pl.DataFrame(
        [(f, CODE, code, level) for f in factors for code, level in codes.get(f, {}).items()],
        schema=dict.fromkeys(("factor", "kind", "value", "level"), pl.String),
        orient="row",
    )
    named = pl.concat(frame.select("factor", "level") for frame in (listed, own, coded))
    labels = (
        named.filter(pl.col("level") != OTHER)
        .unique()
        .sort("factor", "level")
        .with_columns(kind=pl.lit(LABEL), value="level")
    )
    rules = pl.concat([labels, coded, own], how="diagonal_relaxed")
    missing = [pl.lit(None, dtype=SCHEMA[n]).alias(n) for n in SCHEMA if n not in rules.columns]
    return LevelRules(
        rules.with_columns(missing)
        .select(pl.col(n).cast(kind) for n, kind in SCHEMA.items())
        .sort("factor", "kind", "lower_bound", "value", nulls_last=True)
    )


def _looked_up(text: pl.Expr, rules: pl.DataFrame) -> pl.Expr:
    return text.replace_strict(rules["value"], rules["level"], default=None, return_dtype=pl.String)


def _banded(text: pl.Expr, bands: pl.DataFrame) -> pl.Expr:
    number = pl.when(text.str.contains(NUMBER)).then(text.cast(pl.Float64, strict=False))
    level = pl.lit(None, dtype=pl.String)
    for band in bands.iter_rows(named=True):
        inside = number >= band["lower_bound"]
        if band["upper_bound"] is not None:
            inside &= number < band["upper_bound"]
        if band["whole"]:
            inside &= number == number.floor()
        level = pl.when(inside).then(pl.lit(band["level"])).otherwise(level)
    return level
