"""Rows that are accepted and look odd: rules that need a row's neighbours, checked once they are known.

Flags are kept beside the lake's rows in the source `row_flags`, so that the warehouse can use them: what
is odd may be fraud. Only vehicles and contracts that a landing touched are looked at again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from pipelines.landing.contracts.fields import MOST_KM_A_DAY
from pipelines.landing.contracts.rules import FLAGS as RULES
from pipelines.landing.local_time import local_sql, of_month
from pipelines.landing.places import EMPTY, FLAG_SCHEMA, FLAGS, LANDED_FILE, LANDED_ROW, Changes, folder_of
from pipelines.quoting import read_parquet_sql, sql_text

_REASONS: Final = {rule.name: rule.sentence for rule in RULES}
_LINE: Final = f"{LANDED_FILE}, {LANDED_ROW}"

# Each query gives entity_id, row_key, value and lineage of the rows that break the rule, among the
# entities in `looked_at`; {name} are views of the lake.
_QUERIES: Final = {
    "cancelled_after_expiry": f"""
        select contract_id as entity_id, contract_id as row_key,
            'cancelled ' || cancelled_on || ', expired ' || expiry_date as value, {_LINE}
        from contracts
        where contract_id in (select entity_id from looked_at) and cancelled_on > expiry_date
    """,
    "loss_outside_contract": f"""
        select claims.contract_id as entity_id, claims.claim_id as row_key,
            'loss ' || claims.loss_date || ', in force ' || contracts.effective_date || ' to '
            || coalesce(cast(least(contracts.expiry_date, contracts.cancelled_on - 1) as text), 'no end')
            as value,
            {", ".join("claims." + c for c in (LANDED_FILE, LANDED_ROW))}
        from claims
        inner join contracts using (contract_id)
        where claims.contract_id in (select entity_id from looked_at)
            and (
                claims.loss_date < contracts.effective_date
                or claims.loss_date > contracts.expiry_date
                or claims.loss_date >= contracts.cancelled_on
            )
    """,
    "odometer_falls": f"""
        select vehicle_id as entity_id, repair_order_id as row_key,
            odometer_km || ' km after ' || highest || ' km' as value, {_LINE}
        from (
            select *, max(odometer_km) over before as highest from visits
            window before as (
                partition by vehicle_id, replacements order by opened_on, repair_order_id
                rows between unbounded preceding and 1 preceding
            )
        )
        where odometer_km < highest
    """,
    "odometer_jumps": f"""
        select vehicle_id as entity_id, repair_order_id as row_key,
            odometer_km - odometer_before || ' km in ' || opened_on - opened_before || ' days' as value,
            {_LINE}
        from (
            select *,
                lag(odometer_km) over before as odometer_before, lag(opened_on) over before as opened_before
            from visits
            window before as (partition by vehicle_id, replacements order by opened_on, repair_order_id)
        )
        where odometer_km - odometer_before > {MOST_KM_A_DAY} * (opened_on - opened_before + 1)
    """,
}
_SOURCES: Final = {
    "cancelled_after_expiry": ("contracts", "contract_id", ("contracts",)),
    "loss_outside_contract": ("claims", "contract_id", ("claims", "contracts")),
    "odometer_falls": ("repair_orders", "vehicle_id", ("repair_orders",)),
    "odometer_jumps": ("repair_orders", "vehicle_id", ("repair_orders",)),
}
_VISITS: Final = f"""
    create or replace temp view visits as
    select vehicle_id, repair_order_id, opened_on, odometer_km, {_LINE},
        count(*) filter (where odometer_replaced) over (
            partition by vehicle_id order by opened_on, repair_order_id
        ) as replacements
    from repair_orders
    where odometer_km is not null and vehicle_id in (select entity_id from looked_at)
