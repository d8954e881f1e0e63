"""One base level per factor over all covers: one sentence says what every base rate is the rate of."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.relativities import OTHER


def common_base_levels(models: Mapping[str, FrequencySeverityModel]) -> dict[str, str]:
    """The level of every factor that most covers know; of several, that with most exposure over all covers.

    Args:
        models: fitted, by cover.
    """
    if not models:
        return {}
    factors = list(dict.fromkeys(factor for model in models.values() for factor in model.factors))
    levels = pl.concat(models[cover].relativities_ for cover in sorted(models))
    best = (
        levels.filter(pl.col("level") != OTHER)
        .group_by("factor", "level")
        .agg(covers=pl.len(), exposure_years=pl.col("exposure_years").sum().round(6))
        .sort("covers", "exposure_years", "level", descending=[True, True, False])
        .unique("factor", keep="first", maintain_order=True)
    )
    found = dict(best.select("factor", "level").iter_rows())
    return {factor: found[factor] for factor in factors if factor in found}


def share_base_levels(models: Mapping[str, FrequencySeverityModel]) -> dict[str, str]:
    """Put every cover's relativities on the common base levels, in place; what they predict stays.

    Returns:
        The base levels, by factor.
    """
    levels = common_base_levels(models)
    for model in models.values():
        model.rebase(levels)
    return levels


def shared_base_levels(models: Mapping[str, FrequencySeverityModel]) -> dict[str, str]:
    """The base levels that all covers have in common.

    Raises:
        ModellingError: two covers have different ones.
    """
    found: dict[str, str] = {}
    for cover, model in models.items():
        for factor, level in model.base_levels_.items():
            if found.setdefault(factor, level) != level:
                raise ModellingError(
                    f"cover '{cover}' has '{level}' as base level of '{factor}', others have "
                    f"'{found[factor]}': fit the forecast again"
                )
    return found
