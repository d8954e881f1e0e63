"""The error of rating; it names the cover, factor, level or tier, and the value that cannot be."""

from __future__ import annotations

from models_ml.errors import ModellingError


class RatingError(ModellingError):
    """A rate, a rule of the plan or a contract holds something that cannot be rated."""