"""


def flag_histories(con: duckdb.DuckDBPyConnection, changes: Changes, touched: dict[str, set[str]]) -> None:
    """Check the rules over claims and visits again for what a landing touched.

    Args:
        con: the landing's connection.
        changes: what the landing is about to do; flags are staged into it.
        touched: parts that changed, by source.
    """
    for rule, (source, entity, sources) in _SOURCES.items():
        changed = [s for s in sources if touched.get(s)]
        if not changed:
            continue
        for name in sources:
            con.execute(
                f"create or replace temp view {name} as from {read_parquet_sql(changes.files('lake', name))}"
            )
        looked_at = " union ".join(_entities(changes, s, entity, touched[s]) for s in changed)
        con.execute(f"create or replace temp table looked_at as {looked_at}")
        if source == "repair_orders":
            con.execute(_VISITS)
        _stage(con, changes, f"{rule}.parquet", rule, source, _QUERIES[rule])


def _entities(changes: Changes, source: str, entity: str, parts: set[str]) -> str:
    """Vehicles or contracts that stand in the parts, before or after the landing."""
    folder = folder_of(source)
    after = changes.files("lake", folder, parts=parts)
    root = changes.root("lake") / folder
    before = [p for part in parts for p in root.glob(f"{part}*.parquet")]
    empty = changes.path("lake", f"{source}/{EMPTY}")
    return f"select distinct {entity} as entity_id from {read_parquet_sql([empty, *after, *before])}"


def _stage(
    con: duckdb.DuckDBPyConnection, changes: Changes, name: str, rule: str, source: str, query: str
) -> None:
    """Replace the rule's flags of the entities in `looked_at`; other flags stay."""
    columns = ", ".join(FLAG_SCHEMA)
    old = changes.root("lake") / FLAGS / name
    kept = (
        f"union all by name from {read_parquet_sql([old])} where entity_id not in (from looked_at)"
        if old.exists()
        else ""
    )
    target = changes.places.staging / "flags" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    ((written,),) = con.execute(
        f"""
        copy (
            select {columns} from (
                select '{source}' as source, '{rule}' as rule, $reason as reason, * from ({query}) {kept}
            )
            order by entity_id, row_key
        ) to {sql_text(target)} (format parquet, compression zstd)
        """,
        {"reason": _REASONS[rule]},
    ).fetchall()
    if written:
        changes.put("lake", f"{FLAGS}/{name}", target)
    else:
        target.unlink()
        changes.remove("lake", f"{FLAGS}/{name}")


def flag_month(
    con: duckdb.DuckDBPyConnection,
    changes: Changes,
    source: str,
    month: str,
    timezone: str,
    suspects: list[Path] | None,
) -> None:
    """Check the rules over a month's trips.

    Args:
        con: the landing's connection.
        changes: what the landing is about to do; flags are staged into it.
        source: the monthly source.
        month: like 2025-03, in the client's zone.
        timezone: in which the client counts its days.
        suspects: spans of the month if they tell which vehicles can break a rule; None: look at all.
    """
    files = changes.files("lake", folder_of(source, month))
    name = f"{source}-{month}.parquet"
    if not files:
        changes.remove("lake", f"{FLAGS}/{name}")
        return
    con.execute(f"create or replace temp view trips_of_month as from {read_parquet_sql(files)}")
    looked = "select distinct vehicle_id as entity_id from trips_of_month"
    if suspects is not None:
        # A day that is cut between chunks is at most the sum of the longest days of each.
        looked = (
            "select vehicle_id as entity_id from (select *, lag(last_end) over "
            f"(partition by vehicle_id order by first_at) as end_before from {read_parquet_sql(suspects)}) "
            f"group by vehicle_id having sum(longest_day_km) > {MOST_KM_A_DAY} or bool_or(overlapping) "
            "or bool_or(first_at < end_before)"
        )
    con.execute(f"create or replace temp table looked_at as {looked}")
    if not con.execute("select 1 from looked_at limit 1").fetchall():
        changes.remove("lake", f"{FLAGS}/{name}")
        return
    con.execute(
        "create or replace temp table suspected as from trips_of_month  where vehicle_id in (from looked_at)"
    )
    day = f"cast({local_sql('started_at', of_month(timezone, month))} as date)"
    query = f"""
        select vehicle_id as entity_id, cast(started_at as varchar) as row_key,
            round(day_km, 1) || ' km on ' || {day} as value, {_LINE},
            'too_far_in_a_day' as rule
        from (
            select *, sum(distance_km) over day as day_km, row_number() over (day order by started_at) as nth
            from suspected window day as (partition by vehicle_id, {day})
        ) where day_km > {MOST_KM_A_DAY} and nth = 1
        union all
        select vehicle_id, cast(started_at as varchar), 'the trip before ended ' || ended_before, {_LINE},
            'overlapping_trips' as rule
        from (
            select *, lag(ended_at) over (partition by vehicle_id order by started_at) as ended_before
            from suspected
        ) where started_at < ended_before
    """
    _stage_month(con, changes, name, source, query)


def _stage_month(
    con: duckdb.DuckDBPyConnection, changes: Changes, name: str, source: str, query: str
) -> None:
    cases = " ".join(f"when '{r}' then {sql_text(s)}" for r, s in _REASONS.items())
    target = changes.places.staging / "flags" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    ((written,),) = con.execute(
        f"""
        copy (
            select {", ".join(FLAG_SCHEMA)} from (
                select '{source}' as source, case rule {cases} end as reason, * from ({query})
            )
            order by entity_id, row_key, rule
        ) to {sql_text(target)} (format parquet, compression zstd)
        """
    ).fetchall()
    if written:
        changes.put("lake", f"{FLAGS}/{name}", target)
    else:
        target.unlink()
        changes.remove("lake", f"{FLAGS}/{name}")
