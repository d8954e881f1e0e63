-- One row per contract that carried its vehicle: kilometres a year, the best source among them, and the
-- driving score weighted by distance.

with

months as (
    select * from {{ ref('int_contract_month_use') }}
),

sums as (
    select
        contract_id,
        cast(sum(exposure_days) as bigint) as exposure_days,
        sum(driven_km) as driven_km,
        sum(case when driven_km is not null then exposure_days end) as known_days,
        count_if(driven_km_source = 'trips') as months_by_trips,
        count_if(driven_km_source = 'odometer') as months_by_odometer,
        count_if(driven_km_source = 'declared') as months_declared,
        sum(round(100 * driving_score) * driven_km) as score_km,
        sum(case when driving_score is not null then driven_km end) as scored_km
    from months
    group by contract_id
),

final as (
    select
        contract_id,
        exposure_days,
        cast(round(driven_km * 365.25e0 / nullif(known_days, 0)) as bigint) as annual_km,
        case
            when months_by_trips > 0 then 'trips'
            when months_by_odometer > 0 then 'odometer'
            when months_declared > 0 then 'declared'
            else 'unknown'
        end as annual_km_source,
        round(score_km / 1e2 / nullif(scored_km, 0), 2) as driving_score
    from sums
)

select * from final
