"""A stage that dies at any of its steps, and is done again, ends in the bytes of one that was left alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.fraud.flags import save_flags
from pipelines.landing.pseudonym_key import keep_fingerprint, pseudonym_key
from pipelines.pricing.forecasting.handover import Handover, hand_over
from pipelines.pricing.forecasting.model_card import ModelRecord
from pipelines.pricing.forecasting.store import save_model, set_champion
from pipelines.pricing.workflow import Action
from pipelines.warehouse.serving import publish_serving_copy, read
from tests.pipelines.pricing.versions.examples import FILES, desk, draft_of, manifest

MOST_STEPS = 12


class Died(BaseException):
    """What a killed process does not come back from; nothing of it is handled."""


@contextmanager
def dying_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Die instead of the n-th renaming or linking; what was counted tells whether there was one."""
    count = [0]

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def move(*words: object) -> object:
            count[0] += 1
            if count[0] == step:
                raise Died
            return real(*words)

        return move

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", counted(Path.rename))
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(os, "link", counted(os.link))
        yield count


def a_hand_over(root: Path) -> None:
    made = Handover({}, {}, {}, {"glass": "no claim"}, "acme-1", "acme-1", "none", {}, b"<html>", b"{}")
    hand_over(made, root / "forecasts" / "acme" / "2026", root / "models" / "acme")


def a_stored_model(root: Path) -> None:
    told = ModelRecord(
        client="acme", purpose="p", learned_on="l", judged_on="j", seeds={}, data={}, libraries={},
        code_revision="c",
    )  # fmt: skip
    kept, _ = save_model(root / "models", told, {"bases.csv": b"cover\n"}, {"glass": {"gini": 0.1}})
    set_champion(root / "models", "acme", kept.name)


def a_serving_copy(root: Path) -> None:
    warehouse = root / "warehouse.duckdb"
    root.mkdir(exist_ok=True)
    if not warehouse.exists():
        with duckdb.connect(warehouse) as con:
            con.execute("create schema marts; create table marts.cost as select 1 as amount")
    publish_serving_copy(warehouse, root / "serving" / "acme.duckdb")


def flags(root: Path) -> None:
    save_flags(pl.DataFrame({"claim_id": ["C1"]}), root / "published" / "claim_flags" / "acme" / "f.parquet")


def a_draft(root: Path) -> None:
    desk(root).draft(manifest(), FILES)


def an_approval(root: Path) -> None:
    """Whatever has been done to the draft already is not done twice."""
    name = draft_of(root)
    done = {record.action for record in desk(root).log.records()}
    if Action.SUBMIT not in done:
        desk(root).act(Action.SUBMIT, name)
    if Action.APPROVE not in done:
        desk(root, "Bob").act(Action.APPROVE, name, "well")
    if Action.PUBLISH not in done:
        desk(root, "Bob").publish(name)
    desk(root).standings()


def a_fingerprint(root: Path) -> None:
    keep_fingerprint(root / "ledger" / "acme", "k" * 40)


STAGES = (a_hand_over, a_stored_model, a_serving_copy, flags, a_draft, an_approval, a_fingerprint)


def tree(root: Path) -> dict[str, object]:
    """Every file, but for clocks: what a log says without its moments, what a database holds."""
    found: dict[str, object] = {}
    for path in sorted(
        p for p in root.rglob("*") if p.is_file() and p.suffix != ".lock" and p.name != ".lock"
    ):
        name = path.relative_to(root).as_posix()
        if path.name == "log.jsonl":
            records = desk(root).log.records()
            found[name] = [(r.number, r.action, r.version, r.who) for r in records]
        elif path.suffix == ".duckdb":
            found[name] = read(path, "select * from marts.cost").rows()
        elif path.name != "rates.head":
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_stage_that_dies_at_any_step_is_finished_by_the_next_try(
    stage: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(tmp_path / "undisturbed")
    expected = tree(tmp_path / "undisturbed")
    deaths = 0
    for step in range(1, MOST_STEPS + 1):
        root = tmp_path / f"died_at_{step}"
        with dying_at(step, monkeypatch) as count:
            try:
                stage(root)
            except Died:
                deaths += 1
        if count[0] < step:
            break
        stage(root)
        assert tree(root) == expected, step
    assert deaths


def test_a_key_that_was_not_finished_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pseudonym.key"
    with dying_at(1, monkeypatch), pytest.raises(Died):
        pseudonym_key(None, path)
    assert not list(tmp_path.iterdir())
    assert pseudonym_key(None, path) == pseudonym_key(None, path)
