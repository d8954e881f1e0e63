"""Draw a portfolio, write what a client would send, and put the truth where no pipeline looks."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from simulator import catalogue, drivers, files, frauds, losses, price_list, products, spoiling, workshop
from simulator.defects import SOUND, Defect, spoil
from simulator.driving import Array, draw_trips
from simulator.writers import write

FRAUD_RATE = 0.004
START = dt.date(2023, 1, 1)
Generator = np.random.Generator
_IDENTITIES = ("vin", "VIN", "车架号", "policyNo", "contract", "claimNo", "工单号")
_NAMED_BY = {"vehicles.csv": "vin", "claims.jsonl": "claimNo", "维修工单.csv": "工单号"}


@dataclass(frozen=True)
class Simulation:
    """What was written: rows per file of the delivery, the folder with the truth, later deliveries."""

    files: dict[str, int]
    delivery: Path
    truth: Path
    later: tuple[Path, ...] = ()


@dataclass
class _Portfolio:
    """Everything that happened, before it is written down."""

    vehicles: pl.DataFrame
    contracts: pl.DataFrame
    claims: pl.DataFrame
    movements: pl.DataFrame
    orders: pl.DataFrame
    offers: pl.DataFrame
    instalments: pl.DataFrame
    surveys: pl.DataFrame
    complaints: pl.DataFrame


class _Client:
    """Writes deliveries and keeps count of their rows and defects."""

    def __init__(self, rng: Generator, rate: float) -> None:
        self.rng, self.rate = rng, rate
        self.rows: dict[str, int] = {}
        self.broken: set[str] = set()
        self.defects: list[pl.DataFrame] = []

    def send(
        self, folder: Path, name: str, rows: pl.DataFrame, defects: Sequence[Defect], encoding: str = "utf-8"
    ) -> None:
        if rows.is_empty():
            return  # nobody sends an empty file
        # What hangs on a spoiled vehicle or contract waits for it: a defect there would be found too late.
        named = [~pl.col(c).is_in(list(self.broken)) for c in rows.columns if c in _IDENTITIES]
        sound = pl.all_horizontal(named) if named and self.broken else pl.lit(True)
        marked = rows.with_columns(sound.alias(SOUND))
        spoiled, truth = spoil(self.rng, marked, Path(name).name, defects, self.rate)
        self._remember(name, spoiled, truth)
        spoiled = spoiled.drop(SOUND)
        write(spoiled, folder / name, encoding)
        self.rows[f"{folder.name}/{name}"] = spoiled.height
        self.defects.append(truth.with_columns(delivery=pl.lit(folder.name)))

    def _remember(self, name: str, rows: pl.DataFrame, truth: pl.DataFrame) -> None:
        """Names of vehicles, contracts, claims and orders that will not land at once."""
        identity = _NAMED_BY.get(name, "Contract no" if name.startswith("contracts") else None)
        if identity:
            bad = rows[(truth["row"] - 1).to_list()][identity]
            waiting = rows.filter(~pl.col(SOUND))[identity]
            self.broken |= {str(v) for v in [*bad, *waiting] if v is not None}


def simulate(
    vehicles: int,
    years: int,
    seed: int,
    out: Path,
    start: dt.date = START,
    defects: float = 0.0,
    fraud_rate: float = FRAUD_RATE,
    later_months: int = 0,
) -> Simulation:
    """Write a simulated delivery to `out` and its truth to `<out>_truth`; same seed, same bytes.

    Args:
        vehicles: how many.
        years: of history; experience ends with the last day of the last year.
        seed: of every draw.
        out: folder of the delivery; it and the truth are replaced.
        start: first day of the history.
        defects: share of rows to spoil, spread over the kinds of each file.
        fraud_rate: share of claims and of orders that each kind of fraud touches.
        later_months: months after the history, each a delivery of its own, `<out>_2026-01` and so on.
    """
    rng = np.random.default_rng(seed)
    months = [_month(start, n) for n in range(12 * years + later_months)]
    history = months[: 12 * years]
    later = [out.with_name(f"{out.name}_{m:%Y-%m}") for m in months[len(history) :]]
    truth = out.with_name(f"{out.name}_truth")
    for folder in (out, truth, *later):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    client = _Client(np.random.default_rng([seed, 1]), defects)
    cars = drivers.draw_vehicles(rng, vehicles, start, years)
    contracts = drivers.draw_contracts(rng, cars, _month(start, len(months)) - dt.timedelta(days=1))
    contracts = price_list.with_premiums(contracts, start)
    km = drivers.monthly_km(rng, cars, months)

    client.send(out, "vehicles.csv", files.vehicles_table(cars), spoiling.VEHICLES)

    claims, expected = [], []
    for number, month in enumerate(months):
        folder = out if month in history else later[number - len(history)]
        trips = draw_trips(rng, cars, km[:, number], month)
        truths = losses.expected_in_month(contracts, km[:, number], month, start)
        drawn, impacts = losses.draw_claims(rng, truths, trips, fraud_rate * 4)
        table = files.trips_table(trips, cars["vin"], impacts)
        client.send(folder, f"telematics/trips_{month:%Y-%m}.parquet", table, spoiling.TRIPS)
        claims.append(drawn)
        expected.append(_yearly(truths, month))
    last = _month(start, len(months)) - dt.timedelta(days=1)
    whole = _the_rest(rng, cars, contracts, km, months, pl.concat(claims), fraud_rate, last)
    _send_all(client, whole, out, None, history[-1])
    for folder, month in zip(later, months[len(history) :], strict=True):
        _send_all(client, whole, folder, month, month)
    _write_truth(truth, whole, pl.concat(expected), pl.concat(client.defects))
    counts = {k.partition("/")[2]: n for k, n in client.rows.items() if k.startswith(f"{out.name}/")}
    return Simulation(counts, out, truth, tuple(later))


def _month(start: dt.date, number: int) -> dt.date:
    index = start.year * 12 + start.month - 1 + number
    return dt.date(index // 12, index % 12 + 1, 1)


def _yearly(expected: pl.DataFrame, month: dt.date) -> pl.DataFrame:
    """A month's truth, kept small: it is summed to years in the end."""
    return expected.select(
        "contract_no", "vin", "cover", "days", pl.lit(month.year).alias("year"), "expected_count",
        expected_cost=pl.col("expected_count") * pl.col("expected_severity"),
    )  # fmt: skip


