"""Expected cost of one cover: how often, times how much, less what comes back.

Frequency and severity are fitted apart (Ohlsson and Johansson 2010, chapter 2): a Poisson GLM on claims
per vehicle-year weighted by exposure, a gamma GLM on the mean claim weighted by claims, both with a log
link. scikit-learn's GLMs take no offset, so exposure goes in as weight; on cells that is the same fit
as on the contracts within them.

What is nearly certain and follows the kilometres, as maintenance does, is a rate per 10,000 km times use:
its exposure is the distance, and use is no factor to be fitted but a relativity that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.base import BaseEstimator

from models_ml.cells import AT_RISK, DRIVEN, RESTATED, checked_cover
from models_ml.encoding import LevelEncoder
from models_ml.glm import (
    LEAST_SD,
    Array,
    Family,
    Fit,
    Uncertainty,
    dispersion,
    fit_glm,
    fit_scaled,
    fit_with_learned_priors,
    significant,
    uncertainty,
)
from models_ml.relativities import OTHER, no_relativities, relativities, relativity_of
from models_ml.threads import on_one_thread

MIN_SEVERITY_CELLS = 2
KM_PER_UNIT = 10_000
EXPOSURE = "_exposure"
"""What claims are counted per: vehicle-years at risk, or 10,000 km of them."""
LEAST_KM_A_YEAR = 100.0
"""Whoever stands still is taken to drive this far, so that a rate per kilometre stays a rate."""

_FITTED = (
    "cover_",
    "base_frequency_",
    "base_severity_",
    "recovery_factor_",
    "off_balance_frequency_",
    "off_balance_severity_",
    "prior_sds_frequency_",
    "prior_sds_severity_",
    "large_loss_factor",
    "use_factor",
    "base_levels_",
    "volume_",
)


class FrequencySeverityModel(BaseEstimator):  # type: ignore[misc]
    """Frequency x severity x recoveries for one cover, as base values and relativities.

    Args:
        factors: names of the rating-factor columns.
        orders: levels in order of the factors that have one: neighbours are drawn to each other.
        prior_sd: width of the prior on log-relativities of names, and on the steps between neighbouring
            bands; None learns one for every factor.
        use_factor: the factor whose levels are bands of use, where claims follow the kilometres.
        large_loss_factor: what expected cost is multiplied by for the part of large losses that was cut
            off before the fit.
        prior_scales: shares of the learned widths that are used, for frequency and for severity; 1 uses
            them as learned, 0 leaves that part flat (`models_ml.shrinkage` chooses them).

    Attributes:
        base_frequency_: claims per vehicle-year at the base levels.
        base_severity_: mean gross claim at the base levels, in the currency of the cells.
        recovery_factor_: net over gross cost of the fitted cells, not below zero. Frequency counts the
            claims that cost something and severity is their cost; what came back is this factor.
        volume_: exposure, claims and gross cost it was fitted on.
        base_levels_: per factor, the level with most exposure, or that of `rebase`; its relativities are 1.
        relativities_: per factor and level `frequency_relativity`, `severity_relativity`,
            `relativity`, `exposure_years`, `claim_count`, `gross_amount`; and per factor a row for
            the level `*`, the exposure-weighted mean, which rates levels never seen.
        off_balance_frequency_, off_balance_severity_: what the fitted totals had to be multiplied by
            to meet the actual ones; the gamma GLM with a log link is not balanced by itself.
        encoder_: the columns that levels were fitted as; not kept by `to_dict`, nor are the next two.
        uncertainty_frequency_, uncertainty_severity_: how sure both fits are.
        prior_sds_frequency_, prior_sds_severity_: widths used, by factor.

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
        use_factor: str | None = None,
        large_loss_factor: float = 1.0,
        prior_scales: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.factors = factors
        self.orders = orders
        self.prior_sd = prior_sd
        self.use_factor = use_factor
        self.large_loss_factor = large_loss_factor
        self.prior_scales = prior_scales

    @on_one_thread
    def fit(self, cells: pl.DataFrame, y: None = None) -> FrequencySeverityModel:  # noqa: ARG002
        """Fit on the cells of one cover.

        Args:
            cells: `cover`, `cell_id`, `exposure_years`, `claim_count`, `gross_amount`,
                `recovery_amount` and one text column per factor. Where experience was restated to the
                level of another year (`models_ml.restatement`): `at_risk_years`, the exposure at which
                claims as known are those of that year, and `restated_amount`, gross at its level. With
                a `use_factor`: `driven_km`, the distance within `exposure_years`.
            y: not used; scikit-learn's signature.

        Raises:
            BadCellError: a cell has a negative, missing or infinite number, claims without exposure or
                without cost, cost without claims, a level named `*`, or another cover than the first.
            NoExposureError: the cover was never in force.
            NoClaimsError: no claim of the cover cost anything.
        """
        cover = checked_cover(cells, self.factors, reserved=OTHER)
        self.cover_ = cover
        cells = with_defaults(cells, self.use_factor)
        encoder = LevelEncoder([f for f in self.factors if f != self.use_factor], self.orders)
        encoder.fit(cells, cells["exposure_years"].to_numpy())
        self.encoder_ = encoder
        frequency, severity = self._fit_parts(encoder, cells)
        self.volume_ = cells.select(
            pl.col("exposure_years", "claim_count", "gross_amount").sum().cast(pl.Float64)
        ).row(0, named=True)
        # A factor with one level has no column, so nothing was learned of how far its levels differ.
        groups, first = np.unique(encoder.groups_, return_index=True)
        named = [encoder.factors[group] for group in groups]
        self.prior_sds_frequency_ = dict(zip(named, frequency.prior_sds[first].tolist(), strict=True))
        self.prior_sds_severity_ = dict(zip(named, severity.prior_sds[first].tolist(), strict=True))
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
        """Net cost per vehicle-year of every row, large losses in it."""
        return self.base_burning_cost_ * self._product(frame, "relativity")

    @property
    def base_burning_cost_(self) -> float:
        """Net cost per vehicle-year at the base levels."""
        gross = self.base_frequency_ * self.base_severity_
        return gross * self.recovery_factor_ * self.large_loss_factor

    def relative_error(self, frame: pl.DataFrame, groups: pl.Series) -> Array:
        """Relative standard error of the expected cost of the group each row is in, shape (rows,).

        What is not known of the level and of relativities, with that of levels a group has in common
        staying and that of others averaging out; beside it stand the trend and chance itself.

        Args:
            frame: a text column per factor.
            groups: label of the group of every row.
        """
        design = self.encoder_.transform(frame)
        labels, row_of = np.unique(groups.to_numpy(), return_inverse=True)
        cost = self.predict_burning_cost(frame)
        rows = (cost / np.bincount(row_of, cost)[row_of], (row_of, np.arange(frame.height)))
        mix = (sparse.csr_matrix(rows, shape=(len(labels), frame.height)) @ design).toarray()
        both = self.uncertainty_frequency_.variance(mix) + self.uncertainty_severity_.variance(mix)
        return np.asarray(np.sqrt(both)[row_of])

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
        model.relativities_ = pl.DataFrame(values["relativities_"], schema=no_relativities().schema)
        return model

    def _fit_parts(self, encoder: LevelEncoder, cells: pl.DataFrame) -> tuple[Fit, Fit]:
        claims = cells["claim_count"].to_numpy().astype(float)
        exposure = cells[EXPOSURE].to_numpy()
        frequency, self.uncertainty_frequency_ = self._fit_one(
            "poisson", encoder, cells, claims / exposure, exposure
        )
        with_claims = cells.filter(pl.col("claim_count") > 0)
        count = with_claims["claim_count"].to_numpy().astype(float)
        mean = with_claims[RESTATED].to_numpy() / count
        severity, self.uncertainty_severity_ = self._fit_one("gamma", encoder, with_claims, mean, count)
        return frequency, severity

    def _fit_one(
        self, family: Family, encoder: LevelEncoder, cells: pl.DataFrame, y: Array, weight: Array
    ) -> tuple[Fit, Uncertainty]:
        design = encoder.transform(cells)
        if cells.height < MIN_SEVERITY_CELLS and family == "gamma":
            # One cell says what a claim costs, not how the cost differs.
            nothing = np.zeros(encoder.coding_.shape[1])
            fit = Fit(float(np.log(y[0])), nothing, np.full(len(nothing), LEAST_SD))
        elif self.prior_sd is None:
            learned = fit_with_learned_priors(family, design, y, weight, encoder.groups_)
            scale = self.prior_scales[0 if family == "poisson" else 1]
            fit = fit_scaled(family, design, y, weight, learned, scale)
        else:
            sds = np.full(design.shape[1], self.prior_sd)
            fit = fit_glm(family, design, y, weight, sds, dispersion(family, y, weight))
        return fit, uncertainty(family, design, y, weight, fit)

    def _tabulate(self, cells: pl.DataFrame, encoder: LevelEncoder, frequency: Fit, severity: Fit) -> None:
        """Turn coefficients into relativities to the level with most exposure of each factor."""
        coefficients = encoder.levels_.with_columns(
            frequency_log=pl.Series(encoder.effects(frequency.coefficients), dtype=pl.Float64),
            severity_log=pl.Series(encoder.effects(severity.coefficients), dtype=pl.Float64),
        ).drop("column")
        if self.use_factor:
            coefficients = pl.concat([coefficients, _use_levels(cells, self.use_factor)])
        volumes = [
            cells.group_by(pl.col(factor).alias("level"), maintain_order=True).agg(
                pl.lit(factor).alias("factor"),
                pl.col("exposure_years", "claim_count", "gross_amount").sum(),
            )
            for factor in self.factors
        ]
        if not volumes:
            self.base_levels_: dict[str, str] = {}
            self.relativities_ = no_relativities()
        else:
            table = coefficients.join(pl.concat(volumes), on=["factor", "level"], how="inner")
            base = table.sort(["factor", "exposure_years", "level"], descending=[False, True, False]).unique(
                "factor", keep="first", maintain_order=True
            )
            self.base_levels_ = dict(base.select("factor", "level").iter_rows())
            base = base.select("factor", pl.col("frequency_log", "severity_log").name.suffix("_base"))
            self.relativities_ = relativities(table.join(base, on="factor"), list(self.factors))
            frequency = _shifted(frequency, base["frequency_log_base"])
            severity = _shifted(severity, base["severity_log_base"])
        self.base_frequency_ = significant(float(np.exp(frequency.intercept)))
        self.base_severity_ = significant(float(np.exp(severity.intercept)))

    def rebase(self, base_levels: Mapping[str, str]) -> None:
        """Make relativities relative to other levels, in place; what the model predicts stays the same.

        Args:
            base_levels: by factor; a factor that is not in it keeps its own. A level that the cover has
                never seen is rated as `*`, so that row is then the one at 1.
        """
        moved = {f: base_levels.get(f, level) for f, level in self.base_levels_.items()}
        pieces = []
        for factor in self.factors:
            own = self.relativities_.filter(pl.col("factor") == factor)
            if factor in moved:
                at = own.filter(pl.col("level") == moved[factor])
                at = at if at.height else own.filter(pl.col("level") == OTHER)
                frequency, severity = at.select("frequency_relativity", "severity_relativity").row(0)
                self.base_frequency_ = significant(self.base_frequency_ * frequency)
                self.base_severity_ = significant(self.base_severity_ * severity)
                own = own.with_columns(
                    pl.col("frequency_relativity") / frequency, pl.col("severity_relativity") / severity
                ).with_columns(relativity=pl.col("frequency_relativity") * pl.col("severity_relativity"))
            pieces.append(own)
        self.base_levels_ = moved
        self.relativities_ = pl.concat(pieces) if pieces else self.relativities_

    def _balance(self, cells: pl.DataFrame) -> None:
        """Rescale the base values until fitted claims and cost are the actual ones."""
        exposure = cells[AT_RISK].to_numpy()
        claims = float(cells["claim_count"].sum())
        gross, restated = float(cells["gross_amount"].sum()), float(cells[RESTATED].sum())
        net = gross + float(cells["recovery_amount"].sum())
        unbalanced = float(self.predict_frequency(cells) @ exposure)
        self.off_balance_frequency_ = significant(claims / unbalanced)
        self.base_frequency_ = significant(self.base_frequency_ * claims / unbalanced)
        expected = self.predict_frequency(cells) * exposure
        unbalanced = float(self.predict_severity(cells) @ expected)
        self.off_balance_severity_ = significant(restated / unbalanced)
        self.base_severity_ = significant(self.base_severity_ * restated / unbalanced)
        self.recovery_factor_ = significant(max(net / gross, 0.0))

    def _product(self, frame: pl.DataFrame, column: str) -> Array:
        result = np.ones(frame.height)
        for factor in self.factors:
            looked_up = frame.select(relativity_of(self.relativities_, factor, column))
            result *= looked_up.to_series().to_numpy()
        return result


