-- One row per claim known at the valuation date, with what it had cost by then. A movement whose claim
-- was not delivered keeps its money: it becomes a claim of cover `unknown`.

with

claims as (
    select * from {{ ref('stg_claims') }}
),

transactions as (
    select * from {{ ref('stg_claim_transactions') }}
),

parameters as (
    select * from {{ ref('stg_run_parameters') }}
),

movements as (
    select
        transactions.claim_id,
        {{ money('sum(transactions.amount)') }} as incurred_amount,
        {{ money(sum_where('transactions.amount', "transactions.kind = 'payment'")) }} as paid_amount,
        {{ money(sum_where('transactions.amount', "transactions.kind = 'reserve'")) }} as reserve_amount,
        {{ money(sum_where('transactions.amount', "transactions.kind = 'recovery'")) }} as recovered_amount,
        min(case when transactions.kind = 'payment' then transactions.transaction_date end) as first_paid_on,
        max(case when transactions.kind = 'payment' then transactions.transaction_date end) as last_paid_on
    from transactions
    cross join parameters
    where
        transactions.transaction_date is null
        or transactions.transaction_date <= parameters.valuation_date
    group by transactions.claim_id
),

known_claims as (
    select claims.*
    from claims
    cross join parameters
    where
        coalesce(claims.reported_date, claims.loss_date, parameters.valuation_date)
        <= parameters.valuation_date
),

final as (
    select
        coalesce(known_claims.claim_id, movements.claim_id) as claim_id,
        known_claims.contract_id,
        known_claims.vehicle_id,
        coalesce(known_claims.cover, 'unknown') as cover,
        known_claims.loss_date,
        known_claims.reported_date,
        known_claims.closed_date,
        known_claims.peril,
        known_claims.at_fault,
        movements.first_paid_on,
        movements.last_paid_on,
        coalesce(movements.incurred_amount, {{ money('0') }}) as incurred_amount,
        coalesce(movements.paid_amount, {{ money('0') }}) as paid_amount,
        coalesce(movements.reserve_amount, {{ money('0') }}) as reserve_amount,
        coalesce(movements.recovered_amount, {{ money('0') }}) as recovered_amount
    from known_claims
    full outer join movements on known_claims.claim_id = movements.claim_id
)

select * from final
