"""What a forecast leaves behind: versions in the store, and a folder for those who rate with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models_ml.boosting.export import rate_from_frames
from models_ml.frequency_severity import FrequencySeverityModel
from models_ml.rating import evidence
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.experience import Experience
from pipelines.pricing.forecasting.forecast import Forecast, fit_forecast
from pipelines.pricing.forecasting.handover import Handover, hand_over, take_over
from pipelines.pricing.forecasting.keeping import TRUSTED, keep_forecast
from pipelines.pricing.forecasting.store import (
    StoredModel,
    load_estimator,
    load_model,
    read_table,
    stored_models,
)
from pipelines.repricing import SIMULATED, Plan
from pipelines.settings import Settings
from tests.pipelines.pricing.report.conftest import MIDDLE, whole_experience

Kept = tuple[Forecast, StoredModel, dict[str, StoredModel]]


@pytest.fixture(scope="module")
def experience() -> Experience:
    return whole_experience()


@pytest.fixture(scope="module")
def forecast(experience: Experience) -> Forecast:
    return fit_forecast(experience, MIDDLE, seed=20)


def plan(root: Path) -> Plan:
    return Plan(root / "delivery", SIMULATED, 2025, None, Settings(data_dir=root))


@pytest.fixture(scope="module")
def kept(forecast: Forecast, experience: Experience, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    here = plan(tmp_path_factory.mktemp("models"))
    champion = keep_forecast(forecast, experience, here).champion
    found = {model.record.purpose.rpartition(": ")[2]: model for model in stored_models(here.settings.models)}
    return forecast, champion, found


def test_both_models_are_kept_and_the_one_that_was_not_beaten_is_champion(kept: Kept) -> None:
    forecast, champion, found = kept
    assert forecast.promotion is not None
    assert not forecast.promotion.promoted
    assert sorted(found) == ["one- and two-way tables (boosted pairs)", "one-way relativities (GLM)"]
    assert champion.name == found["one-way relativities (GLM)"].name


def test_a_challenger_that_passes_the_gate_is_not_called_champion_for_it_rates_nothing(
    forecast: Forecast, experience: Experience, tmp_path: Path
) -> None:
    assert forecast.promotion is not None
    let_through = replace(forecast, promotion=replace(forecast.promotion, promoted=True))
    kept = keep_forecast(let_through, experience, plan(tmp_path))
    assert kept.challenger is not None
    assert "boosted pairs" in kept.challenger.record.purpose
    assert kept.in_words().startswith(f"{kept.challenger.name} passed")
    in_store = load_model(plan(tmp_path).settings.models, kept.champion.record.client)
    assert in_store.name == kept.champion.name == kept.rated_by.name
    assert "relativities" in in_store.record.purpose


def test_the_stored_relativities_forecast_what_was_forecast(kept: Kept) -> None:
    forecast, _, found = kept
    stored = found["one-way relativities (GLM)"]
    base = read_table(stored, "bases.parquet").row(by_predicate=pl.col("cover") == "damage", named=True)
    table = read_table(stored, "relativities.parquet").filter(pl.col("cover") == "damage")
    model = forecast.models["damage"]
    cost = base["base_frequency"] * base["base_severity"]
    cost *= base["recovery_factor"] * base["large_loss_factor"]
    for factor, level in model.base_levels_.items():
        own = table.filter(pl.col("factor") == factor, pl.col("level") == level)
        cost *= own["relativity"].item()
    assert cost == model.base_burning_cost_


def test_the_stored_tables_of_the_challenger_forecast_what_it_forecasts(
    kept: Kept, experience: Experience
) -> None:
    forecast, _, found = kept
    stored = found["one- and two-way tables (boosted pairs)"]
    challenger = forecast.covers["damage"].challenger
    assert challenger is not None
    of_cover = {
        name: read_table(stored, f"{name}.parquet").filter(pl.col("cover") == "damage")
        for name in ("bases", "bands", "cells")
    }
    rated = rate_from_frames(
        of_cover["bases"]["base_frequency"].item(),
        of_cover["bands"].drop("cover"),
        of_cover["cells"].drop("cover"),
        experience.contracts.head(500),
    )
    expected = challenger.predict_frequency(experience.contracts.head(500))
    assert np.abs(np.log(rated / expected)).max() < 1e-9


def test_the_stored_trees_load_by_the_list_of_trusted_types_and_predict_the_same(
    kept: Kept, experience: Experience
) -> None:
    forecast, _, found = kept
    loaded = load_estimator(found["one- and two-way tables (boosted pairs)"], TRUSTED)
    challenger = forecast.covers["damage"].challenger
    assert challenger is not None
    boosted = challenger.boosted
    design = boosted.design(boosted.encoder_.transform(experience.contracts.head(200)))
    for before, after in zip(boosted.trees_, loaded["damage"], strict=True):
        assert (before.predict(design) == after.predict(design)).all()


def test_the_same_forecast_is_the_same_version(kept: Kept, experience: Experience, tmp_path: Path) -> None:
    forecast, champion, _ = kept
    assert keep_forecast(forecast, experience, plan(tmp_path)).champion.name == champion.name


def handover(forecast: Forecast, rated_by: str) -> Handover:
    return Handover(
        models=forecast.models,
        evidences={cover: evidence(model) for cover, model in forecast.models.items()},
        judgements=forecast.judgements,
        refused=dict(forecast.refused),
        rated_by=rated_by,
        champion=rated_by,
        challenger="acme-2 did not pass",
        priced_to={"damage": MIDDLE},
        report=b"<html>",
        evaluation=b"{}",
    )


@pytest.fixture
def handed(kept: Kept) -> tuple[Handover, Path, Path]:
    """A hand-over as it was made, where it lies, and the client's model store."""
    forecast, champion, _ = kept
    made, models = handover(forecast, champion.name), champion.path.parent
    folder = models.parent.parent / "forecasts" / "acme" / "2026"
    hand_over(made, folder, models)
    return made, folder, models


