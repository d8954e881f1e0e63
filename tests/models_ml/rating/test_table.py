"""The rate table: loads, rounding, and rating from the table alone."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from models_ml.errors import ModellingError
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import CoverLoading, RateTable, build_rate_table, expand, rate
from tests.models_ml.test_frequency_severity import FLAT, cells

LOADING = CoverLoading(0.06, 0.12, 0.042, Decimal("20"))
ORDERS = pl.DataFrame({"factor": ["use"], "level": ["taxi"], "level_order": pl.Series([7], dtype=pl.Int64)})


def table(loading: CoverLoading = LOADING) -> RateTable:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT).fit(cells())
    return build_rate_table({"damage": model}, {"damage": loading}, ORDERS)


def test_the_base_rate_is_the_cost_at_the_base_levels_over_what_the_loads_leave() -> None:
    base = table().rates.row(0, named=True)
    cost = 0.1 * 1_000 * 0.99
    assert float(base["base_rate"]) == pytest.approx(cost / 0.778, abs=0.01)
    assert base["fixed_amount"] == Decimal("25.71")  # 20 / 0.778
    assert base["factor"] == base["level"] == "base"


def test_a_premium_is_base_rate_times_relativities_plus_the_fixed_amount() -> None:
    rates = table().rates
    rated = rate(table(), pl.DataFrame({"use": ["private", "taxi", "hearse"]}))
    base, fixed = rates["base_rate"][0], rates["fixed_amount"][0]
    relativity = dict(rates.filter(pl.col("factor") == "use").select("level", "relativity").iter_rows())
    for use, premium in zip(["private", "taxi", "*"], rated["damage"], strict=True):
        expected = base * Decimal(str(relativity[use])) + fixed
        assert abs(premium - expected) <= Decimal("0.005")
    assert rated["total"].to_list() == rated["damage"].to_list()


def test_the_table_charges_what_the_forecast_costs_large_losses_in_it() -> None:
    model = FrequencySeverityModel(["use"], prior_sd=FLAT, large_loss_factor=1.25).fit(cells())
    built = build_rate_table({"damage": model}, {"damage": LOADING}, ORDERS)
    uses = pl.DataFrame({"use": ["private", "taxi", "hearse"]})
    charged = rate(built, uses)["damage"].cast(pl.Float64).to_numpy()
    assert charged == pytest.approx((model.predict_burning_cost(uses) + 20) / 0.778, rel=2e-4)


def test_relativities_are_rounded_where_they_are_published_and_the_base_level_is_one() -> None:
    rates = table().rates
    assert (rates["relativity"] == rates["relativity"].round(4)).all()
    assert rates.filter(pl.col("level") == "private")["relativity"].item() == 1.0


def test_bands_come_in_their_order_then_names_then_any_other_level() -> None:
    assert table().rates["level"].to_list() == ["base", "taxi", "company", "private", "*"]


def test_loads_that_leave_nothing_for_the_cost_are_refused() -> None:
    with pytest.raises(ModellingError, match="leave nothing"):
        table(CoverLoading(0.5, 0.4, 0.1))


def test_expanded_premiums_are_those_of_the_observed_combinations() -> None:
    seen = pl.DataFrame({"use": ["taxi", "private", "taxi"], "exposure_years": [1.0, 2.0, 3.0]})
    expanded = expand(table(), seen, ("use",), {"use": "private"})
    assert expanded["use"].to_list() == ["private", "taxi"]
    assert expanded["exposure_years"].to_list() == [2.0, 4.0]
    assert expanded["damage"].to_list() == rate(table(), expanded.select("use"))["damage"].to_list()
