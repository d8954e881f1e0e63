"""What a version charges, judged by the rules of its plan; which values stand outside them by override."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

from models_ml.rating import BASE, judged, with_limits
from models_ml.rating.table import MONEY
from pipelines.pricing.versions.columns import cover_rates
from pipelines.pricing.versions.manifest import Change, Override

if TYPE_CHECKING:
    from pipelines.pricing.versions.files import VersionParts

KEY = ["cover", "factor", "level"]


def limits_of(parts: VersionParts) -> pl.DataFrame:
    """What may be selected in place of every relativity and base rate of a version, see `with_limits`."""
    return with_limits(cover_rates(parts.rates), parts.rules)


def judged_rates(parts: VersionParts, changes: Iterable[Change] = ()) -> pl.DataFrame:
    """Every value that a version would charge after some changes, and which rules it breaks; see `judged`."""
    changes = tuple(changes)
    chosen = _frame(changes, after=pl.Float64)
    of_base = pl.col("factor") == BASE
    rates = (
        cover_rates(parts.rates)
        .join(chosen, on=KEY, how="left", maintain_order="left")
        .with_columns(
            relativity=pl.when(~of_base).then(pl.coalesce("after", "relativity")).otherwise("relativity"),
            base_rate=pl.when(of_base)
            .then(pl.coalesce(pl.col("after").round(2).cast(MONEY), "base_rate"))
            .otherwise("base_rate"),
        )
        .drop("after")
    )
    return judged(rates, parts.rules, _frame(_exempt(parts, changes)))


def overrides(parts: VersionParts, changes: Iterable[Change] = ()) -> tuple[Override, ...]:
    """Values that stand outside the plan's rules after some changes, those of versions before among them."""
    changes = tuple(changes)
    why = {_key(one): one.reason for one in parts.manifest.overrides}
    why |= {_key(one): one.override for one in changes}
    found = judged_rates(parts, changes).filter(pl.col("overridden") & pl.col("breaks").is_not_null())
    return tuple(
        Override(
            **{name: row[name] for name in (*KEY, "planned", "breaks")},
            value=row["selected"],
            reason=why[row["cover"], row["factor"], row["level"]],
        )
        for row in found.iter_rows(named=True)
    )


def with_overrides(limits: pl.DataFrame, standing: Iterable[Override]) -> pl.DataFrame:
    """The rows with `override_reason`: why a value may stand outside the plan's rules; else null."""
    told = _frame(standing, reason=pl.String).rename({"reason": "override_reason"})
    return limits.join(told, on=KEY, how="left", maintain_order="left")


def _exempt(parts: VersionParts, changes: tuple[Change, ...]) -> list[Override | Change]:
    changed = {_key(change) for change in changes}
    kept: list[Override | Change] = [one for one in parts.manifest.overrides if _key(one) not in changed]
    return [*kept, *(change for change in changes if change.override)]


def _frame(rows: Iterable[Override | Change], **more: type[pl.DataType]) -> pl.DataFrame:
    names = [*KEY, *more]
    return pl.DataFrame(
        [[getattr(row, name) for name in names] for row in rows],
        schema={**dict.fromkeys(KEY, pl.String), **more},
        orient="row",
    )


def _key(row: Override | Change) -> tuple[str, str, str]:
    return row.cover, row.factor, row.level
