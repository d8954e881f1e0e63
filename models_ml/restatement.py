"""Experience of one cover at the level of the rating year: what is still to come, and what will have moved.

Claims as known are fewer than will be known, and they happened at the frequency and the prices of their day.
Neither touches what happened. Exposure is put at what it would take, in the rating year, to bring as many
claims as are known (`at_risk_years`); costs are put at what the claims will have come to, at prices of the
rating year, cut where a few large ones would rule a thin cell (`restated_amount`). Werner and Modlin 2016,
chapters 5 and 6.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.actuarial.development import Triangle, Ultimates, claim_unit, select_ultimates
from models_ml.actuarial.large_loss import cap_losses, severity_cap
from models_ml.actuarial.trend import DAYS_PER_YEAR, Trend, severity_trend
from models_ml.cells import AT_RISK, RESTATED
from models_ml.glm import Array
from models_ml.quarters import QUARTER, exposure_by_quarter, quarter_of

WHOLE = "all vehicles"
"""The segment of every vehicle where none are told apart."""

LEAST_SHARE = 0.01
"""A quarter of which less is known says nothing about frequency, and is not divided by."""


@dataclass(frozen=True)
class Assumptions:
    """What is expected of a cover before its experience is looked at.

    Args:
        frequency_trend, severity_trend: yearly change, as a fraction.
        trend_sd: standard deviation of either, on the log scale.
        large_loss_quantile: of the claims of the cover, where a claim is cut; 1 cuts none.
    """

    frequency_trend: float = 0.0
    severity_trend: float = 0.025
    trend_sd: float = 0.02
    large_loss_quantile: float = 0.99


@dataclass(frozen=True)
class CoverExperience:
    """What is known of one cover.

    Attributes:
        cover: its name.
        contracts: `contract_id`, `effective_date`, `last_day`, `exposure_years`, `claim_count`,
            `gross_amount` and rating factors.
        claims: `contract_id`, `loss_date` and `amount`, above zero, of every claim that counts; without
            days (`claims_of_contracts`) there is no trend of its own.
        counts, amounts: triangles of reported counts and of incurred amounts; None where losses have no
            days, and then nothing is developed.
    """

    cover: str
    contracts: pl.DataFrame
    claims: pl.DataFrame
    counts: Triangle | None
    amounts: Triangle | None

    @property
    def dated(self) -> bool:
        """Whether every claim has a day; one without would stand in another quarter than its exposure."""
        return self.claims.height > 0 and self.claims["loss_date"].null_count() == 0


@dataclass(frozen=True)
class Development:
    """How far the claims of each quarter are known.

    Attributes:
        quarters: `quarter`, `exposure_years`, `reported_share` (of its ultimate claims) and
            `severity_growth` (ultimate over known mean cost of a claim).
        counts, amounts: the ultimates, None where nothing was developed.
        remarks: what could not be done, in words.
    """

    quarters: pl.DataFrame
    counts: Ultimates | None
    amounts: Ultimates | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Restatement:
    """What was done to the experience of a cover.

    Attributes:
        development: how far claims are known.
        frequency: trend by segment.
        severity: trend of the mean claim.
        cap: the amount, at rating-year prices, at which claims were cut; None where none was.
        large_loss_factor: all cost over cut cost.
        trend_error: relative standard error of what the trends make of cost.
    """

    development: Development
    frequency: Mapping[str, Trend]
    severity: Trend
    cap: float | None
    large_loss_factor: float
    trend_error: float


def claims_of_contracts(contracts: pl.DataFrame) -> pl.DataFrame:
    """Claims of a cover of which only number and sum are known by contract: each at the contract's mean."""
    return (
        contracts.filter(pl.col("claim_count") > 0)
        .select(
            "contract_id",
            loss_date=pl.lit(None, pl.Date),
            amount=(pl.col("gross_amount") / pl.col("claim_count")).repeat_by("claim_count"),
        )
        .explode("amount")
    )