def with_defaults(cells: pl.DataFrame, use_factor: str | None) -> pl.DataFrame:
    """Cells that were in force, in order, with what was not restated as it stands.

    Adds `EXPOSURE`, what claims are counted per: vehicle-years at risk, or 10,000 km of them.
    """
    missing = [
        pl.col(source).alias(name)
        for name, source in ((AT_RISK, "exposure_years"), (RESTATED, "gross_amount"))
        if name not in cells.columns
    ]
    cells = cells.with_columns(missing).filter(pl.col("exposure_years") > 0).sort("cell_id")
    if not use_factor:
        return cells.with_columns(pl.col(AT_RISK).alias(EXPOSURE))
    least = pl.col("exposure_years") * LEAST_KM_A_YEAR
    cells = cells.with_columns(pl.max_horizontal(DRIVEN, least).alias(DRIVEN))
    use = pl.col(DRIVEN) / pl.col("exposure_years") / KM_PER_UNIT
    return cells.with_columns((pl.col(AT_RISK) * use).alias(EXPOSURE))


def _use_levels(cells: pl.DataFrame, factor: str) -> pl.DataFrame:
    """Log of the mean use of every level in 10,000 km a year: the relativity that needs no fit."""
    use = pl.col(DRIVEN).sum() / pl.col("exposure_years").sum() / KM_PER_UNIT
    return (
        cells.group_by(pl.col(factor).alias("level"))
        .agg(frequency_log=use.log())
        .sort("level")
        .select(pl.lit(factor).alias("factor"), "level", "frequency_log", severity_log=pl.lit(0.0))
    )


def _shifted(fit: Fit, base_logs: pl.Series) -> Fit:
    return Fit(fit.intercept + float(base_logs.sum()), fit.coefficients, fit.prior_sds)
