"""Rating from the published table alone, a portfolio at a time.

A contract's price, with every product taken in the order of the table (`models_ml.rating.trace` shows the
steps of one contract, `dbt_project/macros/rating.sql` does the same in SQL):

1. per cover of the tier: base rate x relativities + fixed amount, to the cent;
2. times the share within the tier's limit and the tier's terms, to the cent;
3. their sum, plus the tier's further lines, over its cost share;
4. times the factors on the price, held between minimum and maximum, rounded to the tier's step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.rounding import as_money, shift, whole_cents
from models_ml.rating.table import BASE, RateTable
from models_ml.rating.tariff import Tariff
from models_ml.relativities import OTHER

PRICE = "price"


def rate(table: RateTable, frame: pl.DataFrame) -> pl.DataFrame:
    """Rate every row of `frame` for every cover, from the table alone.

    Args:
        table: the rates.
        frame: one text column per rating factor of the table; a level that is not in the table, or
            null, rates as `*`.

    Returns:
        `frame` with one decimal column per cover and their `total`.

    Raises:
        RatingError: a rating factor has no column.
    """
    codes = _Codes(table.rates, table.factors, frame)
    coded = frame.with_columns(codes.columns).with_columns(
        codes.premium(cover).alias(cover) for cover in table.covers
    )
    total = pl.sum_horizontal([pl.col(cover) for cover in table.covers])
    return coded.with_columns(total=total).select(
        *frame.columns, *(as_money(pl.col(name)).alias(name) for name in (*table.covers, "total"))
    )


def multiplied_out(table: RateTable, cover: str, frame: pl.DataFrame) -> pl.Series:
    """The product of a cover's relativities for every row of `frame`, in whose order it is.

    Raises:
        RatingError: a rating factor has no column.
    """
    codes = _Codes(table.rates, table.factors, frame)
    return frame.with_columns(codes.columns).select(product=codes.product(cover, pl.lit(1.0))).to_series()


def rate_contracts(tariff: Tariff, contracts: pl.DataFrame) -> pl.DataFrame:
    """Price every contract for its tier.

    Args:
        tariff: the rules.
        contracts: `tier` and one text column per factor of the tariff; a level that is not in the table,
            or null, rates as `*`.

    Returns:
        `contracts` with, in decimals, what each cover costs inside the tier (nought for a cover that it
        does not grant) and the `price`.

    Raises:
        RatingError: a column is missing, or a contract's tier is not in the tariff.
    """
    if "tier" not in contracts.columns:
        raise RatingError("contracts lack the column 'tier'")
    known = list(tariff.tiers)
    if (strange := contracts.filter(~pl.col("tier").is_in(known).fill_null(value=False))).height:
        raise RatingError(f"tier '{strange['tier'][0]}' is none of the tariff's: {', '.join(known)}")
    covers = tariff.rates.covers
    codes = _Codes(tariff.rates.rates, tariff.rates.factors, contracts)
    price_codes = _Codes(tariff.price_factors.with_columns(cover=pl.lit(OTHER)), _names(tariff), contracts)
    tiers = _TierValues(tariff)
    inside = {
        cover: whole_cents(codes.premium(cover) * tiers.limit(cover) * tiers.terms(cover)) for cover in covers
    }
    priced = (
        contracts.with_columns(*codes.columns, *price_codes.columns, tiers.code)
        .with_columns(expression.alias(cover) for cover, expression in inside.items())
        .with_columns(_cost=pl.sum_horizontal([pl.col(cover) for cover in covers]) + tiers.of("lines"))
        .with_columns(_loaded=price_codes.product(OTHER, pl.col("_cost") / tiers.of("cost_share")))
        .with_columns(tiers.finished(pl.col("_loaded")).alias(PRICE))
    )
    return priced.select(
        *contracts.columns, *(as_money(pl.col(name)).alias(name) for name in (*covers, PRICE))
    )


def finished(tariff: Tariff, frame: pl.DataFrame, amounts: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Amounts held between minimum and maximum of each row's tier and rounded to its step, as a price is.

    Args:
        tariff: with the rules of the tiers.
        frame: with `tier`.
        amounts: hundredths, by the name they are to have.

    Returns:
        `frame` with the amounts as decimals, and `rounding_step` of its tier.
    """
    tiers = _TierValues(tariff)
    done = {name: as_money(tiers.finished(amount)).alias(name) for name, amount in amounts.items()}
    coded = frame.with_columns(tiers.code)
    return coded.with_columns(*done.values(), rounding_step=as_money(tiers.of("step"))).drop("_tier_code")


def expand(
    table: RateTable, observed: pl.DataFrame, shown: tuple[str, ...], base_levels: Mapping[str, str]
) -> pl.DataFrame:
    """Premiums of the combinations of `shown` factors that were observed, others at their base.

    Args:
        table: the rates.
        observed: `shown` columns and `exposure_years`.
        shown: factors that vary.
        base_levels: the level at which every other factor is held.
    """
    held = {factor: base_levels[factor] for factor in table.factors if factor not in shown}
    cells = _cells(observed, shown, held)
    return rate(table, cells).select(*shown, "exposure_years", *table.covers, "total")