def test_what_is_handed_over_is_taken_over_to_the_last_bit(handed: tuple[Handover, Path, Path]) -> None:
    made, folder, models = handed
    found = take_over(folder, models)
    assert found.refused == made.refused
    assert "theft_of_parts" in found.refused
    assert (found.rated_by, found.champion, found.challenger) == (
        made.rated_by,
        made.rated_by,
        "acme-2 did not pass",
    )
    assert (found.priced_to, found.report, found.evaluation) == ({"damage": MIDDLE}, b"<html>", b"{}")
    for cover, model in made.models.items():
        assert found.models[cover].to_dict() == model.to_dict()
        assert found.judgements[cover].to_dict() == made.judgements[cover].to_dict()
        assert_frame_equal(found.evidences[cover], made.evidences[cover], check_exact=True)


def test_a_folder_without_models_was_not_finished(handed: tuple[Handover, Path, Path]) -> None:
    _, folder, models = handed
    (folder / "forecast.json").unlink()
    with pytest.raises(PublicationError, match=r"was not handed over whole .*; forecast again"):
        take_over(folder, models)


@pytest.mark.parametrize("name", ["forecast.json", "evaluation.json", "model_report.html"])
@pytest.mark.parametrize("edit", ["{}", "", "not json", "one digit"])
def test_a_file_that_was_edited_is_refused(handed: tuple[Handover, Path, Path], name: str, edit: str) -> None:
    _, folder, models = handed
    path = folder / name
    path.write_text(path.read_text().replace("7", "8", 1) + " " if edit == "one digit" else edit + " ")
    with pytest.raises(PublicationError, match="is not what the forecast handed over; forecast again"):
        take_over(folder, models)


def test_models_that_are_not_those_stored_under_their_name_are_refused(
    handed: tuple[Handover, Path, Path],
) -> None:
    """Whoever can write the hashes as well: a price still names no model that did not make it."""
    made, folder, models = handed
    values = {cover: model.to_dict() for cover, model in made.models.items()}
    values["damage"]["base_severity_"] *= 10
    dearer = {cover: FrequencySeverityModel.from_dict(told) for cover, told in values.items()}
    hand_over(replace(made, models=dearer), folder, models)
    with pytest.raises(PublicationError, match=f"is not {made.rated_by}: its bases differ"):
        take_over(folder, models)


@pytest.mark.parametrize("register", ["{}", "[]", "", "not json"])
def test_a_hand_over_without_its_hashes_is_refused(
    handed: tuple[Handover, Path, Path], register: str
) -> None:
    _, folder, models = handed
    (models / "handed_over_2026.json").write_text(register)
    with pytest.raises(PublicationError, match="forecast again"):
        take_over(folder, models)


def test_a_hand_over_that_holds_no_forecast_is_refused_whatever_its_hashes_say(
    handed: tuple[Handover, Path, Path],
) -> None:
    _, folder, models = handed
    for content in ("{}", "[]", '{"models": {"damage": 1}}'):
        (folder / "forecast.json").write_text(content)
        hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
        (models / "handed_over_2026.json").write_text(json.dumps(hashes))
        with pytest.raises(PublicationError, match=r"holds no forecast .*; forecast again"):
            take_over(folder, models)
