"""How much of its own experience a group is believed, and what is believed for the rest.

Buhlmann and Straub (1970), with the unbiased structural parameters of Buhlmann and Gisler (2005), A Course in
Credibility Theory and its Applications, section 4.8.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models_ml.evaluation.columns import finite, non_negative
from models_ml.glm import Array


class BuhlmannStraub(BaseEstimator):  # type: ignore[misc]
    """Credibility of groups that were each seen in several periods.

    Attributes:
        within_: variance of a period of one unit of weight around its group (sigma squared).
        between_: variance of the groups' true means (tau squared), not below zero.
        k_: within over between: the weight at which a group is half believed; infinite where between is 0.
        collective_: what is believed of a group without experience: the credibility-weighted mean.
        reason_: why nothing is believed of any group, empty where something is.
        groups_: one row per group, sorted: `group`, `weight`, `mean` (null where it has no weight),
            `credibility`, `estimate`: credibility x mean + (1 - credibility) x collective.

    Example:
        >>> frame = pl.DataFrame({"group": ["a", "a", "b", "b", "c"],
        ...     "weight": [50.0, 50.0, 50.0, 50.0, 0.0], "value": [1.0, 1.2, 2.0, 2.2, 0.0]})
        >>> model = BuhlmannStraub().fit(frame)
        >>> model.groups_["credibility"].round(2).to_list()
        [0.98, 0.98, 0.0]
    """

    def fit(self, frame: pl.DataFrame, y: None = None) -> BuhlmannStraub:  # noqa: ARG002
        """Estimate the structure and the groups.

        Where the groups scatter no more than chance, where there is one group only, or where none was
        seen in two periods, no credibility is given and `reason_` says so.

        Args:
            frame: one row per group and period: `group`, `weight` (such as vehicle-years) and `value`
                per unit of weight (such as burning cost, or actual over expected). A row of no weight
                says nothing, but its group has an estimate.
            y: not used; scikit-learn's signature.

        Raises:
            BadColumnError: a weight is negative, or a weight or value not a number.
        """
        weight, value = finite(weight=frame["weight"], value=frame["value"])
        non_negative(weight=weight)
        rows = pl.DataFrame({"group": frame["group"], "weight": weight, "value": value})
        groups = _means(rows)
        seen = groups.filter(pl.col("weight") > 0)
        total, mean = seen["weight"].to_numpy(), seen["mean"].to_numpy()
        freedom = int((seen["periods"] - 1).sum())
        self.within_ = float(seen["squares"].sum()) / freedom if freedom else 0.0
        self.between_, self.reason_ = _between(total, mean, self.within_, freedom)
        self.k_ = self.within_ / self.between_ if self.between_ > 0 else float("inf")
        credibility = total / (total + self.k_)
        believed = credibility if credibility.sum() > 0 else total
        self.collective_ = float(np.average(mean, weights=believed)) if believed.sum() > 0 else 0.0
        own = pl.col("weight") / (pl.col("weight") + self.k_)
        estimate = pl.col("credibility") * pl.col("mean") + (1 - pl.col("credibility")) * self.collective_
        self.groups_ = (
            groups.with_columns(credibility=pl.when(pl.col("weight") > 0).then(own).otherwise(0.0))
            .with_columns(estimate=pl.coalesce(estimate, pl.lit(self.collective_)))
            .select("group", "weight", "mean", "credibility", "estimate")
        )
        return self

    def predict(self, groups: pl.Series) -> Array:
        """Estimate of each group; one never seen has the collective mean."""
        asked = pl.DataFrame({"group": groups})
        found = asked.join(self.groups_, on="group", how="left", maintain_order="left")
        return found["estimate"].fill_null(self.collective_).to_numpy()


def _means(rows: pl.DataFrame) -> pl.DataFrame:
    """Per group its weight, weighted mean, periods of some weight and squares around the mean."""
    weight, value = pl.col("weight"), pl.col("value")
    mean = (weight * value).sum() / weight.sum()
    return (
        rows.group_by("group")
        .agg(
            weight.sum(),
            mean=pl.when(weight.sum() > 0).then(mean),
            periods=(weight > 0).sum().cast(pl.Int64),
            squares=(weight * (value - mean) ** 2).sum(),
        )
        .sort("group")
    )


def _between(total: Array, mean: Array, within: float, freedom: int) -> tuple[float, str]:
    """Variance between groups, and why it is nought where it is."""
    if len(total) < 2:
        return 0.0, "fewer than two groups have experience"
    if not freedom:
        return 0.0, "no group was seen in two periods, so chance cannot be told from difference"
    overall = np.average(mean, weights=total)
    spread = float((total * (mean - overall) ** 2).sum()) - (len(total) - 1) * within
    between = spread / float(total.sum() - (total**2).sum() / total.sum())
    if between <= 0:
        return 0.0, "groups differ no more than chance would have them"
    return between, ""
