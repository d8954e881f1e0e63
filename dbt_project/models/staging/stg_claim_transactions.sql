with

source as (
    select * from {{ source('lake', 'claim_transactions') }}
),

final as (
    select
        transaction_id,
        claim_id,
        transaction_date,
        kind,
        amount
    from source
)

select * from final