def develop(known: CoverExperience) -> Development:
    """Find out how far the claims of each quarter are known, from the triangles."""
    years = (
        exposure_by_quarter(known.contracts)
        .group_by(QUARTER)
        .agg(exposure_years=pl.col("years").sum())
        .sort(QUARTER)
    )
    counts, amounts = _in_force(known.counts, years), _in_force(known.amounts, years)
    if counts is None or amounts is None or counts.size < 2:
        remark = f"cover {known.cover}: losses have no triangle; claims are taken as reported"
        flat = years.with_columns(reported_share=pl.lit(1.0), severity_growth=pl.lit(1.0))
        return Development(flat, None, None, (remark,))
    origins = pl.DataFrame({QUARTER: counts.origins})
    exposure = origins.join(years, on=QUARTER, how="left", maintain_order="left")["exposure_years"]
    weights = exposure.fill_null(0.0).to_numpy()
    reported = counts.latest.clip(min=0.0)
    unit = claim_unit(known.claims["amount"].to_numpy())
    of_counts = select_ultimates(counts, reported, weights)
    of_amounts = select_ultimates(amounts, reported, weights, claim_unit=unit)
    share = of_counts.by_origin["developed"].clip(lower_bound=LEAST_SHARE)
    growth = share / of_amounts.by_origin["developed"].clip(lower_bound=LEAST_SHARE)
    known_of = origins.with_columns(share.alias("reported_share"), growth.alias("severity_growth"))
    # Exposure from before the first loss has had its time; from after the last it is as the last.
    quarters = years.join(known_of, on=QUARTER, how="left", maintain_order="left").with_columns(
        pl.col("reported_share", "severity_growth").forward_fill().fill_null(1.0)
    )
    return Development(quarters, of_counts, of_amounts, ())


def _in_force(triangle: Triangle | None, years: pl.DataFrame) -> Triangle | None:
    """The triangle without quarters from before the cover was first in force.

    A loss of such a day has no contract that could have had it; one is enough to stretch the triangle by
    decades in which nothing else is known, and nothing would develop.
    """
    first: dt.date = years.select(pl.col(QUARTER).min()).item()
    return None if triangle is None or triangle.origins[-1] < first else triangle.since(first)


def expected_by_quarter(
    known: CoverExperience, development: Development, frequency: Array, segment: str | None
) -> pl.DataFrame:
    """What each contract was in each quarter, and the claims a model without trend expects to be known of it.

    Args:
        known, development: the experience, and how far it is known.
        frequency: claims per vehicle-year of every contract by that model, shape (contracts,).
        segment: the factor whose levels may move apart; None takes all as one.

    Returns:
        `contract_id`, `segment`, `quarter`, `years`, `reported_years` and `expected_count`.
    """
    of = pl.lit(WHOLE) if segment is None else pl.col(segment)
    rated = known.contracts.select("contract_id", of.alias("segment"), pl.Series("frequency", frequency))
    return (
        exposure_by_quarter(known.contracts)
        .join(rated, on="contract_id")
        .join(development.quarters.select(QUARTER, "reported_share"), on=QUARTER)
        .with_columns(reported_years=pl.col("years") * pl.col("reported_share"))
        .with_columns(expected_count=pl.col("reported_years") * pl.col("frequency"))
    )


def restate(
    known: CoverExperience,
    development: Development,
    by_quarter: pl.DataFrame,
    frequency: Mapping[str, Trend],
    assumptions: Assumptions,
    middle: dt.date,
) -> tuple[pl.DataFrame, Restatement]:
    """Bring the experience of a cover to the level of the rating year.

    Args:
        known, development: the experience, and how far it is known.
        by_quarter: as of `expected_by_quarter`.
        frequency: trend of frequency by segment.
        assumptions: of the cover.
        middle: the day whose level is wanted, the mid-point of the rating year.

    Returns:
        The contracts with `at_risk_years` and `restated_amount`, and what was done.
    """
    claims = _ultimate_claims(known, development, by_quarter)
    severity = _severity(known, claims, assumptions)
    restated, cap, factor = _priced(known.cover, claims, severity, assumptions, middle)
    contracts = (
        known.contracts.join(_at_risk(by_quarter, frequency, middle), on="contract_id", how="left")
        .join(restated, on="contract_id", how="left")
        .with_columns(pl.col(AT_RISK).fill_null(pl.col("exposure_years")), pl.col(RESTATED).fill_null(0.0))
        .sort("contract_id")
    )
    error = _trend_error(by_quarter, frequency, severity, middle)
    return contracts, Restatement(development, frequency, severity, cap, factor, error)


