"""Tables as a client would send them: a dealer system's, an insurer's, a sales list, telematics."""

from __future__ import annotations

import numpy as np
import polars as pl

from simulator import catalogue as cat
from simulator.driving import Array

Generator = np.random.Generator
_CELL_NAMES = pl.Series([f"C{n:04d}" for n in range(3_000)])


def vehicles_table(vehicles: pl.DataFrame) -> pl.DataFrame:
    """The brand's vehicle list."""
    return vehicles.select(
        "vin", "make", "model", pl.col("first_registration").dt.year().cast(pl.Int64).alias("model_year"),
        "powertrain", "list_price", "first_registration", "province",
    )  # fmt: skip


def contracts_table(contracts: pl.DataFrame) -> pl.DataFrame:
    """The sales department's list."""
    return contracts.select(
        pl.col("contract_no").alias("Contract no"),
        pl.col("vin").alias("VIN"),
        pl.format("K{}", pl.col("vin").str.slice(-6)).alias("Customer"),
        pl.col("tier").alias("Plan"),
        pl.col("valid_from").alias("From"),
        pl.col("valid_to").alias("To"),
        pl.col("premium").alias("Premium"),
        pl.col("insurance").alias("Insurance part"),
        pl.col("payment").alias("Payment"),
        pl.col("channel").alias("Channel"),
        pl.col("cancelled_on").alias("Cancelled on"),
        pl.col("renewal_of").alias("Renewal of"),
        pl.col("annual_km").alias("Annual km"),
        pl.col("use").alias("Use"),
        pl.col("driver_age").alias("Driver age"),
    )


def claims_table(claims: pl.DataFrame) -> pl.DataFrame:
    """The insurer's claims."""
    codes = {number: cover.code for number, cover in enumerate(cat.COVERS)}
    return claims.select(
        claimNo="claim_no",
        policyNo="contract_no",
        vin="vin",
        cover=pl.col("cover").replace_strict(codes, return_dtype=pl.String),
        lossDate="loss_date",
        lossTime=pl.col("loss_local").dt.strftime("%Y-%m-%d %H:%M:%S"),
        reportDate="report_date",
        peril="peril",
        atFault=pl.col("at_fault").cast(pl.Int8),
        place=pl.format("C{}", pl.col("place").cast(pl.String).str.zfill(4)),
        thirdParty=pl.when(pl.col("cover") == 1).then(pl.format("T{}", "third_party")),
        camera="camera",
        witness="witness",
        damagedBefore="damaged_before",
        deductible=pl.when(pl.col("cover") <= 1).then(cat.DEDUCTIBLE),
    )


def movements_table(movements: pl.DataFrame) -> pl.DataFrame:
    """The insurer's movements of money."""
    return movements.select(
        movementNo="movement_no", claimNo="claim_no", date="date", type="type", amount="amount"
    )


def orders_table(rng: Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """The dealer system's order list: Chinese headers, two date styles, thousands separators."""
    old_style = pl.Series(rng.random(orders.height) < 0.3)
    closed = pl.col("opened") + pl.duration(days=pl.col("days_open"))
    return orders.select(
        工单号="order_no",
        车架号="vin",
        开单日期=_day(pl.col("opened"), old_style),
        结算日期=_day(closed, old_style),
        里程=pl.col("odometer").cast(pl.String),
        换表=pl.when("replaced").then(pl.lit("是")).otherwise(pl.lit("否")),
        服务站=pl.format("SH{}", "shop"),
        业务类型="kind",
        付款方="payer",
        发票号=pl.format("F{}", pl.col("invoice").cast(pl.String).str.zfill(9)),
        工时=pl.col("hours").cast(pl.String),
        总金额=_thousands(pl.col("total")),
    )


def lines_table(orders: pl.DataFrame) -> pl.DataFrame:
    """The dealer system's order lines: labour, parts, and work given to others."""
    part = pl.format(
        "P{}-{}",
        pl.col("model_number").cast(pl.String).str.zfill(2),
        pl.col("part").cast(pl.String).str.zfill(2),
    )
    pieces = [
        orders.filter(pl.col(column) > 0).select(
            工单号="order_no",
            行号=pl.lit(str(number)),
            项目代码=pl.format("{}{}", pl.lit(code), "operation"),
            配件号=part if word == "配件" else pl.lit(None, pl.String),
            类别=pl.lit(word),
            数量=pl.lit("1"),
            金额=_thousands(pl.col(column)),
        )
        for number, (column, word, code) in enumerate(
            [("labour", "工时", "L"), ("parts", "配件", "R"), ("sublet", "外协", "X")], start=1
        )
    ]
    return pl.concat(pieces).sort("工单号", "行号")


def trips_table(trips: pl.DataFrame, vins: pl.Series, impacts: Array) -> pl.DataFrame:
    """A month of telematics."""
    impact = np.zeros(trips.height, dtype=bool)
    impact[impacts] = True
    return trips.select(
        vin=vins.gather(trips["vehicle"]),
        start_utc="start",
        end_utc="end",
        km="km",
        night_km="night_km",
        harsh_brakes="harsh_brakes",
        harsh_turns="harsh_turns",
        speeding_s="speeding_s",
        unbelted_s="unbelted_s",
        close_following_s="close_following_s",
        impact=pl.Series(impact),
        from_cell=_CELL_NAMES.gather(trips["start_cell"]),
        to_cell=_CELL_NAMES.gather(trips["end_cell"]),
    )


def offers_table(offers: pl.DataFrame) -> pl.DataFrame:
    """Offers made by sales."""
    return offers.select(
        offer="offer_no", vin="vin", plan="tier", channel="channel", offered="offered", price="premium",
        decided="decided", outcome="outcome",
    )  # fmt: skip


def instalments_table(instalments: pl.DataFrame) -> pl.DataFrame:
    """The credit partner's instalments."""
    return instalments.select(
        instalment=pl.format("{}-{}", "contract_no", "number"),
        contract="contract_no",
        number="number",
        due="due_on",
        amount="amount",
        paid="paid_on",
        paid_amount="paid_amount",
    )


def surveys_table(surveys: pl.DataFrame) -> pl.DataFrame:
    """Answers to the question whether one would recommend the plan."""
    return surveys.select(
        answer=pl.format("S{}", pl.col("n").cast(pl.String).str.zfill(8)),
        vin="vin",
        day="answered",
        score=pl.col("score").cast(pl.Int64),
    )


def complaints_table(complaints: pl.DataFrame) -> pl.DataFrame:
    """Customer care's complaints."""
    return complaints.select(
        complaint=pl.format("X{}", pl.col("n").cast(pl.String).str.zfill(7)),
        vin="vin",
        opened=pl.col("opened").dt.strftime("%Y-%m-%d %H:%M:%S"),
        answered=pl.col("answered").dt.strftime("%Y-%m-%d %H:%M:%S"),
        topic="topic",
        upheld="upheld",
    )


def _day(column: pl.Expr, old_style: pl.Series) -> pl.Expr:
    slashed = pl.format("{}/{}/{}", column.dt.year(), column.dt.month(), column.dt.day())
    return pl.when(pl.lit(old_style)).then(slashed).otherwise(column.dt.strftime("%Y-%m-%d"))


def _thousands(amount: pl.Expr) -> pl.Expr:
    cents = (amount * 100).round().cast(pl.Int64)
    whole = (cents // 100).cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "$1,")
    whole = whole.str.reverse().str.strip_chars_start(",")
    return pl.concat_str(whole, pl.lit("."), (cents % 100).cast(pl.String).str.zfill(2))
