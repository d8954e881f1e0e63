"""One thread for a fit: fits are many and small, and a pool of threads each makes them several times as slow.

The limit is set where the fit is, so that it holds however the process was started. It covers every pool that
scikit-learn, scipy and numpy bring with them (OpenMP and BLAS), and gives back what was set before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

# Imported so that their pools are loaded when the controller looks for them.
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(fit: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that the numerical libraries use one thread within it."""

    @wraps(fit)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _pools().limit(limits=1):
            return fit(*args, **kwargs)

    return limited


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()
