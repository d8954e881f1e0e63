"""The portfolio as its authors cut it: Noll, Salzmann and Wuthrich (2020), SSRN 3164764.

Claims are cut at four and exposure at one year. A row is learned from where a column of yes and no says so.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from models_ml.glm import Array

FILE = Path("fremtpl2") / "freMTPL2freq.parquet"
LEARN = "noll_learn"
FACTORS = (
    "VehPower",
    "VehAge",
    "DrivAge",
    "BonusMalus",
    "VehBrand",
    "VehGas",
    "Density",
    "Region",
    "Area",
)
MOST_CLAIMS, MOST_EXPOSURE = 4, 1.0


@dataclass(frozen=True)
class Portfolio:
    """Policies with their claims, shape (rows,), and exposure in years, shape (rows,)."""

    frame: pl.DataFrame
    claims: Array
    exposure: Array

    @property
    def rate(self) -> Array:
        """Claims per vehicle-year, shape (rows,)."""
        return self.claims / self.exposure

    def where(self, rows: Array) -> Portfolio:
        """Some of the rows; `rows` is a mask of shape (rows,)."""
        return Portfolio(self.frame.filter(rows), self.claims[rows], self.exposure[rows])


def data_file() -> Path:
    """Where the portfolio lies; ends with a reason where it does not."""
    folder = os.environ.get("DATA") or os.environ.get("RATEWRIGHT_BENCH_DATA")
    if not folder:
        print("skipped: neither DATA nor RATEWRIGHT_BENCH_DATA names a folder of public data")
        raise SystemExit(0)
    for path in (Path(folder) / FILE, Path(folder) / FILE.name):
        if path.is_file():
            return path
    print(f"skipped: no {FILE} in {folder}")
    raise SystemExit(0)


def load(file: Path, learn: str = LEARN) -> tuple[Portfolio, Array]:
    """All policies, and whether each is learned from.

    Raises:
        SystemExit: there is no such column, or it is not of yes and no.
    """
    frame = pl.read_parquet(file)
    if learn not in frame.columns or frame[learn].null_count():
        sys.exit(f"{file}: no column {learn} that says of every row whether to learn from it")
    mask = frame[learn].cast(pl.Boolean).to_numpy().astype(bool)
    claims = frame["ClaimNb"].clip(upper_bound=MOST_CLAIMS).cast(pl.Float64).to_numpy()
    exposure = frame["Exposure"].clip(upper_bound=MOST_EXPOSURE).to_numpy()
    return Portfolio(frame.select(FACTORS), claims, np.asarray(exposure, dtype=float)), mask
