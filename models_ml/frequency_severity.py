"""Expected cost of one cover: how often, times how much, less what comes back.

Frequency and severity are fitted apart (Ohlsson and Johansson 2010, chapter 2): a Poisson GLM on claims
per vehicle-year weighted by exposure, a gamma GLM on the mean claim weighted by claims, both with a log
link. scikit-learn's GLMs take no offset, so exposure goes in as weight; on cells that is the same fit
as on the contracts within them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models_ml.cells import checked_cover
from models_ml.encoding import LevelEncoder
from models_ml.glm import Array, Family, Fit, dispersion, fit_glm, fit_with_chosen_prior, significant

OTHER = "*"
"""The level that stands for every level the table does not list."""

MIN_SEVERITY_CELLS = 2
_FITTED = (
    "cover_",
    "base_frequency_",
    "base_severity_",
    "recovery_factor_",
    "off_balance_frequency_",
    "off_balance_severity_",
    "prior_sd_frequency_",
    "prior_sd_severity_",
    "base_levels_",
    "volume_",
)


class FrequencySeverityModel(BaseEstimator):  # type: ignore[misc]
    """Frequency x severity x recoveries for one cover, as base values and relativities.

    Args:
        factors: names of the rating-factor columns.
        orders: levels in order of the factors that have one: neighbours are drawn to each other.
        prior_sd: width of the prior on log-relativities of names, and on the steps between neighbouring
            bands; None chooses it by cross-validation.
        folds: folds of that cross-validation.
        seed: seed of the folds.

    Attributes:
        base_frequency_: claims per vehicle-year at the base levels.
        base_severity_: mean gross claim at the base levels, in the currency of the cells.
        recovery_factor_: net over gross cost of the fitted cells, not below zero. Frequency counts the
            claims that cost something and severity is their cost; what came back is this factor.
        volume_: exposure, claims and gross cost it was fitted on.
        base_levels_: per factor, the level with most exposure; its relativities are 1.
        relativities_: per factor and level `frequency_relativity`, `severity_relativity`,
            `relativity`, `exposure_years`, `claim_count`, `gross_amount`; and per factor a row for
            the level `*`, the exposure-weighted mean, which rates levels never seen.
        off_balance_frequency_, off_balance_severity_: what the fitted totals had to be multiplied by
            to meet the actual ones; the gamma GLM with a log link is not balanced by itself.
        prior_sd_frequency_, prior_sd_severity_: widths used.

    Example:
        >>> cells = pl.DataFrame({
        ...     "cover": ["glass"] * 2, "cell_id": ["a", "b"], "use": ["private", "taxi"],
        ...     "exposure_years": [900.0, 100.0], "claim_count": [90, 20],
        ...     "gross_amount": [27_000.0, 6_000.0], "recovery_amount": [0.0, -330.0]})
        >>> model = FrequencySeverityModel(["use"], prior_sd=100.0).fit(cells)
        >>> model.relativities_.filter(pl.col("level") == "taxi")["frequency_relativity"].round(3)[0]
        2.0
        >>> round(model.recovery_factor_, 3)
        0.99
    """

    def __init__(
        self,
        factors: Sequence[str],
        orders: Mapping[str, Sequence[str]] | None = None,
        prior_sd: float | None = None,
        folds: int = 3,
        seed: int = 20,
    ) -> None:
        self.factors = factors
        self.orders = orders
        self.prior_sd = prior_sd
        self.folds = folds
        self.seed = seed

    def fit(self, cells: pl.DataFrame, y: None = None) -> FrequencySeverityModel:  # noqa: ARG002
        """Fit on the cells of one cover.

        Args:
            cells: `cover`, `cell_id`, `exposure_years`, `claim_count`, `gross_amount`,
                `recovery_amount` and one text column per factor.
            y: not used; scikit-learn's signature.

        Raises:
            BadCellError: a cell has a negative, missing or infinite number, claims without exposure or
                without cost, cost without claims, a level named `*`, or another cover than the first.
            NoExposureError: the cover was never in force.
            NoClaimsError: no claim of the cover cost anything.
        """
        cover = checked_cover(cells, self.factors, reserved=OTHER)
        self.cover_ = cover
        cells = cells.filter(pl.col("exposure_years") > 0).sort("cell_id")
        encoder = LevelEncoder(list(self.factors), self.orders)
        encoder.fit(cells, cells["exposure_years"].to_numpy())
        frequency, severity = self._fit_parts(encoder, cells)
        self.volume_ = cells.select(
            pl.col("exposure_years", "claim_count", "gross_amount").sum().cast(pl.Float64)
        ).row(0, named=True)
        self.prior_sd_frequency_ = frequency.prior_sd
        self.prior_sd_severity_ = severity.prior_sd
        self._tabulate(cells, encoder, frequency, severity)
        self._balance(cells)
        return self

    def predict_frequency(self, frame: pl.DataFrame) -> Array:
        """Claims per vehicle-year of every row."""
        return self.base_frequency_ * self._product(frame, "frequency_relativity")

    def predict_severity(self, frame: pl.DataFrame) -> Array:
        """Mean gross cost of a claim of every row."""
        return self.base_severity_ * self._product(frame, "severity_relativity")

    def predict_burning_cost(self, frame: pl.DataFrame) -> Array:
        """Net cost per vehicle-year of every row."""
        cost = self.predict_frequency(frame) * self.predict_severity(frame)
        return cost * self.recovery_factor_

    def to_dict(self) -> dict[str, Any]:
        """The fitted model as plain values: all of it, for JSON."""
        values = {name: getattr(self, name) for name in _FITTED}
        return {
            "factors": list(self.factors),
            **values,
            "relativities_": self.relativities_.to_dicts(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FrequencySeverityModel:
        """The model that `to_dict` wrote."""
        model = cls(values["factors"])
        for name in _FITTED:
            setattr(model, name, values[name])
        model.relativities_ = pl.DataFrame(values["relativities_"], schema=_empty_relativities().schema)
        return model

    def _fit_parts(self, encoder: LevelEncoder, cells: pl.DataFrame) -> tuple[Fit, Fit]:
        claims = cells["claim_count"].to_numpy().astype(float)
        exposure = cells["exposure_years"].to_numpy()
        frequency = self._fit_one("poisson", encoder, cells, claims / exposure, exposure)
        with_claims = cells.filter(pl.col("claim_count") > 0)
        count = with_claims["claim_count"].to_numpy().astype(float)
        mean = with_claims["gross_amount"].to_numpy() / count
        if with_claims.height < MIN_SEVERITY_CELLS:
            # One cell says what a claim costs, not how the cost differs.
            flat = Fit(float(np.log(mean[0])), np.zeros(encoder.coding_.shape[1]), 0.0)
            return frequency, flat
        return frequency, self._fit_one("gamma", encoder, with_claims, mean, count)

    def _fit_one(
        self, family: Family, encoder: LevelEncoder, cells: pl.DataFrame, y: Array, weight: Array
    ) -> Fit:
        design = encoder.transform(cells)
        if self.prior_sd is not None:
            scale = dispersion(family, y, weight)
            return fit_glm(family, design, y, weight, self.prior_sd, scale)
        return fit_with_chosen_prior(family, design, y, weight, folds=self.folds, seed=self.seed)

    def _tabulate(self, cells: pl.DataFrame, encoder: LevelEncoder, frequency: Fit, severity: Fit) -> None:
        """Turn coefficients into relativities to the level with most exposure of each factor."""
        coefficients = encoder.levels_.with_columns(
            frequency_log=pl.Series(encoder.effects(frequency.coefficients), dtype=pl.Float64),
            severity_log=pl.Series(encoder.effects(severity.coefficients), dtype=pl.Float64),
        )
        volumes = [
            cells.group_by(pl.col(factor).alias("level"), maintain_order=True).agg(
                pl.lit(factor).alias("factor"),
                pl.col("exposure_years", "claim_count", "gross_amount").sum(),
            )
            for factor in self.factors
        ]
        if not volumes:
            self.base_levels_: dict[str, str] = {}
            self.relativities_ = _empty_relativities()
        else:
            table = coefficients.join(pl.concat(volumes), on=["factor", "level"], how="inner")
            base = table.sort(["factor", "exposure_years", "level"], descending=[False, True, False]).unique(
                "factor", keep="first", maintain_order=True
            )
            self.base_levels_ = dict(base.select("factor", "level").iter_rows())
            base = base.select("factor", pl.col("frequency_log", "severity_log").name.suffix("_base"))
            self.relativities_ = _relativities(table.join(base, on="factor"), list(self.factors))
            frequency = _shifted(frequency, base["frequency_log_base"])
            severity = _shifted(severity, base["severity_log_base"])
        self.base_frequency_ = significant(float(np.exp(frequency.intercept)))
        self.base_severity_ = significant(float(np.exp(severity.intercept)))

    def _balance(self, cells: pl.DataFrame) -> None:
        """Rescale the base values until fitted claims and cost are the actual ones."""
        exposure = cells["exposure_years"].to_numpy()
        claims = float(cells["claim_count"].sum())
        gross = float(cells["gross_amount"].sum())
        net = gross + float(cells["recovery_amount"].sum())
        unbalanced = float(self.predict_frequency(cells) @ exposure)
        self.off_balance_frequency_ = significant(claims / unbalanced)
        self.base_frequency_ = significant(self.base_frequency_ * claims / unbalanced)
        expected = self.predict_frequency(cells) * exposure
        unbalanced = float(self.predict_severity(cells) @ expected)
        self.off_balance_severity_ = significant(gross / unbalanced)
        self.base_severity_ = significant(self.base_severity_ * gross / unbalanced)
        self.recovery_factor_ = significant(max(net / gross, 0.0))

    def _product(self, frame: pl.DataFrame, column: str) -> Array:
        result = np.ones(frame.height)
        for factor in self.factors:
            looked_up = frame.select(relativity_of(self.relativities_, factor, column))
            result *= looked_up.to_series().to_numpy()
        return result


def relativity_of(table: pl.DataFrame, factor: str, column: str) -> pl.Expr:
    """Expression that looks up a factor's relativity, taking `*` for levels it does not list."""
    own = table.filter(pl.col("factor") == factor)
    other = own.filter(pl.col("level") == OTHER)[column][0]
    return pl.col(factor).replace_strict(
        own["level"], own[column], default=float(other), return_dtype=pl.Float64
    )


