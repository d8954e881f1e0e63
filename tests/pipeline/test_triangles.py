"""The development triangles are those the chainladder package builds from the files the insurer sent."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl
import pytest

from tests.pipeline.conftest import Installation

pytestmark = pytest.mark.pipeline

FIRST, LAST = dt.date(2023, 1, 1), dt.date(2025, 12, 31)


def as_sent(installation: Installation) -> pl.DataFrame:
    """Movements with the cover and day of their loss, from the client's files."""
    claims = pl.read_ndjson(installation.delivery / "claims.jsonl", infer_schema_length=None)
    movements = pl.read_ndjson(installation.delivery / "claim_movements.jsonl")
    days = pl.col("lossDate", "date").cast(pl.String).str.to_date("%Y-%m-%d")
    joined = movements.join(claims.select("claimNo", "cover", "lossDate"), on="claimNo").with_columns(days)
    return joined.filter((pl.col("date") <= LAST) & (pl.col("lossDate") >= FIRST))


def test_triangles_are_those_of_chainladder(installation: Installation) -> None:
    import chainladder as cl

    codes = {
        "OD": "own_damage", "TPP": "third_party_property", "TPI": "third_party_injury",
        "GL": "glass", "RS": "roadside",
    }  # fmt: skip
    sent = as_sent(installation).with_columns(pl.col("cover").replace_strict(codes))
    triangle = cl.Triangle(
        sent.select("cover", "lossDate", "date", "amount").to_pandas(),
        origin="lossDate",
        development="date",
        index="cover",
        columns="amount",
        cumulative=False,
    )
    triangle = triangle.incr_to_cum().grain("OQDQ")
    checked = 0
    for cover in triangle.index["cover"]:
        theirs = triangle.loc[cover].to_frame()
        ours = installation.query(
            "select accident_quarter, development_quarter, cast(incurred_amount as double) as amount "
            f"from marts.claim_triangles where cover = '{cover}' and accident_quarter is not null"
        )
        for quarter, development, amount in ours.iter_rows():
            column = development * 3
            if str(quarter) in theirs.index.astype(str) and column in theirs.columns:
                expected = float(theirs[theirs.index.astype(str) == str(quarter)][column].iloc[0])
                # Where nothing has happened yet, theirs is empty and ours is nought.
                expected = 0.0 if math.isnan(expected) else expected
                assert amount == pytest.approx(expected, abs=0.005), (cover, quarter, development)
                checked += 1
    assert checked > 300
