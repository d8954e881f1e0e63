"""Errors of the modelling library, each naming the cover it is about."""

from __future__ import annotations


class ModellingError(ValueError):
    """Base of every error of this library."""


class NoExposureError(ModellingError):
    """A cover was never in force."""


class NoClaimsError(ModellingError):
    """A cover has not had a single claim that cost anything."""


class BadCellError(ModellingError):
    """A rating cell holds a number that cannot be."""


class BadColumnError(ModellingError):
    """A column holds a number that cannot be judged on; the message names it."""


class BadTriangleError(ModellingError):
    """A development triangle has a gap or holds a number that cannot be; the message names the quarter."""


class NoDevelopmentError(ModellingError):
    """A triangle has a single quarter, so nothing can be learned of how claims develop."""
