with

source as (
    select * from {{ source('lake', 'contract_covers') }}
),

final as (
    select
        contract_id,
        cover,
        annual_premium
    from source
)

select * from final
