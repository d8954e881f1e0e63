with

months as (
    select * from {{ ref('int_contract_months') }}
),

covers as (
    select * from {{ ref('int_contract_covers') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

periods as (
    select * from {{ ref('int_contract_periods') }}
),

contract_years as (
    select
        contract_id,
        vehicle_id,
        year(month_start) as calendar_year,
        sum(exposure_days) as exposure_days
    from months
    group by contract_id, vehicle_id, year(month_start)
),

exposures as (
    select
        contract_years.vehicle_id,
        contract_years.calendar_year,
        covers.cover,
        sum(contract_years.exposure_days) as exposure_days
    from contract_years
    inner join covers on contract_years.contract_id = covers.contract_id
    group by contract_years.vehicle_id, contract_years.calendar_year, covers.cover
),

costs as (
    select
        periods.vehicle_id,
        year(events.counted_on) as calendar_year,
        events.cover,
        count_if(events.incurred_amount > 0) as claim_count,
        sum(events.paid_amount) as paid_amount,
        sum(events.reserve_amount) as reserve_amount,
        sum(events.recovered_amount) as recovered_amount,
        sum(events.incurred_amount) as incurred_amount
    from events
    inner join periods on events.contract_id = periods.contract_id
    group by
        periods.vehicle_id,
        year(events.counted_on),
        events.cover
),

all_rows as (
    select
        vehicle_id,
        calendar_year,
        cover,
        exposure_days,
        0 as claim_count,
        {{ money('0') }} as paid_amount,
        {{ money('0') }} as reserve_amount,
        {{ money('0') }} as recovered_amount,
        {{ money('0') }} as incurred_amount
    from exposures
    union all
    select
        vehicle_id,
        calendar_year,
        cover,
        0 as exposure_days,
        claim_count,
        paid_amount,
        reserve_amount,
        recovered_amount,
        incurred_amount
    from costs
),

final as (
    select
        vehicle_id,
        cast(calendar_year as bigint) as calendar_year,
        cover,
        cast(sum(exposure_days) as bigint) as exposure_days,
        cast(sum(claim_count) as bigint) as claim_count,
        {{ money('sum(paid_amount)') }} as paid_amount,
        {{ money('sum(reserve_amount)') }} as reserve_amount,
        {{ money('sum(recovered_amount)') }} as recovered_amount,
        {{ money('sum(incurred_amount)') }} as incurred_amount
    from all_rows
    group by vehicle_id, calendar_year, cover
)

select * from final