def expand_prices(
    tariff: Tariff, observed: pl.DataFrame, shown: tuple[str, ...], base_levels: Mapping[str, str]
) -> pl.DataFrame:
    """Prices of every tier in the cells that were observed, others at their base: to look up, not multiply.

    Args:
        tariff: the rules.
        observed: `shown` columns and `exposure_years`.
        shown: factors that vary.
        base_levels: the level at which every other factor is held; one that is not in it is at `*`.

    Returns:
        `shown`, `exposure_years` and a decimal column per tier.

    Raises:
        RatingError: a factor that is shown is none of the tariff's.
    """
    if strange := [factor for factor in shown if factor not in tariff.factors]:
        raise RatingError(f"factor '{strange[0]}' is none of the tariff's: {', '.join(tariff.factors)}")
    held = {factor: base_levels.get(factor, OTHER) for factor in tariff.factors if factor not in shown}
    cells = _cells(observed, shown, held)
    prices = {
        tier: rate_contracts(tariff, cells.with_columns(tier=pl.lit(tier)))[PRICE] for tier in tariff.tiers
    }
    return cells.select(*shown, "exposure_years").with_columns(**prices)


def _cells(observed: pl.DataFrame, shown: tuple[str, ...], held: Mapping[str, str]) -> pl.DataFrame:
    """Combinations of the factors shown with their exposure, sorted, and one level of every other factor."""
    combos = observed.group_by(shown, maintain_order=True).agg(pl.col("exposure_years").sum()).sort(shown)
    return combos.with_columns(pl.lit(level).alias(factor) for factor, level in held.items())


def _names(tariff: Tariff) -> list[str]:
    return tariff.price_factors["factor"].unique(maintain_order=True).to_list()


class _Codes:
    """Every level as a number, looked up once per factor; relativities are then taken by position."""

    def __init__(self, rates: pl.DataFrame, factors: Sequence[str], frame: pl.DataFrame) -> None:
        if lacking := [factor for factor in factors if factor not in frame.columns]:
            raise RatingError(f"contracts lack the column '{lacking[0]}', a rating factor")
        self._rates = rates
        self._levels = {
            factor: rates.filter((pl.col("factor") == factor) & (pl.col("level") != OTHER))["level"].unique(
                maintain_order=True
            )
            for factor in factors
        }
        self.columns = [
            pl.col(factor)
            .replace_strict(
                levels, pl.int_range(len(levels), eager=True), default=len(levels), return_dtype=pl.UInt32
            )
            .alias(f"_code_{factor}")
            for factor, levels in self._levels.items()
        ]

    def premium(self, cover: str) -> pl.Expr:
        """Premium of a cover in whole hundredths."""
        base = self._rates.filter((pl.col("cover") == cover) & (pl.col("factor") == BASE))
        amount = self.product(cover, pl.lit(float(base["base_rate"][0])))
        return whole_cents((amount + float(base["fixed_amount"][0])) * 100)

    def product(self, cover: str, amount: pl.Expr) -> pl.Expr:
        """The amount times every relativity of a cover, in the order of the table."""
        own = self._rates.filter((pl.col("cover") == cover) & (pl.col("factor") != BASE))
        for (factor,), rows in own.group_by("factor", maintain_order=True):
            relativity = dict(rows.select("level", "relativity").iter_rows())
            other = relativity[OTHER]
            by_code = [relativity.get(level, other) for level in self._levels[str(factor)]]
            values = pl.Series([*by_code, other], dtype=pl.Float64)
            amount = amount * pl.lit(values).gather(pl.col(f"_code_{factor}"))
        return amount


class _TierValues:
    """What the tiers set, looked up by the number of the tier."""

    def __init__(self, tariff: Tariff) -> None:
        self._rules = list(tariff.tiers.values())
        names = list(tariff.tiers)
        self.code = (
            pl.col("tier")
            .replace_strict(names, range(len(names)), return_dtype=pl.UInt32)
            .alias("_tier_code")
        )
        self._values = {
            "lines": [float(rule.lines) for rule in self._rules],
            "cost_share": [rule.cost_share for rule in self._rules],
            "least": [float(rule.minimum or 0) for rule in self._rules],
            "most": [float("inf") if rule.maximum is None else float(rule.maximum) for rule in self._rules],
            "step": [float(rule.rounding.step_cents) for rule in self._rules],
            "shift": [shift(rule.rounding.rule) for rule in self._rules],
        }

    def of(self, name: str) -> pl.Expr:
        return self._by_tier(self._values[name])

    def finished(self, amount: pl.Expr) -> pl.Expr:
        """An amount in hundredths between the bounds of the tier, a whole multiple of its step."""
        held = pl.max_horizontal(pl.min_horizontal(amount, self.of("most")), self.of("least"))
        step = self.of("step")
        return step * (held / step + self.of("shift")).floor()

    def limit(self, cover: str) -> pl.Expr:
        return self._by_tier([rule.shares.get(cover, (0.0, 0.0))[0] for rule in self._rules])

    def terms(self, cover: str) -> pl.Expr:
        return self._by_tier([rule.shares.get(cover, (0.0, 0.0))[1] for rule in self._rules])

    @staticmethod
    def _by_tier(values: list[float]) -> pl.Expr:
        return pl.lit(pl.Series(values, dtype=pl.Float64)).gather(pl.col("_tier_code"))
