-- Annual kilometres of a vehicle as its workshop visits show them, over all stretches that can be believed:
-- half a year of them at least, so that a season is not taken for a year.

with

spans as (
    select * from {{ ref('int_odometer_spans') }}
),

sums as (
    select
        vehicle_id,
        min(first_day) as first_read_on,
        max(next_day) as last_read_on,
        cast(sum(driven_km) as bigint) as driven_km,
        cast(sum(span_days) as bigint) as span_days
    from spans
    group by vehicle_id
),

final as (
    select
        *,
        driven_km * 365.25e0 / nullif(span_days, 0) as observed_annual_km
    from sums
    where span_days >= 182
)

select * from final
