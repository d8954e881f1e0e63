"""Claim flags: the rules of the modelling library on the claims mart, with the forecast beside them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from models_ml.fraud import RuleSettings, score_claims
from models_ml.frequency_severity import FrequencySeverityModel
from pipelines.errors import RunError
from pipelines.files import parquet_bytes, write_atomically
from pipelines.pricing.forecasting.experience import load_levels
from pipelines.quoting import scan_parquet_files
from pipelines.settings import Settings
from pipelines.warehouse.serving import read


def flags_path(settings: Settings, client: str) -> Path:
    """Where the flags of a client's last good run are."""
    return settings.published / "claim_flags" / client / "claim_flags.parquet"


def flag_claims(serving: Path, models: dict[str, FrequencySeverityModel], day: dt.date) -> pl.DataFrame:
    """Score every claim under the rules in force on `day`."""
    features = read(serving, "select * from marts.claim_features order by claim_id")
    features = features.with_columns(pl.col("incurred_amount").cast(pl.Float64))
    levels, factors = load_levels(serving)
    levels = levels.select("cell_id", *factors)
    pieces = [pl.DataFrame(schema={"claim_id": pl.String, "expected_severity": pl.Float64})]
    for cover, model in models.items():
        claims = features.filter(pl.col("cover") == cover).join(levels, on="cell_id", how="inner")
        expected = pl.Series("expected_severity", model.predict_severity(claims))
        pieces.append(claims.select("claim_id").with_columns(expected))
    with_expected = features.join(pl.concat(pieces), on="claim_id", how="left", maintain_order="left")
    return score_claims(with_expected, load_rules(serving, day)).drop("cell_id")


def load_rules(serving: Path, day: dt.date) -> RuleSettings:
    """Thresholds of the rating plan in force on `day`."""
    table = read(
        serving,
        "select rule || '.' || parameter as name, value from rating_plan.flag_rules "
        "where $day between effective_from and effective_to",
        day=day,
    )
    values = dict(table.with_columns(pl.col("value").cast(pl.Float64)).iter_rows())
    return RuleSettings(
        inception_days=int(values["soon_after_inception.days"]),
        repeat_days=int(values["repeated.days"]),
        amount_ratio=values["amount_above_forecast.ratio"],
        minimum_amount=values["amount_above_forecast.minimum_amount"],
    )


def save_flags(flags: pl.DataFrame, path: Path) -> None:
    """Replace the client's flags in one rename."""
    write_atomically(path, parquet_bytes(flags))


def load_flags(settings: Settings, client: str | None) -> pl.DataFrame:
    """Flags of a client, or of the only client that has any.

    Raises:
        RunError: no run has flagged claims, several clients have flags and none was named, or they cannot be
            read.
    """
    found = {p.parent.name: p for p in settings.published.glob("claim_flags/*/claim_flags.parquet")}
    if client is None and len(found) > 1:
        raise RunError(f"several clients have claim flags ({', '.join(sorted(found))}): name one")
    name = client or next(iter(found), None)
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise RunError(f"no claim flags for {name or 'any client'}; there are: {known}")
    try:
        return scan_parquet_files(found[name]).collect()
    except pl.exceptions.PolarsError:
        raise RunError(f"{found[name]} cannot be read: the next run writes it anew") from None
