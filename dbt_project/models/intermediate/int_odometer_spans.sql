-- One row per vehicle and stretch between two workshop visits over which the odometer can be believed: it
-- rose, by no more than a car can drive, and the instrument was not replaced at the second visit.

with

repair_orders as (
    select * from {{ ref('stg_repair_orders') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

readings as (
    select
        repair_orders.vehicle_id,
        repair_orders.opened_on,
        max(repair_orders.odometer_km) as odometer_km,
        bool_or(coalesce(repair_orders.odometer_replaced, false)) as odometer_replaced
    from repair_orders
    cross join parameters
    where
        repair_orders.odometer_km is not null
        and repair_orders.opened_on <= parameters.valuation_date
    group by repair_orders.vehicle_id, repair_orders.opened_on
),

spans as (
    select
        vehicle_id,
        lag(opened_on) over (partition by vehicle_id order by opened_on nulls last) as first_day,
        opened_on as next_day,
        odometer_km
        - lag(odometer_km) over (partition by vehicle_id order by opened_on nulls last) as driven_km,
        odometer_replaced
    from readings
),

final as (
    select
        vehicle_id,
        first_day,
        next_day,
        cast(driven_km as bigint) as driven_km,
        {{ days_between('first_day', 'next_day') }} as span_days
    from spans
    where
        first_day is not null
        and not odometer_replaced
        and driven_km >= 0
        and driven_km <= 1500 * {{ days_between('first_day', 'next_day') }}
)

select * from final
