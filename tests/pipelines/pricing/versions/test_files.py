"""Files of a version: each format gives the same table back, and an edit prices anew from the table alone."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models_ml.rating import rate
from pipelines.errors import InputError
from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.versions.columns import OF_VERSION, SCHEMA
from pipelines.pricing.versions.files import VersionParts, load_rates, read_parts, write_parts
from pipelines.pricing.versions.manifest import Change
from pipelines.pricing.versions.publication import FORMATS, hand_out
from tests.pipelines.pricing.versions.examples import FORMULA, desk, drafted, parts, put_in_force

TAXI = Change(cover="damage", factor="use", level="taxi", before=1.0, after=1.1, reason="wear")


@pytest.mark.parametrize("file_format", FORMATS)
def test_published_pulled_and_read_back_the_table_is_the_same(tmp_path: Path, file_format: str) -> None:
    made = parts(level=FORMULA)
    standing = drafted(tmp_path, made)
    put_in_force(tmp_path, standing.version)
    mine = desk(tmp_path)
    files = mine.files(mine.standings()[standing.version])
    pulled = hand_out(files, standing.version, file_format, tmp_path)
    assert_frame_equal(load_rates(pulled), made.rates, check_exact=True)
    assert load_rates(pulled).schema == SCHEMA


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a file in \.csv, \.parquet or \.xlsx; found \.txt"):
        load_rates(tmp_path / "rates.txt")


def test_parts_survive_their_files() -> None:
    made = parts()
    again = read_parts({**write_parts(made), "manifest.json": made.manifest.canonical()})
    assert again.manifest == made.manifest
    assert_frame_equal(again.rates, made.rates)
    assert_frame_equal(again.premiums, made.premiums)
    assert again.judgements["damage"].gini_model == made.judgements["damage"].gini_model


def test_the_same_parts_give_the_same_bytes() -> None:
    assert write_parts(parts()) == write_parts(parts())


def test_a_selected_relativity_rates_and_the_indicated_one_is_kept_beside_it() -> None:
    edited = edited_parts(parts(), (TAXI,))
    row = edited.rates.filter((pl.col("level") == "taxi") & (pl.col("cover") == "damage")).row(0, named=True)
    before = parts().rates.filter(pl.col("level") == "taxi").row(0, named=True)
    assert (row["relativity"], row["indicated_relativity"], row["selection_reason"]) == (
        1.1, before["relativity"], "wear",
    )  # fmt: skip
    others = pl.col("level") != "taxi"
    same = [frame.filter(others).drop(OF_VERSION) for frame in (edited.rates, parts().rates)]
    assert_frame_equal(*same)
    assert edited.rates["version"].unique().to_list() == [edited.manifest.version()]
    assert edited.manifest.parent == parts().manifest.version()
    assert edited.manifest.version() != parts().manifest.version()


def test_premiums_of_an_edit_are_those_of_its_own_table() -> None:
    edited = edited_parts(parts(), (TAXI,))
    taxi = edited.premiums.filter(pl.col("use") == "taxi")
    held = parts().manifest.base_levels["age"]
    alone = rate(edited.table, pl.DataFrame({"use": ["taxi"], "age": [held]}))
    assert taxi["damage"].to_list() == alone["damage"].to_list()
    assert taxi["damage"].to_list() != parts().premiums.filter(pl.col("use") == "taxi")["damage"].to_list()
    private = pl.col("use") == "private"
    assert_frame_equal(edited.premiums.filter(private), parts().premiums.filter(private))


def test_a_second_edit_keeps_the_reasons_of_the_first() -> None:
    age = Change(cover="damage", factor="age", level="2", before=0.5, after=0.6, reason="few")
    twice = edited_parts(edited_parts(parts(), (TAXI,)), (age,))
    reasons = dict(twice.rates.drop_nulls("selection_reason").select("level", "selection_reason").iter_rows())
    assert reasons == {"taxi": "wear", "2": "few"}
    assert twice.manifest.changes == (age,)


def base_row(made: VersionParts, cover: str = "damage") -> dict[str, Any]:
    rows = (pl.col("factor") == "base") & (pl.col("cover") == cover)
    return made.rates.filter(rows).row(0, named=True)


def of_base(made: VersionParts, share: str = "1.1", reason: str = "market") -> Change:
    before = base_row(made)["base_rate"]
    after = float((before * Decimal(share)).quantize(Decimal("0.01")))
    return Change(
        cover="damage", factor="base", level="base", before=float(before), after=after, reason=reason
    )


def test_until_somebody_selects_a_base_rate_it_is_the_indicated_one() -> None:
    for made in (parts(), parts(overall_change=0.03), edited_parts(parts(), (TAXI,))):
        bases = made.rates.filter(pl.col("factor") == "base")
        assert bases["base_rate"].to_list() == bases["indicated_base_rate"].to_list()
        assert made.rates.filter(pl.col("factor") != "base")["indicated_base_rate"].is_null().all()


def test_a_selected_base_rate_moves_every_premium_price_and_scenario_after_it() -> None:
    made = parts()
    edited = edited_parts(made, (of_base(made),))
    row, before = base_row(edited), base_row(made)
    assert row["base_rate"] == Decimal(str(of_base(made).after))
    assert (row["indicated_base_rate"], row["selection_reason"]) == (before["base_rate"], "market")
    for premium in (
        float(p) / float(q) for p, q in zip(edited.premiums["damage"], made.premiums["damage"], strict=True)
    ):
        assert premium == pytest.approx(1.1, abs=1e-3)
    assert edited.premiums["glass"].to_list() == made.premiums["glass"].to_list()
    assert edited.book.customers["indicated_price"].sum() > made.book.customers["indicated_price"].sum()
    assert not edited.book.scenarios.equals(made.book.scenarios)
    assert edited.manifest.model_sha256 != made.manifest.model_sha256


def test_after_an_edit_of_relativities_base_rates_are_put_on_balance_and_are_the_indicated_ones() -> None:
    made = parts(overall_change=0.03)
    edited = edited_parts(made, (TAXI,))
    assert edited.manifest.overall_change == 0.03
    assert base_row(edited)["base_rate"] != base_row(made)["base_rate"]
    assert base_row(edited)["indicated_base_rate"] == base_row(edited)["base_rate"]
    assert edited.book.balance is not None
    assert edited.book.balance.overall_change == pytest.approx(0.03, abs=1e-3)


def test_a_selected_base_rate_stands_and_ends_the_balance_that_was_decided() -> None:
    made = parts(overall_change=0.03)
    change = of_base(made)
    edited = edited_parts(made, (TAXI, change))
    assert float(base_row(edited)["base_rate"]) == change.after
    assert base_row(edited)["indicated_base_rate"] == base_row(made)["base_rate"]
    # Of the other cover nothing was selected: it stands too.
    assert base_row(edited, "glass")["base_rate"] == base_row(made, "glass")["base_rate"]
    assert edited.manifest.overall_change is None
    assert edited.manifest.balance_note == (
        "+3.00% was decided and no longer holds: base rates selected by hand: damage (market)"
    )
    assert edited.book.balance is not None
    assert edited.book.balance.target_change is None
    later = edited_parts(edited, (TAXI.model_copy(update={"after": 1.2}),))
    assert float(base_row(later)["base_rate"]) == change.after
    assert (later.manifest.overall_change, later.manifest.balance_note) == (
        None,
        edited.manifest.balance_note,
    )


def test_where_no_change_was_decided_there_is_nothing_to_note() -> None:
    assert edited_parts(parts(), (of_base(parts()),)).manifest.balance_note == ""


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_selected_base_rate_reads_back_beside_the_indicated_one(tmp_path: Path, file_format: str) -> None:
    edited = edited_parts(parts(), (of_base(parts()),))
    pulled = hand_out(write_parts(edited), "v", file_format, tmp_path)
    assert_frame_equal(load_rates(pulled), edited.rates, check_exact=True)


def test_the_csv_is_text_that_excel_opens_and_the_parquet_is_typed() -> None:
    files = write_parts(parts())
    assert (
        files["rate_table.csv"]
        .decode()
        .startswith("client,rating_year,version,effective_from,effective_to,tier,cover,")
    )
    assert pl.read_parquet(io.BytesIO(files["rate_table.parquet"])).schema == SCHEMA
