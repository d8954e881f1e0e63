"""Every factor has one base level over all covers, at 1 in each, whatever the plan does; forecasts stay."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.base_levels import share_base_levels, shared_base_levels
from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import (
    CoverLoading,
    bound_relativities,
    build_rate_table,
    evidence,
    order_relativities,
)

LEVELS = ("0", "1", "2")
ORDERS = pl.DataFrame({"factor": ["age"] * 3, "level": LEVELS, "level_order": [0, 1, 2]})


def cells(cover: str, exposures: list[int], claims: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "cover": cover,
            "cell_id": list(LEVELS),
            "age": list(LEVELS),
            "exposure_years": [float(n) for n in exposures],
            "claim_count": claims,
            "gross_amount": [900.0 * n for n in claims],
            "recovery_amount": 0.0,
        }
    ).filter(pl.col("exposure_years") > 0)


exposures = st.lists(st.integers(0, 900), min_size=3, max_size=3).filter(lambda ns: sum(ns) > 0)
claims = st.lists(st.integers(1, 60), min_size=3, max_size=3)
covers = st.lists(st.tuples(exposures, claims), min_size=2, max_size=3)


@settings(deadline=None, max_examples=25)
@given(covers, st.sampled_from(["rising", "falling"]))
def test_one_level_is_at_one_in_every_cover_after_order_and_bounds_too(
    drawn: list[tuple[list[int], list[int]]], direction: str
) -> None:
    data = {f"c{at}": cells(f"c{at}", *numbers) for at, numbers in enumerate(drawn)}
    models = {c: FrequencySeverityModel(["age"], prior_sd=1.0).fit(frame) for c, frame in data.items()}
    before = {c: models[c].predict_burning_cost(data[c]) for c in data}
    base = share_base_levels(models)
    assert shared_base_levels(models) == base
    for cover, frame in data.items():
        assert np.allclose(models[cover].predict_burning_cost(frame), before[cover], rtol=1e-8)
    loadings = dict.fromkeys(models, CoverLoading(0.1, 0.1, 0.05))
    told = {cover: evidence(model) for cover, model in models.items()}
    table = build_rate_table(models, loadings, ORDERS, told)
    table = order_relativities(table, "age", direction, "order", base["age"])  # type: ignore[arg-type]
    table = bound_relativities(table, "age", 0.85, 1.15, "bounds", base["age"])
    for cover in models:
        own = table.rates.filter((pl.col("cover") == cover) & (pl.col("factor") == "age"))
        found = dict(own.select("level", "relativity").iter_rows())
        assert found.get(base["age"], found["*"]) == 1
        bands = [found[level] for level in LEVELS if level in found]
        ordered = bands if direction == "rising" else bands[::-1]
        assert all(one <= other for one, other in itertools.pairwise(ordered))


def test_covers_that_were_fitted_apart_make_no_table() -> None:
    models = {
        "one": FrequencySeverityModel(["age"]).fit(cells("one", [900, 1, 1], [5, 5, 5])),
        "two": FrequencySeverityModel(["age"]).fit(cells("two", [1, 1, 900], [5, 5, 5])),
    }
    with pytest.raises(ModellingError, match="cover 'two' has '2' as base level of 'age'"):
        build_rate_table(models, dict.fromkeys(models, CoverLoading(0.1, 0.1, 0.05)), ORDERS)
