"""A customer's renewal price: indicated, held between floor and cap, never above new business."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from models_ml.rating.errors import RatingError
from models_ml.rating.rounding import as_money

PARTS_OF_ONE = 10_000
NEW_PRICE = "new_business_price"
CAP, FLOOR, NEW_BUSINESS = "cap", "floor", "new business"


def renewal_prices(
    customers: pl.DataFrame, floor: Decimal, cap: Decimal, *, new_business_gate: bool
) -> pl.DataFrame:
    """What every customer pays next year.

    A price beyond a bound becomes the whole step next to the bound, inside it; where no step lies between
    the bounds, the cent. The gate goes before the floor: who would be offered less as a new customer of the
    same channel pays no more than that, however far it is down. So beside the gate a floor holds only those
    whom the channel would charge more as new customers than is indicated.

    Args:
        customers: `current_price`, null for who is new; `indicated_price`; `new_business_price`, of the
            equivalent new contract in the same channel, which new customers pay and the gate needs (left
            out, new customers pay what is indicated); `rounding_step`, of whose whole multiples the
            prices are. Decimals to the cent.
        floor, cap: of the change, fractions with at most four places.
        new_business_gate: whether the gate applies.

    Returns:
        `customers` with `price`, `change` (a fraction; null without a current price), `bound` (what held
        the price: `cap`, `floor`, `new business`, else null) and `not_charged`: indicated less charged,
        negative where a floor charges more than indicated.

    Raises:
        RatingError: floor and cap do not enclose no change, a price is negative or missing, or the gate
            lacks the price it needs.
    """
    if not -1 <= floor <= 0 <= cap:
        raise RatingError(f"change per customer: floor {floor} and cap {cap} do not enclose no change")
    if new_business_gate and NEW_PRICE not in customers.columns:
        raise RatingError(f"the gate needs the column '{NEW_PRICE}'")
    new = NEW_PRICE if NEW_PRICE in customers.columns else "indicated_price"
    names = list(dict.fromkeys(["current_price", "indicated_price", new]))
    cents = [(pl.col(n) * 100).cast(pl.Int64).alias(f"_{n}") for n in (*names, "rounding_step")]
    frame = customers.with_columns(cents)
    _check(frame, names)
    least, most = _bounds(floor, cap)
    indicated = pl.col("_indicated_price")
    frame = frame.with_columns(_least=least, _most=most).with_columns(
        _price=pl.when(pl.col("_current_price").is_null())
        .then(f"_{new}")
        .otherwise(indicated.clip("_least", "_most")),
        bound=pl.when(indicated > pl.col("_most"))
        .then(pl.lit(CAP))
        .when(indicated < pl.col("_least"))
        .then(pl.lit(FLOOR)),
    )
    if new_business_gate:
        dearer = pl.col("_price") > pl.col(f"_{NEW_PRICE}")
        frame = frame.with_columns(
            _price=pl.when(dearer).then(f"_{NEW_PRICE}").otherwise("_price"),
            bound=pl.when(dearer).then(pl.lit(NEW_BUSINESS)).otherwise("bound"),
        )
    return frame.select(
        *customers.columns,
        price=as_money(pl.col("_price").cast(pl.Float64)),
        change=pl.when(pl.col("_current_price") > 0).then(pl.col("_price") / pl.col("_current_price") - 1),
        bound="bound",
        not_charged=as_money((indicated - pl.col("_price")).cast(pl.Float64)),
    )


def _bounds(floor: Decimal, cap: Decimal) -> tuple[pl.Expr, pl.Expr]:
    """Least and most price in hundredths, in whole numbers so that no bound is missed by a last bit."""
    current, step = pl.col("_current_price"), pl.col("_rounding_step")
    up, down = (int((1 + change) * PARTS_OF_ONE) for change in (cap, floor))
    most = current * up // PARTS_OF_ONE
    least = -(-current * down // PARTS_OF_ONE)
    most_step = most // step * step
    least_step = -(-least // step) * step
    fits = least_step <= most_step
    return pl.when(fits).then(least_step).otherwise(least), pl.when(fits).then(most_step).otherwise(most)


def _check(frame: pl.DataFrame, names: list[str]) -> None:
    for name in names:
        missing = pl.col(f"_{name}").is_null() if name != "current_price" else pl.lit(value=False)
        bad = frame.filter(missing | (pl.col(f"_{name}") < 0))
        if bad.height:
            who = f"contract '{bad['contract_id'][0]}': " if "contract_id" in frame.columns else ""
            raise RatingError(f"{who}{name} {bad[name][0]} is not an amount from 0")
