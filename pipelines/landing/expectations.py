"""What a mapping expects of a delivery, typed, and what is expected of every delivery.

Light on purpose: the mapping embeds these models, and Great Expectations is imported only where a gate
is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from pipelines.errors import nearest
from pipelines.landing.contracts import CONTRACTS, REFERENCES

Severity = Literal["critical", "warning"]
Share = float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(_Strict):
    """Rows on which shares of zeros are measured."""

    column: str
    is_: Literal["positive", "negative", "not_zero", "present"] = Field(alias="is")


class Expect(_Strict):
    """What one canonical source of a delivery must look like."""

    rows: tuple[int, int] | None = None
    max_missing_share: dict[str, Share] = Field(default_factory=dict)
    max_zero_share: dict[str, Share] = Field(default_factory=dict)
    between: dict[str, tuple[float, float]] = Field(default_factory=dict)
    max_orphan_share: Share | None = None
    given: Given | None = None
    severity: Severity = "critical"

    def columns(self) -> list[str]:
        """Columns that are looked at."""
        named = [*self.max_missing_share, *self.max_zero_share, *self.between]
        return list(dict.fromkeys([*named, *([self.given.column] if self.given else [])]))


class Expectations(RootModel[dict[str, Expect]]):
    """Expectations per canonical source."""

    root: dict[str, Expect] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_known(self) -> Expectations:
        for source, expect in self.root.items():
            if source not in CONTRACTS:
                raise ValueError(f"source '{source}': {nearest(source, CONTRACTS)}")
            known = CONTRACTS[source].column_names()
            for column in expect.columns():
                if column not in known:
                    raise ValueError(f"column '{column}' of {source}: {nearest(column, known)}")
            if expect.max_orphan_share is not None and source not in REFERENCES:
                raise ValueError(f"{source} refers to no other source, so it has no orphans")
        return self

    def of(self, source: str) -> Expect:
        """What is expected of a source; the defaults where the mapping is silent."""
        return self.root.get(source, DEFAULTS.get(source, Expect()))


DEFAULTS = {
    "claims": Expect(max_orphan_share=0.25, severity="warning"),
    "claim_transactions": Expect(max_zero_share={"amount": 0.20}, max_orphan_share=0.02, severity="warning"),
    "repair_lines": Expect(max_orphan_share=0.02, severity="warning"),
}


MOST_NOT_TAKEN_UP = 0.25
"""Share of a file's contracts that were not taken up above which the gate warns: books have 5 to 15 %."""


@dataclass(frozen=True)
class FileFacts:
    """What landing says about a file: rows read and what became of them.

    `repeated` are duplicates of another row of the same file, of which a share of `tolerated_repeats` is
    a warning. `says_what_repeats_are` is false if rows have no key and the mapping does not say whether
    identical ones are one record or several. `not_taken_up` of `contracts` cover no day.
    """

    file: str
    read: int
    accepted: int
    rejected: int
    duplicates: int
    pending: int
    set_aside: bool
    repeated: int = 0
    tolerated_repeats: float = 0.0
    says_what_repeats_are: bool = True
    contracts: int = 0
    not_taken_up: int = 0
    remarks: tuple[str, ...] = ()