def _the_rest(
    rng: Generator,
    cars: pl.DataFrame,
    contracts: pl.DataFrame,
    km: Array,
    months: list[dt.date],
    claims: pl.DataFrame,
    fraud_rate: float,
    last: dt.date,
) -> _Portfolio:
    """What depends on the months as a whole: frauds, claim numbers, movements, workshop, products."""
    claims = frauds.plant_in_claims(rng, claims, fraud_rate)
    claims = claims.with_columns(
        report_date=pl.col("loss_date") + pl.duration(days=pl.col("report_delay"))
    ).sort("report_date", "vin", "cover", "loss_local")
    claims = claims.with_row_index("n", offset=1).with_columns(
        claim_no=pl.format("C{}", pl.col("n").cast(pl.String).str.zfill(7))
    )
    moved = losses.movements(rng, claims).with_row_index("n", offset=1)
    moved = moved.with_columns(movement_no=pl.format("M{}", pl.col("n").cast(pl.String).str.zfill(9)))
    orders = workshop.draw_orders(rng, cars, km, months, contracts)
    orders = frauds.plant_in_orders(rng, orders, fraud_rate).filter(pl.col("opened") <= last)
    orders = orders.sort("opened", "vin", "odometer", "kind", "invoice").with_row_index("n", offset=1)
    orders = orders.with_columns(order_no=pl.format("WO{}", pl.col("n").cast(pl.String).str.zfill(8)))
    return _Portfolio(
        vehicles=cars,
        contracts=contracts,
        claims=claims,
        movements=moved,
        orders=orders,
        offers=products.draw_offers(rng, contracts, last),
        instalments=products.draw_instalments(rng, contracts, last),
        surveys=products.draw_surveys(rng, orders, last).with_row_index("n", offset=1),
        complaints=products.draw_complaints(rng, orders, last).with_row_index("n", offset=1),
    )


def _send_all(
    client: _Client, whole: _Portfolio, folder: Path, month: dt.date | None, until: dt.date
) -> None:
    """Send what became known in a month, or in the whole history; lists that never change go once."""
    end = _month(until, 1) - dt.timedelta(days=1)

    def known(rows: pl.DataFrame, day: str | pl.Expr) -> pl.DataFrame:
        column = pl.col(day) if isinstance(day, str) else day
        return rows.filter((column <= end) & (column >= month if month else pl.lit(True)))

    if month is None:
        shops = catalogue.shops(client.rng).with_columns(pl.col("opened").cast(pl.String))
        client.send(folder, "shops.csv", shops, spoiling.SHOPS)
        client.send(folder, "parts.csv", products.listed_parts(), spoiling.PARTS)
    for (year,), contracts in known(whole.contracts, "valid_from").group_by(
        pl.col("valid_from").dt.year(), maintain_order=True
    ):
        table = files.contracts_table(contracts)
        client.send(folder, f"contracts_{year}.xlsx", table, spoiling.CONTRACTS)
    client.send(
        folder, "claims.jsonl", files.claims_table(known(whole.claims, "report_date")), spoiling.CLAIMS
    )
    moved = files.movements_table(known(whole.movements, "date"))
    client.send(folder, "claim_movements.jsonl", moved, spoiling.MOVEMENTS)
    orders = known(whole.orders, "opened")
    client.send(folder, "维修工单.csv", files.orders_table(client.rng, orders), spoiling.ORDERS, "gb18030")
    client.send(folder, "维修明细.csv", files.lines_table(orders), spoiling.LINES, "gb18030")
    offers = files.offers_table(known(whole.offers, "decided"))
    client.send(folder, "offers.csv", offers, spoiling.OFFERS)
    instalments = files.instalments_table(_instalments_known(whole.instalments, month, end))
    client.send(folder, "instalments.csv", instalments, spoiling.INSTALMENTS)
    surveys = files.surveys_table(known(whole.surveys, "answered"))
    client.send(folder, "surveys.csv", surveys, spoiling.SURVEYS)
    answered = pl.col("answered").cast(pl.Date)
    complaints = files.complaints_table(known(whole.complaints, answered))
    client.send(folder, "complaints.jsonl", complaints, spoiling.COMPLAINTS)


def _instalments_known(rows: pl.DataFrame, month: dt.date | None, end: dt.date) -> pl.DataFrame:
    """Instalments due or paid; one paid after it was first listed is restated."""
    rows = rows.filter(pl.col("due_on") <= end)
    paid = pl.col("paid_on") <= end
    rows = rows.with_columns(
        paid_on=pl.when(paid).then("paid_on"), paid_amount=pl.when(paid).then("paid_amount")
    )
    if month is None:
        return rows
    return rows.filter((pl.col("due_on") >= month) | (pl.col("paid_on") >= month))


def _write_truth(folder: Path, whole: _Portfolio, expected: pl.DataFrame, defects: pl.DataFrame) -> None:
    names = {number: cover.name for number, cover in enumerate(catalogue.COVERS)}
    whole.vehicles.select(
        "vin", "model", "powertrain", "nev", "use", "risk", "annual_km", "first_registration"
    ).write_parquet(folder / "drivers.parquet")
    (
        expected.group_by("contract_no", "vin", "cover", "year")
        .agg(pl.col("days", "expected_count", "expected_cost").sum())
        .with_columns(
            cover=pl.col("cover").replace_strict(names, return_dtype=pl.String),
            exposure_years=pl.col("days") / 365.25,
        )
        .sort("contract_no", "cover", "year")
        .write_parquet(folder / "expected_costs.parquet")
    )
    whole.claims.select(
        "claim_no", "contract_no", "peril", "total_loss", "amount",
        cover=pl.col("cover").replace_strict(names, return_dtype=pl.String),
    ).write_parquet(folder / "claims.parquet")  # fmt: skip
    labels = [
        whole.claims.select(source=pl.lit("claims"), id="claim_no", kind="fraud"),
        whole.orders.select(source=pl.lit("repair_orders"), id="order_no", kind="fraud"),
    ]
    pl.concat(labels).drop_nulls("kind").write_parquet(folder / "frauds.parquet")
    defects.write_parquet(folder / "defects.parquet")
