"""How good a forecast is on experience it has not seen: losses, order, calibration, intervals, splits."""

from __future__ import annotations

from models_ml.evaluation.backtest import Origin, grouped_folds, grouped_split, rolling_origins
from models_ml.evaluation.calibration import (
    CONFIDENCE,
    Balance,
    CalibrationLine,
    actual_expected,
    balance,
    by_decile,
    by_level,
    calibration_line,
    poisson_interval,
)
from models_ml.evaluation.importance import permutation_importance
from models_ml.evaluation.intervals import Coverage, coverage, prediction_intervals
from models_ml.evaluation.judgement import Judgement, judge
from models_ml.evaluation.losses import d2, gamma_deviance, poisson_d2, poisson_loss, tweedie_deviance
from models_ml.evaluation.ordering import (
    DoubleLift,
    double_lift,
    equal_exposure_groups,
    gini,
    gini_error,
    lift_table,
)
from models_ml.evaluation.paired import FactorLift, PairedDeviance, lift_of, paired_deviance

__all__ = [
    "CONFIDENCE",
    "Balance",
    "CalibrationLine",
    "Coverage",
    "DoubleLift",
    "FactorLift",
    "Judgement",
    "Origin",
    "PairedDeviance",
    "actual_expected",
    "balance",
    "by_decile",
    "by_level",
    "calibration_line",
    "coverage",
    "d2",
    "double_lift",
    "equal_exposure_groups",
    "gamma_deviance",
    "gini",
    "gini_error",
    "grouped_folds",
    "grouped_split",
    "judge",
    "lift_of",
    "lift_table",
    "paired_deviance",
    "permutation_importance",
    "poisson_d2",
    "poisson_interval",
    "poisson_loss",
    "prediction_intervals",
    "rolling_origins",
    "tweedie_deviance",
]
