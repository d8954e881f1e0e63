from __future__ import annotations

import numpy as np

from models_ml.boosting.bands import UNSEEN
from models_ml.boosting.grids import Axis

AGE = Axis("age", (0, 0, 1, 1), ordered=True)


def test_groups_are_put_together_further() -> None:
    assert Axis("age", (0, 1, 2, 2), ordered=True).regrouped(np.array([0, 0, 1])).groups == (0, 0, 1, 1)


def test_the_refinement_tells_apart_what_either_does() -> None:
    assert AGE.refined(Axis("age", (0, 1, 1, 1), ordered=True)).groups == (0, 1, 2, 2)


def test_a_level_not_seen_is_in_no_group() -> None:
    assert AGE.codes(np.array([UNSEEN, 3])).tolist() == [UNSEEN, 1]
