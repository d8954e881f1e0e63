"""The forecast of a brand's covers: experience at the level of the rating year, summed to cells, and fitted.

A first look, a model without trend, says what is expected of the mix of each quarter. What a segment did
beside that is its trend: of all covers together first, for who drives an electric car shows in every cover,
then of the cover, drawn to that of all as far as it is uncertain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from models_ml.actuarial.trend import Trend, frequency_trend
from models_ml.cells import AT_RISK, DRIVEN, RESTATED
from models_ml.errors import BadCellError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.quarters import QUARTER, quarter_of
from models_ml.restatement import (
    Assumptions,
    CoverExperience,
    Development,
    Restatement,
    develop,
    expected_by_quarter,
    restate,
)
from models_ml.shrinkage import Shrinkage, choose_shrinkage

FIRST_LOOK_PRIOR = 0.4
"""Prior of the first look; it is no forecast, so it is not learned."""

ALL_COVERS = "all covers"
SUMMED = ("exposure_years", "claim_count", "gross_amount", "recovery_amount", AT_RISK, RESTATED, DRIVEN)


@dataclass(frozen=True)
class Rating:
    """How a cover is to be forecast.

    Args:
        factors: rating factors, columns of the contracts.
        orders: levels in order, of the factors that have one.
        middle: mid-point of the rating year.
        use_factor: the factor of bands of use, for covers that follow the kilometres.
        segment: factor whose levels may have trends of their own.
    """

    factors: Sequence[str]
    orders: Mapping[str, Sequence[str]]
    middle: dt.date
    use_factor: str | None = None
    segment: str | None = None


@dataclass(frozen=True)
class FirstLook:
    """A cover's experience beside what a model without trend expects of it, by contract and quarter."""

    known: CoverExperience
    rating: Rating
    assumptions: Assumptions
    development: Development
    by_quarter: pl.DataFrame

    @property
    def moves(self) -> pl.DataFrame:
        """`segment`, `period`, `expected_count` and `claim_count`, nought where claims have no days."""
        segments = self.by_quarter.select("contract_id", "segment").unique()
        known = self.known.claims if self.known.dated else self.known.claims.clear()
        claims = (
            known.join(segments, on="contract_id")
            .group_by("segment", quarter_of("loss_date").alias(QUARTER))
            .agg(claim_count=pl.len().cast(pl.Float64))
        )
        expected = self.by_quarter.group_by("segment", QUARTER).agg(pl.col("expected_count").sum())
        table = expected.join(claims, on=["segment", QUARTER], how="left").select(
            "segment", "expected_count", pl.col("claim_count").fill_null(0.0), period=QUARTER
        )
        return table.sort("segment", "period")


@dataclass(frozen=True)
class CoverForecast:
    """A fitted model, the cells it was fitted on, what was done to their experience before, and how far its
    relativities are believed."""

    model: FrequencySeverityModel
    cells: pl.DataFrame
    restatement: Restatement
    shrinkage: Shrinkage


def first_look(known: CoverExperience, assumptions: Assumptions, rating: Rating) -> FirstLook:
    """Say what is expected of a cover without trend.

    Raises:
        BadCellError, NoExposureError, NoClaimsError: see `FrequencySeverityModel.fit`.
    """
    model = _model(rating, FIRST_LOOK_PRIOR).fit(as_cells(known.contracts, rating.factors))
    development = develop(known)
    expected = model.predict_frequency(known.contracts)
    by_quarter = expected_by_quarter(known, development, expected, rating.segment)
    return FirstLook(known, rating, assumptions, development, by_quarter)


