"""The defects of each file, with the rule of its contract that has to find them."""

from __future__ import annotations

import datetime as dt

import polars as pl

from simulator.defects import SOUND, Defect

_STRANGER = "ZZZZZZZZZZZ999999"
_LONG_AGO = dt.date(2001, 1, 1)


def _copy(source: str) -> Defect:
    # A copy of a row that waits would wait as well.
    return Defect(f"{source}_copied", source, "duplicate", "duplicate", twin=True, only=pl.col(SOUND))


VEHICLES = (
    Defect("unknown_powertrain", "vehicles", "powertrain|conversion", changes={"powertrain": "Steam"}),
    Defect("negative_price", "vehicles", "list_price|min", changes={"list_price": -1}),
    Defect("ancient_model_year", "vehicles", "model_year|min", changes={"model_year": 1820}),
    _copy("vehicles"),
)
CONTRACTS = (
    Defect(
        "expires_before_it_starts",
        "contracts",
        "expires_on_or_after_it_starts",
        changes={"To": pl.col("From").dt.offset_by("-1y"), "Cancelled on": pl.lit(None, pl.Date)},
    ),
    Defect("negative_premium", "contracts", "annual_premium|min", changes={"Premium": -100.0}),
    Defect("no_contract_number", "contracts", "contract_id|nullability", changes={"Contract no": None}),
    Defect(
        "cancelled_years_before_it_starts",
        "contracts",
        "cancelled_within_a_year_before_it_starts",
        changes={"Cancelled on": pl.col("From").dt.offset_by("-2y")},
    ),
    Defect("two_premiums", "contracts", "key", changes={"Premium": pl.col("Premium") + 1}, twin=True),
    Defect("contract_of_a_stranger", "contracts", "reference", "pending", changes={"VIN": _STRANGER}),
    _copy("contracts"),
)
CLAIMS = (
    Defect("claim_line_cut", "(file)", "malformed", malformed=True),
    Defect(
        "reported_before_the_loss",
        "claims",
        "reported_on_or_after_the_loss",
        changes={"reportDate": pl.col("lossDate").dt.offset_by("-3d")},
    ),
    Defect("unknown_cover", "claims", "cover|conversion", changes={"cover": "??"}),
    Defect("no_claim_number", "claims", "claim_id|nullability", changes={"claimNo": None}),
    Defect("claim_without_contract", "claims", "reference", "pending", changes={"policyNo": "P9999999"}),
    Defect(
        "loss_outside_contract",
        "claims",
        "loss_outside_contract",
        "flagged",
        changes={"lossDate": _LONG_AGO, "lossTime": None},
        only=pl.col(SOUND),
    ),
    _copy("claims"),
)
MOVEMENTS = (
    Defect(
        "positive_recovery",
        "claim_transactions",
        "recovery_is_not_positive",
        changes={"type": "REC", "amount": pl.col("amount").abs() + 1},
    ),
    Defect("unknown_movement", "claim_transactions", "kind|conversion", changes={"type": "GIFT"}),
    Defect("no_amount", "claim_transactions", "amount|nullability", changes={"amount": None}),
    Defect(
        "movement_without_claim",
        "claim_transactions",
        "reference",
        "pending",
        changes={"claimNo": "C9999999"},
    ),
    _copy("claim_transactions"),
)
ORDERS = (
    Defect("impossible_date", "repair_orders", "opened_on|conversion", changes={"开单日期": "2024-02-31"}),
    Defect("negative_odometer", "repair_orders", "odometer_km|min", changes={"里程": "-1"}),
    Defect("no_vehicle", "repair_orders", "vehicle_id|nullability", changes={"车架号": None}),
    Defect(
        "closed_before_opened",
        "repair_orders",
        "closed_on_or_after_opened",
        changes={"结算日期": "2001-01-01"},
    ),
    Defect("order_line_too_long", "(file)", "malformed", malformed=True),
    Defect("unknown_payer", "repair_orders", "payer|conversion", changes={"付款方": "无"}),
    Defect("order_of_a_stranger", "repair_orders", "reference", "pending", changes={"车架号": _STRANGER}),
    Defect(
        "odometer_falls",
        "repair_orders",
        "odometer_falls",
        "flagged",
        changes={"里程": "7"},
        only=pl.col(SOUND)
        & (pl.int_range(pl.len()).over("车架号") > 3)
        & (pl.col("里程").cast(pl.Int64) > 9),
    ),
    _copy("repair_orders"),
)
LINES = (
    Defect("unknown_line_kind", "repair_lines", "kind|conversion", changes={"类别": "礼品"}),
    Defect("amount_in_words", "repair_lines", "amount|conversion", changes={"金额": "壹佰"}),
    Defect(
        "line_without_order",
        "repair_lines",
        "reference",
        "pending",
        changes={"工单号": pl.format("X{}", "工单号")},
    ),
    _copy("repair_lines"),
)
TRIPS = (
    Defect("negative_distance", "trips", "distance_km|min", changes={"km": -1.0, "night_km": 0.0}),
    Defect(
        "ends_before_it_starts",
        "trips",
        "ends_on_or_after_it_starts",
        changes={"end_utc": pl.col("start_utc").dt.offset_by("-1h"), "km": 0.0, "night_km": 0.0},
    ),
    Defect(
        "night_longer_than_trip", "trips", "night_is_part_of_the_trip", changes={"night_km": pl.col("km") + 5}
    ),
    Defect("faster_than_any_car", "trips", "speed_is_possible", changes={"km": 1_400.0, "night_km": 0.0}),
    Defect("speeding_longer_than_trip", "trips", "events_fit_into_the_trip", changes={"speeding_s": 90_000}),
    Defect("trip_of_nobody", "trips", "vehicle_id|nullability", changes={"vin": None}),
    Defect("trip_of_a_stranger", "trips", "reference", "pending", changes={"vin": _STRANGER}),
    Defect("two_distances", "trips", "key", changes={"km": pl.col("km") + 1}, twin=True),
    _copy("trips"),
)
OFFERS = (
    Defect(
        "decided_before_offered",
        "offers",
        "decided_on_or_after_offered",
        changes={"decided": pl.col("offered").dt.offset_by("-2d")},
    ),
    Defect("unknown_outcome", "offers", "outcome|conversion", changes={"outcome": "?"}),
    _copy("offers"),
)
INSTALMENTS = (
    Defect(
        "paid_without_amount",
        "instalments",
        "paid_on_and_paid_amount_go_together",
        changes={"paid": pl.col("due"), "paid_amount": None},
    ),
    Defect("instalment_zero", "instalments", "instalment_number|min", changes={"number": 0}),
    _copy("instalments"),
)
SURVEYS = (
    Defect("eleven_of_ten", "surveys", "recommend_score|max", changes={"score": 11}),
    _copy("surveys"),
)
COMPLAINTS = (
    Defect(
        "answered_before_opened",
        "complaints",
        "answered_on_or_after_opened",
        changes={"answered": "2001-01-01 00:00:00"},
    ),
    _copy("complaints"),
)
SHOPS = (Defect("shop_of_no_day", "shops", "opened_on|conversion", changes={"opened": "soon"}),)
PARTS = (Defect("part_without_life", "parts", "life_km|min", changes={"life_km": 0}),)
