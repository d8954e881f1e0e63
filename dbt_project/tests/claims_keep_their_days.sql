-- Days and amounts of the marts by claim and by movement are those that were delivered.

with

movements as (
    select
        'claim_movements' as mart,
        coalesce(found.transaction_id, delivered.transaction_id) as id
    from {{ ref('claim_movements') }} as found
    full outer join {{ ref('stg_claim_transactions') }} as delivered
        on found.transaction_id = delivered.transaction_id
    left join {{ ref('stg_claims') }} as claims on delivered.claim_id = claims.claim_id
    where
        found.transaction_id is null
        or delivered.transaction_id is null
        or found.amount <> delivered.amount
        or found.kind <> delivered.kind
        or found.transaction_date is distinct from delivered.transaction_date
        or found.loss_date is distinct from claims.loss_date
        or found.accident_quarter is distinct from {{ quarter_of('claims.loss_date') }}
),

by_claim as (
    select
        'claim_features' as mart,
        claim_id as id,
        loss_date
    from {{ ref('claim_features') }}
    union all
    select
        'large_losses' as mart,
        claim_id as id,
        loss_date
    from {{ ref('large_losses') }}
)

select
    mart,
    id
from movements
union all
select
    by_claim.mart,
    by_claim.id
from by_claim
inner join {{ ref('stg_claims') }} as claims on by_claim.id = claims.claim_id
where by_claim.loss_date is distinct from claims.loss_date
