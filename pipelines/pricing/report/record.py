"""Every figure of the evaluation as plain JSON, for programs and for those who want to recompute."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import polars as pl

from models_ml.challenger import Challenger
from models_ml.glm import significant
from pipelines.pricing.forecasting.forecast import Forecast, ForecastCover


def evaluation_json(forecast: Forecast) -> bytes:
    """Every figure of the evaluation as JSON; the same forecast gives the same bytes.

    `covers` has, by cover, what `CoverEvaluation` has, `restatement`, `shrinkage`,
    `priced_to` and `challenger`; beside it stand
    `all_covers`, `promotion` and `refused`. Frames are lists of rows, days are ISO dates, doubles have
    nine significant digits, and what is missing or no finite number is null.
    """
    record = {
        "all_covers": forecast.all_covers,
        "covers": {cover: _cover(made) for cover, made in forecast.covers.items()},
        "promotion": forecast.promotion,
        "refused": forecast.refused,
    }
    return json.dumps(plain(record), ensure_ascii=False, allow_nan=False, indent=1).encode()


def plain(value: Any) -> Any:
    """A value as JSON has it: mappings, lists, text, numbers, null.

    Raises:
        TypeError: the value is of a type that has no such form.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, pl.DataFrame):
        return plain(value.to_dicts())
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return _single(value)


def _single(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return significant(value) if math.isfinite(value) else None
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _cover(made: ForecastCover) -> dict[str, Any]:
    return {
        **plain(made.evaluation),
        "restatement": plain(made.made.restatement),
        "shrinkage": plain(made.made.shrinkage),
        "priced_to": plain(made.priced),
        "challenger": None if made.challenger is None else _challenger(made.challenger),
    }


def _challenger(challenger: Challenger) -> dict[str, Any]:
    tables = challenger.tables
    return {
        "trees": challenger.trees,
        "cells": tables.cells,
        "pairs": [list(table.factors) for table in tables.pairs],
    }
