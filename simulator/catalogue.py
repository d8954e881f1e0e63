"""What is sold and driven: models, tiers, covers, and the levels their costs are drawn at.

Levels follow public figures on the Chinese market: claim frequency near 19 % for combustion cars and
30 % for new-energy cars a year, severity of the latter 40 % higher, parts inflation 2 to 3 % a year.
The models are invented names.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Cover:
    """Claims of one cover: yearly frequency of a combustion car, mean and spread of the cost (CNY)."""

    name: str
    code: str
    frequency: float
    severity: float
    log_sd: float
    nev_frequency: float
    nev_severity: float


COVERS = (
    Cover("own_damage", "OD", 0.110, 4_800, 0.9, 1.55, 1.40),
    Cover("third_party_property", "TPP", 0.055, 3_600, 0.8, 1.60, 1.10),
    Cover("third_party_injury", "TPI", 0.008, 32_000, 1.1, 1.50, 1.00),
    Cover("glass", "GL", 0.022, 1_100, 0.5, 1.10, 1.30),
    Cover("roadside", "RS", 0.050, 320, 0.4, 0.60, 1.10),
)

TIERS = {"Basic": 8_800, "Standard": 11_800, "Premium": 15_800}
TIER_SHARES = {"Basic": 0.35, "Standard": 0.45, "Premium": 0.20}
INCLUDED_SERVICES = {"Basic": 2, "Standard": 4, "Premium": 6}
NO_GLASS = "Basic"

PARTS_INFLATION = 0.025
SERVICE_INTERVAL_KM = {"Petrol": 7_500, "HEV": 9_000, "PHEV": 9_000, "EV": 18_000}
PROVINCES = ("Guangdong", "Jiangsu", "Zhejiang", "Sichuan", "Henan", "Shandong")
USES = {"private": 0.86, "ride-hailing": 0.06, "company": 0.08}
USE_RISK = {"private": 1.0, "ride-hailing": 1.9, "company": 1.15}
USE_KM = {"private": 1.0, "ride-hailing": 3.2, "company": 1.5}
CHANNELS = ("dealer", "app", "call centre")

_MODELS = [
    ("AURORA", "A3", "Petrol", 98_000, 0.95),
    ("AURORA", "A5", "Petrol", 139_000, 1.00),
    ("AURORA", "A7", "HEV", 186_000, 1.05),
    ("AURORA", "SUV X", "Petrol", 159_000, 1.10),
    ("BEIXING", "City", "EV", 79_000, 0.80),
    ("BEIXING", "Tour", "EV", 169_000, 1.05),
    ("BEIXING", "Tour Long", "PHEV", 189_000, 1.05),
    ("CHANGHE", "Family", "Petrol", 89_000, 0.85),
    ("CHANGHE", "Van", "Petrol", 76_000, 0.90),
    ("CHANGHE", "Family E", "EV", 119_000, 1.00),
    ("DELTA", "S", "EV", 268_000, 1.45),
    ("DELTA", "X", "EV", 338_000, 1.70),
    ("DELTA", "M", "EV", 219_000, 1.25),
    ("EVERWAY", "Sedan", "Petrol", 128_000, 1.00),
    ("EVERWAY", "Sedan H", "HEV", 148_000, 1.00),
    ("EVERWAY", "Cross", "PHEV", 178_000, 1.10),
    ("FENG", "One", "Petrol", 68_000, 0.75),
    ("FENG", "Two", "Petrol", 108_000, 0.95),
    ("FENG", "Two E", "EV", 138_000, 1.10),
    ("FENG", "Coupe", "Petrol", 228_000, 1.60),
]


def models() -> pl.DataFrame:
    """One row per model: make, model, powertrain, list_price (CNY), cost_factor of a repair."""
    columns = ["make", "model", "powertrain", "list_price", "cost_factor"]
    return pl.DataFrame(_MODELS, schema=columns, orient="row")
