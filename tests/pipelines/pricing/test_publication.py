"""Publication: a version appears whole or not at all, is never rewritten, and is not handed out changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.manifest import Manifest
from pipelines.pricing.publication import find, publish, pull, versions

FILES = {"rate_table.xlsx": b"x", "rate_table.csv": b"c", "rate_table.parquet": b"p"}


def manifest(client: str = "acme", model: str = "m1") -> Manifest:
    return Manifest(
        client=client,
        title="Test",
        currency="CNY",
        rating_year=2026,
        effective_from=dt.date(2026, 1, 1),
        effective_to=dt.date(2026, 12, 31),
        valuation_date=dt.date(2025, 12, 31),
        deliveries=(),
        mapping_sha256="0",
        seeds={},
        model_sha256=model,
        code_revision="unversioned",
        libraries={},
    )


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_the_same_inputs_give_the_same_version_and_the_same_bytes(tmp_path: Path) -> None:
    first, created = publish(tmp_path, manifest(), FILES)
    before = tree(tmp_path)
    second, created_again = publish(tmp_path, manifest(), FILES)
    assert (created, created_again) == (True, False)
    assert first == second
    assert tree(tmp_path) == before


def test_another_model_is_another_version_and_the_latest(tmp_path: Path) -> None:
    old, _ = publish(tmp_path, manifest(model="m1"), FILES)
    new, _ = publish(tmp_path, manifest(model="m2"), FILES)
    assert old.name != new.name
    assert {v.name: v.latest for v in versions(tmp_path)} == {old.name: False, new.name: True}
    assert find(tmp_path, 2026) == new


def test_a_version_is_never_rewritten(tmp_path: Path) -> None:
    publish(tmp_path, manifest(), FILES)
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=r"rate_table\.csv stands published with other content"):
        publish(tmp_path, manifest(), {**FILES, "rate_table.csv": b"other"})
    assert tree(tmp_path) == before


def test_a_failure_half_way_leaves_nothing_to_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full_disk(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.files.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        publish(tmp_path, manifest(), FILES)
    assert tree(tmp_path) == {}
    assert list(versions(tmp_path)) == []


def test_what_a_killed_run_left_behind_is_not_a_version_and_is_swept(tmp_path: Path) -> None:
    stale = tmp_path / "rate_tables" / "2026" / f".{manifest().version()}.123"
    stale.mkdir(parents=True)
    (stale / "manifest.json").write_bytes(manifest().canonical())
    assert list(versions(tmp_path)) == []
    publish(tmp_path, manifest(), FILES)
    assert not stale.exists()


@pytest.mark.parametrize("file_format", ["xlsx", "csv", "parquet"])
def test_pull_copies_to_a_file_or_a_folder(tmp_path: Path, file_format: str) -> None:
    version, _ = publish(tmp_path / "p", manifest(), FILES)
    named = pull(version, file_format, tmp_path / "mine")
    filed = pull(version, file_format, tmp_path)
    assert named.read_bytes() == filed.read_bytes() == FILES[f"rate_table.{file_format}"]
    assert filed.name == f"{version.name}.{file_format}"


def test_a_changed_file_is_not_handed_out(tmp_path: Path) -> None:
    version, _ = publish(tmp_path, manifest(), FILES)
    (version.path / "rate_table.csv").write_bytes(b"cheaper")
    with pytest.raises(PublicationError, match=r"rate_table\.csv is not what was published"):
        pull(version, "csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_year_without_a_table_and_a_year_with_several_say_what_there_is(tmp_path: Path) -> None:
    publish(tmp_path, manifest("acme"), FILES)
    publish(tmp_path, manifest("bolt"), FILES)
    with pytest.raises(PublicationError, match="no rate table is published for 2031; published: 2026 acme"):
        find(tmp_path, 2031)
    with pytest.raises(PublicationError, match=r"several clients \(acme, bolt\): name one"):
        find(tmp_path, 2026)
    assert find(tmp_path, 2026, "bolt").client == "bolt"
