-- One row per claim or plan-paid workshop order, with the contract that carries it, or why no exposure does.
-- A client's contract number comes first; else the contract of the vehicle that was in force on the day, one
-- that holds the cover before one that does not.

with

claims as (
    select * from {{ ref('int_claims') }}
),

plan_repairs as (
    select * from {{ ref('int_plan_repairs') }}
),

terms as (
    select * from {{ ref('int_contract_periods') }}
),

covers as (
    select * from {{ ref('int_contract_covers') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

carrying as (
    select distinct contract_id
    from {{ ref('int_contract_segments') }}
),

events as (
    select
        'claim' as event_kind,
        claim_id as event_id,
        contract_id as stated_contract_id,
        vehicle_id,
        cover,
        loss_date as event_date,
        reported_date,
        paid_amount,
        reserve_amount,
        recovered_amount,
        incurred_amount
    from claims
    union all
    select
        'plan_repair' as event_kind,
        repair_order_id as event_id,
        cast(null as {{ dbt.type_string() }}) as stated_contract_id,
        vehicle_id,
        'maintenance' as cover,
        opened_on as event_date,
        opened_on as reported_date,
        incurred_amount as paid_amount,
        {{ money('0') }} as reserve_amount,
        {{ money('0') }} as recovered_amount,
        incurred_amount
    from plan_repairs
),

by_number as (
    select
        events.event_kind,
        events.event_id,
        terms.contract_id
    from events
    inner join terms on events.stated_contract_id = terms.contract_id
),

by_day as (
    select
        events.event_kind,
        events.event_id,
        terms.contract_id
    from events
    inner join terms
        on
            events.vehicle_id = terms.vehicle_id
            and events.event_date >= terms.effective_date
            and events.event_date <= terms.last_day
    left join covers
        on
            terms.contract_id = covers.contract_id
            and events.cover = covers.cover
    where events.stated_contract_id is null
    qualify
        row_number() over (
            partition by events.event_kind, events.event_id
            order by
                case when covers.contract_id is null then 1 else 0 end,
                terms.effective_date desc nulls last,
                terms.contract_id desc nulls last
        ) = 1
),

matches as (
    select * from by_number
    union all
    select * from by_day
),

final as (
    select
        events.event_kind,
        events.event_id,
        matches.contract_id,
        events.vehicle_id,
        events.cover,
        events.event_date,
        events.reported_date,
        coalesce(events.event_date, terms.effective_date) as counted_on,
        events.paid_amount,
        events.reserve_amount,
        events.recovered_amount,
        events.incurred_amount,
        case
            when matches.contract_id is null then 'no_contract'
            when carrying.contract_id is null then 'contract_without_days'
            when events.event_date > parameters.valuation_date then 'after_valuation'
            when events.event_date < terms.effective_date then 'before_contract'
            when events.event_date > terms.last_day_in_force then 'after_contract'
            when covers.contract_id is null then 'cover_not_held'
        end as outside_reason
    from events
    cross join parameters
    left join matches
        on
            events.event_kind = matches.event_kind
            and events.event_id = matches.event_id
    left join terms on matches.contract_id = terms.contract_id
    left join carrying on matches.contract_id = carrying.contract_id
    left join covers
        on
            matches.contract_id = covers.contract_id
            and events.cover = covers.cover
)

select * from final
