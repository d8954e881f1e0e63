from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models_ml.boosting.boosted import BoostedModel
from models_ml.boosting.export import bands_frame, cells_frame, rate_from_frames
from models_ml.boosting.tables import FactorTables, tabulate
from tests.models_ml.boosting.conftest import Portfolio


@pytest.fixture(scope="module")
def tables(portfolio: Portfolio, pairwise: BoostedModel) -> FactorTables:
    return tabulate(pairwise, portfolio.frame, portfolio.exposure)


def test_rating_from_the_frames_is_the_model(
    portfolio: Portfolio, pairwise: BoostedModel, tables: FactorTables
) -> None:
    rated = rate_from_frames(tables.base_rate, bands_frame(tables), cells_frame(tables), portfolio.frame)
    assert np.abs(np.log(rated / pairwise.predict(portfolio.frame))).max() < 1e-9


def test_the_frames_survive_a_file_of_text(
    portfolio: Portfolio, tables: FactorTables, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    read = []
    for name, frame in (("bands", bands_frame(tables)), ("cells", cells_frame(tables))):
        frame.write_csv(folder / f"{name}.csv")
        read.append(pl.read_csv(folder / f"{name}.csv", schema=frame.schema))
    rated = rate_from_frames(tables.base_rate, *read, portfolio.frame)
    assert np.abs(np.log(rated / tables.predict(portfolio.frame))).max() < 1e-9


def test_a_value_without_a_band_has_the_relativity_one(tables: FactorTables) -> None:
    unknown = pl.DataFrame(
        {"age": [None], "km": [None], "region": ["moon"], "score_band": [None]},
        schema={"age": pl.Int64, "km": pl.Float64, "region": pl.String, "score_band": pl.String},
    )
    rated = rate_from_frames(tables.base_rate, bands_frame(tables), cells_frame(tables), unknown)
    assert rated[0] == pytest.approx(tables.base_rate)


def test_bands_of_numbers_meet_without_gap_and_are_open_at_the_ends(tables: FactorTables) -> None:
    age = bands_frame(tables).filter(table="age", factor="age")
    assert age["above"][0] is None
    assert age["up_to"][-1] is None
    assert age["above"][1:].to_list() == age["up_to"][:-1].to_list()


def test_every_cell_stands_once(tables: FactorTables) -> None:
    cells = cells_frame(tables)
    assert cells.height == tables.cells
    assert not cells.select("table", "band_1", "band_2").is_duplicated().any()


def test_a_model_without_tables_rates_at_the_base() -> None:
    nothing = FactorTables(0.2, {}, (), ())
    frame = pl.DataFrame({"age": [1, 2]})
    assert rate_from_frames(0.2, bands_frame(nothing), cells_frame(nothing), frame).tolist() == [0.2, 0.2]
