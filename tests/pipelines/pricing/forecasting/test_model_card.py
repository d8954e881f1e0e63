"""The card says what the model was made from, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.pricing.errors import PublicationError
from pipelines.pricing.forecasting.model_card import (
    CARD,
    ESTIMATOR,
    METRICS,
    ModelRecord,
    figures,
    model_card,
)


def record(**changes: Any) -> ModelRecord:
    values: dict[str, Any] = {
        "client": "acme",
        "purpose": "Expected cost of own damage per vehicle-year.",
        "learned_on": "contracts of 2021 to 2023",
        "judged_on": "contracts of 2024",
        "seeds": {"folds": 20},
        "data": {"cells": "ab" * 32},
        "libraries": {"polars": "2.1.0"},
        "code_revision": "unversioned",
    }
    return ModelRecord(**(values | changes))


def test_the_name_follows_whatever_the_model_was_made_from() -> None:
    base = record(files={"relativities.csv": "1", METRICS: "2"})
    assert base.version().startswith("acme-")
    changed = [
        {"seeds": {"folds": 21}},
        {"data": {"cells": "cd" * 32}},
        {"libraries": {"polars": "2.2.0"}},
        {"code_revision": "abc"},
        {"files": {"relativities.csv": "9", METRICS: "2"}},
        {"files": {"relativities.csv": "1", METRICS: "9"}},
    ]
    names = {base.model_copy(update=change).version() for change in changed}
    assert len(names | {base.version()}) == 7


def test_the_name_does_not_follow_the_bytes_of_the_estimator_or_the_card() -> None:
    plain = record(files={METRICS: "2"})
    assert plain.version() == record(files={METRICS: "2", ESTIMATOR: "3", CARD: "4"}).version()


def test_the_card_holds_every_figure_and_every_hash() -> None:
    text = model_card(
        record(foreign_types=("models_ml.glm.Fit",)), {"damage": {"d2": 0.0845123456, "rows": 7}}
    )
    for line in (
        f"# {record(foreign_types=('models_ml.glm.Fit',)).version()}",
        "| damage.d2 | 0.0845123 |",
        "| damage.rows | 7 |",
        f"| cells | {'ab' * 32} |",
        "| folds | 20 |",
        "| polars | 2.1.0 |",
        "- `models_ml.glm.Fit`",
        "- Judged on: contracts of 2024",
    ):
        assert line in text.splitlines()
    assert "Types to trust" not in model_card(record(), {})


def test_what_clients_write_does_not_break_the_tables() -> None:
    assert "| a\\|b c | 1 |" in model_card(record(), {"a|b\nc": 1})


def test_figures_are_named_through_nests_and_lists_and_one_that_is_none_is_refused_by_name() -> None:
    assert dict(figures({"a": {"b": [1, {"c": 2.5}]}, "d": None})) == {"a.b.0": 1, "a.b.1.c": 2.5, "d": None}
    with pytest.raises(PublicationError, match=r"metric 'damage\.gini' is nan"):
        list(figures({"damage": {"gini": float("nan")}}))


def test_a_client_that_is_no_folder_name_is_refused() -> None:
    with pytest.raises(ValidationError):
        record(client="../acme")
