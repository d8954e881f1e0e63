"""The actuarial steps between experience and a price.

Development to ultimate, trend, on-level premium, large losses, credibility and curves, an idea each.
"""

from __future__ import annotations

from models_ml.actuarial.credibility import BuhlmannStraub
from models_ml.actuarial.curves import Curve, Monotone, smooth_curve
from models_ml.actuarial.development import (
    APriori,
    BornhuetterFerguson,
    ChainLadder,
    SelectionRule,
    Triangle,
    Ultimates,
    cape_cod,
    claim_unit,
    factors_by_origin,
    select_ultimates,
    triangle,
    triangle_of_movements,
    triangles_by_cover,
)
from models_ml.actuarial.large_loss import LargeLosses, cap_losses, severity_cap
from models_ml.actuarial.on_level import earned_on_level, on_level_premiums, parallelogram
from models_ml.actuarial.trend import (
    Trend,
    experience_midpoint,
    frequency_trend,
    severity_trend,
    trend_years,
)

__all__ = [
    "APriori",
    "BornhuetterFerguson",
    "BuhlmannStraub",
    "ChainLadder",
    "Curve",
    "LargeLosses",
    "Monotone",
    "SelectionRule",
    "Trend",
    "Triangle",
    "Ultimates",
    "cap_losses",
    "cape_cod",
    "claim_unit",
    "earned_on_level",
    "experience_midpoint",
    "factors_by_origin",
    "frequency_trend",
    "on_level_premiums",
    "parallelogram",
    "select_ultimates",
    "severity_cap",
    "severity_trend",
    "smooth_curve",
    "trend_years",
    "triangle",
    "triangle_of_movements",
    "triangles_by_cover",
]
