"""Docs and tree agree: what can be written in a mapping or read in a mart is described."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import BaseModel

from pipelines.landing.contracts.page import contracts_page
from pipelines.landing.expectations import Expect
from pipelines.landing.mapping import Column, Factor, FileMapping, Mapping, SourceMapping, Unpivot
from pipelines.warehouse.dictionary import dictionary_page
from pipelines.warehouse.project import ensure_manifest
from tests.conftest import PROJECT

# Whole numbers that are no amounts, or whose word is their unit.
NAMED_WITHOUT_UNIT = {
    "calendar_year", "contracts", "vehicles", "level_order", "development_quarter",
    "claims_within_90_days", "days_since_inception", "days_since_previous",
}  # fmt: skip
MODELS = [
    node
    for node in json.loads(ensure_manifest().read_text(encoding="utf-8"))["nodes"].values()
    if node["resource_type"] in ("model", "seed")
]


@pytest.mark.parametrize("model", [Mapping, FileMapping, SourceMapping, Column, Factor, Unpivot, Expect])
def test_every_key_of_a_mapping_is_described(model: type[BaseModel]) -> None:
    page = (PROJECT / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    missing = [name for name in model.model_fields if not re.search(rf"\b{name.rstrip('_')}\b", page)]
    assert missing == []


def test_the_data_dictionary_is_what_the_marts_say() -> None:
    page = (PROJECT / "docs" / "reference" / "marts.md").read_text(encoding="utf-8")
    assert page == dictionary_page(), "make pages"


@pytest.mark.parametrize("node", [n for n in MODELS if n["fqn"][1] == "marts"], ids=lambda n: n["name"])
def test_every_amount_and_duration_of_a_mart_says_its_unit(node: dict) -> None:
    money = [c for c, spec in node["columns"].items() if spec["data_type"].startswith("decimal(18")]
    silent = [c for c in money if "currency" not in node["columns"][c]["description"]]
    assert silent == []
    units = ("_days", "_km", "_years", "_count", "_share", "_s")
    bare = [c for c, s in node["columns"].items() if s["data_type"] == "bigint" and not c.endswith(units)]
    assert [c for c in bare if c not in NAMED_WITHOUT_UNIT] == []


@pytest.mark.parametrize("node", MODELS, ids=lambda n: n["name"])
def test_every_model_says_its_grain_its_owner_and_what_each_column_is(node: dict) -> None:
    assert node["description"]
    assert node["resource_type"] == "seed" or "Grain:" in node["description"]
    assert node["config"]["group"]
    assert node["columns"]
    assert [c for c, spec in node["columns"].items() if not spec["description"]] == []
    if node["fqn"][1] == "marts":
        assert node["config"]["contract"]["enforced"]


def test_the_page_of_contracts_is_what_the_contracts_say() -> None:
    page = (PROJECT / "docs" / "reference" / "contracts.md").read_text(encoding="utf-8")
    assert page == contracts_page(), "make pages"


def test_links_between_pages_lead_somewhere() -> None:
    links = [
        (page, target)
        for page in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []
