-- One row per contract and unbroken stretch of days on which it carries its vehicle. Where two contracts of
-- one product promise the same day, the one that began last carries it: a day of exposure counts once.

with

in_force as (
    select * from {{ ref('int_contract_periods') }}
    where promised_days > 0
),

ordered as (
    select
        *,
        max(last_day) over (
            partition by vehicle_id, product
            order by effective_date nulls last, contract_id nulls last
            rows between unbounded preceding and 1 preceding
        ) as latest_day_before
    from in_force
),

crowded as (
    select distinct
        vehicle_id,
        product
    from ordered
    where latest_day_before >= effective_date
),

alone as (
    select in_force.*
    from in_force
    left join crowded
        on in_force.vehicle_id = crowded.vehicle_id and in_force.product = crowded.product
    where crowded.vehicle_id is null
),

together as (
    select in_force.*
    from in_force
    inner join crowded
        on in_force.vehicle_id = crowded.vehicle_id and in_force.product = crowded.product
),

edges as (
    select
        vehicle_id,
        product,
        effective_date as first_day
    from together
    union
    select
        vehicle_id,
        product,
        {{ add_days('last_day', 1) }} as first_day
    from together
),

pieces as (
    select
        vehicle_id,
        product,
        first_day,
        lead(first_day) over (
            partition by vehicle_id, product
            order by first_day nulls last
        ) as next_day
    from edges
),

carried as (
    select
        together.contract_id,
        pieces.vehicle_id,
        pieces.product,
        pieces.first_day,
        {{ add_days('pieces.next_day', -1) }} as last_day
    from pieces
    inner join together
        on
            pieces.vehicle_id = together.vehicle_id
            and pieces.product = together.product
            and pieces.first_day >= together.effective_date
            and pieces.first_day <= together.last_day
    qualify
        row_number() over (
            partition by pieces.vehicle_id, pieces.product, pieces.first_day
            order by together.effective_date desc nulls last, together.contract_id desc nulls last
        ) = 1
),

final as (
    select
        contract_id,
        vehicle_id,
        product,
        effective_date as first_day,
        last_day
    from alone
    union all
    select
        contract_id,
        vehicle_id,
        product,
        first_day,
        last_day
    from carried
)

select * from final
