with

transactions as (
    select * from {{ ref('stg_claim_transactions') }}
),

claims as (
    select * from {{ ref('stg_claims') }}
),

events as (
    select * from {{ ref('int_cost_events') }}
    where event_kind = 'claim'
),

periods as (
    select * from {{ ref('int_contract_periods') }}
),

final as (
    select
        transactions.transaction_id,
        transactions.claim_id,
        events.contract_id,
        periods.product,
        periods.tier,
        coalesce(claims.cover, 'unknown') as cover,
        claims.loss_date,
        claims.reported_date,
        {{ quarter_of('claims.loss_date') }} as accident_quarter,
        transactions.transaction_date,
        greatest({{ quarters_between('claims.loss_date', 'transactions.transaction_date') }} + 1, 1)
            as development_quarter,
        transactions.kind,
        transactions.amount,
        events.outside_reason
    from transactions
    left join claims on transactions.claim_id = claims.claim_id
    left join events on transactions.claim_id = events.event_id
    left join periods on events.contract_id = periods.contract_id
)

select * from final
