"""What is wrong with a workbook that came back, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.pricing.errors import PublicationError

VALUE_SHOWN = 80


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be taken as it is."""

    sheet: str
    cell: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"sheet {self.sheet}, cell {self.cell}: {self.value or 'empty'}: {self.why}"


class SelectionsRefusedError(PublicationError):
    """A workbook that is not taken; `problems` are all that was found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        cells = "1 cell is" if len(problems) == 1 else f"{len(problems)} cells are"
        super().__init__(f"{cells} refused; nothing was changed")
