"""The workbook of a draft as somebody marks it up and sends it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.pricing.changing.editing import edit_from_workbook
from pipelines.pricing.changing.problems import SelectionsRefusedError
from pipelines.pricing.versions.files import write_parts
from pipelines.settings import Settings
from tests.pipelines.pricing.versions.examples import drafted, parts, tree


class Sheet:
    """The workbook of a draft, open for changes."""

    def __init__(self, root: Path, level: str = "taxi") -> None:
        self.root = root
        self.settings = Settings(data_dir=root, user="Bob")
        self.standing = drafted(root, parts(level=level))
        self.path = root / "back.xlsx"
        self.path.write_bytes(write_parts(parts(level=level))["rate_table.xlsx"])
        self.book = openpyxl.load_workbook(self.path)

    def cell(self, column: str, level: str = "taxi", cover: str = "damage", factor: str = "Use") -> Any:
        sheet = self.book[factor]
        head = {cell.value: cell.column for cell in sheet[1]}
        for row in range(2, sheet.max_row + 1):
            if [sheet.cell(row, head[c]).value for c in ("Cover", "Level")] == [cover, level]:
                return sheet.cell(row, head[column])
        raise KeyError(level)

    def select(self, value: Any, reason: str | None = "wear", **where: str) -> None:
        self.cell("Selected", **where).value = value
        self.cell("Reason for the change", **where).value = reason

    def edit(self, version: str | None = None) -> Any:
        self.book.save(self.path)
        return edit_from_workbook(self.settings, self.path, version, "review")

    def refused(self) -> list[str]:
        """What is refused; nothing may have changed."""
        self.book.save(self.path)
        before = tree(self.root / "rates")
        with pytest.raises(SelectionsRefusedError) as told:
            self.edit()
        assert tree(self.root / "rates") == before
        return [str(problem) for problem in told.value.problems]
