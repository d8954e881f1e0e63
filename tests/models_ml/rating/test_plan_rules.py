"""One rule set judges what is charged: what it lets pass keeps bounds, order and corridor."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import PlanRules, RateTable, bound_relativities, judged, order_relativities

BANDS = ("under 50", "50-79", "80-89", "90-100")
FACTOR, LIMIT, LEAST, MOST = "score", 0.25, 0.85, 1.15
RULES = PlanRules(LIMIT, {FACTOR: "falling"}, {FACTOR: "90-100"})
NOBODY = pl.DataFrame(schema=dict.fromkeys(("cover", "factor", "level"), pl.String))
MONEY = pl.Decimal(18, 2)


def planned(relativities: list[float], years: tuple[float, ...] = (1, 1, 1, 97)) -> pl.DataFrame:
    """One cover rated by a score: the base level is the best one, and nearly everybody has it."""
    rows = [("damage", "base", "base", None, 1.0, 100.0)]
    rows += [
        ("damage", FACTOR, band, at, relativities[at], float(years[at])) for at, band in enumerate(BANDS)
    ]
    rows.append(("damage", FACTOR, "*", None, relativities[-1], 0.0))
    names = ["cover", "factor", "level", "level_order", "relativity", "exposure_years"]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    frame = frame.with_columns(
        pl.col("level_order").cast(pl.Int64),
        base_rate=pl.when(pl.col("factor") == "base").then(pl.lit(1000).cast(MONEY)),
        indicated_base_rate=pl.when(pl.col("factor") == "base").then(pl.lit(1000).cast(MONEY)),
        indicated_relativity="relativity",
        reason=pl.lit(None, dtype=pl.String),
    )
    table = order_relativities(RateTable(frame), FACTOR, "falling", "order", "90-100")
    table = bound_relativities(table, FACTOR, LEAST, MOST, "bounds", "90-100")
    return table.rates.with_columns(planned_relativity="relativity")


def edited(rates: pl.DataFrame, values: dict[str, float]) -> pl.DataFrame:
    own = pl.col("level").replace_strict(values, default=None, return_dtype=pl.Float64)
    return rates.with_columns(relativity=pl.coalesce(own, "relativity"))


def breaks(rates: pl.DataFrame, overridden: pl.DataFrame = NOBODY) -> dict[str, str | None]:
    return dict(judged(rates, RULES, overridden).select("level", "breaks").iter_rows())


relativities = st.lists(
    st.integers(2_000, 50_000).map(lambda n: n / 10_000), min_size=len(BANDS), max_size=len(BANDS)
)
changes = st.dictionaries(
    st.sampled_from([*BANDS, "*"]), st.integers(1, 40_000).map(lambda n: n / 10_000), max_size=4
)
near = st.dictionaries(st.sampled_from([*BANDS[:-1], "*"]), st.floats(0.7, 1.3), max_size=4)


@settings(deadline=None, max_examples=60)
@given(relativities)
def test_the_default_table_keeps_every_rule_of_its_own_plan(drawn: list[float]) -> None:
    assert set(breaks(planned(drawn)).values()) == {None}


@settings(deadline=None, max_examples=120)
@given(relativities, changes | near, st.booleans())
def test_whatever_is_accepted_without_an_override_keeps_bounds_order_and_corridor(
    drawn: list[float], moves: dict[str, float], about_the_plan: bool
) -> None:
    rates = planned(drawn)
    plan = dict(rates.filter(pl.col("factor") == FACTOR).select("level", "relativity").iter_rows())
    values = {
        level: round(plan[level] * move, 4) if about_the_plan else move for level, move in moves.items()
    }
    charged = plan | values
    if any(why for why in breaks(edited(rates, values)).values()):
        return
    own = [charged[band] for band in BANDS]
    assert own == sorted(own, reverse=True)
    assert charged["90-100"] == 1
    assert max(charged.values()) / min(charged.values()) <= MOST / LEAST * 1.0003
    for level, value in charged.items():
        assert plan[level] * (1 - LIMIT) - 1e-4 <= value <= plan[level] * (1 + LIMIT) + 1e-4


def test_the_corridor_is_about_what_the_plan_makes_of_the_indicated_value() -> None:
    rates = planned([3.6, 3.4, 3.0271, 1.0], (5, 5, 40, 50))
    assert dict(rates.select("level", "relativity").iter_rows())["80-89"] == 1.3529
    assert breaks(edited(rates, {"80-89": 1.30}))["80-89"] is None
    told = breaks(edited(rates, {"80-89": 2.5}))["80-89"] or ""
    assert "beyond the plan's bounds" in told
    assert "the plan has score only falling" in told


def test_an_override_exempts_its_level_alone_and_its_neighbours_are_judged_without_it() -> None:
    rates = edited(planned([1.3, 1.2, 1.1, 1.0]), {"80-89": 2.5})
    overridden = pl.DataFrame([("damage", FACTOR, "80-89")], schema=NOBODY.schema, orient="row")
    found = breaks(rates, overridden)
    assert found["80-89"] is not None
    assert {level for level, why in found.items() if why} == {"80-89"}
    beside = breaks(edited(rates, {"50-79": 1.4}), overridden)
    assert "the plan has score only falling" in (beside["50-79"] or "")


@pytest.mark.parametrize(
    ("base_rate", "kept"), [(750, True), (1250, True), (749.99, False), (1250.01, False)]
)
def test_a_base_rate_has_its_corridor_too(base_rate: float, kept: bool) -> None:
    of_base = pl.col("factor") == "base"
    rates = planned([1.3, 1.2, 1.1, 1.0]).with_columns(
        base_rate=pl.when(of_base).then(pl.lit(base_rate)).cast(MONEY)
    )
    assert (breaks(rates)["base"] is None) == kept


@settings(deadline=None, max_examples=40)
@given(relativities)
def test_levels_that_rates_cannot_tell_apart_stay_in_order(drawn: list[float]) -> None:
    own = planned(drawn).filter(pl.col("level").is_in(BANDS)).sort("level_order")["relativity"].to_list()
    assert all(one >= other for one, other in itertools.pairwise(own))
