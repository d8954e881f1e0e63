"""Status, signatures, selections and provenance: what the log and the manifest say."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest

from pipelines.pricing.changing.reselecting import edited_parts
from pipelines.pricing.pack import pack_html
from pipelines.pricing.pack.signoffs import status
from pipelines.pricing.versions.manifest import Change, DeliveredFile
from pipelines.pricing.workflow.record import Action
from tests.pipelines.pricing.pack.examples import History, planned, with_rates
from tests.pipelines.pricing.pack.reading import Page
from tests.pipelines.pricing.versions.examples import parts

NAME = parts().manifest.version()


def drafted() -> History:
    return History(NAME).add(Action.DRAFT, reason="run of the pipeline")


def approved() -> History:
    return drafted().add(Action.SUBMIT).add(Action.APPROVE, "Bob", "within the mandate")


def signed(history: History) -> Page:
    return Page(pack_html(parts(), history.records))


def lines(page: Page) -> set[str]:
    """Steps with an empty line to sign."""
    told = page.text.rpartition("To be signed")[2]
    return {
        s for s in ("Drafted", "Submitted to review", "Approved", "Put in force") if f"{s} Name Date" in told
    }


@pytest.mark.parametrize(
    ("history", "told"),
    [
        (History(NAME), "draft when this page was written, not signed"),
        (drafted(), "draft"),
        (drafted().add(Action.SUBMIT), "in review"),
        (approved(), "approved"),
        (drafted().add(Action.SUBMIT).add(Action.REJECT, "Bob", "no"), "rejected"),
        (approved().add(Action.PUBLISH), "in force"),
        (approved().add(Action.PUBLISH).add(Action.WITHDRAW, reason="wrong"), "retired"),
        (drafted().add(Action.EDIT, version="acme-2", parent=NAME), "retired: edited into acme-2"),
        (
            approved().add(Action.PUBLISH).add(Action.PUBLISH, version="acme-2", replaces=(NAME,)),
            "replaced by acme-2",
        ),
        (approved().add(Action.DRAFT, version="acme-2", parent=NAME), "approved"),
    ],
)
def test_the_status_is_that_of_the_log(history: History, told: str) -> None:
    assert status(NAME, history.records) == told
    assert f"Version {NAME} : {told}." in signed(history).text


def test_an_unsigned_pack_has_a_line_for_every_step() -> None:
    assert lines(Page(pack_html(parts()))) == {
        "Drafted", "Submitted to review", "Approved", "Put in force"
    }  # fmt: skip


def test_an_unsigned_pack_says_how_to_get_the_sign_offs_of_the_day() -> None:
    told = f"ratewright rates pack {NAME} --out FILE"
    assert told in Page(pack_html(parts())).text
    assert told not in signed(drafted()).text


def test_who_signed_is_told_with_day_and_reason_and_lines_are_left_for_the_rest() -> None:
    page = signed(approved())
    table = page.table("step", "by", "on", "reason")
    assert table.rows == [
        ["Drafted", "Ann", "2025-11-01 09:30 UTC", "run of the pipeline"],
        ["Submitted to review", "Ann", "2025-11-02 09:30 UTC", "none given"],
        ["Approved", "Bob", "2025-11-03 09:30 UTC", "within the mandate"],
    ]
    assert lines(page) == {"Put in force"}
    assert "To be signed" not in signed(approved().add(Action.PUBLISH)).text


@pytest.mark.parametrize("ending", [Action.REJECT, Action.WITHDRAW])
def test_nothing_is_left_to_sign_on_a_version_that_came_to_an_end(ending: Action) -> None:
    history = approved().add(ending, reason="no") if ending is Action.REJECT else (
        approved().add(Action.PUBLISH).add(ending, reason="no")
    )  # fmt: skip
    assert "To be signed" not in signed(history).text


def test_a_first_table_says_that_no_person_approved_it() -> None:
    by_rule = drafted().add(Action.PUBLISH, "rule: first table of a client", automatic=True)
    page = signed(by_rule)
    assert "rule: first table of a client; no person approved it" in page.text
    assert "To be signed" not in page.text


def test_reasons_are_text() -> None:
    content = pack_html(parts(), drafted().add(Action.SUBMIT, "<i>Eve</i>", "<b>&").records)
    assert b"<i>Eve" not in content
    assert "<i>Eve</i>" in Page(content).text


def test_what_was_selected_by_hand_is_listed_with_its_reason() -> None:
    made = parts()
    change = Change(
        cover="damage", factor="use", level="taxi", before=2.0, after=1.9, reason="a <new> & fleet"
    )
    page = Page(pack_html(edited_parts(made, (change,))))
    indicated = made.rates.filter((pl.col("cover") == "damage") & (pl.col("level") == "taxi"))[
        "indicated_relativity"
    ][0]
    (cells,) = page.table("before", "indicated", "selected").rows
    assert (cells[:3], cells[-1]) == (["damage", "use", "taxi"], "a <new> & fleet")
    assert cells[4:7] == ["2.0000", f"{indicated:.4f}", "1.9000"]
    assert f"It was edited from {made.manifest.version()}: 1 selection by hand" in page.text


def test_what_the_plan_moved_is_listed_apart() -> None:
    made = parts()
    rates = made.rates.with_columns(
        pl.when(pl.col("level") == "taxi").then(1.5).otherwise("relativity").alias("relativity"),
        pl.when(pl.col("level") == "taxi").then(pl.lit("bounds of the plan")).alias("selection_reason"),
    )
    told = Page(pack_html(with_rates(made, rates))).text
    assert "Nothing was selected by hand in this version." in told
    assert "bounds of the plan (1)" in told
    assert "Every relativity and base rate is the one that is indicated." in Page(pack_html(made)).text


def test_what_was_not_priced_is_told_with_the_reason() -> None:
    made = parts()
    told = json.loads(made.evaluation) | {"refused": {"wear_parts": "no claims were <seen>"}}
    page = Page(pack_html(replace(made, evaluation=json.dumps(told).encode())))
    assert "wear parts: no claims were <seen>." in page.text
    # The plan's tier Basic grants covers that this portfolio has no rates for.
    lacking = "roadside, third party injury, third party property"
    assert f"Basic is not priced as a whole: no rates for {lacking}." in Page(pack_html(planned())).text
    assert "Every cover with experience has rates" in Page(pack_html(made)).text


def test_the_rules_that_bind_the_prices_are_the_plans() -> None:
    told = Page(pack_html(parts())).text
    assert "A customer's price changes by −20.0 % to +20.0 %" in told
    assert "From 4 claims together with a cost of 2 times the premium" in told


def test_deliveries_of_one_kind_are_summed_where_there_are_many() -> None:
    def file(name: str, rows: int) -> DeliveredFile:
        return DeliveredFile(
            file=name, sha256="ab" * 32, read=rows, accepted=rows - 1, rejected=1, duplicates=0
        )

    many = tuple(file(f"trips_2025-{month:02}.csv", 1_000) for month in range(1, 13))
    made = parts()
    few = Page(pack_html(with_rates(made, made.rates, deliveries=many[:2])))
    assert few.table("file", "SHA-256").row("trips_2025-01.csv")["accepted"] == "999"
    page = Page(pack_html(with_rates(made, made.rates, deliveries=(*many, file("claims.csv", 5)))))
    table = page.table("file", "rows read")
    assert table.row("trips_….csv (12 files)")["rows read"] == "12,000"
    assert table.row("claims.csv")["accepted"] == "4"


def test_provenance_names_version_model_code_and_plan() -> None:
    made = parts()
    facts = {"rated_by": "acme-m1", "code_revision": "abc123", "seeds": {"scenarios.csv": "f" * 64}}
    told = Page(pack_html(with_rates(made, made.rates, **facts))).text
    for fact in ("acme-m1", "abc123", "scenarios.csv", "f" * 12, "2025-12-31"):
        assert fact in told
