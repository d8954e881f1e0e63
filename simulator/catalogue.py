"""What is sold and driven: models, tiers, covers, shops, parts, and the levels costs are drawn at.

Levels follow public figures, named beside each constant; the models, shops and parts are invented names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Cover:
    """Claims of one cover: a combustion car's yearly frequency, mean cost (CNY), and how they come in."""

    name: str
    code: str
    frequency: float
    severity: float
    log_sd: float
    nev_frequency: float
    nev_severity: float
    report_days: float
    settle_days: float
    age_slope: float


# Frequency near 19 % for combustion and 30 % for new-energy cars without roadside, severity of the latter
# 40 % higher (China, 2023-25); breakdown calls 10.4 and 4.2 per 1,000 cars of 2 to 4 years (Europe).
COVERS = (
    Cover("own_damage", "OD", 0.118, 4_900, 0.9, 1.60, 1.40, 2, 40, -0.075),
    Cover("third_party_property", "TPP", 0.061, 4_000, 0.8, 1.60, 1.25, 5, 60, -0.055),
    Cover("third_party_injury", "TPI", 0.020, 20_800, 0.8, 1.50, 1.10, 25, 300, -0.04),
    Cover("glass", "GL", 0.022, 1_100, 0.5, 1.35, 1.30, 1, 15, 0.0),
    Cover("roadside", "RS", 0.0104, 320, 0.4, 0.40, 1.10, 0.2, 10, 0.12),
)
TOTAL_LOSS_SHARE = 0.09  # of collision claims
TOTAL_LOSS_VALUE = (0.25, 0.55)  # of the list price, after age and salvage
RECOVERED_SHARE = 0.13  # of property claims, so that about 9 % of claims have a recovery

TIERS = ("Basic", "Standard", "Premium")
TIER_SHARES = {"Basic": 0.35, "Standard": 0.45, "Premium": 0.20}
INCLUDED_SERVICES = {"Basic": 2, "Standard": 4, "Premium": 6}
NO_GLASS = "Basic"
DEDUCTIBLE = 500

# The brand's own plan (product `simulated_plan` of the rating plan), which its price list is made with.
LOADS_OF_INSURER = 0.222  # expense, commission and margin of a cover, shares of its price
NEGOTIATED = 0.125  # off what insurers ask
FURTHER_LINES = {"Basic": 300, "Standard": 1_700, "Premium": 2_800}  # operations, wear parts, loaner
TARGET_MARGIN = 0.042
LIST_AGE_YEARS = 2  # the price list is older than the history
YEARLY_RISE = 0.02  # of a customer's price at each renewal

PARTS_INFLATION = 0.025  # 2 to 3 % a year
NEV_SHIFT = 0.05  # yearly rise of new-energy frequency: drivers new to them
NEV_SHARE_BY_YEAR = (0.38, 0.45, 0.52, 0.58, 0.62)
PREMIUM_OF_NEV, PREMIUM_OF_ICE = 4_395, 2_450  # insurance bought in, a year (NEV: China, 2023)

SERVICE_INTERVAL_KM = {"Petrol": 7_500, "HEV": 9_000, "PHEV": 9_000, "EV": 18_000}
REPAIRS_PER_10_000_KM = {"Petrol": 0.42, "HEV": 0.36, "PHEV": 0.22, "EV": 0.22}  # half for plug-ins
AGE_STEPS = ((0, 0.55), (4, 1.00), (8, 1.30), (13, 1.65))  # cost by age of the car, 4 to 7 years = 1

PROVINCES = {
    "Guangdong": 1.12, "Jiangsu": 1.02, "Zhejiang": 1.08, "Sichuan": 0.97, "Henan": 0.90, "Shandong": 0.91,
}  # fmt: skip
SEASON = (1.10, 1.12, 0.95, 0.94, 0.95, 0.98, 1.04, 1.06, 0.97, 0.93, 0.96, 1.06)
KM_SEASON = (0.95, 1.10, 0.97, 0.99, 1.03, 0.98, 1.02, 1.02, 1.00, 1.06, 0.95, 0.93)
USES = {"private": 0.88, "ride-hailing": 0.05, "company": 0.07}
USE_RISK = {"private": 1.0, "ride-hailing": 1.35, "company": 1.10}
USE_KM = {"private": 1.0, "ride-hailing": 3.2, "company": 1.5}
CHANNELS = ("dealer", "app", "call centre")
SHOPS = 60

