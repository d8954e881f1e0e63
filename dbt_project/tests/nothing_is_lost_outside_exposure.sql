-- Inside and outside exposure make everything that was delivered: cost of claims and of orders, their number,
-- and the contracts.

with

outside as (
    select
        sum(incurred_amount) as incurred_amount,
        sum(paid_amount) as paid_amount,
        sum(reserve_amount) as reserve_amount,
        sum(recovered_amount) as recovered_amount,
        sum(case when item = 'claim' then item_count end) as claims,
        sum(case when item = 'plan_repair' then item_count end) as orders,
        sum(case when item = 'contract' then item_count end) as contracts
    from {{ ref('claims_outside_exposure') }}
),

inside as (
    select
        sum(incurred_amount) as incurred_amount,
        sum(paid_amount) as paid_amount,
        sum(reserve_amount) as reserve_amount,
        sum(recovered_amount) as recovered_amount
    from {{ ref('cost_by_vehicle_year') }}
),

events as (
    select
        count_if(event_kind = 'claim') as claims,
        count_if(event_kind = 'plan_repair') as orders
    from {{ ref('int_cost_events') }}
    where outside_reason is null
),

carrying as (
    select count(distinct contract_id) as contracts
    from {{ ref('int_contract_months') }}
),

control as (
    select
        sum(case when measure = 'incurred' then amount end) as incurred_amount,
        sum(case when measure = 'paid' then amount end) as paid_amount,
        sum(case when measure = 'reserve' then amount end) as reserve_amount,
        sum(case when measure = 'recovered' then amount end) as recovered_amount,
        sum(case when measure = 'claims' then amount end) as claims,
        sum(case when measure = 'orders' then amount end) as orders,
        sum(case when measure = 'contracts' then amount end) as contracts
    from {{ ref('int_control_totals') }}
)

select
    outside.*,
    control.incurred_amount as control_incurred_amount
from outside
cross join inside
cross join events
cross join carrying
cross join control
where
    events.claims + coalesce(outside.claims, 0) <> coalesce(control.claims, 0)
    or events.orders + coalesce(outside.orders, 0) <> coalesce(control.orders, 0)
    {% for part in ['incurred', 'paid', 'reserve', 'recovered'] -%}
        or coalesce(inside.{{ part }}_amount, 0) + coalesce(outside.{{ part }}_amount, 0)
        <> coalesce(control.{{ part }}_amount, 0)
    {% endfor -%}
    or carrying.contracts + coalesce(outside.contracts, 0) <> coalesce(control.contracts, 0)
