"""The model store: a version appears whole, is never rewritten, and is not loaded changed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.store import (
    StoredModel,
    challengers,
    champion,
    load_estimator,
    load_model,
    read_table,
    save_model,
    set_champion,
    stored_models,
)
from tests.pipelines.pricing.forecasting.test_model_card import record
from tests.pipelines.pricing.versions.examples import tree

RELATIVITIES = pl.DataFrame({"level": ["private", "taxi"], "relativity": [1.0, 2.1]})


def tables() -> dict[str, bytes]:
    buffer = io.BytesIO()
    RELATIVITIES.write_parquet(buffer)
    return {"relativities.parquet": buffer.getvalue(), "base.csv": b"cover,base\ndamage,0.1\n"}


def save(root: Path, *, d2: float = 0.08, estimator: Any = None, **changes: Any) -> tuple[StoredModel, bool]:
    return save_model(root, record(**changes), tables(), {"damage": {"d2": d2}}, estimator)


def test_what_is_stored_is_what_is_loaded(tmp_path: Path) -> None:
    stored, created = save(tmp_path)
    assert created
    found = load_model(tmp_path, "acme", stored.name)
    assert found == stored
    assert found.metrics == {"damage": {"d2": 0.08}}
    assert read_table(found, "relativities.parquet").equals(RELATIVITIES)
    assert read_table(found, "base.csv")["base"].to_list() == [0.1]
    assert sorted(p.name for p in found.path.iterdir()) == [
        "base.csv", "metrics.json", "model_card.md", "record.json", "relativities.parquet",
    ]  # fmt: skip
    assert f"# {stored.name}" in (found.path / "model_card.md").read_text()


def test_the_same_inputs_give_the_same_version_and_the_same_bytes(tmp_path: Path) -> None:
    first, _ = save(tmp_path / "a")
    second, _ = save(tmp_path / "b")
    assert first.name == second.name
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    before = tree(tmp_path / "a")
    again, created = save(tmp_path / "a")
    assert (again, created) == (first, False)
    assert tree(tmp_path / "a") == before


def test_other_inputs_are_another_version(tmp_path: Path) -> None:
    names = {save(tmp_path, **c)[0].name for c in ({}, {"d2": 0.09}, {"seeds": {"folds": 1}})}
    assert len(names) == 3
    assert {m.name for m in stored_models(tmp_path)} == names


def test_a_version_is_never_rewritten(tmp_path: Path) -> None:
    stored, _ = save(tmp_path)
    (stored.path / "base.csv").write_bytes(b"cheaper")
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=r"base\.csv is not what was stored"):
        save(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("file", ["relativities.parquet", "metrics.json", "model_card.md", "record.json"])
def test_a_changed_file_is_not_loaded(tmp_path: Path, file: str) -> None:
    stored, _ = save(tmp_path)
    content = (stored.path / file).read_bytes()
    (stored.path / file).write_bytes(content.replace(b"unversioned", b"abc").replace(b"0.08", b"0.09") + b" ")
    if file == "record.json":
        # Readable, and every hash in it right; what it says of itself is not what it was named for.
        assert b"abc" in (stored.path / file).read_bytes()
    with pytest.raises(PublicationError, match=rf"{file} is not what was stored; not loaded"):
        load_model(tmp_path, "acme", stored.name)


def test_a_file_missing_or_added_is_named(tmp_path: Path) -> None:
    stored, _ = save(tmp_path)
    (stored.path / "extra.csv").write_bytes(b"x")
    with pytest.raises(PublicationError, match=r"extra\.csv is not what was stored"):
        load_model(tmp_path, "acme", stored.name)
    (stored.path / "extra.csv").unlink()
    (stored.path / "base.csv").unlink()
    with pytest.raises(PublicationError, match=r"base\.csv is not what was stored"):
        load_model(tmp_path, "acme", stored.name)
    (stored.path / "record.json").write_bytes(b"{")
    with pytest.raises(PublicationError, match=r"record\.json cannot be read"):
        load_model(tmp_path, "acme", stored.name)


def test_a_table_changed_after_the_model_was_loaded_is_not_read(tmp_path: Path) -> None:
    stored, _ = save(tmp_path)
    (stored.path / "base.csv").write_bytes(b"cover,base\ndamage,0.01\n")
    with pytest.raises(PublicationError, match=r"base\.csv is not what was stored"):
        read_table(stored, "base.csv")


def test_a_failure_half_way_leaves_nothing_to_be_seen_and_a_killed_run_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full_disk(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.files.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path)
    assert tree(tmp_path) == {}
    monkeypatch.undo()
    stored, _ = save(tmp_path / "other")
    stale = tmp_path / "acme" / f".{stored.name}.123"
    stale.mkdir(parents=True)
    (stale / "record.json").write_bytes((stored.path / "record.json").read_bytes())
    assert list(stored_models(tmp_path)) == []
    save(tmp_path)
    assert not stale.exists()


def test_one_champion_and_its_challengers(tmp_path: Path) -> None:
    one, two = save(tmp_path)[0].name, save(tmp_path, d2=0.09)[0].name
    assert champion(tmp_path, "acme") is None
    assert challengers(tmp_path, "acme") == sorted([one, two])
    assert set_champion(tmp_path, "acme", one).champion
    assert (champion(tmp_path, "acme"), challengers(tmp_path, "acme")) == (one, [two])
    assert load_model(tmp_path, "acme").name == one
    assert not load_model(tmp_path, "acme", two).champion
    set_champion(tmp_path, "acme", two)
    assert (champion(tmp_path, "acme"), challengers(tmp_path, "acme")) == (two, [one])
    assert [p.name for p in (tmp_path / "acme").iterdir() if p.is_file()] == ["champion"]


def test_clients_have_champions_of_their_own(tmp_path: Path) -> None:
    mine, theirs = save(tmp_path)[0].name, save(tmp_path, client="bolt")[0].name
    set_champion(tmp_path, "acme", mine)
    assert champion(tmp_path, "bolt") is None
    assert challengers(tmp_path, "bolt") == [theirs]
    with pytest.raises(PublicationError, match=f"acme has no model '{theirs}'"):
        set_champion(tmp_path, "acme", theirs)


def test_what_is_not_what_was_stored_does_not_become_champion(tmp_path: Path) -> None:
    one, two = save(tmp_path)[0], save(tmp_path, d2=0.09)[0]
    set_champion(tmp_path, "acme", one.name)
    (two.path / "base.csv").write_bytes(b"cheaper")
    with pytest.raises(PublicationError, match="not what was stored"):
        set_champion(tmp_path, "acme", two.name)
    assert champion(tmp_path, "acme") == one.name


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="acme has no champion; nothing is stored"):
        load_model(tmp_path, "acme")
    stored, _ = save(tmp_path)
    with pytest.raises(PublicationError, match=f"acme has no champion; stored: {stored.name}"):
        load_model(tmp_path, "acme")
    with pytest.raises(PublicationError, match=f"did you mean '{stored.name}'"):
        load_model(tmp_path, "acme", f"{stored.name}x")
    with pytest.raises(PublicationError, match=r"did you mean 'base\.csv'"):
        read_table(stored, "bases.csv")


@pytest.mark.parametrize("name", ["../base.csv", "model.pkl", "metrics.json", "sub/base.csv"])
def test_a_table_that_is_no_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PublicationError, match=r"expected a plain file name in \.parquet or \.csv"):
        save_model(tmp_path, record(), {name: b"x"}, {})
    assert tree(tmp_path) == {}


def test_a_metric_that_is_not_a_number_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match=r"metric 'damage\.d2' is nan"):
        save(tmp_path, d2=float("nan"))
    assert tree(tmp_path) == {}


def test_the_files_of_the_forecast_beside_the_versions_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "2026.json").write_text("{}")
    stored, _ = save(tmp_path)
    assert [m.name for m in stored_models(tmp_path)] == [stored.name]


def fitted() -> Any:
    from sklearn.linear_model import PoissonRegressor

    return PoissonRegressor().fit(np.arange(6.0)[:, None], np.array([0, 0, 1, 1, 2, 3]))


def test_an_estimator_predicts_the_same_after_it_was_stored(tmp_path: Path) -> None:
    stored, _ = save(tmp_path, estimator=fitted())
    again = load_estimator(stored, trusted=stored.record.foreign_types)
    rows = np.linspace(0, 9, 5)[:, None]
    assert (again.predict(rows) == fitted().predict(rows)).all()
    assert save(tmp_path, estimator=fitted()) == (stored, False)


def test_equal_estimators_are_stored_as_equal_bytes_without_a_clock(tmp_path: Path) -> None:
    # What lies in memory between two fits moves the second to other addresses.
    first, between, second = fitted(), [object() for _ in range(10_000)], fitted()
    assert between
    stored = [save(tmp_path / name, estimator={"a": made, "b": made})[0] for name, made in
              (("first", first), ("second", second))]  # fmt: skip
    files = [made.path / "estimator.skops" for made in stored]
    assert files[0].read_bytes() == files[1].read_bytes()
    with zipfile.ZipFile(files[0]) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
    loaded = load_estimator(stored[0], trusted=stored[0].record.foreign_types)
    assert loaded["a"] is loaded["b"]


def test_a_type_that_is_not_trusted_is_named_and_not_built(tmp_path: Path) -> None:
    from models_ml.frequency_severity import FrequencySeverityModel

    stored, _ = save(tmp_path, estimator=FrequencySeverityModel(["use"]))
    own = "models_ml.frequency_severity.FrequencySeverityModel"
    assert stored.record.foreign_types == (own,)
    with pytest.raises(PublicationError, match=f"the estimator holds {own}, not trusted"):
        load_estimator(stored, trusted=[])
    assert load_estimator(stored, trusted=[own]).factors == ["use"]


def test_an_estimator_that_was_changed_is_not_loaded(tmp_path: Path) -> None:
    stored, _ = save(tmp_path, estimator=fitted())
    path = stored.path / "estimator.skops"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PublicationError, match=r"estimator\.skops is not what was stored"):
        load_estimator(stored, trusted=stored.record.foreign_types)


def test_a_model_of_tables_alone_has_no_estimator(tmp_path: Path) -> None:
    stored, _ = save(tmp_path)
    with pytest.raises(PublicationError, match="stored without an estimator"):
        load_estimator(stored, trusted=[])
