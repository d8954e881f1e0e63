"""The published table alone rates every contract; trace, polars and SQL say the same to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import jinja2
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.rating import (
    Limit,
    RateTable,
    RatingError,
    Rounding,
    Tariff,
    Tracer,
    build_tariff,
    expand_prices,
    price_of,
    rate,
    rate_contracts,
    trace,
)
from tests.models_ml.rating.book import COVERS, LEVELS, LOADINGS, contracts, plan, rates, tariff

MACROS = Path(__file__).parents[3] / "dbt_project" / "macros"
ROUNDINGS = st.builds(
    Rounding,
    st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(10), Decimal(100)]),
    st.sampled_from(["nearest", "up", "down"]),
)


def in_sql(table: Tariff, book: pl.DataFrame) -> list[Decimal]:
    """Prices as the dbt macro has them, from the long table and the contracts alone."""
    source = "".join((MACROS / name).read_text() for name in ("money.sql", "rating.sql"))
    covers = table.rates.factors
    on_price = table.price_factors["factor"].unique(maintain_order=True).to_list()
    call = f"{{{{ rate_contracts('book', 'published', {covers}, {on_price}) }}}}"
    sql = jinja2.Environment().from_string(source + call).render()  # noqa: S701  (SQL, not HTML)
    with duckdb.connect() as con:
        con.register("book", book.to_arrow())
        con.register("published", table.table.to_arrow())
        return [price for _, price in con.execute(f"{sql} order by contract_id").fetchall()]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), ROUNDINGS)
def test_trace_polars_and_sql_agree_to_the_cent(seed: int, rounding: Rounding) -> None:
    table, book = tariff(seed, rounding), contracts(60, seed)
    priced = rate_contracts(table, book)["price"].to_list()
    tracer = Tracer(table)
    assert [price_of(tracer.trace(row)) for row in book.iter_rows(named=True)] == priced
    assert in_sql(table, book) == priced


def test_doubles_in_order_are_what_decimals_would_say() -> None:
    table, book = tariff(3, Rounding()), contracts(2_000)
    covers = rate(table.rates, book)
    rows = table.rates.rates
    relativity = {
        (c, f, x): Decimal(repr(r))
        for c, f, x, r in rows.select("cover", "factor", "level", "relativity").iter_rows()
    }
    bases = {row["cover"]: row for row in rows.filter(pl.col("factor") == "base").iter_rows(named=True)}
    for row in covers.iter_rows(named=True):
        for cover in COVERS:
            exact = bases[cover]["base_rate"]
            for factor in LEVELS:
                other = relativity.get((cover, factor, "*"), Decimal(1))
                exact *= relativity.get((cover, factor, row[factor]), other)
            exact += bases[cover]["fixed_amount"]
            assert row[cover] == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_a_half_cent_goes_up_as_it_does_by_hand() -> None:
    half = pl.DataFrame(
        {
            "cover": ["glass"] * 3, "factor": ["base", "use", "use"], "level": ["base", "taxi", "*"],
            "base_rate": [Decimal("123.50"), None, None], "fixed_amount": [Decimal("0.00"), None, None],
            "relativity": [1.0, 1.05, 1.0],
        }
    )  # fmt: skip
    found = rate(RateTable(half), pl.DataFrame({"use": ["taxi"]}))
    assert found["glass"].item() == Decimal("129.68")  # 129.675; as doubles a hair less


def test_a_trace_tells_every_step_from_base_to_rounding() -> None:
    contract = {"tier": "Standard", "model": "A4", "vehicle_age": "never seen", "annual_mileage": "low"}
    steps = trace(tariff(), {**contract, "driving_score": "95-100"})
    assert [step.kind for step in steps if step.cover == "glass"] == [
        "base", "factor", "factor", "fixed", "cent", "limit", "terms", "cover",
    ]  # fmt: skip
    assert [(s.factor, s.level) for s in steps if s.cover == "glass" and s.kind == "factor"] == [
        ("model", "A4"),
        ("vehicle_age", "*"),
    ]
    assert [step.kind for step in steps if step.cover == "*"] == ["lines", "load", "factor", "price"]
    discount = next(step for step in steps if step.factor == "driving_score")
    assert (discount.level, discount.value) == ("95-100", Decimal("0.85"))
    inside = sum(step.amount for step in steps if step.kind == "cover")
    lines, load = (next(s for s in steps if s.kind == kind) for kind in ("lines", "load"))
    assert lines.amount == inside + lines.value
    assert lines.value == 800 + 600 + 200 + 300  # services and insurance are charged by their covers
    assert load.amount == pytest.approx(lines.amount / Decimal("0.958"), abs=Decimal("0.0001"))
    assert steps[-1].level == "nearest"
    assert steps[-1].amount % 100 == 0


def test_insurance_costs_its_price_less_the_discount_and_own_work_its_price_without_loads() -> None:
    steps = trace(tariff(), contracts(1).with_columns(tier=pl.lit("Standard")).row(0, named=True))
    terms = {step.cover: step.value for step in steps if step.kind == "terms"}
    assert terms == {
        "glass": Decimal("0.875"),  # bought in at 12.5 % off
        "own_damage": Decimal("0.875"),
        "maintenance": Decimal("0.858"),  # 5 % expense, 5 % commission and 4.2 % margin are the tier's now
    }
    assert {step.cover: step.value for step in steps if step.kind == "limit"} == {
        "glass": 1,
        "own_damage": 1,
        "maintenance": Decimal("0.91"),
    }


def test_bounds_are_steps_where_they_bind() -> None:
    low = tariff().table.with_columns(pl.col("base_rate") / 1_000)
    kinds = [
        step.kind for step in trace(Tariff(low.cast(tariff().table.schema)), contracts(1).row(0, named=True))
    ]
    assert kinds[-2:] == ["minimum", "price"]


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_no_price_is_missing_or_beyond_its_bounds(seed: int) -> None:
    priced = rate_contracts(tariff(seed), contracts(100, seed))
    assert priced.null_count().select(*COVERS, "price").sum_horizontal().item() == 0
    assert priced["price"].min() >= 4_000  # type: ignore[operator]
    assert priced["price"].max() <= 30_000  # type: ignore[operator]


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=30)
def test_raising_a_limit_never_lowers_a_price(seed: int, one: float, other: float) -> None:
    low, high = (
        build_tariff(
            rates(seed),
            LOADINGS,
            [plan(tier, {"maintenance": Limit("n", share)}) for tier in ("Basic", "Standard", "Premium")],
            {"maintenance": "services"},
        )
        for share in sorted((one, other))
    )
    book = contracts(40, seed)
    assert (rate_contracts(low, book)["price"] <= rate_contracts(high, book)["price"]).all()


def test_a_higher_relativity_is_never_cheaper() -> None:
    table = tariff(1, Rounding())
    dearer = (pl.col("factor") == "vehicle_age") & (pl.col("level") == "2")
    raised = Tariff(
        table.table.with_columns(
            pl.when(dearer).then(pl.col("relativity") + 0.01).otherwise("relativity").alias("relativity")
        )
    )
    book = contracts(500)
    before, after = (rate_contracts(t, book)["price"] for t in (table, raised))
    assert (after >= before).all()
    assert book.filter(after > before)["vehicle_age"].unique().to_list() == ["2"]


def test_same_inputs_same_bytes() -> None:
    assert tariff().table.write_csv() == tariff().table.write_csv()
    book = contracts(1_000)
    assert rate_contracts(tariff(), book).write_csv() == rate_contracts(tariff(), book).write_csv()


def test_the_published_table_is_all_that_rates(tmp_path: Path) -> None:
    tariff().table.write_parquet(tmp_path / "published.parquet")
    published = Tariff(pl.read_parquet(tmp_path / "published.parquet"))
    book = contracts(300)
    assert rate_contracts(published, book).equals(rate_contracts(tariff(), book))


def test_a_table_read_from_text_rates_alike() -> None:
    text = tariff().table.write_csv().encode()
    read_back = Tariff.read(pl.read_csv(text))
    assert read_back.table.write_csv().encode() == text
    book = contracts(300)
    assert rate_contracts(read_back, book).equals(rate_contracts(tariff(), book))
    with pytest.raises(RatingError, match="no column 'fixed_amount'"):
        Tariff.read(pl.read_csv(text).drop("fixed_amount"))
    words = pl.read_csv(text).with_columns(base_rate=pl.lit("a lot"))
    with pytest.raises(RatingError, match=r"no number: .*base_rate"):
        Tariff.read(words)


def test_cells_to_look_up_are_what_the_engine_says() -> None:
    seen = pl.DataFrame({"model": ["B7", "A4", "B7"], "exposure_years": [1.0, 2.0, 3.0]})
    cells = expand_prices(tariff(), seen, ("model",), {"vehicle_age": "0", "annual_mileage": "low"})
    assert cells.select("model", "exposure_years").rows() == [("A4", 2.0), ("B7", 4.0)]
    held = {"vehicle_age": "0", "annual_mileage": "low", "driving_score": "*"}
    for row in cells.iter_rows(named=True):
        for tier in ("Basic", "Standard", "Premium"):
            assert row[tier] == price_of(trace(tariff(), {"tier": tier, "model": row["model"], **held}))
    with pytest.raises(RatingError, match="factor 'colour' is none of the tariff's"):
        expand_prices(tariff(), seen, ("colour",), {})


def test_a_contract_that_cannot_be_rated_is_named() -> None:
    book = contracts(3)
    with pytest.raises(RatingError, match="column 'model'"):
        rate_contracts(tariff(), book.drop("model"))
    with pytest.raises(RatingError, match="column 'model'"):
        rate(rates(), book.drop("model"))
    with pytest.raises(RatingError, match="tier 'Gold' is none of the tariff's: Basic, Standard, Premium"):
        rate_contracts(tariff(), book.with_columns(tier=pl.lit("Gold")))
    with pytest.raises(RatingError, match="no 'model', a rating factor of cover 'maintenance'"):
        trace(tariff(), {"tier": "Basic"})


@pytest.mark.parametrize(
    ("where", "column", "value", "message"),
    [
        (
            pl.col("level") == "A4",
            "relativity",
            -0.5,
            "level 'A4' has no number from 0 as relativity: -0.5",
        ),
        (pl.col("level") == "A4", "relativity", float("nan"), "cover 'glass', factor 'model', level 'A4'"),
        (pl.col("factor") == "base", "base_rate", None, "cover 'glass', factor 'base'"),
        (pl.col("factor") == "cost_share", "relativity", 0.0, "tier 'Basic': cost share 0.0"),
        (pl.col("factor") == "minimum", "fixed_amount", Decimal(1), "minimum 1.00 is no multiple"),
        (pl.col("factor") == "rounding", "level", "upwards", "rule 'upwards'"),
        (
            pl.col("level") == "*",
            "level",
            "others",
            "'model', level 'A4' has no row for the level '.' beside",
        ),
        (pl.col("level") == "B7", "level", "A4", "level 'A4' stands twice"),
        (
            pl.col("factor") == "maximum",
            "factor",
            "minimum",
            "factor 'minimum', level '.*' stands twice",
        ),
        (
            pl.col("factor") == "maximum",
            "factor",
            "most",
            "factor 'most', .* is no rule of a tier",
        ),
        (pl.col("factor") == "base", "factor", "basis", "'basis', level 'base' has no base rate to work on"),
        (pl.col("factor") == "terms", "factor", "limit", "stands twice"),
        (pl.col("factor") == "lines", "factor", "maximum", "factor 'maximum', level '.*' stands twice"),
    ],
)
def test_a_table_that_cannot_rate_is_refused_by_name(
    where: pl.Expr, column: str, value: object, message: str
) -> None:
    good = tariff().table
    bad = good.with_columns(
        pl.when(where).then(pl.lit(value, dtype=good.schema[column])).otherwise(column).alias(column)
    )
    with pytest.raises(RatingError, match=message):
        Tariff(bad)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (pl.col("factor") == "lines", "tier 'Basic', cover '.' has no row for 'lines'"),
        (pl.col("factor") == "terms", "tier 'Basic', cover 'maintenance' has no row for 'terms'"),
        ((pl.col("tier") == "*") & (pl.col("cover") == "glass"), "tier 'Standard' grants cover 'glass'"),
        (pl.col("level") == "*", "has no row for the level"),
    ],
)
def test_a_table_that_lacks_a_rule_is_refused_by_name(missing: pl.Expr, message: str) -> None:
    with pytest.raises(RatingError, match=message):
        Tariff(tariff().table.filter(~missing))


def test_a_factor_is_never_counted_twice_and_a_cover_never_free() -> None:
    with pytest.raises(RatingError, match="'model' rates the covers and the price"):
        build_tariff(rates(), LOADINGS, [plan("Basic")], {}, {"model": {"*": 1.0}})
    glassless = RateTable(rates().rates.filter(pl.col("cover") != "glass"))
    with pytest.raises(RatingError, match="tier 'Standard' grants cover 'glass', which has no rates"):
        build_tariff(glassless, LOADINGS, [plan("Standard")], {})
