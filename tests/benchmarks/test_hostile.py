"""What nobody would send on purpose ends well or in one line; `make prove-hostile` tries more of it."""

from __future__ import annotations

import random

import pytest

from benchmarks.hostile import BASE, Escape, attack, forbidden, mutated, spoiled_mapping


@pytest.mark.parametrize(("kind", "count"), [("mappings", 250), ("files", 100), ("commands", 25)])
def test_no_attack_escapes(kind: str, count: int) -> None:
    assert attack(kind, 0, count, seed=20_260_101) == []


def test_attacks_are_made_from_their_seed() -> None:
    assert spoiled_mapping(random.Random(3)) == spoiled_mapping(random.Random(3))
    assert mutated(b"0123456789", random.Random(3)) == mutated(b"0123456789", random.Random(3))


def test_what_the_schema_forbids_would_be_noticed() -> None:
    factors = [{"name": "use"}, {"name": "use"}]
    file = {
        "sources": [{"factors": factors}], "thousands": None, "decimal": ".", "encoding": "utf-8",
        "delimiter": ",", "date_formats": ["%Y"],
    }  # fmt: skip
    assert forbidden({"files": [file], "tolerated_share": 1}) == "forbidden: a factor twice"
    assert forbidden({"files": [], "tolerated_share": 5}) == "forbidden: a share of 5"
    assert Escape("files", 1, "x") != Escape("files", 2, "x")
    assert BASE["client"] == "acme"