_MODELS = [
    ("AURORA", "A3", "Petrol", 98_000, 3.3),
    ("AURORA", "A5", "Petrol", 139_000, 3.6),
    ("AURORA", "A7", "HEV", 186_000, 3.9),
    ("AURORA", "SUV X", "Petrol", 159_000, 4.2),
    ("BEIXING", "City", "EV", 79_000, 2.9),
    ("BEIXING", "Tour", "EV", 169_000, 3.4),
    ("BEIXING", "Tour Long", "PHEV", 189_000, 3.5),
    ("CHANGHE", "Family", "Petrol", 89_000, 2.6),
    ("CHANGHE", "Van", "Petrol", 76_000, 2.7),
    ("CHANGHE", "Family E", "EV", 119_000, 3.1),
    ("DELTA", "S", "EV", 268_000, 4.6),
    ("DELTA", "X", "EV", 338_000, 5.2),
    ("DELTA", "M", "EV", 219_000, 4.1),
    ("EVERWAY", "Sedan", "Petrol", 128_000, 3.2),
    ("EVERWAY", "Sedan H", "HEV", 148_000, 3.4),
    ("EVERWAY", "Cross", "PHEV", 178_000, 3.7),
    ("FENG", "One", "Petrol", 68_000, 2.4),
    ("FENG", "Two", "Petrol", 108_000, 3.0),
    ("FENG", "Two E", "EV", 138_000, 3.3),
    ("FENG", "Coupe", "Petrol", 228_000, 8.5),
]
MEAN_PARTS_RATIO = 3.65
_PARTS = [
    ("brake pads", 420, 40_000, 36), ("wiper blades", 110, 20_000, 12), ("cabin filter", 140, 15_000, 12),
    ("oil filter", 60, 10_000, 12), ("12 V battery", 690, 80_000, 48), ("bumper", 1_450, 400_000, 180),
    ("headlamp", 1_900, 300_000, 180), ("tyre", 560, 50_000, 60), ("door panel", 2_300, 400_000, 180),
    ("cooling pump", 880, 150_000, 120),
]  # fmt: skip


def models() -> pl.DataFrame:
    """One row per model: make, model, powertrain, list_price (CNY), parts_ratio, cost_factor of a repair.

    `parts_ratio` is the price of a full set of parts over the price of the car: 3.6 to 3.7 on average,
    8.5 at worst.
    """
    columns = ["make", "model", "powertrain", "list_price", "parts_ratio"]
    ratio, price = pl.col("parts_ratio") / MEAN_PARTS_RATIO, pl.col("list_price") / 140_000
    return pl.DataFrame(_MODELS, schema=columns, orient="row").with_columns(
        cost_factor=ratio**0.6 * price**0.35
    )


def parts() -> pl.DataFrame:
    """One row per part number: each kind of part for each model."""
    kinds = pl.DataFrame(_PARTS, schema=["name", "price", "life_km", "life_months"], orient="row")
    return (
        models()
        .with_row_index("m")
        .join(kinds.with_row_index("k"), how="cross")
        .select(
            part_number=pl.format(
                "P{}-{}", pl.col("m").cast(pl.String).str.zfill(2), pl.col("k").cast(pl.String).str.zfill(2)
            ),
            name="name",
            list_price=(pl.col("price") * pl.col("cost_factor")).round(2),
            model="model",
            life_km="life_km",
            life_months="life_months",
            m=pl.col("m").cast(pl.Int64),
            k=pl.col("k").cast(pl.Int64),
        )
    )


def shops(rng: np.random.Generator) -> pl.DataFrame:
    """One row per workshop."""
    number = pl.Series(np.arange(101, 101 + SHOPS))
    return pl.DataFrame(
        {
            "shop": pl.select(pl.format("SH{}", number)).to_series(),
            "name": pl.select(pl.format("Service point {}", number)).to_series(),
            "province": rng.choice(list(PROVINCES), SHOPS),
            "authorised": rng.choice(["是", "否"], SHOPS, p=[0.85, 0.15]),
            "opened": (np.datetime64("2010-01-01") + rng.integers(0, 3_000, SHOPS)),
        }
    )


def age_factor(age: pl.Expr) -> pl.Expr:
    """Maintenance and repair cost by age of the car in years, 4 to 7 years = 1."""
    factor = pl.lit(AGE_STEPS[0][1])
    for start, value in AGE_STEPS[1:]:
        factor = pl.when(age >= start).then(value).otherwise(factor)
    return factor
