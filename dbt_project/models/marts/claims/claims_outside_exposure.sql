with

events as (
    select * from {{ ref('int_cost_events') }}
    where outside_reason is not null
),

periods as (
    select * from {{ ref('int_contract_periods') }}
),

carrying as (
    select distinct contract_id
    from {{ ref('int_contract_segments') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

contracts_without_days as (
    select
        periods.contract_id,
        periods.effective_date,
        case
            when periods.effective_date > parameters.valuation_date then 'not_yet_begun'
            when periods.promised_days = 0 then 'not_taken_up'
            else 'overlapped'
        end as outside_reason
    from periods
    cross join parameters
    left join carrying on periods.contract_id = carrying.contract_id
    where carrying.contract_id is null
),

items as (
    select
        event_kind as item,
        cover,
        outside_reason,
        event_id as item_id,
        event_date as item_date,
        paid_amount,
        reserve_amount,
        recovered_amount,
        incurred_amount
    from events
    union all
    select
        'contract' as item,
        'all covers' as cover,
        outside_reason,
        contract_id as item_id,
        effective_date as item_date,
        {{ money('0') }} as paid_amount,
        {{ money('0') }} as reserve_amount,
        {{ money('0') }} as recovered_amount,
        {{ money('0') }} as incurred_amount
    from contracts_without_days
),

final as (
    select
        item,
        cover,
        outside_reason,
        cast(count(*) as bigint) as item_count,
        cast(count_if(incurred_amount > 0) as bigint) as claim_count,
        {{ money('sum(paid_amount)') }} as paid_amount,
        {{ money('sum(reserve_amount)') }} as reserve_amount,
        {{ money('sum(recovered_amount)') }} as recovered_amount,
        {{ money('sum(incurred_amount)') }} as incurred_amount,
        min(item_date) as first_date,
        max(item_date) as last_date,
        min(item_id) as example_id
    from items
    group by item, cover, outside_reason
)

select * from final
