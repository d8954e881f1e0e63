"""`ratewright rates`: a table from draft to force and out again; what is refused, is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import openpyxl
import pytest

from tests.commands import Done, ratewright
from tests.pipelines.pricing.versions.examples import draft_of, drafted, of_year, parts, put_in_force, tree

Command = Callable[..., Done]


@pytest.fixture
def rates(tmp_path: Path) -> Command:
    """A `rates` command in the name of somebody."""

    def run(*words: str, by: str = "Ann") -> Done:
        with patch.dict("os.environ", {"RATEWRIGHT_USER": by}):
            return ratewright(tmp_path, "rates", *words)

    return run


def refused(done: Done) -> str:
    """The one line that says why."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    return line


def in_review(rates: Command, root: Path) -> str:
    name = drafted(root).version
    assert rates("submit", name).returncode == 0
    return name


def test_a_table_goes_from_draft_to_force_and_is_pulled(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    steps = [
        (("submit", name), "Ann", f"{name} is in review."),
        (("approve", name, "--reason", "within the mandate"), "Bob", f"{name} is approved."),
        (("publish", name), "Ann", f"{name} is in force, 2026-01-01 to 2026-12-31"),
        (("pull", "--year", "2026", "--format", "csv", "--out", str(tmp_path)), "Cai", f"{name} (in force)"),
    ]
    for words, by, said in steps:
        done = rates(*words, by=by)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(said)
    assert (tmp_path / f"{name}.csv").exists()
    (row,) = json.loads(rates("list", "--json").stdout)
    assert (row["version"], row["state"], row["approver"]) == (name, "in force", "Bob")
    assert f"* 2026 {name} in force" in " ".join(rates("list").stdout.split())


def test_an_approval_by_the_author_is_refused(rates: Command, tmp_path: Path) -> None:
    name = in_review(rates, tmp_path)
    told = refused(rates("approve", name, "--reason", "mine", by="ann"))
    assert told == f"error: {name} was drafted or edited by Ann: somebody else has to approve"


def test_an_edit_after_approval_is_refused(rates: Command, tmp_path: Path) -> None:
    name = in_review(rates, tmp_path)
    assert rates("approve", name, "--reason", "well", by="Bob").returncode == 0
    out = tmp_path / "back.xlsx"
    assert rates("pull", "--version", name, "--not-in-force", "--out", str(out)).returncode == 0
    assert f"{name} is approved: only a draft can be edited" in refused(rates("edit", "--from", str(out)))


def test_a_tampered_file_is_refused(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    put_in_force(tmp_path, name)
    published = tmp_path / "published" / "rate_tables" / "2026" / name / "rate_table.csv"
    published.write_bytes(published.read_bytes().replace(b"taxi", b"free"))
    out = tmp_path / "out.csv"
    told = refused(rates("pull", "--year", "2026", "--format", "csv", "--out", str(out)))
    assert told == f"error: {name}: rate_table.csv is not what was drafted; not handed out"
    assert not out.exists()


def test_a_tampered_log_is_refused_with_its_line(rates: Command, tmp_path: Path) -> None:
    name = in_review(rates, tmp_path)
    log = tmp_path / "rates" / "acme" / "log.jsonl"
    log.write_text(log.read_text().replace('"who": "Ann"', '"who": "Eve"', 1))
    before = tree(tmp_path)
    for words in (("approve", name, "--reason", "x"), ("show", name), ("list",)):
        assert "line 1 of the log: it is not what was recorded" in refused(rates(*words))
    assert tree(tmp_path) == before


def test_an_overlapping_effective_date_is_refused_until_the_other_is_named(
    rates: Command, tmp_path: Path
) -> None:
    old, new = draft_of(tmp_path), draft_of(tmp_path, model="m2")
    put_in_force(tmp_path, old)
    assert rates("submit", new).returncode == 0
    assert rates("approve", new, "--reason", "well", by="Bob").returncode == 0
    assert f"overlaps {old}, in force 2026-01-01 to 2026-12-31" in refused(rates("publish", new))
    assert rates("publish", new, "--replace", old).returncode == 0
    states = {row["version"]: row["state"] for row in json.loads(rates("list", "--json").stdout)}
    assert states == {old: "retired", new: "in force"}


def test_a_withdrawn_version_is_pulled_only_by_name_and_on_purpose(rates: Command, tmp_path: Path) -> None:
    name = draft_of(tmp_path)
    put_in_force(tmp_path, name)
    assert rates("withdraw", name, "--reason", "wrong currency").returncode == 0
    out = str(tmp_path / "out.csv")
    assert "no rate table is published for 2026" in refused(rates("pull", "--year", "2026", "--out", out))
    told = refused(rates("pull", "--version", name, "--out", out))
    assert f"{name} is retired (wrong currency): nobody may quote from it" in told
    assert not Path(out).exists()
    assert rates("pull", "--version", name, "--not-in-force", "--out", str(tmp_path)).returncode == 0
    assert (tmp_path / f"{name}.retired.xlsx").exists()


def test_the_pricing_pack_is_written_with_the_sign_offs_of_the_day(rates: Command, tmp_path: Path) -> None:
    name = in_review(rates, tmp_path)
    done = rates("pack", name, "--out", str(tmp_path))
    target = tmp_path / f"{name}.pricing_pack.html"
    assert (done.returncode, done.stdout) == (0, f"{name} (in review) -> {target}\n")
    before = target.read_text()
    assert "in review" in before
    assert "well thought" not in before
    assert rates("approve", name, "--reason", "well thought", by="Bob").returncode == 0
    assert rates("pack", name, "--out", str(tmp_path / "pack.html")).returncode == 0
    after = (tmp_path / "pack.html").read_text()
    assert "<span class='badge'>approved</span>" in after
    assert "well thought" in after
    kept = (tmp_path / "rates" / "acme" / "versions" / name / "pricing_pack.html").read_text()
    assert "draft when this page was written, not signed" in kept


def test_a_pack_of_what_is_not_there_or_was_touched_is_refused(rates: Command, tmp_path: Path) -> None:
    out = tmp_path / "pack.html"
    assert "there is none yet" in refused(rates("pack", "acme-0", "--out", str(out)))
    name = drafted(tmp_path).version
    assert f"did you mean '{name}'" in refused(rates("pack", name[:-1], "--out", str(out)))
    assert rates("pack", name).returncode == 2
    kept = tmp_path / "rates" / "acme" / "versions" / name / "renewals.parquet"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    told = refused(rates("pack", name, "--out", str(out)))
    assert told == f"error: {name}: renewals.parquet is not what was drafted; not handed out"
    assert not out.exists()


def test_a_pack_that_cannot_be_written_is_refused_in_one_line(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    (tmp_path / "file").touch()
    told = refused(rates("pack", name, "--out", str(tmp_path / "file" / "pack.html")))
    assert "cannot be written" in told


@pytest.mark.parametrize("action", ["approve", "reject", "withdraw"])
def test_a_decision_needs_a_reason(rates: Command, tmp_path: Path, action: str) -> None:
    assert rates(action, draft_of(tmp_path)).returncode == 2
    assert "say why with --reason" in refused(rates(action, draft_of(tmp_path), "--reason", " "))


def test_a_version_that_is_not_there_is_refused_with_the_nearest(rates: Command, tmp_path: Path) -> None:
    assert refused(rates("show", "acme-0")) == "error: rate table 'acme-0': there is none yet"
    name = draft_of(tmp_path)
    assert f"did you mean '{name}'" in refused(rates("show", name[:-1]))
    assert f"among: {name}" in refused(rates("submit", "bolt"))


def test_cells_that_are_refused_are_told_one_a_line(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    out = tmp_path / "back.xlsx"
    assert rates("pull", "--version", name, "--not-in-force", "--out", str(out)).returncode == 0
    book = openpyxl.load_workbook(out)
    column = next(cell.column for cell in book["Age"][1] if cell.value == "Selected")
    book["Age"].cell(2, column).value = 9
    book["Age"].cell(3, column).value = "=2*2"
    book.save(out)
    done = rates("edit", "--from", str(out), by="Bob")
    assert refused(done) == "error: 2 cells are refused; nothing was changed"
    first, second = done.stderr.splitlines()[:2]
    letter = book["Age"].cell(2, column).column_letter
    assert first.startswith(f"  sheet Age, cell {letter}2: 9: outside ")
    assert second == f"  sheet Age, cell {letter}3: =2*2: a formula in place of a number"


def test_an_edit_shows_in_diff_explain_and_show(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    out = tmp_path / "back.xlsx"
    rates("pull", "--version", name, "--not-in-force", "--out", str(out))
    book = openpyxl.load_workbook(out)
    head = {cell.value: cell.column for cell in book["Use"][1]}
    row = next(r for r in range(2, 9) if book["Use"].cell(r, head["Level"]).value == "taxi")
    indicated = book["Use"].cell(row, head["Indicated"]).value
    book["Use"].cell(row, head["Selected"]).value = round(indicated * 1.2, 4)
    book["Use"].cell(row, head["Reason for the change"]).value = "[bold]brakes[/]"
    book.save(out)
    edited = rates("edit", name, "--from", str(out), "--reason", "review", by="Bob").stdout.split()[0]
    moved = json.loads(rates("diff", edited, "--json").stdout)
    assert (moved["old"], moved["new"]) == (name, edited)
    (relativity,) = moved["relativities"]
    assert (relativity["level"], relativity["change"]) == ("taxi", pytest.approx(0.2, abs=1e-4))
    assert "taxi" in rates("diff", edited, name).stdout
    told = rates("explain", edited, "--at", "use=taxi").stdout
    assert f"indicated {indicated:.4f}; [bold]brakes[/]" in told
    shown = rates("show", edited).stdout
    assert "edit by Bob" in shown
    assert "[bold]brakes[/]" in shown
    history = json.loads(rates("show", edited, "--json").stdout)["history"]
    assert [r["drafted"]["changes"][0]["level"] for r in history] == ["taxi"]
    assert f"edit of {edited} by Bob" in rates("show", name).stdout


def test_a_selected_base_rate_shows_in_show_and_explain_with_what_became_of_the_decided_change(
    rates: Command, tmp_path: Path
) -> None:
    name = drafted(tmp_path, parts(overall_change=0.03)).version
    assert "+3.00% was decided; base rates are put to it" in rates("show", name).stdout
    out = tmp_path / "back.xlsx"
    rates("pull", "--version", name, "--not-in-force", "--out", str(out))
    book = openpyxl.load_workbook(out)
    head = {cell.value: cell.column for cell in book["Base rates"][1]}
    indicated = book["Base rates"].cell(2, head["Indicated"]).value
    book["Base rates"].cell(2, head["Selected"]).value = round(indicated * 1.1, 2)
    book["Base rates"].cell(2, head["Reason for the change"]).value = "[bold]market[/]"
    book.save(out)
    edited = rates("edit", "--from", str(out), by="Bob").stdout.split()[0]
    shown = rates("show", edited).stdout
    assert f"damage, base rate: {indicated:,.2f} -> {indicated * 1.1:,.2f}: [bold]market[/]" in shown
    assert "no longer holds: base rates selected by hand: damage ([bold]market[/])" in shown
    assert f"indicated {indicated:,.2f}; [bold]market[/]" in rates("explain", edited).stdout


def test_diff_takes_what_is_in_force_where_a_version_has_no_parent(rates: Command, tmp_path: Path) -> None:
    old = drafted(tmp_path, of_year(parts(loading=0.2), 2025)).version
    new = drafted(tmp_path).version
    assert "no parent and no other version is in force" in refused(rates("diff", new))
    put_in_force(tmp_path, old)
    done = rates("diff", new, "--top", "1")
    assert done.stdout.startswith(f"{old} -> {new}")
    assert "Largest falls of premium" in done.stdout


def test_explain_for_a_program_holds_the_price_and_what_it_was_made_from(
    rates: Command, tmp_path: Path
) -> None:
    name = drafted(tmp_path).version
    told = json.loads(rates("explain", name, "--at", "use=private", "--json").stdout)
    assert told["manifest"]["client"] == "acme"
    assert sum(float(c["premium"]) for c in told["covers"]) == pytest.approx(float(told["total"]))
    assert rates("explain", name, "--at", "private").returncode == 2
    assert "did you mean 'use'" in refused(rates("explain", name, "--at", "usee=private"))


def test_a_draft_is_made_of_something(rates: Command, tmp_path: Path) -> None:
    assert rates("draft").returncode == 2
    assert rates("draft", "--rating-year", "2026").returncode == 2
    assert rates("pull", "--out", str(tmp_path)).returncode == 2
    name = drafted(tmp_path).version
    rates("reject", name, "--reason", "too dear", by="Bob")
    again = rates("draft", "--from", name, "--reason", "cheaper", by="Cai").stdout
    assert again.splitlines()[0].endswith(" is draft.")
    assert "has no forecast of 2031" in refused(
        rates("draft", "--mapping", "data/mappings/simulated.yml", "--rating-year", "2031")
    )


def test_list_says_how_to_get_a_first_table(rates: Command) -> None:
    assert rates("list").stdout == "There is no rate table yet. A run makes the first: ratewright run\n"


def test_contracts_are_quoted_by_what_is_in_force(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    put_in_force(tmp_path, name)
    offers, out = tmp_path / "offers.csv", tmp_path / "quotes.csv"
    offers.write_text("tier,use,age\nBoth,taxi,0\nDamage only,private,1\n", encoding="utf-8")
    words = ("quote", "--year", "2026", "--contracts", str(offers), "--out", str(out))
    done = rates(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"2 contracts priced by {name} (in force)")
    assert out.read_text(encoding="utf-8").splitlines()[0] == (
        "tier,use,age,damage,glass,price,use_rated_as,use_listed,age_rated_as,age_listed"
    )
    offers.write_text("tier,use,age\nBoth,T,9\nBoth,hearse,99\n", encoding="utf-8")
    out.unlink()
    odd = rates(*words)
    assert odd.returncode == 2
    assert odd.stderr.count("row 2: column '") == 2
    assert not out.exists()
    assert rates(*words, "--allow-unlisted").returncode == 0
    assert out.read_text(encoding="utf-8").splitlines()[2].endswith(",*,no,*,no")
    offers.write_text("tier,use\nBoth,taxi\n", encoding="utf-8")
    wrong = rates(*words)
    assert wrong.returncode == 2
    (line,) = (line for line in wrong.stderr.splitlines() if line.startswith("error: "))
    assert "offers.csv: column 'age'" in line


def test_renewals_are_pulled_with_their_reasons(rates: Command, tmp_path: Path) -> None:
    name = drafted(tmp_path).version
    put_in_force(tmp_path, name)
    words = ("pull", "--year", "2026", "--table", "renewals", "--format", "csv", "--out", str(tmp_path))
    done = rates(*words)
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = (tmp_path / f"{name}.renewals.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == parts().book.customers.height
    assert {"own_reason", "referral_reason", "price", "bound"} <= set(head.split(","))
