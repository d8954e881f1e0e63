"""Folders of versions: whole or not at all, never rewritten, not handed out changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.publication import MANIFEST, hand_out, keep, seal, verified
from tests.pipelines.pricing.versions.examples import FILES, manifest, tree


def kept(root: Path) -> tuple[Path, str]:
    content = seal(manifest(), FILES)
    keep(root / "v", content)
    return root / "v", hashlib.sha256(content[MANIFEST]).hexdigest()


def test_the_same_content_twice_is_kept_once(tmp_path: Path) -> None:
    assert keep(tmp_path / "v", seal(manifest(), FILES))
    before = tree(tmp_path)
    assert not keep(tmp_path / "v", seal(manifest(), FILES))
    assert tree(tmp_path) == before


def test_a_version_is_never_rewritten(tmp_path: Path) -> None:
    folder, _ = kept(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=r"rate_table\.csv stands already with other content"):
        keep(folder, seal(manifest(), {**FILES, "rate_table.csv": b"other"}))
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
        kept(tmp_path)
    assert tree(tmp_path) == {}


def test_what_a_killed_run_left_behind_is_swept(tmp_path: Path) -> None:
    stale = tmp_path / ".v.123"
    stale.mkdir()
    (stale / MANIFEST).write_bytes(manifest().canonical())
    kept(tmp_path)
    assert not stale.exists()


def test_what_was_kept_is_what_is_read(tmp_path: Path) -> None:
    assert verified(*kept(tmp_path)) == seal(manifest(), FILES)


@pytest.mark.parametrize("name", ["rate_table.csv", MANIFEST])
def test_a_changed_file_is_named_and_nothing_is_handed_out(tmp_path: Path, name: str) -> None:
    folder, sealed = kept(tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(PublicationError, match=rf"v: {name} is not what was drafted; not handed out"):
        verified(folder, sealed)


def test_a_file_changed_together_with_its_manifest_is_noticed(tmp_path: Path) -> None:
    folder, sealed = kept(tmp_path)
    for name, content in seal(manifest(), {**FILES, "rate_table.csv": b"cheaper"}).items():
        (folder / name).write_bytes(content)
    with pytest.raises(PublicationError, match=r"manifest\.json is not what was drafted"):
        verified(folder, sealed)


def test_a_file_missing_or_added_is_named(tmp_path: Path) -> None:
    folder, sealed = kept(tmp_path)
    (folder / "extra.csv").write_bytes(b"x")
    with pytest.raises(PublicationError, match=r"extra\.csv is not what was drafted"):
        verified(folder, sealed)
    (folder / "extra.csv").unlink()
    (folder / "rate_table.csv").unlink()
    with pytest.raises(PublicationError, match=r"rate_table\.csv is not what was drafted"):
        verified(folder, sealed)


@pytest.mark.parametrize("file_format", ["xlsx", "csv", "parquet"])
def test_a_file_is_handed_out_to_a_file_or_a_folder(tmp_path: Path, file_format: str) -> None:
    named = hand_out(FILES, "v", file_format, tmp_path / "mine")
    filed = hand_out(FILES, "v", file_format, tmp_path)
    assert named.read_bytes() == filed.read_bytes() == FILES[f"rate_table.{file_format}"]
    assert filed.name == f"v.{file_format}"