def _ultimate_claims(
    known: CoverExperience, development: Development, by_quarter: pl.DataFrame
) -> pl.DataFrame:
    """Claims at what they will have come to; one without a day lies in the middle of its contract."""
    length = pl.col("last_day") - pl.col("effective_date")
    contracts = known.contracts.select("contract_id", middle=pl.col("effective_date") + length / 2)
    segments = by_quarter.select("contract_id", "segment").unique()
    growth = development.quarters.select(QUARTER, "severity_growth")
    return (
        known.claims.join(contracts, on="contract_id")
        .join(segments, on="contract_id")
        .with_columns(day=pl.coalesce("loss_date", "middle"))
        .with_columns(quarter_of("day").alias(QUARTER))
        .join(growth, on=QUARTER, how="left")
        .with_columns(ultimate=pl.col("amount") * pl.col("severity_growth").fill_null(1.0))
        .sort("contract_id", "day", "amount")
    )


def _severity(known: CoverExperience, claims: pl.DataFrame, assumptions: Assumptions) -> Trend:
    """Trend of the mean claim; the mean of its segment is expected of each, so that mix is no trend."""
    # Of claims without days nothing is seen in any quarter.
    counted = pl.lit(1.0 if known.dated else 0.0)
    periods = (
        claims.with_columns(mean=pl.col("ultimate").mean().over("segment"))
        .group_by(period=QUARTER)
        .agg(
            claim_count=counted * pl.len(),
            amount=counted * pl.col("ultimate").sum(),
            expected_amount=counted * pl.col("mean").sum(),
        )
        .sort("period")
    )
    return severity_trend(
        known.cover, periods, a_priori=assumptions.severity_trend, prior_sd=assumptions.trend_sd
    )


def _years_until(middle: dt.date, day: pl.Expr) -> pl.Expr:
    return (pl.lit(middle) - day).dt.total_days() / DAYS_PER_YEAR


def _trend_error(
    by_quarter: pl.DataFrame, frequency: Mapping[str, Trend], severity: Trend, middle: dt.date
) -> float:
    """Errors of both trends over the years that experience, where it has its claims, is carried forward."""
    segments = by_quarter.group_by("segment").agg(
        claims=pl.col("expected_count").sum(),
        years=(_years_until(middle, _middle_of_quarter()) * pl.col("expected_count")).sum()
        / pl.col("expected_count").sum(),
    )
    share = segments["claims"].to_numpy() / float(segments["claims"].sum())
    errors = np.array([np.hypot(frequency[name].error, severity.error) for name in segments["segment"]])
    return float(np.sqrt(share @ (errors * segments["years"].to_numpy()) ** 2))


def _middle_of_quarter() -> pl.Expr:
    return pl.col(QUARTER).dt.offset_by("45d")


def _at_risk(by_quarter: pl.DataFrame, trends: Mapping[str, Trend], middle: dt.date) -> pl.DataFrame:
    """Years, in the rating year, that would bring the claims known of each contract."""
    selected = [1 + trend.selected for trend in trends.values()]
    a_year = pl.col("segment").replace_strict(list(trends), selected, return_dtype=pl.Float64)
    risen = a_year ** _years_until(middle, _middle_of_quarter())
    return by_quarter.group_by("contract_id").agg((pl.col("reported_years") / risen).sum().alias(AT_RISK))


def _priced(
    cover: str, claims: pl.DataFrame, trend: Trend, assumptions: Assumptions, middle: dt.date
) -> tuple[pl.DataFrame, float | None, float]:
    """Cost of every contract's claims at rating-year prices, cut; the cap; all over cut cost."""
    risen = (1 + trend.selected) ** _years_until(middle, pl.col("day"))
    priced = claims.select("contract_id", amount=pl.col("ultimate") * risen)
    cap, factor, cost = None, 1.0, pl.col("amount")
    if assumptions.large_loss_quantile < 1 and priced.height:
        cut = cap_losses(cover, priced, severity_cap(cover, priced, assumptions.large_loss_quantile))
        cap, factor, priced, cost = float(cut.cap), cut.loading, cut.claims, pl.col("capped")
    summed = priced.group_by("contract_id").agg(cost.cast(pl.Float64).sum().alias(RESTATED))
    return summed, cap, factor
