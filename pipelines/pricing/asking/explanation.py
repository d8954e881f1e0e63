"""How the price of one cell came about: from base to rounding, then down to the files it was learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from models_ml.rating import BASE, RateTable, Tariff, Tracer, multiplied, rate
from models_ml.rating import Step as TierStep
from models_ml.rating.rules import ALL
from pipelines.errors import nearest
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.files import VersionParts

TIER = "tier"
INSIDE = ("cent", "limit", "terms", "cover")
"""What makes of a cover's premium its cost inside a package."""


@dataclass(frozen=True)
class Step:
    """One relativity: the level asked for, the one that rates it, and the amount after it."""

    factor: str
    level: str
    rated_as: str
    relativity: float
    indicated_relativity: float
    selection_reason: str | None
    exposure_years: float
    claim_count: int
    amount: float


@dataclass(frozen=True)
class CoverPrice:
    """The premium of one cover, step by step."""

    cover: str
    base_rate: Decimal
    indicated_base_rate: Decimal
    selection_reason: str | None
    steps: tuple[Step, ...]
    fixed_amount: Decimal
    unrounded: float
    premium: Decimal


@dataclass(frozen=True)
class Explanation:
    """The price of a cell.

    Attributes:
        asked: value by factor as it was asked for, which `cell` has the level of.
        assumed: factors that were not asked for, held at their base level.
        covers: of the package, if one was asked for; else all.
        total: of the premiums of these covers, each apart.
        package: from the premiums to the price of the package that was asked for; else empty.
        packages: that can be asked for.
    """

    version: str
    cell: dict[str, str]
    asked: dict[str, str]
    assumed: tuple[str, ...]
    covers: tuple[CoverPrice, ...]
    total: Decimal
    package: tuple[TierStep, ...]
    packages: tuple[str, ...]

    @property
    def price(self) -> Decimal | None:
        """Of the package that was asked for."""
        return self.package[-1].amount.quantize(Decimal("0.01")) if self.package else None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it; amounts are text, so that no cent is lost."""
        return asdict(self)


def explain(parts: VersionParts, asked: Mapping[str, str], *, allow_unlisted: bool = False) -> Explanation:
    """Explain the price of a cell from the published table alone.

    Args:
        parts: the version.
        asked: value by factor, a level, a code or a number in a band (see `LevelRules`), and the package as
            `tier`; factors left out are held at their base level.
        allow_unlisted: rate what no level takes as any other.

    Raises:
        PublicationError: a factor is none of the table's, or has no base level and was left out, no level
            takes a value, or there is no such package.
    """
    tariff = parts.tariff
    packages, tier = tuple(tariff.tiers), asked.get(TIER)
    factors = list(tariff.factors)
    for factor in asked:
        if factor not in (*factors, *([TIER] if packages else [])):
            raise PublicationError(f"factor '{factor}': {nearest(factor, factors)}")
    if tier is not None and tier not in packages and packages:
        raise PublicationError(f"tier '{tier}': {nearest(tier, list(packages))}")
    # A factor on the price has no base level: who has no level of it pays the full price.
    base = dict.fromkeys(tariff.price_factors["factor"].unique(), ALL) | parts.manifest.base_levels
    for factor in factors:
        if factor not in asked and factor not in base:
            raise PublicationError(f"factor '{factor}' has no base level: say --at {factor}=LEVEL")
    levels = {f: value if f == TIER else parts.levels.level(f, value, asked) for f, value in asked.items()}
    for factor, level in levels.items():
        known = parts.levels.known(factor)
        if factor != TIER and not allow_unlisted and level not in _listed(tariff, factor):
            found = nearest(asked[factor], known) if level is None else f"'{level}' is not in the table"
            raise PublicationError(
                f"--at {factor}={asked[factor]}: no level takes it: {found}; "
                "--allow-unlisted rates it as any other"
            )
    cell = {factor: levels.get(factor, base.get(factor)) or asked[factor] for factor in factors}
    granted = list(tariff.tiers[tier].shares) if tier in packages else parts.table.covers
    rated = rate(parts.table, pl.DataFrame({f: [level] for f, level in cell.items()})).row(0, named=True)
    return Explanation(
        version=parts.manifest.version(),
        cell=cell,
        asked={factor: asked.get(factor, cell[factor]) for factor in factors},
        assumed=tuple(f for f in factors if f not in asked),
        covers=tuple(_cover(parts.table, cover, cell, {**cell, **asked}, rated[cover]) for cover in granted),
        total=sum((rated[cover] for cover in granted), Decimal(0)),
        package=_package(parts, {**cell, TIER: tier}) if tier in packages else (),
        packages=packages,
    )


def _package(parts: VersionParts, contract: Mapping[str, str | None]) -> tuple[TierStep, ...]:
    """From the premiums of the covers on."""
    steps = Tracer(parts.tariff).trace(contract)
    return tuple(step for step in steps if step.cover == ALL or step.kind in INSIDE)


def _listed(tariff: Tariff, factor: str) -> set[str]:
    """Levels of a factor that have a row in the table."""
    return set(tariff.table.filter((pl.col("factor") == factor) & (pl.col("level") != ALL))["level"])


def _cover(
    table: RateTable, cover: str, cell: Mapping[str, str], asked: Mapping[str, str], premium: Decimal
) -> CoverPrice:
    own = table.rates.filter(pl.col("cover") == cover)
    base = own.filter(pl.col("factor") == BASE).row(0, named=True)
    rows = {
        (row["factor"], row["level"]): row
        for row in own.filter(pl.col("factor") != BASE).iter_rows(named=True)
    }
    relativities: dict[str, dict[str, float]] = {}
    for (factor, level), row in rows.items():
        relativities.setdefault(factor, {})[level] = row["relativity"]
    amount, steps = float(base["base_rate"]), []
    for applied in multiplied(relativities, cell, cover, amount):
        row, amount = rows[applied.factor, applied.level], applied.amount
        taken = {name: row[name] for name in Step.__annotations__ if name in row and name != "level"}
        steps.append(Step(**taken, level=asked[applied.factor], rated_as=applied.level, amount=amount))
    unrounded = amount + float(base["fixed_amount"])
    return CoverPrice(
        cover,
        base["base_rate"],
        base["indicated_base_rate"],
        base["selection_reason"],
        tuple(steps),
        base["fixed_amount"],
        unrounded,
        premium,
    )
