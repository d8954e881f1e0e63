"""The key of the pseudonyms: made whole, long enough, and one for all that a client has landed."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.landing.land import land
from pipelines.landing.mapping import Mapping
from pipelines.landing.places import Places
from pipelines.landing.pseudonym_key import FINGERPRINT, LEAST_LENGTH, pseudonym_key
from tests.pipelines.landing.test_replays import MappingOf

KEY, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "pseudonym.key"
    made = pseudonym_key(None, path)
    assert len(made) == 2 * LEAST_LENGTH
    assert pseudonym_key(None, path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [Thread(target=lambda: found.append(pseudonym_key(None, tmp_path / "key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_full_disk_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pseudonym_key(None, tmp_path / "key")
    assert not list(tmp_path.iterdir())


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=LEAST_LENGTH - 1))
def test_a_key_that_is_short_or_cut_is_refused_wherever_it_stands(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("key") / "pseudonym.key"
    path.write_text(text, encoding="ascii")
    for given_key in (None, text):
        with pytest.raises(InputError, match="expected a secret of at least 32 characters"):
            pseudonym_key(given_key, path)


def test_a_long_key_of_few_characters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"RATEWRIGHT_PSEUDONYM_KEY: .* 40 characters, 1 different"):
        pseudonym_key("a" * 40, tmp_path / "key")


def test_another_key_than_the_one_that_landed_is_refused_and_changes_nothing(
    delivery: Path, places: Places, mapping_of: MappingOf
) -> None:
    mapping: Mapping = mapping_of()
    land(delivery, mapping, places, KEY)
    before = {p: p.read_bytes() for p in places.ledger.rglob("*") if p.is_file()}
    later = delivery.with_name("later")
    delivery.rename(later)
    (later / "claims.csv").write_text("claim,policy,day,amount\nC9,P1,2024-04-01,7.00\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"expected the key under which deliveries of .* have landed"):
        land(later, mapping, places, OTHER)
    assert {p: p.read_bytes() for p in places.ledger.rglob("*") if p.is_file()} == before
    assert KEY not in (places.ledger / FINGERPRINT).read_text()
    assert land(later, mapping, places, KEY).landed
