"""What numerical libraries raise on thin data becomes one error that names the calculation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from models_ml.errors import ModellingError, NoClaimsError, NumericalError, finite_answer


@pytest.mark.parametrize(
    "calculate",
    [
        lambda: np.linalg.solve(np.zeros((2, 2)), np.ones(2)),
        lambda: np.linalg.inv(np.zeros((2, 2))),
        lambda: np.linalg.lstsq(np.full((2, 2), np.nan), np.ones(2)),
        lambda: PoissonRegressor().fit(np.array([[np.nan], [1.0]]), np.ones(2)),
        lambda: PoissonRegressor().fit(np.array([[np.inf], [1.0]]), np.ones(2)),
        lambda: math.exp(1e6),
        lambda: 1 / 0,
    ],
)
def test_no_finite_answer_is_said_of_the_calculation(calculate: Callable[[], object]) -> None:
    with pytest.raises(NumericalError, match="glass: no finite answer"), finite_answer("glass"):
        calculate()


def test_errors_of_the_library_and_faults_of_a_program_pass_as_they_are() -> None:
    for error in (
        NoClaimsError("no claim"),
        ModellingError("nan of them"),
        ValueError("bad shape"),
        KeyError("x"),
    ):
        with pytest.raises(type(error)) as found, finite_answer("glass"):
            raise error
        assert found.value is error
