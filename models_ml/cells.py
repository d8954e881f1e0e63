"""Rating cells: what must hold before a model is fitted on them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models_ml.errors import BadCellError, NoClaimsError, NoExposureError

AT_RISK, RESTATED, DRIVEN = "at_risk_years", "restated_amount", "driven_km"
RESTATED_COLUMNS = (AT_RISK, RESTATED, DRIVEN)
"""What cells may have beside what happened: exposure and cost at the level of another year, and distance."""


def checked_cover(cells: pl.DataFrame, factors: Sequence[str], reserved: str) -> str:
    """The cover of `cells`, once they can be fitted.

    Args:
        cells: rating cells of one cover.
        factors: names of the rating-factor columns.
        reserved: the level that no cell may have.

    Raises:
        BadCellError: see `FrequencySeverityModel.fit`.
        NoExposureError: the exposure of all cells is zero.
        NoClaimsError: no cell has a claim with a cost.
    """
    cover = str(cells["cover"][0]) if cells.height else "(none)"
    numbers = ["exposure_years", "claim_count", "gross_amount", "recovery_amount"]
    numbers += [name for name in RESTATED_COLUMNS if name in cells.columns]
    values = cells.select(pl.col(numbers).cast(pl.Float64))
    bad = values.select(
        (pl.col("recovery_amount").le(0) & pl.col("recovery_amount").is_finite())
        .fill_null(False)
        .not_()
        .alias("recovery_amount"),
        *(
            (~pl.col(n).is_finite().fill_null(False) | (pl.col(n) < 0)).alias(n)
            for n in numbers
            if n != "recovery_amount"
        ),
    )
    for name in bad.columns:
        if bad[name].any():
            cell = cells.filter(bad[name])["cell_id"][0]
            value = cells.filter(bad[name])[name][0]
            raise BadCellError(f"cover {cover}, cell {cell}: {name} is {value}")
    if values["exposure_years"].sum() <= 0:
        raise NoExposureError(f"cover {cover} was never in force before the rating year")
    if values["claim_count"].sum() <= 0 or values["gross_amount"].sum() <= 0:
        raise NoClaimsError(f"cover {cover} has no claim with a cost before the rating year")
    _consistent(cells, cover, factors, reserved)
    return cover


def _consistent(cells: pl.DataFrame, cover: str, factors: Sequence[str], reserved: str) -> None:
    """Refuse what would be fitted without an error, and wrongly."""
    claims, gross = pl.col("claim_count") > 0, pl.col("gross_amount") > 0
    # `*` is the row that rates any other level: a client's own would be a second one.
    starred = {f"{factor} is {reserved}, which is reserved": pl.col(factor) == reserved for factor in factors}
    refused = {
        "is of another cover": pl.col("cover") != cover,
        "claims without exposure": claims & (pl.col("exposure_years") <= 0),
        "claims without a cost": claims & ~gross,
        "a cost without claims": gross & ~claims,
        **starred,
    }
    for what, rule in refused.items():
        found = cells.filter(rule)
        if found.height:
            raise BadCellError(f"cover {cover}, cell {found['cell_id'][0]}: {what}")
