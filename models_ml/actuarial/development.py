"""Which ultimate of each quarter to trust, and what known claims are to be multiplied by.

`ChainLadder`, `BornhuetterFerguson`, `cape_cod` and the triangles are here too, so that one import has
all of development.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from models_ml.actuarial.bornhuetter_ferguson import APriori, BornhuetterFerguson, cape_cod
from models_ml.actuarial.chain_ladder import ChainLadder
from models_ml.actuarial.chance import claim_unit
from models_ml.actuarial.triangles import Triangle, triangle, triangle_of_movements, triangles_by_cover
from models_ml.errors import ModellingError
from models_ml.evaluation.columns import non_negative
from models_ml.glm import Array

__all__ = [
    "APriori",
    "BornhuetterFerguson",
    "ChainLadder",
    "SelectionRule",
    "Triangle",
    "Ultimates",
    "cape_cod",
    "claim_unit",
    "factors_by_origin",
    "select_ultimates",
    "triangle",
    "triangle_of_movements",
    "triangles_by_cover",
]

LARGEST_FACTOR = 2.0
"""A quarter that is to grow by more than this has too little known to carry it on its few claims."""

CHAIN_LADDER, BORNHUETTER_FERGUSON, AS_REPORTED = "chain_ladder", "bornhuetter_ferguson", "as_reported"


@dataclass(frozen=True)
class SelectionRule:
    """Chain ladder where both hold, else Bornhuetter-Ferguson.

    Attributes:
        min_claims: claims of the quarter known so far, at least.
        min_developed: share of its ultimate known so far, at least.
    """

    min_claims: float = 30.0
    min_developed: float = 0.5

    def reason(self, claims: float, developed: float) -> str:
        """Why Bornhuetter-Ferguson is taken, or empty where chain ladder is."""
        if claims < self.min_claims:
            return f"{claims:g} claims known, fewer than {self.min_claims:g}"
        if developed < self.min_developed:
            return f"{developed:.0%} developed, less than {self.min_developed:.0%}"
        return ""


@dataclass(frozen=True)
class Ultimates:
    """The selected ultimate of every quarter of a cover.

    Attributes:
        cover: the cover.
        by_origin: per quarter, oldest first: `origin`, `age`, `claims`, `latest`, `developed`,
            `chain_ladder`, `bornhuetter_ferguson`, `method`, `reason`, `ultimate`, `process_error`,
            `parameter_error`, `standard_error`. Errors are null where there is no way to know them.
        total: sum of the ultimates.
        total_standard_error: of it, None if an error is null. Errors of factors and of the expected loss
            are taken as one and the same for all quarters, an upper bound that holds across methods.
    """

    cover: str
    by_origin: pl.DataFrame
    total: float
    total_standard_error: float | None


def select_ultimates(
    amounts: Triangle,
    claims: Array,
    exposure: Array,
    *,
    rule: SelectionRule | None = None,
    claim_unit: float = 1.0,
    tail: float = 1.0,
    a_priori: APriori | None = None,
) -> Ultimates:
    """The ultimate of each quarter by the method that the rule names.

    A single quarter is taken as reported, with a reason and without an error.

    Args:
        amounts: what is projected: cumulative counts or amounts of a cover.
        claims: claims of each quarter known so far, oldest first: the latest diagonal of its counts.
        exposure: exposure of each quarter, such as vehicle-years.
        rule: when a quarter's own growth is trusted; None takes the rule's defaults.
        claim_unit: 1 for counts; for amounts `claim_unit(severities)`. See `ChainLadder`.
        tail: ultimate over what is known at the last age.
        a_priori: expected rate; None takes `cape_cod`.

    Raises:
        BadColumnError: claims or exposure are negative or not numbers.
        NoExposureError: the cover has no exposure, so nothing can be expected of a thin quarter.
        ModellingError: claims or exposure have another length than the triangle, or see `ChainLadder`.
    """
    known, years = non_negative(claims=claims, exposure=exposure)
    if len(known) != amounts.size:
        raise ModellingError(f"cover {amounts.cover}: {len(known)} quarters of claims, not {amounts.size}")
    if amounts.size == 1:
        return _as_reported(amounts, known)
    ladder = ChainLadder(tail, claim_unit=claim_unit).fit(amounts)
    expected = BornhuetterFerguson(a_priori, tail, claim_unit).fit(amounts, years)
    developed = ladder.developed_[amounts.ages - 1]
    rule = rule or SelectionRule()
    doubts = [rule.reason(n, share) for n, share in zip(known, developed, strict=True)]
    own = np.array([not doubt for doubt in doubts])
    reasons = [
        doubt or f"{n:g} claims known, {share:.0%} developed"
        for doubt, n, share in zip(doubts, known, developed, strict=True)
    ]
    process = np.where(own, ladder.process_errors_, expected.process_errors_)
    parameter = np.where(own, ladder.parameter_errors_, expected.parameter_errors_)
    ultimate = np.where(own, ladder.ultimates_, expected.ultimates_)
    table = _table(
        amounts,
        claims=known,
        developed=developed,
        chain_ladder=ladder.ultimates_,
        bornhuetter_ferguson=expected.ultimates_,
        method=np.where(own, CHAIN_LADDER, BORNHUETTER_FERGUSON),
        reason=reasons,
        ultimate=ultimate,
        process_error=process,
        parameter_error=parameter,
        standard_error=np.hypot(process, parameter),
    )
    total_error = float(np.hypot(np.sqrt((process**2).sum()), parameter.sum()))
    return Ultimates(amounts.cover, table, float(ultimate.sum()), total_error)


def factors_by_origin(counts: Ultimates, amounts: Ultimates) -> pl.DataFrame:
    """What known claims and amounts of a quarter are to be multiplied by, and what has none to multiply.

    What is known of a contract x factor + its share, by exposure, of the addition sums to the ultimate.

    Args:
        counts: selected ultimate counts of a cover.
        amounts: selected ultimate amounts of the same quarters.

    Returns:
        One row per quarter: `origin`, `count_factor`, `count_addition`, `amount_factor`,
        `amount_addition`. Where nothing is known, the ultimate and what is known differ in sign, or the
        factor would be above `LARGEST_FACTOR`, it is 1 and the addition is the whole difference;
        elsewhere the addition is 0.

    Raises:
        ModellingError: the two are of different quarters.
    """
    if counts.by_origin["origin"].to_list() != amounts.by_origin["origin"].to_list():
        raise ModellingError(f"cover {counts.cover}: counts and amounts are of different quarters")
    return pl.concat(
        [
            counts.by_origin.select("origin", *_gross_up("count")),
            amounts.by_origin.select(_gross_up("amount")),
        ],
        how="horizontal",
    )


def _gross_up(name: str) -> list[pl.Expr]:
    """Factor and addition that carry `latest` to `ultimate`."""
    latest, ultimate = pl.col("latest"), pl.col("ultimate")
    carried = (latest * ultimate > 0) & (ultimate / latest <= LARGEST_FACTOR)
    return [
        pl.when(carried).then(ultimate / latest).otherwise(1.0).alias(f"{name}_factor"),
        pl.when(carried).then(0.0).otherwise(ultimate - latest).alias(f"{name}_addition"),
    ]


def _as_reported(amounts: Triangle, claims: Array) -> Ultimates:
    table = _table(
        amounts,
        claims=claims,
        developed=np.ones(1),
        chain_ladder=amounts.latest,
        bornhuetter_ferguson=amounts.latest,
        method=[AS_REPORTED],
        reason=["one quarter, so no development has been seen"],
        ultimate=amounts.latest,
        process_error=pl.Series([None], dtype=pl.Float64),
        parameter_error=pl.Series([None], dtype=pl.Float64),
        standard_error=pl.Series([None], dtype=pl.Float64),
    )
    return Ultimates(amounts.cover, table, float(amounts.latest.sum()), None)


def _table(amounts: Triangle, **columns: Array | pl.Series | list[str]) -> pl.DataFrame:
    origins: list[dt.date] = list(amounts.origins)
    table = pl.DataFrame({"origin": origins, "age": amounts.ages, "latest": amounts.latest, **columns})
    return table.select("origin", "age", "claims", "latest", pl.exclude("origin", "age", "claims", "latest"))
