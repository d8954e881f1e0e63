"""What a relativity is chosen from: its own experience, how far it is believed, and how sure the rest is."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from models_ml.encoding import LevelEncoder
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.glm import Uncertainty
from models_ml.relativities import OTHER

EVIDENCE = ("relativity_lower", "relativity_upper", "credibility", "raw_relativity", "smoothed_relativity")
CONFIDENCE = 0.9


def evidence(model: FrequencySeverityModel, confidence: float = CONFIDENCE) -> pl.DataFrame:
    """Evidence on the relativity of every factor and level of a fitted model.

    Args:
        model: of one cover.
        confidence: of the interval.

    Returns:
        `factor`, `level` and
        `raw_relativity`: gross burning cost seen there over that seen at the base level, nothing else
        held equal; `smoothed_relativity`: the forecast's, other factors held equal and thin or neighbouring
        levels drawn together; `relativity_lower`, `relativity_upper`: where it lies with the confidence
        asked for, from the covariance of both fits (posterior in Laplace's approximation); `credibility`:
        the share of what the priors left open about it that experience has settled, 1 - posterior variance
        / prior variance of its logarithm (0 where only the priors speak, 1 where they no longer matter).
        The last three are null for the level `*`, for a relativity that is known and not fitted, and for a
        model read back from JSON, which keeps no covariance; credibility also at the base level.
    """
    own = pl.col("gross_amount") / pl.col("exposure_years")
    base = pl.col("level") == pl.col("factor").replace_strict(
        list(model.base_levels_), list(model.base_levels_.values()), return_dtype=pl.String
    )
    table = model.relativities_.with_columns(own=pl.when(pl.col("exposure_years") > 0).then(own))
    raw = pl.col("own") / pl.col("own").filter(base).first().over("factor")
    table = table.select(
        "factor",
        "level",
        raw_relativity=pl.when(pl.col("level") != OTHER).then(raw.replace([np.inf, np.nan], None)),
        smoothed_relativity=pl.col("relativity"),
    )
    spread = _spread(model)
    wide = float(stats.norm.ppf((1 + confidence) / 2)) * pl.col("posterior").sqrt()
    return table.join(spread, on=["factor", "level"], how="left", maintain_order="left").select(
        "factor",
        "level",
        relativity_lower=pl.col("smoothed_relativity") * (-wide).exp(),
        relativity_upper=pl.col("smoothed_relativity") * wide.exp(),
        credibility=pl.when(pl.col("prior") > 0).then(
            (1 - pl.col("posterior") / pl.col("prior")).clip(0.0, 1.0)
        ),
        raw_relativity="raw_relativity",
        smoothed_relativity="smoothed_relativity",
    )


def _spread(model: FrequencySeverityModel) -> pl.DataFrame:
    """Variance of the log relativity of every fitted level, `posterior` and `prior`."""
    # A model that was read back keeps no encoder; then nothing is known.
    encoder: LevelEncoder | None = getattr(model, "encoder_", None)
    empty = pl.DataFrame(
        schema={"factor": pl.String, "level": pl.String, "posterior": pl.Float64, "prior": pl.Float64}
    )
    if encoder is None or not encoder.levels_.height:
        return empty
    levels = encoder.levels_
    at_base = levels.select(
        pl.col("column")
        .filter(
            pl.col("level")
            == pl.col("factor").replace_strict(model.base_levels_, default=None, return_dtype=pl.String)
        )
        .first()
        .over("factor")
    ).to_series()
    coding = np.asarray(encoder.coding_.todense())
    # A base level that the cover has never seen: how far others are from it is not known.
    known = at_base.is_not_null()
    away = coding - coding[at_base.fill_null(0).to_numpy()]
    fits: list[tuple[Uncertainty, dict[str, float]]] = [
        (model.uncertainty_frequency_, model.prior_sds_frequency_),
        (model.uncertainty_severity_, model.prior_sds_severity_),
    ]
    posterior = sum((fit.along(away) for fit, _ in fits), np.zeros(len(away)))
    prior = np.zeros(len(away))
    for _, widths in fits:
        of_column = np.array([widths[encoder.factors[group]] for group in encoder.groups_])
        prior += (away**2) @ of_column**2
    spread = levels.select("factor", "level").with_columns(
        posterior=pl.Series(posterior), prior=pl.Series(prior)
    )
    return spread.filter(known)
