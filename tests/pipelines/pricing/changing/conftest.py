"""A draft's workbook to mark up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.pricing.changing.returned import Sheet


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return Sheet(tmp_path)