def trends_of_segments(looks: Sequence[FirstLook]) -> dict[str, Trend]:
    """Trend of frequency of every segment over all covers whose claims have days."""
    dated = [look for look in looks if look.known.dated]
    if not dated:
        return {}
    moves = pl.concat([look.moves for look in dated]).group_by("segment", "period")
    table = moves.agg(pl.col("expected_count", "claim_count").sum()).sort("segment", "period")
    parts = table.partition_by("segment", as_dict=True, maintain_order=True)
    least_sure = max(dated, key=lambda look: look.assumptions.trend_sd).assumptions
    return {
        str(key[0]): frequency_trend(
            ALL_COVERS, part, a_priori=least_sure.frequency_trend, prior_sd=least_sure.trend_sd
        )
        for key, part in parts.items()
    }


def forecast_cover(
    look: FirstLook,
    all_covers: Mapping[str, Trend],
    day: dt.date | None = None,
    shrinkage: Shrinkage | None = None,
) -> CoverForecast:
    """Forecast a cover at the level of a day.

    Args:
        look: the first look at it.
        all_covers: trend of each segment over all covers; one that is missing has the assumed trend.
        day: to whose level experience is brought; None takes the middle of the rating year.
        shrinkage: as chosen before on the same rows; None chooses it.

    Raises:
        BadCellError, NoExposureError, NoClaimsError: see `FrequencySeverityModel.fit`.
    """
    known, assumed, rating = look.known, look.assumptions, look.rating
    moves = look.moves
    frequency = {}
    for segment in look.by_quarter["segment"].unique().sort():
        complement = all_covers.get(segment)
        frequency[segment] = frequency_trend(
            known.cover,
            moves.filter(pl.col("segment") == segment),
            a_priori=assumed.frequency_trend if complement is None else complement.selected,
            prior_sd=assumed.trend_sd,
        )
    contracts, told = restate(
        known, look.development, look.by_quarter, frequency, assumed, day or rating.middle
    )
    cells = as_cells(contracts, rating.factors)
    shrinkage = shrinkage or shrinkage_of(contracts, rating)
    model = _model(rating, None, told.large_loss_factor, shrinkage.scales).fit(cells)
    return CoverForecast(model, cells, told, shrinkage)


def fit_as_known(
    contracts: pl.DataFrame, rating: Rating, shrinkage: Shrinkage | None = None
) -> FrequencySeverityModel:
    """The same model at the level of the experience itself, to be judged on experience of the same years.

    Args:
        contracts: to fit on.
        rating: see `Rating`.
        shrinkage: as chosen before on the same rows; None chooses it.
    """
    cells = as_cells(contracts, rating.factors)
    shrinkage = shrinkage or shrinkage_of(contracts, rating)
    return _model(rating, None, scales=shrinkage.scales).fit(cells)


def shrinkage_of(contracts: pl.DataFrame, rating: Rating) -> Shrinkage:
    """How far relativities of these contracts are to be believed, by what is within them alone."""
    return choose_shrinkage(contracts, rating.factors, rating.orders, rating.use_factor)


def as_cells(contracts: pl.DataFrame, factors: Sequence[str]) -> pl.DataFrame:
    """Contracts of covers summed to rating cells, restated columns too where they are there.

    Raises:
        BadCellError: a contract lacks a number, which a sum would take for nought.
    """
    summed = [name for name in SUMMED if name in contracts.columns]
    for name in summed:
        lacking = contracts.filter(pl.col(name).is_null())
        if lacking.height:
            cover, cell = lacking.row(0, named=True)["cover"], lacking.row(0, named=True)["cell_id"]
            raise BadCellError(f"cover {cover}, cell {cell}: {name} is missing for a contract")
    return (
        contracts.group_by("cover", "cell_id", *factors, maintain_order=True)
        .agg(pl.col(summed).sum())
        .sort("cover", "cell_id")
    )


def _model(
    rating: Rating,
    prior_sd: float | None,
    large_loss_factor: float = 1.0,
    scales: tuple[float, float] = (1.0, 1.0),
) -> FrequencySeverityModel:
    return FrequencySeverityModel(
        list(rating.factors),
        rating.orders,
        prior_sd,
        use_factor=rating.use_factor,
        large_loss_factor=large_loss_factor,
        prior_scales=scales,
    )
