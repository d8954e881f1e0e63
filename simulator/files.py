"""The files a client would send: a dealer system's, an insurer's, a sales list and a vehicle list."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
import polars as pl

Generator = np.random.Generator
EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's property, fixed so that bytes repeat


def orders_table(rng: Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """The dealer system's order list: Chinese headers, two date styles, thousands separators."""
    numbered = orders.with_row_index("n", offset=1)
    old_style = pl.Series(rng.random(orders.height) < 0.3)
    closed = pl.col("opened") + pl.duration(days=pl.col("days_open"))
    return numbered.select(
        工单号=_order_number(),
        车架号="vin",
        开单日期=_day("opened", old_style),
        结算日期=_day(closed, old_style),
        里程=pl.col("odometer").cast(pl.String),
        服务站="shop",
        业务类型="kind",
        付款方="payer",
        工时=pl.col("hours").cast(pl.String),
        总金额=_thousands(pl.col("total")),
    )


def lines_table(orders: pl.DataFrame) -> pl.DataFrame:
    """The dealer system's order lines: labour, parts, and work given to others."""
    numbered = orders.with_row_index("n", offset=1)
    pieces = [
        numbered.filter(pl.col(column) > 0).select(
            "n",
            工单号=_order_number(),
            行号=pl.lit(str(number)),
            项目代码=pl.format("{}{}", pl.lit(code), pl.col("n") % 37),
            配件号=pl.when(pl.lit(word == "配件")).then(pl.format("P{}", pl.col("n") % 911)),
            类别=pl.lit(word),
            数量=pl.lit("1"),
            金额=_thousands(pl.col(column)),
        )
        for number, (column, word, code) in enumerate(
            [("labour", "工时", "L"), ("parts", "配件", "R"), ("sublet", "外协", "X")], start=1
        )
    ]
    return pl.concat(pieces).sort("n", "行号").drop("n")


def _order_number() -> pl.Expr:
    return pl.format("WO{}", pl.col("n").cast(pl.String).str.zfill(8))


def _day(day: str | pl.Expr, old_style: pl.Series) -> pl.Expr:
    column = pl.col(day) if isinstance(day, str) else day
    slashed = pl.format("{}/{}/{}", column.dt.year(), column.dt.month(), column.dt.day())
    return pl.when(pl.lit(old_style)).then(slashed).otherwise(column.dt.strftime("%Y-%m-%d"))


def _thousands(amount: pl.Expr) -> pl.Expr:
    cents = (amount * 100).round().cast(pl.Int64)
    whole = (cents // 100).cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "$1,")
    whole = whole.str.reverse().str.strip_chars_start(",")
    return pl.concat_str(whole, pl.lit("."), (cents % 100).cast(pl.String).str.zfill(2))


def claims_table(rng: Generator, claims: pl.DataFrame, codes: dict[str, str]) -> pl.DataFrame:
    """The insurer's claims: reported late, closed when paid."""
    delay = pl.Series(np.minimum(rng.geometric(0.18, claims.height) - 1, 60))
    return claims.select(
        claimNo=pl.format("C{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)),
        policyNo="contract_no",
        vin="vin",
        cover=pl.col("cover").replace_strict(codes),
        lossDate="loss_date",
        reportDate=pl.col("loss_date") + pl.duration(days=pl.lit(delay)),
        atFault=pl.Series((rng.random(claims.height) < 0.6).astype(int)),
        amount="amount",
    )


def movements_table(rng: Generator, claims: pl.DataFrame) -> pl.DataFrame:
    """A reserve on the report, a payment that releases it, and now and then a recovery."""
    count = claims.height
    paid_after = pl.Series(rng.integers(5, 150, count))
    guess = pl.Series(np.round(np.exp(rng.normal(0, 0.25, count)), 4))
    claims = claims.with_columns(
        reserve=(pl.col("amount") * pl.lit(guess)).round(0),
        paid_on=pl.col("reportDate") + pl.duration(days=pl.lit(paid_after)),
        recovered=pl.lit(pl.Series(rng.random(count) < 0.04)) & pl.col("cover").is_in(["OD", "TPP"]),
    )
    recovered_on = pl.col("paid_on") + pl.duration(days=45)
    steps = [
        ("RES", pl.col("reportDate"), pl.col("reserve"), pl.lit(True)),
        ("RES", pl.col("paid_on"), -pl.col("reserve"), pl.lit(True)),
        ("PAY", pl.col("paid_on"), pl.col("amount"), pl.lit(True)),
        ("REC", recovered_on, -(pl.col("amount") * 0.5).round(2), pl.col("recovered")),
    ]
    pieces = [
        claims.filter(happens).select(
            "claimNo", date=day, type=pl.lit(kind), amount=amount, step=pl.lit(number)
        )
        for number, (kind, day, amount, happens) in enumerate(steps)
    ]
    return (
        pl.concat(pieces)
        .sort("date", "claimNo", "step")
        .select(
            movementNo=pl.format("M{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)),
            claimNo="claimNo",
            date="date",
            type="type",
            amount="amount",
        )
    )


def write_csv(frame: pl.DataFrame, path: Path, encoding: str) -> None:
    """Write text in the client's encoding."""
    path.write_bytes(frame.write_csv().encode(encoding))


def write_jsonl(frame: pl.DataFrame, path: Path) -> None:
    """Write one JSON object per line, dates as text."""
    dates = [pl.col(n).dt.strftime("%Y-%m-%d") for n, t in frame.schema.items() if t == pl.Date]
    buffer = io.BytesIO()
    frame.with_columns(dates).write_ndjson(buffer)
    path.write_bytes(buffer.getvalue())


def write_contract_list(contracts: pl.DataFrame, path: Path) -> None:
    """Write the sales department's workbook, with real Excel dates."""
    import xlsxwriter

    listed = contracts.select(
        pl.col("contract_no").alias("Contract no"),
        pl.col("vin").alias("VIN"),
        pl.format("K{}", pl.col("vin").str.slice(-6)).alias("Customer"),
        pl.col("tier").alias("Plan"),
        pl.col("valid_from").alias("From"),
        pl.col("valid_to").alias("To"),
        pl.col("premium").alias("Premium"),
        pl.col("channel").alias("Channel"),
        pl.col("cancelled_on").alias("Cancelled on"),
        pl.col("annual_km").alias("Annual km"),
        pl.col("use").alias("Use"),
        pl.col("driver_age").alias("Driver age"),
    )
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    book.set_properties({"created": EPOCH})
    sheet = book.add_worksheet("Contracts")
    sheet.write_row(0, 0, listed.columns)
    for column, name in enumerate(listed.columns):
        sheet.write_column(1, column, listed[name].to_list())
    sheet.set_column(0, len(listed.columns) - 1, 16)
    book.close()
