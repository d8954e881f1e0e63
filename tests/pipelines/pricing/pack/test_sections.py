"""Factors, fit, dislocation, scenarios: what is drawn and listed is what the frames hold."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import polars as pl
import pytest

from pipelines.pricing.pack import pack_html
from pipelines.pricing.pack.factor_chart import factor_figure
from pipelines.pricing.pack.levels import factor_rates
from tests.pipelines.pricing.pack.examples import nobody, with_rules
from tests.pipelines.pricing.pack.figures import known, page, percent, share, whole_number
from tests.pipelines.pricing.versions.examples import parts


def test_factors_stand_by_their_spread_over_exposure() -> None:
    found = factor_rates(parts().rates)
    for cover, factors in found.items():
        assert [f.spread for f in factors] == sorted((f.spread for f in factors), reverse=True)
        for factor in factors:
            rows = [
                r
                for r in parts().rates.to_dicts()
                if (r["cover"], r["factor"]) == (cover, factor.factor) and r["level"] != "*"
            ]
            years = sum(r["exposure_years"] for r in rows)
            mean = sum(math.log(r["relativity"]) * r["exposure_years"] for r in rows) / years
            around = sum((math.log(r["relativity"]) - mean) ** 2 * r["exposure_years"] for r in rows) / years
            assert factor.spread == pytest.approx(math.sqrt(around))


def test_every_factor_of_every_cover_is_drawn_once() -> None:
    read = page(parts())
    drawn = [label for label in read.figures if label.endswith("relativity and exposure by level")]
    pairs = parts().table.rates.filter(pl.col("factor") != "base").select("cover", "factor").unique()
    assert sorted(drawn) == sorted(
        f"{c}, {f}: relativity and exposure by level" for c, f in pairs.iter_rows()
    )


def test_the_numbers_of_a_level_are_told_when_pointed_at() -> None:
    row = parts().rates.filter((pl.col("cover") == "damage") & (pl.col("level") == "taxi")).row(0, named=True)
    told = (
        f"taxi: selected {row['relativity']:.3f}, indicated {row['indicated_relativity']:.3f}, "
        f"90 % {row['relativity_lower']:.2f} to {row['relativity_upper']:.2f}, "
        f"raw {row['raw_relativity']:.2f}, {row['exposure_years']:,.0f} vehicle-years, "
        f"{row['claim_count']:,} claims"
    )
    assert told in page(parts()).text


def test_levels_without_an_order_stand_last_and_off_the_line() -> None:
    made = parts()
    damage = made.rates.filter(pl.col("cover") == "damage")
    unknown = damage.filter((pl.col("factor") == "age") & (pl.col("level") == "1")).with_columns(
        level=pl.lit("unknown"), level_order=pl.lit(None, dtype=pl.Int64)
    )
    age = next(f for f in factor_rates(pl.concat([damage, unknown]))["damage"] if f.factor == "age")
    assert age.ordered
    assert age.levels["level"].to_list() == ["0", "1", "2", "unknown"]
    drawing = factor_figure(age)
    line = drawing[drawing.index("class='sel'") :]
    assert line[: line.index("/>")].count("L") == 2, "three points, for three levels that follow each other"


def test_thin_levels_are_marked() -> None:
    made = parts()
    assert "taxi°" not in page(made).text
    few = made.rates.with_columns(
        claim_count=pl.when(pl.col("level") == "taxi").then(9).otherwise("claim_count")
    )
    assert "taxi°" in page(replace(made, rates=few)).text


def test_last_years_relativities_are_drawn_where_there_is_a_table() -> None:
    made = parts()
    before = replace(made, last_year=(parts(0.2).rates, parts(0.2).premiums))
    levels = made.table.rates.filter((pl.col("factor") != "base") & (pl.col("level") != "*"))
    assert pack_html(made).count(b"'lym'") == 0
    assert pack_html(before).count(b"'lym'") == levels.height + 1, "each level, and the legend"
    assert "last year" in page(before).text


def test_actual_over_expected_is_the_judgements() -> None:
    made = parts()
    table = page(made).table("of the forecast", "tenths within chance")
    for cover, judged in made.judgements.items():
        (cells,) = (cells for cells in table.rows if cells[0] == cover)
        assert cells[1:3] == [whole_number(judged.exposure_years), whole_number(judged.claim_count)]
        told = [judged.actual_over_expected_claims, judged.actual_over_expected_amount, judged.gini_model]
        assert cells[3:6] == [f"{value:.3f}".replace("-", "−") for value in told]


def test_double_lift_is_drawn_where_the_evaluation_has_it() -> None:
    made = parts()
    assert not [label for label in page(made).figures if "double lift" in label]
    rows = [{"group": n, "actual": 1.0, "champion": 0.9 + n / 50, "challenger": 1.0} for n in range(1, 11)]
    told = json.loads(made.evaluation)
    told["covers"]["glass"]["double"] = {"table": rows}
    judged = replace(made, evaluation=json.dumps(told).encode())
    assert [label for label in page(judged).figures if "double lift" in label] == [
        "glass: double lift by tenth"
    ]


def test_levels_beyond_chance_are_listed_and_others_are_not() -> None:
    made = parts()
    judged = made.judgements["damage"]
    row = judged.by_factor.with_columns(pl.col("actual_claims", "expected_claims").cast(pl.Float64)).head(1)
    far = row.with_columns(
        level=pl.lit("far off"), actual_claims=30.0, expected_claims=10.0, lower=2.0, upper=4.3
    )
    near = row.with_columns(
        level=pl.lit("near by"), actual_claims=12.0, expected_claims=10.0, lower=0.6, upper=2.1
    )
    levels = pl.concat([far, near]).select(judged.by_factor.columns).cast(judged.by_factor.schema)
    told = page(replace(made, judgements={"damage": replace(judged, by_factor=levels)}))
    table = told.table("actual / expected", "chance from (95 %)")
    assert [cells[2] for cells in table.rows] == ["far off"]
    assert table.row("damage")["actual / expected"] == "3.00"
    assert "beyond chance at 1 of 2 levels" in told.text


def test_the_histogram_counts_every_customer_once() -> None:
    made = parts()
    changes = [float(row["price"]) / float(row["current_price"]) - 1 for row in known(made)]
    between = sum(-0.3 < round(change, 9) <= -0.2 for change in changes)
    part = f"{100 * between / len(changes):.1f} %"
    assert between
    assert f"−30 % to −20 % {between} ({part})" in page(made).text


@pytest.mark.parametrize("by", ["tier", "tenure_years"])
def test_winners_and_losers_are_those_of_the_book(by: str) -> None:
    made = parts()
    table = page(made).table(by.replace("_", " "), "dearer")
    for level in {row[by] for row in known(made)}:
        rows = [row for row in known(made) if row[by] == level]
        now, then = (sum(row[name] for row in rows) for name in ("current_price", "price"))
        (cells,) = (cells for cells in table.rows if cells[0] == str(level))
        assert cells[1:5] == [
            str(len(rows)), whole_number(now), whole_number(then), percent(float(then) / float(now) - 1)
        ]  # fmt: skip
        assert cells[5] == str(sum(row["price"] > row["current_price"] for row in rows))
        assert cells[7] == str(sum(row["bound"] == "cap" for row in rows))


def test_cells_are_compared_with_last_years_table() -> None:
    made = replace(parts(), last_year=(parts(0.2).rates, parts(0.2).premiums))
    old, new = (dict(p.select("use", "total").iter_rows()) for p in (parts(0.2).premiums, parts().premiums))
    table = page(made).table("last year", "this year")
    for use, premium in new.items():
        change = float(premium) / float(old[use]) - 1
        assert change < 0
    shown = next(
        t for t in page(made).tables if t.heads[-4:] == ["vehicle-years", "last year", "this year", "change"]
    )
    assert {cells[0]: cells[-1] for cells in shown.rows} == {
        use: percent(float(new[use]) / float(old[use]) - 1) for use in new
    }
    assert table.heads[0] == "use"
    assert "there is no table to compare with" in page(parts()).text


def test_who_may_leave_is_told_only_where_the_plan_states_an_elasticity() -> None:
    made = parts()
    assert "The plan states no elasticity" in page(made).text
    assert "The plan states no elasticity" in page(with_rules(made, elasticity="1.2")).text
    stated = with_rules(made, elasticity="0.3", retained="0.8")
    changes = [float(row["price"]) / float(row["current_price"]) - 1 for row in known(made)]
    kept = sum(min(0.8 * (1 + change) ** -0.3, 1.0) for change in changes)
    assert kept < len(changes) - 1
    cells = page(stated).table("kept at no change").rows[0]
    assert cells[:4] == ["all", str(len(changes)), f"{0.8 * len(changes):,.0f}", f"{kept:,.0f}"]
    assert "nobody's change of price is known" in page(nobody(stated)).text


def test_scenarios_stand_with_margin_and_loss_ratio_by_tier() -> None:
    made = parts()
    table = page(made).table("scenario", "loss ratio")
    assert table.heads == ["scenario", "margin", "change", "loss ratio", *["margin", "loss ratio"] * 2]
    by_premium = made.book.scenarios.filter(
        (pl.col("scenario") == "as planned") & (pl.col("tier") != "all")
    ).sort("premium", descending=True)
    found = {(r["scenario"], r["tier"]): r for r in made.book.scenarios.to_dicts()}
    for cells in table.rows:
        everybody = found[cells[0], "all"]
        assert cells[1] == share(everybody["margin_ratio"])
        assert cells[2] == percent(everybody["margin_change"])
        assert cells[3] == share(everybody["loss_ratio"])
        for at, tier in enumerate(by_premium["tier"]):
            own = found[cells[0], tier]
            assert cells[4 + 2 * at : 6 + 2 * at] == [share(own["margin_ratio"]), share(own["loss_ratio"])]
    assert {cells[0] for cells in table.rows} == {s for s, _ in found}


def test_the_tornado_begins_with_what_moves_the_margin_most() -> None:
    told = pack_html(parts()).decode()
    drawing = told[told.index("Change of the margin by scenario") :]
    drawing = drawing[: drawing.index("</figure>")]
    own = parts().book.scenarios.filter((pl.col("tier") == "all") & (pl.col("scenario") != "as planned"))
    by_size = sorted(own.to_dicts(), key=lambda row: -abs(row["margin_change"]))
    places = [drawing.index(f">{row['scenario']}<") for row in by_size]
    assert places == sorted(places)
