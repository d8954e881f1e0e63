"""Credibility: the published figures of Hachemeister's states, and groups of which little is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.actuarial.credibility import BuhlmannStraub
from models_ml.errors import BadColumnError

# Hachemeister (1975), Credibility for regression models with application to trend: mean bodily injury claim
# and number of claims in five states over twelve quarters.
SEVERITY = """
1738 1642 1794 2051 2079 2234 2032 2035 2115 2262 2267 2517
1364 1408 1597 1444 1342 1675 1470 1448 1464 1831 1612 1471
1759 1685 1479 1763 1674 2103 1502 1622 1828 2155 2233 2059
1223 1146 1010 1257 1426 1532 1953 1123 1343 1243 1762 1306
1456 1499 1609 1741 1482 1572 1606 1735 1607 1573 1613 1690
"""
CLAIMS = """
7861 9251 8706 8575 7917 8263 9456 8003 7365 7832 7849 9077
1622 1742 1523 1515 1622 1602 1964 1515 1527 1748 1654 1861
1147 1357 1329 1204  998 1077 1277 1218  896 1003 1108 1121
 407  396  348  341  315  328  352  331  287  384  321  342
2902 3172 3046 3068 2693 2910 3275 2697 2663 3017 3242 3425
"""


def hachemeister() -> pl.DataFrame:
    severity, claims = (np.array(text.split(), dtype=float) for text in (SEVERITY, CLAIMS))
    return pl.DataFrame({"group": np.repeat(np.arange(1, 6), 12), "weight": claims, "value": severity})


def test_the_structure_of_hachemeisters_states_is_the_published_one() -> None:
    # Goovaerts and Hoogstad (1987), Credibility Theory; the same in the documentation of R's actuar.
    model = BuhlmannStraub().fit(hachemeister())
    assert model.collective_ == pytest.approx(1683.713, abs=5e-4)
    assert model.within_ == pytest.approx(139_120_026, abs=1)
    assert model.between_ == pytest.approx(89_638.73, abs=5e-3)
    assert model.groups_["credibility"].to_numpy() == pytest.approx(
        [0.9847, 0.9276, 0.8985, 0.7279, 0.9588], abs=5e-5
    )
    assert model.groups_["estimate"].to_numpy() == pytest.approx(
        [2055.165, 1523.706, 1793.444, 1442.967, 1603.285], abs=5e-4
    )
    assert model.reason_ == ""


def test_a_group_without_experience_or_never_seen_has_the_collective_mean() -> None:
    empty = pl.DataFrame({"group": [6], "weight": [0.0], "value": [0.0]})
    model = BuhlmannStraub().fit(pl.concat([hachemeister(), empty]))
    row = model.groups_.row(5, named=True)
    assert (row["mean"], row["credibility"]) == (None, 0)
    assert model.predict(pl.Series([6, 7])).tolist() == pytest.approx([1683.713] * 2, abs=5e-4)


@pytest.mark.parametrize(
    ("groups", "values", "reason"),
    [
        ("aabb", [1.0, 3.0, 1.0, 3.0], "no more than chance"),
        ("aabb", [2.0, 2.0, 2.0, 2.0], "no more than chance"),
        ("abcd", [1.0, 3.0, 1.0, 3.0], "no group was seen in two periods"),
        ("aaaa", [1.0, 3.0, 1.0, 3.0], "fewer than two groups"),
    ],
)
def test_where_difference_cannot_be_told_from_chance_nothing_is_believed_and_it_is_said_why(
    groups: str, values: list[float], reason: str
) -> None:
    frame = pl.DataFrame({"group": list(groups), "weight": [10.0] * 4, "value": values})
    model = BuhlmannStraub().fit(frame)
    assert reason in model.reason_
    assert set(model.groups_["credibility"]) == {0}
    assert model.groups_["estimate"].to_list() == [2.0] * len(set(groups))


def test_groups_without_any_chance_are_believed_in_full() -> None:
    frame = pl.DataFrame({"group": list("aabb"), "weight": [10.0] * 4, "value": [1.0, 1.0, 3.0, 3.0]})
    assert BuhlmannStraub().fit(frame).groups_["credibility"].to_list() == [1, 1]


def test_nothing_at_all_is_nought_with_a_reason() -> None:
    frame = pl.DataFrame({"group": ["a"], "weight": [0.0], "value": [0.0]})
    model = BuhlmannStraub().fit(frame)
    assert (model.collective_, model.reason_) == (0, "fewer than two groups have experience")


def test_the_structure_is_found_again_in_groups_drawn_from_it() -> None:
    rng = np.random.default_rng(4)
    within, between = [], []
    for _ in range(200):
        weight = rng.uniform(5, 50, (30, 4))
        truth = rng.normal(10, 2, (30, 1))
        value = rng.normal(truth, np.sqrt(80 / weight))
        frame = {"group": np.repeat(np.arange(30), 4), "weight": weight.ravel(), "value": value.ravel()}
        model = BuhlmannStraub().fit(pl.DataFrame(frame))
        within.append(model.within_)
        between.append(model.between_)
    assert np.mean(within) == pytest.approx(80, rel=0.03)
    assert np.mean(between) == pytest.approx(4, rel=0.05)


def test_what_cannot_be_is_refused() -> None:
    frame = pl.DataFrame({"group": ["a"], "weight": [-1.0], "value": [0.0]})
    with pytest.raises(BadColumnError, match="'weight' is -1"):
        BuhlmannStraub().fit(frame)
    with pytest.raises(BadColumnError, match="'value': 1 not a number"):
        BuhlmannStraub().fit(frame.with_columns(weight=1.0, value=float("nan")))
