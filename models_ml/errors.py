"""Errors of the modelling library, each naming the cover it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager


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


class NumericalError(ModellingError):
    """A calculation came to no finite answer; the message names it."""


@contextmanager
def finite_answer(what: str) -> Iterator[None]:
    """Turn what a numerical library raises on thin data into a `NumericalError` that names the calculation.

    Also a decorator of the function that calculates.

    Args:
        what: the calculation, in words.

    Raises:
        NumericalError: a matrix could not be solved, or a number was not finite.
    """
    try:
        yield
    except ModellingError:
        raise
    except ArithmeticError as error:
        raise NumericalError(f"{what}: no finite answer ({error})") from error
    except ValueError as error:
        # numpy's LinAlgError is a ValueError; scikit-learn and scipy raise one for what is not finite.
        told = str(error)
        numerical = type(error).__name__ == "LinAlgError" or re.search(r"\bnan\b|\binf", told, re.IGNORECASE)
        if not numerical:
            raise
        raise NumericalError(f"{what}: no finite answer ({told.splitlines()[0][:120]})") from error
