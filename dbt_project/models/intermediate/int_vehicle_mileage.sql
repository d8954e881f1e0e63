-- Annual kilometres of a vehicle as its workshop visits show them: first to last odometer reading,
-- at least half a year apart, so that a season is not taken for a year.

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
        max(repair_orders.odometer_km) as odometer_km
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
        min(opened_on) as first_read_on,
        max(opened_on) as last_read_on,
        max_by(odometer_km, opened_on) - min_by(odometer_km, opened_on) as driven_km
    from readings
    group by vehicle_id
),

final as (
    select
        vehicle_id,
        first_read_on,
        last_read_on,
        cast(driven_km as bigint) as driven_km,
        driven_km * 365.25e0
        / nullif({{ days_between('first_read_on', 'last_read_on') }}, 0) as observed_annual_km
    from spans
    where
        driven_km >= 0
        and {{ days_between('first_read_on', 'last_read_on') }} >= 182
)

select * from final
