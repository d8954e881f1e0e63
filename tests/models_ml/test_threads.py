"""A fit uses one thread, however the process was started, and gives back what was set before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_info, threadpool_limits

from models_ml.glm import fit_glm


def test_a_fit_uses_one_thread_whatever_was_set_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    plain = PoissonRegressor.fit

    def watched(self: PoissonRegressor, *args: Any, **kwargs: Any) -> PoissonRegressor:
        seen.extend(pool["num_threads"] for pool in threadpool_info())
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(PoissonRegressor, "fit", watched)
    design, observed, weight = np.eye(2), np.array([0.1, 0.2]), np.array([10.0, 20.0])
    with threadpool_limits(limits=2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        first = fit_glm("poisson", design, observed, weight, np.full(2, 0.3), 1.0)
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert max(before) == 2
    assert set(seen) == {1}
    with threadpool_limits(limits=1):
        second = fit_glm("poisson", design, observed, weight, np.full(2, 0.3), 1.0)
    assert (first.intercept, first.coefficients.tolist()) == (second.intercept, second.coefficients.tolist())
