"""What a boosted model is allowed to tell apart: factors in their levels, or in coarser groups of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models_ml.boosting.bands import Array, FactorLevels


@dataclass(frozen=True)
class Axis:
    """One factor of a table: each of its levels belongs to a group, and a table has a row per group.

    Attributes:
        factor: its name.
        groups: group of every level in the order of their codes, shape (levels,); groups count from 0.
        ordered: groups hold neighbouring levels only.
    """

    factor: str
    groups: tuple[int, ...]
    ordered: bool

    @classmethod
    def fine(cls, levels: FactorLevels) -> Axis:
        """Every level for itself."""
        return cls(levels.factor, tuple(range(len(levels))), levels.ordered)

    @property
    def size(self) -> int:
        """Number of groups."""
        return max(self.groups) + 1

    def regrouped(self, groups: Array) -> Axis:
        """The axis whose groups are put together further: `groups` has the new group of every old one."""
        return replace(self, groups=tuple(np.asarray(groups)[list(self.groups)].tolist()))

    def refined(self, other: Axis) -> Axis:
        """The coarsest axis that tells apart what either does, groups in the order they first appear."""
        both = list(zip(self.groups, other.groups, strict=True))
        number = {pair: at for at, pair in enumerate(dict.fromkeys(both))}
        return replace(self, groups=tuple(number[pair] for pair in both))

    def codes(self, levels: Array) -> Array:
        """Group of every level code, shape (rows,); a level not seen stays -1."""
        return np.append(np.asarray(self.groups), -1)[levels]
