with

terms as (
    select * from {{ ref('int_contract_terms') }}
),

levels as (
    select * from {{ ref('int_contract_levels') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is null
),

contract_levels as (
    select
        contract_id,
        max(case when factor = 'make' then level end) as make,
        max(case when factor = 'model' then level end) as model,
        max(case when factor = 'vehicle_age' then level end) as vehicle_age,
        max(case when factor = 'annual_mileage' then level end) as annual_mileage
    from levels
    where factor in ('make', 'model', 'vehicle_age', 'annual_mileage')
    group by contract_id
),

event_costs as (
    select
        contract_id,
        count_if(incurred_amount > 0) as claim_count,
        sum(incurred_amount) as incurred_amount
    from events
    group by contract_id
),

cells as (
    select
        'cell' as row_type,
        contract_levels.make,
        contract_levels.model,
        contract_levels.vehicle_age,
        contract_levels.annual_mileage,
        count(distinct terms.vehicle_id) as vehicles,
        sum(terms.exposure_days) as exposure_days,
        sum(terms.exposure_days) / 365.25e0 as exposure_years,
        sum(coalesce(event_costs.claim_count, 0)) as claim_count,
        sum(coalesce(event_costs.incurred_amount, 0)) as incurred_amount
    from terms
    inner join contract_levels on terms.contract_id = contract_levels.contract_id
    left join event_costs on terms.contract_id = event_costs.contract_id
    group by
        contract_levels.make,
        contract_levels.model,
        contract_levels.vehicle_age,
        contract_levels.annual_mileage
),

totals as (
    select
        'total' as row_type,
        cast(null as {{ dbt.type_string() }}) as make,
        cast(null as {{ dbt.type_string() }}) as model,
        cast(null as {{ dbt.type_string() }}) as vehicle_age,
        cast(null as {{ dbt.type_string() }}) as annual_mileage,
        (select count(distinct vehicle_id) from terms) as vehicles,
        (select coalesce(sum(exposure_days), 0) from terms) as exposure_days,
        (select coalesce(sum(exposure_days), 0) / 365.25e0 from terms) as exposure_years,
        (select coalesce(count_if(incurred_amount > 0), 0) from events) as claim_count,
        (select coalesce(sum(incurred_amount), 0) from events) as incurred_amount
),

all_rows as (
    select * from cells
    union all
    select * from totals
),

final as (
    select
        row_type,
        make,
        model,
        vehicle_age,
        annual_mileage,
        cast(vehicles as bigint) as vehicles,
        cast(exposure_days as bigint) as exposure_days,
        cast(exposure_years as double) as exposure_years,
        cast(claim_count as bigint) as claim_count,
        {{ money('incurred_amount') }} as incurred_amount,
        {{ ratio('claim_count', 'exposure_years') }} as frequency,
        {{ ratio('incurred_amount', 'claim_count') }} as severity,
        {{ ratio('incurred_amount', 'exposure_years') }} as burning_cost,
        {{ ratio('exposure_days', '(select totals.exposure_days from totals)') }} as exposure_share,
        {{ ratio('incurred_amount', '(select totals.incurred_amount from totals)') }} as incurred_share
    from all_rows
)

select * from final