def _relativities(table: pl.DataFrame, factors: list[str]) -> pl.DataFrame:
    rated = table.with_columns(
        frequency_relativity=(pl.col("frequency_log") - pl.col("frequency_log_base")).exp(),
        severity_relativity=(pl.col("severity_log") - pl.col("severity_log_base")).exp(),
    )
    kept = [
        "factor",
        "level",
        "frequency_relativity",
        "severity_relativity",
        "exposure_years",
        "claim_count",
        "gross_amount",
    ]
    weight = pl.col("exposure_years") / pl.col("exposure_years").sum()
    others = rated.group_by("factor", maintain_order=True).agg(
        pl.lit(OTHER).alias("level"),
        (pl.col("frequency_relativity") * weight).sum(),
        (pl.col("severity_relativity") * weight).sum(),
        pl.lit(0.0).alias("exposure_years"),
        pl.lit(0).cast(table.schema["claim_count"]).alias("claim_count"),
        pl.lit(0.0).alias("gross_amount"),
    )
    order = pl.Enum(factors)
    return (
        pl.concat([rated.select(kept), others.select(kept)])
        .with_columns(relativity=pl.col("frequency_relativity") * pl.col("severity_relativity"))
        .with_columns(pl.col("factor").cast(order))
        .sort("factor", "level")
        .with_columns(pl.col("factor").cast(pl.String))
    )


def _empty_relativities() -> pl.DataFrame:
    names = ["frequency_relativity", "severity_relativity", "exposure_years", "gross_amount"]
    return pl.DataFrame(
        schema={"factor": pl.String, "level": pl.String, **dict.fromkeys(names, pl.Float64)}
        | {"claim_count": pl.Int64, "relativity": pl.Float64}
    )


def _shifted(fit: Fit, base_logs: pl.Series) -> Fit:
    return Fit(fit.intercept + float(base_logs.sum()), fit.coefficients, fit.prior_sd)
