with

claims as (
    select * from {{ ref('int_claims') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where event_kind = 'claim'
),

terms as (
    select * from {{ ref('int_contract_terms') }}
),

cells as (
    select * from {{ ref('int_contract_cells') }}
),

-- A vehicle's cover begins with the first of its contracts: a renewal is no inception. A contract that
-- begins on the first day of the client's history was in force before it, as far as anybody can tell.
taken_up as (
    select
        vehicle_id,
        effective_date
    from {{ ref('int_contract_periods') }}
    where is_taken_up
),

first_contracts as (
    select
        vehicle_id,
        min(effective_date) as inception_date
    from taken_up
    group by vehicle_id
),

inceptions as (
    select
        vehicle_id,
        inception_date
    from first_contracts
    where inception_date > (select min(taken_up.effective_date) from taken_up)
),

dated as (
    select
        claims.claim_id,
        events.contract_id,
        coalesce(claims.vehicle_id, terms.vehicle_id) as vehicle_id,
        cells.cell_id,
        claims.cover,
        claims.loss_date,
        claims.incurred_amount,
        claims.at_fault,
        events.outside_reason,
        inceptions.inception_date
    from claims
    inner join events on claims.claim_id = events.event_id
    left join terms on events.contract_id = terms.contract_id
    left join cells on events.contract_id = cells.contract_id
    left join inceptions
        on coalesce(claims.vehicle_id, terms.vehicle_id) = inceptions.vehicle_id
),

with_previous as (
    select
        *,
        case
            when loss_date is not null and vehicle_id is not null
                then lag(claim_id) over (
                    partition by vehicle_id
                    order by loss_date nulls last, claim_id nulls last
                )
        end as previous_claim_id,
        case
            when loss_date is not null and vehicle_id is not null
                then lag(loss_date) over (
                    partition by vehicle_id
                    order by loss_date nulls last, claim_id nulls last
                )
        end as previous_loss_date
    from dated
),

recent as (
    select
        later.claim_id,
        count(*) as claims_within_90_days
    from dated as later
    inner join dated as earlier
        on
            later.vehicle_id = earlier.vehicle_id
            and {{ days_between('earlier.loss_date', 'later.loss_date') }} between 0 and 90
            and (
                later.loss_date > earlier.loss_date
                or later.claim_id >= earlier.claim_id
            )
    group by later.claim_id
),

final as (
    select
        with_previous.claim_id,
        with_previous.contract_id,
        with_previous.vehicle_id,
        with_previous.cell_id,
        with_previous.cover,
        with_previous.loss_date,
        with_previous.incurred_amount,
        with_previous.at_fault,
        case
            when with_previous.loss_date >= with_previous.inception_date
                then {{ days_between('with_previous.inception_date', 'with_previous.loss_date') }}
        end as days_since_inception,
        cast(coalesce(recent.claims_within_90_days, 1) as bigint) as claims_within_90_days,
        with_previous.previous_claim_id,
        {{ days_between('with_previous.previous_loss_date', 'with_previous.loss_date') }}
            as days_since_previous,
        with_previous.outside_reason
    from with_previous
    left join recent on with_previous.claim_id = recent.claim_id
)

select * from final
