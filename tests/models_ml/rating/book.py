"""A small tariff with every rule in it, and contracts that meet known, unknown and missing levels."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import polars as pl

from models_ml.rating import (
    CostLine,
    CoverLoading,
    Limit,
    RateTable,
    Rounding,
    Tariff,
    TierPlan,
    bounded_factors,
    build_tariff,
)

LEVELS = {
    "model": ["A4", "B7", "C1"],
    "vehicle_age": ["0", "1", "2", "5-6"],
    "annual_mileage": ["low", "high"],
}
COVERS = ("glass", "maintenance", "own_damage")
LOADINGS = {
    "glass": CoverLoading(0.06, 0.12, 0.042),
    "maintenance": CoverLoading(0.05, 0.05, 0.042),
    "own_damage": CoverLoading(0.06, 0.12, 0.042),
}
SCORES = bounded_factors({"95-100": 0.80, "80-89": 0.98, "under 50": 1.22, "*": 1.0}, 0.85, 1.15)
LIMITS = {"Basic": 2, "Standard": 4, "Premium": 6}


def rates(seed: int = 1) -> RateTable:
    """Rates of three covers; glass knows no mileage, so that covers differ in their factors."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for cover, base in zip(COVERS, (310.55, 2_400.0, 3_123.5), strict=True):
        fixed = Decimal(int(rng.integers(0, 5_000))) / 100
        rows.append((cover, "base", "base", None, Decimal(str(base)), fixed, 1.0))
        for factor, levels in LEVELS.items():
            if (cover, factor) != ("glass", "annual_mileage"):
                drawn = np.round(rng.uniform(0.3, 3, len(levels) + 1), 4)
                rows += [
                    (cover, factor, level, None, None, None, float(relativity))
                    for level, relativity in zip([*levels, "*"], drawn, strict=True)
                ]
    schema = {
        "cover": pl.String,
        "factor": pl.String,
        "level": pl.String,
        "level_order": pl.Int64,
        "base_rate": pl.Decimal(18, 2),
        "fixed_amount": pl.Decimal(18, 2),
        "relativity": pl.Float64,
    }
    return RateTable(pl.DataFrame(rows, schema=schema, orient="row"))


def plan(tier: str, limits: Mapping[str, Limit] | None = None, rounding: Rounding | None = None) -> TierPlan:
    """A tier of the integrated plan, as the founding case has it."""
    retail = {"Basic": Decimal("7691.43"), "Standard": Decimal(8_000), "Premium": Decimal(9_600)}
    further: dict[str, tuple[int, ...]] = {
        "Basic": (0, 0, 200),
        "Standard": (800, 600, 200),
        "Premium": (1_600, 900, 336),
    }
    wear, loaner, roadside = (Decimal(amount) for amount in further[tier])
    covers = {"Basic": ("maintenance", "own_damage")}.get(tier, COVERS)
    return TierPlan(
        tier,
        covers,
        (
            CostLine("insurance", 1, retail[tier], Decimal("0.125")),
            CostLine("services", LIMITS[tier], Decimal(600)),
            CostLine("wear_parts", 1, wear),
            CostLine("loaner", 1, loaner),
            CostLine("roadside", 1, roadside),
            CostLine("operations", 1, Decimal(300)),
        ),
        limits or {},
        target_margin=Decimal("0.042"),
        minimum=Decimal(4_000),
        maximum=Decimal(30_000),
        rounding=rounding or Rounding(Decimal(100)),
    )


def tariff(seed: int = 1, rounding: Rounding | None = None) -> Tariff:
    """All three tiers, services limited, with a driving-score discount."""
    share = {"Basic": 0.62, "Standard": 0.91, "Premium": 0.99}
    plans = [plan(t, {"maintenance": Limit(str(LIMITS[t]), share[t])}, rounding) for t in LIMITS]
    return build_tariff(rates(seed), LOADINGS, plans, {"maintenance": "services"}, {"driving_score": SCORES})


def contracts(rows: int, seed: int = 2) -> pl.DataFrame:
    """Contracts whose levels are known, not listed or missing."""
    rng = np.random.default_rng(seed)
    levels: dict[str, list[str | None]] = {name: [*own, "never seen", None] for name, own in LEVELS.items()}
    levels["driving_score"] = [*SCORES, "never seen", None]
    drawn = {
        name: pl.Series(own, dtype=pl.String)[rng.integers(0, len(own), rows)] for name, own in levels.items()
    }
    tiers = pl.Series(list(LIMITS))[rng.integers(0, 3, rows)]
    return pl.DataFrame({"contract_id": [f"c{n:06d}" for n in range(rows)], "tier": tiers, **drawn})
