-- One row per contract and month in which it carries its vehicle: the days.

with

segments as (
    select * from {{ ref('int_contract_segments') }}
),

months as (
    select * from {{ ref('int_months') }}
),

final as (
    select
        segments.contract_id,
        segments.vehicle_id,
        months.month_start,
        months.month_days,
        cast(sum(
            {{ days_between(
                'greatest(segments.first_day, months.month_start)',
                'least(segments.last_day, months.month_end)'
            ) }} + 1
        ) as bigint) as exposure_days
    from segments
    inner join months
        on
            segments.first_day <= months.month_end
            and segments.last_day >= months.month_start
    group by segments.contract_id, segments.vehicle_id, months.month_start, months.month_days
)

select * from final
