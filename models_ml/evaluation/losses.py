"""Losses that are least, on average, where the forecast is the mean (Gneiting 2011)."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import mean_gamma_deviance, mean_tweedie_deviance

from models_ml.errors import ModellingError
from models_ml.evaluation.columns import Column, non_negative, positive
from models_ml.glm import MIN_MEAN, Array

TWEEDIE_POWER = 1.5


def poisson_losses(claims: Array, expected: Array) -> Array:
    """Poisson deviance x 100 of every row: 200 (mu - N + N log(N / mu))."""
    expected = np.maximum(expected, MIN_MEAN)
    ratio = np.where(claims > 0, claims / expected, 1.0)
    return np.asarray(200 * (expected - claims + claims * np.log(ratio)))


def poisson_loss(claims: Array, expected: Array) -> float:
    """Mean Poisson deviance x 100: 200 mean(mu - N + N log(N / mu)).

    The convention of Noll, Salzmann and Wuthrich (2020), SSRN 3164764.
    """
    return float(np.mean(poisson_losses(claims, expected)))


def tweedie_losses(cost: Array, expected: Array, exposure: Array) -> Array:
    """Tweedie deviance of power 1.5 of the cost a year of every row, times its exposure.

    4 (sqrt(y) - sqrt(mu))^2 / sqrt(mu), with y and mu cost per vehicle-year (see `tweedie_deviance`).
    """
    rate = np.maximum(expected / exposure, MIN_MEAN)
    return np.asarray(exposure * 4 * (np.sqrt(cost / exposure) - np.sqrt(rate)) ** 2 / np.sqrt(rate))


def gamma_deviance(severity: Column, expected: Column, claims: Column) -> float:
    """Mean gamma deviance of mean claims, weighted by the number of claims behind each.

    2 sum(w (y / mu - 1 - log(y / mu))) / sum(w); McCullagh and Nelder (1989), section 2.3.

    Args:
        severity: mean cost of a claim per row, above zero: leave out rows without claims.
        expected: the same as forecast, above zero.
        claims: claims per row.

    Raises:
        BadColumnError: a value is not a number or not above zero.
    """
    y, mean, weight = positive(severity=severity, expected=expected, claims=claims)
    return float(mean_gamma_deviance(y, mean, sample_weight=weight))


def tweedie_deviance(
    burning_cost: Column, expected: Column, exposure: Column, power: float = TWEEDIE_POWER
) -> float:
    """Mean Tweedie deviance of cost per vehicle-year, weighted by exposure.

    For 1 < power < 2 that of a compound Poisson sum of gamma claims (Jorgensen and de Souza 1994).

    Args:
        burning_cost: cost per vehicle-year per row, not below zero.
        expected: the same as forecast, above zero.
        exposure: vehicle-years per row, above zero.
        power: of the variance in the mean; 1.5 is midway between Poisson and gamma.

    Raises:
        BadColumnError: a value is not a number or out of its range.
        ModellingError: `power` is not between 1 and 2.
    """
    if not 1 < power < 2:
        raise ModellingError(f"Tweedie power {power}: a compound Poisson sum has one between 1 and 2")
    y, mean, weight = non_negative(burning_cost=burning_cost, expected=expected, exposure=exposure)
    positive(expected=mean, exposure=weight)
    return float(mean_tweedie_deviance(y, mean, sample_weight=weight, power=power))


def d2(deviance: float, deviance_constant: float) -> float:
    """Share of deviance explained: 1 - deviance / deviance of a constant.

    The constant must have been fitted on the learning data, as the model was: one fitted on the data
    judged knows its level, and makes every model look worse (Hastie, Tibshirani and Wainwright 2015,
    section 3.3, for the measure). Below zero where the constant is the better forecast.

    Example:
        >>> round(d2(31.0, 33.861), 4)
        0.0845
    """
    if not deviance_constant > 0:
        raise ModellingError(f"a constant with deviance {deviance_constant:g} leaves nothing to explain")
    return 1 - deviance / deviance_constant


def poisson_d2(exposure: Column, claims: Column, expected: Column, learned_frequency: float) -> float:
    """D2 of expected claims against exposure times the frequency of the learning data.

    Args:
        exposure: vehicle-years per row.
        claims: claims per row.
        expected: claims as forecast per row.
        learned_frequency: claims per vehicle-year of the learning data.

    Raises:
        BadColumnError: a value is not a number or negative.
    """
    years, count, mean = non_negative(exposure=exposure, claims=claims, expected=expected)
    return d2(poisson_loss(count, mean), poisson_loss(count, learned_frequency * years))
